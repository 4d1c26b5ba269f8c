"""How calls reach the server: the key, time limits, trying again, refusals as errors."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from .generated import Problem

LONGEST_WAIT_SECONDS = 60.0
LOCAL = ("localhost", "127.0.0.1", "::1")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


class OrganicAgentError(Exception):
    """A refusal of the server."""

    def __init__(self, status: int, problem: Problem | None, request_id: str | None) -> None:
        super().__init__(problem["error"] if problem and "error" in problem else f"the server answered {status}")
        self.status = status
        """The HTTP status."""
        self.problem = problem
        """What the server said, where it said something."""
        self.request_id = request_id
        """The id to name when you ask for help."""


class Transport:
    """Makes calls.

    ``base_url`` is where the dashboard is opened, up to the first slash; ``api_key`` is a key of Settings → API. One attempt takes
    ``timeout`` seconds at most, and a call is tried again ``retries`` times after 429, 503 or a broken connection.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = 30.0,
        retries: int = 2,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        address = urlsplit(base_url)
        if address.hostname is None or address.scheme not in ("http", "https"):
            raise ValueError(f"base_url is no web address: {base_url!r}")
        if address.scheme == "http" and address.hostname not in LOCAL:
            raise ValueError("base_url must begin with https://, or the key could be read on its way")
        self._is_secure = address.scheme == "https"
        self._host = address.hostname
        self._port = address.port
        self._api_key = api_key
        self._timeout = timeout
        self._retries = retries
        self._wait = wait

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> Any:
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(asked)}" if asked else path
        headers = {"Accept": "application/json", "X-API-Key": self._api_key}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        if method == "POST":
            # Made up when missing, so that trying again is safe.
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        if if_match is not None:
            headers["If-Match"] = if_match

        # A change by PATCH or DELETE has no key of its own, so it is tried again only where it is sure that nothing happened.
        is_repeatable = method in ("GET", "POST")
        attempt = 0
        while True:
            pause = 0.5 * 2**attempt
            may_try_again = attempt < self._retries
            attempt += 1
            try:
                answer = self._send(method, target, headers, content)
            except (OSError, http.client.HTTPException):
                if not (is_repeatable and may_try_again):
                    raise
                self._wait(pause)
                continue
            if may_try_again and (answer.status == 429 or (answer.status == 503 and is_repeatable)):
                self._wait(min(max(_seconds(answer.headers.get("retry-after")), pause), LONGEST_WAIT_SECONDS))
                continue
            if not 200 <= answer.status < 300:
                raise OrganicAgentError(answer.status, _problem(answer.body), answer.headers.get("x-request-id"))
            return json.loads(answer.body) if answer.body else None

    def _send(self, method: str, target: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        """One attempt. A redirect is an answer like any other: the key goes nowhere else."""
        kind = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, target, body=content, headers=dict(headers))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _problem(body: bytes) -> Problem | None:
    try:
        problem = json.loads(body)
    except ValueError:
        return None
    return cast("Problem", problem) if isinstance(problem, dict) else None
