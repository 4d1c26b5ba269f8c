"""Read by mypy, never run: what the types allow and what they refuse."""

from organicagent import Lead, OrganicAgent, verify_webhook


def allowed(agent: OrganicAgent) -> None:
    lead_id = agent.create_lead({"name": "Jane Doe", "email": "jane@example.com"}, idempotency_key="form-1")["leadId"]
    lead: Lead = agent.update_lead(lead_id, {"status": "contacted", "notes": None})
    address: str | None = lead["email"]
    for each in agent.all_leads(status="new", since="2026-11-23T00:00:00Z"):
        address = each["id"]
    agent.create_listing({"address": "1 Palm Way", "price": 512500.5, "bathrooms": 1.25, "propertyType": "Land"})
    event = verify_webhook(b"{}", {}, "whsec_x")
    if event["event"] == "client.stage_changed":
        address = event["data"]["previousStage"]
    print(address)


def refused(agent: OrganicAgent) -> None:
    agent.create_lead({"email": "jane@example.com"})  # type: ignore[typeddict-item]
    agent.update_lead("lead_1", {"status": "sold"})  # type: ignore[typeddict-item]
    agent.create_client({"name": "Jane", "email": "jane@example.com", "nickname": "J"})  # type: ignore[typeddict-unknown-key]
    agent.list_clients(status="new")  # type: ignore[call-arg]
    agent.update_lead("lead_1", {}, idempotency_key="x")  # type: ignore[call-arg]
