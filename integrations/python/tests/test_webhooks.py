"""Signatures, on requests of a real server; the official library judges too."""

import json
import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from organicagent import WebhookError, verify_published_signature, verify_webhook

EVENTS = ["lead.created", "client.created", "listing.created", "showing.requested", "client.stage_changed"]


@pytest.fixture(scope="module")
def secret(agent, receiver):
    secret = agent.create_webhook({"url": receiver.url})["secret"]
    agent.create_lead({"name": "John Smith", "email": "john@example.com"})
    client = agent.create_client({"name": "Jane Doe", "email": "jane@example.com"})["clientId"]
    listing = agent.create_listing({"address": "456 Oak Ave, Miami, FL", "price": 750000, "bathrooms": 2.5})["listingId"]
    time_to_come = (datetime.now(timezone.utc) + timedelta(days=3)).strftime("%Y-%m-%dT15:00:00Z")
    agent.create_showing({"clientId": client, "listingId": listing, "requestedTimes": [time_to_come]})
    agent.update_client(client, {"buyingStage": "Touring"})
    return secret


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_genuine_by_both_signatures(secret, receiver, event):
    headers, body = receiver.of(event)
    expected = json.loads(body)
    assert Webhook(secret).verify(body, headers) == expected
    assert verify_webhook(body, headers, secret) == expected
    assert verify_published_signature(body, headers, secret) == expected


def test_what_was_changed_forged_cut_or_is_too_old_is_refused(secret, receiver):
    headers, body = receiver.of("lead.created")
    headers = {name.lower(): value for name, value in headers.items()}
    changed = body.replace(b"John", b"Jane")
    for given, by, key, options in [
        (changed, headers, secret, {}),
        (body[:-2], headers, secret, {}),
        (b"", headers, secret, {}),
        (body, {**headers, "webhook-id": "evt_other"}, secret, {}),
        (body, {**headers, "webhook-timestamp": "1"}, secret, {}),
        (body, {**headers, "webhook-timestamp": "١"}, secret, {}),
        (body, {**headers, "webhook-signature": "v1,***"}, secret, {}),
        (body, {}, secret, {}),
        (body, headers, "whsec_AAAA", {}),
        (body, headers, "", {}),
        (body, headers, secret, {"now": time.time() + 301}),
    ]:
        with pytest.raises(WebhookError):
            verify_webhook(given, by, key, **options)
    for given, by, key in [
        (changed, headers, secret),
        (b"}", headers, secret),
        (body, {**headers, "x-organicagent-signature": "ü"}, secret),
        (body, {**headers, "x-organicagent-timestamp": "1"}, secret),
        (body, headers, "other"),
        (body, headers, ""),
    ]:
        with pytest.raises(WebhookError):
            verify_published_signature(given, by, key)


def test_the_request_of_the_documentation_is_genuine():
    page = (Path(__file__).resolve().parents[3] / "docs/webhooks.md").read_text(encoding="utf-8")
    head, body = re.search(r"```http\n(POST .*?)\n\n(\{.*\})\n```", page, re.S).groups()
    headers = dict(line.split(": ", 1) for line in head.split("\n")[1:])
    key = re.search(r"Its secret is `([^`]+)`", page).group(1)
    then = int(headers["webhook-timestamp"])
    assert verify_webhook(body.encode(), headers, key, now=then)["data"]["name"] == "Zoë Müller"
    assert verify_published_signature(body.encode(), headers, key)["data"]["name"] == "Zoë Müller"
