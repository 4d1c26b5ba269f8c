"""As harness.cjs, for Python: `python3 harness.py cut|standard SNIPPET`."""

import sys

kind, file = sys.argv[1:]
names = {}
with open(file, encoding="utf-8") as snippet:
    exec(compile(snippet.read(), file, "exec"), names)


def cut(secret, timestamp, signature, body):
    return names["is_from_organicagent"](body, timestamp.decode("latin-1"), signature.decode("latin-1"), secret.decode())


def standard(secret, id, timestamp, signature, body):
    headers = {
        "webhook-id": id.decode(),
        "webhook-timestamp": timestamp.decode(),
        "webhook-signature": signature.decode(),
    }
    names["read_event"](body, headers, secret.decode())
    return True


judge, fields = {"cut": (cut, 4), "standard": (standard, 5)}[kind]
for line in sys.stdin.buffer:
    try:
        verdict = "yes" if judge(*line.rstrip(b"\n").split(b"\t", fields - 1)) is True else "no"
    except Exception as error:
        verdict = f"no {type(error).__name__}: {error}".replace("\n", " ")
    print(verdict)
