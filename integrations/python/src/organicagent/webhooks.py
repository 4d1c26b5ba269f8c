"""Whether a webhook is genuine.

Everything is checked over the bytes as they came: to parse a body and write it anew can change it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .generated import WebhookEvent


class WebhookError(Exception):
    """A request that is not genuine, too old, or no event."""


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: float = 300,
    now: float | None = None,
) -> WebhookEvent:
    """The event that a request brings, by the signature of Standard Webhooks.

    It covers the id, the time of the attempt and every byte of the body, which must be the raw one. Raises ``WebhookError`` when the
    request is not genuine or its time is too far from ``now`` (seconds since 1970).
    """
    given = {name.lower(): value for name, value in headers.items()}
    identity = given.get("webhook-id", "")
    timestamp = given.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise WebhookError("webhook-timestamp is missing or no number")
    key = _decoded(secret.removeprefix("whsec_"))
    if not key:
        raise WebhookError("the secret is empty or not as it was shown")

    signed = f"{identity}.{timestamp}.".encode() + body
    expected = hmac.new(key, signed, hashlib.sha256).digest()
    matches = [
        hmac.compare_digest(expected, _decoded(signature.removeprefix("v1,")))
        for signature in given.get("webhook-signature", "").split(" ")
        if signature.startswith("v1,")
    ]
    if not any(matches):
        raise WebhookError("the signature is not that of this secret")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_seconds:
        raise WebhookError("the request is too old or from the future")
    return _event(body)


def verify_published_signature(body: bytes, headers: Mapping[str, str], secret: str) -> WebhookEvent:
    """The event that a request brings, by the published signature (``X-OrganicAgent-Signature``).

    It covers ``data`` and the event's time, nothing else, and does not age: prefer ``verify_webhook``. Raises ``WebhookError`` when the
    request is not genuine.
    """
    given = {name.lower(): value for name, value in headers.items()}
    mark = body.find(b'"data":')
    end = body.rfind(b"}")
    if mark < 0 or end < mark:
        raise WebhookError("the body is no event")
    if not secret:
        raise WebhookError("the secret is empty or not as it was shown")
    signed = body[mark + 7 : end] + given.get("x-organicagent-timestamp", "").encode()
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.get("x-organicagent-signature", "").encode()):
        raise WebhookError("the signature is not that of this secret")
    return _event(body)


def _event(body: bytes) -> WebhookEvent:
    return cast("WebhookEvent", json.loads(body))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
