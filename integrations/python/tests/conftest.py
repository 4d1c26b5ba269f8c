"""The product for the tests: one agent with a key, on a folder of its own; and a receiver of webhooks."""

import os
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from organicagent import OrganicAgent

ROOT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("ORGANICAGENT_BINARY") or str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/organicagent")


class Product:
    """A running `organicagent serve`."""

    def __init__(self, folder):
        self.environment = {
            "PATH": os.environ["PATH"],
            "ORGANICAGENT_LISTEN": "127.0.0.1:0",
            "ORGANICAGENT_DATA_DIR": str(folder),
            "ORGANICAGENT_WEBHOOK_ALLOW": "127.0.0.0/8",
            "ORGANICAGENT_RATE_LIMIT": "100000",
            "RUST_LOG": "error",
        }
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.base = line.split()[2]
                break
        else:
            raise RuntimeError("the product ended before it listened")
        self.command("agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com")
        self.key = self.command("key", "create", "--agent", "sarah-johnson", "--name", "Python")

    def command(self, *words):
        done = subprocess.run([BINARY, *words], env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


class Receiver:
    """Where webhooks end."""

    def __init__(self):
        arrived = queue.Queue()
        self._arrived = arrived
        self._kept = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrived.put((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, event):
        """The headers and the raw body of the first request of an event."""
        while True:
            for headers, body in self._kept:
                if {name.lower(): value for name, value in headers.items()}["x-organicagent-event"] == event:
                    return headers, body
            self._kept.append(self._arrived.get(timeout=20))

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    product = Product(tmp_path_factory.mktemp("product"))
    yield product
    product.stop()


@pytest.fixture(scope="session")
def agent(product):
    return OrganicAgent(product.base, product.key)


@pytest.fixture(scope="session")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()
