"""The API through the package, against a real server."""

import pytest

from organicagent import OrganicAgent, OrganicAgentError
from organicagent.transport import Answer


def test_a_lead_is_created_read_changed_deleted(agent):
    lead_id = agent.create_lead({"name": "Zoë", "email": "zoe@example.com"})["leadId"]
    assert agent.get_lead(lead_id)["name"] == "Zoë"
    assert agent.update_lead(lead_id, {"status": "contacted", "email": None})["email"] is None
    assert agent.delete_lead(lead_id) is None
    with pytest.raises(OrganicAgentError) as refused:
        agent.get_lead(lead_id)
    assert refused.value.status == 404
    assert refused.value.request_id.startswith("req_")


def test_the_same_idempotency_key_makes_one_lead(agent):
    first = agent.create_lead({"name": "Once"}, idempotency_key="form-7")
    assert agent.create_lead({"name": "Once"}, idempotency_key="form-7") == first


def test_a_refusal_has_the_servers_sentence_and_the_field(agent):
    with pytest.raises(OrganicAgentError, match="email") as refused:
        agent.create_client({"name": "No", "email": "no address"})
    assert refused.value.status == 400
    assert refused.value.problem["errors"][0]["field"] == "email"


def test_a_precondition_that_no_longer_holds_is_412(agent):
    client_id = agent.create_client({"name": "Ann", "email": "ann@example.com"})["clientId"]
    with pytest.raises(OrganicAgentError) as refused:
        agent.update_client(client_id, {"notes": "x"}, if_match='"other"')
    assert refused.value.status == 412


def test_all_pages_come_each_record_once(agent):
    for count in range(7):
        agent.create_lead({"name": f"Paged {count}", "source": "paged"})
    assert [lead["name"] for lead in agent.all_leads(source="paged", limit=3)] == [f"Paged {count}" for count in reversed(range(7))]
    assert list(agent.all_clients(email="nobody@example.com")) == []


def test_the_feed_goes_on_where_it_ended(agent):
    agent.create_lead({"name": "Before"})
    events = list(agent.feed())
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert list(agent.feed(events[-1]["id"])) == []
    agent.create_lead({"name": "After"})
    assert [event["data"]["name"] for event in agent.feed(events[-1]["id"], type="lead.created")] == ["After"]


def test_an_id_in_a_path_cannot_lead_elsewhere(agent):
    with pytest.raises(OrganicAgentError) as refused:
        agent.get_lead("../me")
    assert refused.value.status == 404


class Scripted(OrganicAgent):
    """Answers from a list."""

    def __init__(self, *answers):
        self.waits = []
        self.seen = []
        self.answers = list(answers)
        super().__init__("https://crm.example.com", "k", wait=self.waits.append)

    def _send(self, method, target, headers, content):
        self.seen.append((method, target, dict(headers), content))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_after_429_it_waits_as_long_as_the_server_asks_and_sends_the_same_key():
    agent = Scripted(Answer(429, {"retry-after": "7"}, b"{}"), Answer(201, {}, b'{"success":true,"leadId":"lead_1"}'))
    assert agent.create_lead({"name": "A"})["leadId"] == "lead_1"
    assert agent.waits == [7]
    assert agent.seen[0][2]["Idempotency-Key"] == agent.seen[1][2]["Idempotency-Key"]


def test_after_a_broken_connection_it_tries_twice_more():
    agent = Scripted(OSError("broken"), OSError("broken"), OSError("broken"), Answer(200, {}, b"{}"))
    with pytest.raises(OSError, match="broken"):
        agent.get_me()
    assert len(agent.seen) == 3


def test_a_patch_whose_outcome_is_unknown_is_not_repeated():
    agent = Scripted(Answer(503, {}, b'{"error":"the outcome is unknown"}'))
    with pytest.raises(OrganicAgentError, match="unknown"):
        agent.update_lead("lead_1", {"name": "B"})
    assert len(agent.seen) == 1


def test_a_refusal_without_json_and_a_redirect_are_errors():
    with pytest.raises(OrganicAgentError, match="answered 502"):
        Scripted(Answer(502, {}, b"<html>")).get_me()
    with pytest.raises(OrganicAgentError, match="answered 302"):
        Scripted(Answer(302, {"location": "https://elsewhere.example"}, b"")).get_me()


@pytest.mark.parametrize("address", ["http://crm.example.com", "crm.example.com", "ftp://crm.example.com", ""])
def test_an_address_that_would_show_the_key_or_is_none_is_refused(address):
    with pytest.raises(ValueError):
        OrganicAgent(address, "k")
