"""What the API promises and JSON Schema cannot say, so that requests drawn as valid are valid."""

import os
import re

import requests
import schemathesis

BASE = os.environ["SCHEMATHESIS_BASE"] + "/api/v1"
KEY = {"X-API-Key": os.environ["SCHEMATHESIS_KEY"]}
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
FROM_ANSWERS = ("cursor", "after", "clientId", "listingId")
# What is sent as `name=`.
EMPTY = ("", None, [], {}, [""])
LARGEST = 2**53 - 1


def in_range(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if -LARGEST <= value <= LARGEST else (LARGEST if value > 0 else -LARGEST)
    if isinstance(value, list):
        return [in_range(item) for item in value]
    if isinstance(value, dict):
        return {name: in_range(item) for name, item in value.items()}
    return value


def make(path, record, answer):
    response = requests.post(f"{BASE}/{path}", json=record, headers=KEY, timeout=10)
    response.raise_for_status()
    return response.json()[answer]


def make_possible(showing):
    """A showing is of a client and a listing that are there, at times to come: fresh ones stand in for made-up ones."""
    if isinstance(showing.get("clientId"), str):
        showing["clientId"] = make("clients", {"name": "Jane Doe", "email": f"{os.urandom(8).hex()}@example.com"}, "clientId")
    if isinstance(showing.get("listingId"), str):
        showing["listingId"] = make("listings", {"address": "456 Oak Ave", "price": 750000}, "listingId")
    times = showing.get("requestedTimes")
    if isinstance(times, list):
        for place, time in enumerate(times):
            if isinstance(time, str) and INSTANT.match(time):
                times[place] = f"{9000 + place}{time[4:]}"


def make_sendable(webhook):
    """Where a webhook goes is an address of the web, and its headers are none that HTTP or we own: no schema can say so."""
    if isinstance(webhook.get("url"), str):
        webhook["url"] = "https://example.com/hooks"
    if isinstance(webhook.get("headers"), dict):
        webhook["headers"] = {f"X-Custom-{place}": "x" for place in range(len(webhook["headers"]))}
    if isinstance(webhook.get("headers"), list):
        webhook["headers"] = [{"name": f"X-Custom-{place}", "value": "x"} for place in range(len(webhook["headers"]))]
    # There can be fifty webhooks: those of earlier requests make room.
    if "url" in webhook:
        for old in requests.get(f"{BASE}/webhooks", headers=KEY, timeout=10).json()["webhooks"][40:]:
            requests.delete(f"{BASE}/webhooks/{old['id']}", headers=KEY, timeout=10)


@schemathesis.hook
def before_call(context, case, **kwargs):
    if isinstance(case.query, dict):
        # A place in a list and an id come from an earlier answer; one made up is refused, whatever its form. An empty
        # value is the same as none, so it can violate nothing.
        for name in [name for name, value in case.query.items() if name in FROM_ANSWERS or value in EMPTY]:
            del case.query[name]
    if isinstance(case.body, (dict, list, int, float)):
        # A number past 2^53 is refused wherever it stands in a body, also in fields that are otherwise ignored.
        case.body = in_range(case.body)
    if isinstance(case.body, dict):
        # An empty text is the same as none, so it can violate nothing: where a request is to be wrong, an object is.
        if case.meta is not None and case.meta.generation.mode.is_negative:
            for name in [name for name, value in case.body.items() if value == ""]:
                case.body[name] = {}
        # One client has an e-mail address: a change to one that is taken is refused.
        if case.method == "PATCH" and "/clients/" in case.path and "@" in str(case.body.get("email")):
            del case.body["email"]
        # A stage is one of the agent's own: no schema lists them.
        stage = case.body.get("buyingStage")
        if isinstance(stage, str) and stage.strip():
            case.body["buyingStage"] = "Touring"
        if case.method == "POST" and case.path.endswith("/showings"):
            make_possible(case.body)
        if "/webhooks" in case.path and not (case.meta is not None and case.meta.generation.mode.is_negative):
            make_sendable(case.body)
