"""Marketo static lists: match by e-mail address and ECID, change 300 at a time, never make a lead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from activation_sandbox import LIST, people, person, settings_in
from destination_harness import START, MarketoHarness

from muster.config import Connection
from muster.destinations.base import Candidate, Match
from muster.destinations.marketo.destination import MarketoList
from muster.errors import DestinationError, LeaseLost

USAGE = "GET /rest/v1/stats/usage.json"
LIST_CALLS = r"/rest/v1/lists/\d+/leads\.json"
ECID = "9" * 38


class Recorder(httpx.BaseTransport):
    """Passes every call on and keeps it; `change` may replace an answer's body by path."""

    def __init__(self, change: dict[str, Any] | None = None) -> None:
        self.inner, self.requests, self.change = httpx.HTTPTransport(), list[httpx.Request](), change or {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if request.url.path in self.change:
            return httpx.Response(200, json=self.change[request.url.path])
        return self.inner.handle_request(request)

    def to(self, path: str, method: str | None = None) -> list[httpx.Request]:
        return [r for r in self.requests if re.search(path, r.url.path) and method in (None, r.method)]


def opened(marketo: MarketoHarness) -> MarketoList:
    target = marketo.opened()
    assert isinstance(target, MarketoList)
    return target


def match(marketo: MarketoHarness, **identifiers: str | None) -> Match:
    target = opened(marketo)
    found = target.match([Candidate("p", {"email": None, "ecid": None, **identifiers})])
    target.close()
    assert [one.member_key for one in found] == ["p"]
    return found[0]


# ---- matching ------------------------------------------------------------------------------------------------


def test_an_address_matches_whatever_its_case(marketo: MarketoHarness) -> None:
    assert match(marketo, email=" p7@ACME.example ") == Match("p", "107")


def test_nobody_by_that_address_is_unmatched(marketo: MarketoHarness) -> None:
    assert match(marketo, email="ghost@acme.example") == Match("p", None, "unmatched", "no_lead")


def test_several_leads_with_one_address_are_ambiguous(marketo: MarketoHarness) -> None:
    marketo.lead(9001, email="p7@acme.example")
    assert match(marketo, email="p7@acme.example", ecid=f"{7:038d}") == Match(
        "p", None, "ambiguous", "several_leads"
    )


def test_the_ecid_is_asked_for_only_where_no_lead_has_the_address(marketo: MarketoHarness) -> None:
    marketo.lead(9001, email="other@acme.example", ecid=ECID)
    assert match(marketo, email="ghost@acme.example", ecid=ECID) == Match("p", "9001")
    assert match(marketo, email="p7@acme.example", ecid=ECID) == Match("p", "107")
    assert match(marketo, email=None, ecid=ECID) == Match("p", "9001")


def test_an_ecid_of_several_leads_is_ambiguous(marketo: MarketoHarness) -> None:
    for number in (9001, 9002):
        marketo.lead(number, email=None, ecid=ECID)
    assert match(marketo, ecid=ECID) == Match("p", None, "ambiguous", "several_leads")


def test_an_ecid_that_this_marketo_can_not_search_is_not_asked_for(marketo: MarketoHarness) -> None:
    describe = {
        "success": True,
        "requestId": "a#1",
        "result": [{"name": "API Lead", "searchableFields": [["email"], ["id"]]}],
    }
    wire = Recorder({"/rest/v1/leads/describe2.json": describe})
    marketo.sandbox.publish([person(50, email="ghost@acme.example", ecid=ECID)])
    result = marketo.sandbox.activate(transport=wire)
    assert result.unmatched == 1
    assert all("ecid" not in str(request.url.params.get("filterType")) for request in wire.to("leads.json"))


@pytest.mark.parametrize(
    "email", [None, "", "  ", "no address", "a,b@acme.example", "jos\u00e9@acme.example"]
)
@pytest.mark.parametrize("ecid", [None, "123", "x" * 38])
def test_what_can_not_be_an_identifier_is_not_sent(
    marketo: MarketoHarness, email: str | None, ecid: str | None
) -> None:
    assert match(marketo, email=email, ecid=ecid) == Match("p", None, "unmatched", "no_identifier")
    assert marketo.calls() == {}


def test_too_many_results_are_asked_for_in_halves(marketo: MarketoHarness) -> None:
    for number in range(9001, 9001 + 1001):
        marketo.lead(number, email="office@acme.example")
    target = opened(marketo)
    candidates = [Candidate(f"p{n}", {"email": f"p{n}@acme.example", "ecid": None}) for n in range(1, 8)]
    found = {
        m.member_key: m for m in target.match([*candidates, Candidate("o", {"email": "office@acme.example"})])
    }
    assert found["o"] == Match("o", None, "ambiguous", "several_leads")
    assert [found[f"p{n}"].key for n in range(1, 8)] == [str(100 + n) for n in range(1, 8)]


def test_three_hundred_long_addresses_go_in_one_question_as_post(marketo: MarketoHarness) -> None:
    wire, rows = Recorder(), []
    for number in range(300):
        email = f"{'x' * 40}{number}@acme.example"
        marketo.lead(20_000 + number, email=email)
        rows.append(person(number, email=email))
    marketo.sandbox.publish(rows)
    assert marketo.sandbox.activate(transport=wire).added == 300
    questions = wire.to(r"/rest/v1/leads\.json")
    assert [request.method for request in questions] == ["POST"]
    assert questions[0].url.params["_method"] == "GET"


# ---- what is sent --------------------------------------------------------------------------------------------


def test_no_lead_is_ever_made_or_changed(marketo: MarketoHarness) -> None:
    before = dict(marketo.store.records("leads"))
    wire = Recorder()
    for rows in ([*people(1, 2), person(1000)], people(2, 3), [person(1000, ecid=ECID)]):
        marketo.sandbox.publish(rows)
        marketo.sandbox.activate(transport=wire)
    assert dict(marketo.store.records("leads")) == before
    for request in wire.requests:
        is_read = request.method == "GET" or request.url.params.get("_method") == "GET"
        is_allowed = re.fullmatch(
            LIST_CALLS + "|/rest/asset/v1/staticLists.json|/identity/oauth/token", request.url.path
        )
        assert is_read or is_allowed, (request.method, request.url.path)
    assert set(marketo.stats.to_dict()["writes"]["marketo__emea"]) <= {
        "list_members_added",
        "list_members_removed",
        "lists_created",
    }


def test_nothing_but_lead_ids_and_the_two_identifiers_leaves(marketo: MarketoHarness) -> None:
    wire = Recorder()
    marketo.sandbox.publish([person(1, ecid=ECID), person(50, email="ghost@acme.example", ecid=f"{5:038d}")])
    marketo.sandbox.activate(transport=wire)
    for request in wire.to(LIST_CALLS):
        assert re.fullmatch(r'\{"input":\[(\{"id":\d+\},?)+\]\}', request.content.decode().replace(" ", ""))
    asked = {request.url.params["filterType"] for request in wire.to(r"v1/leads\.json")}
    assert asked == {"email", "ecid"}


def test_at_most_three_hundred_go_in_a_call(marketo: MarketoHarness) -> None:
    wire = Recorder()
    marketo.sandbox.publish(people(*range(1, 351)))
    marketo.sandbox.activate(transport=wire)
    sizes = [len(json.loads(request.content)["input"]) for request in wire.to(LIST_CALLS, "POST")]
    assert sizes == [300, 50]
    assert marketo.stats.to_dict()["violations"] == {}


def test_a_list_of_an_account_audience_is_refused_before_any_call(marketo: MarketoHarness) -> None:
    import pyarrow as pa

    marketo.sandbox.table = pa.table({"member_key": ["a1"], "name": ["Acme"]})
    with pytest.raises(Exception, match="lacks email, which marketo needs") as raised:
        marketo.sandbox.activate()
    assert "people by email, ecid" in str(raised.value)
    assert marketo.calls() == {}


# ---- the list ------------------------------------------------------------------------------------------------


def test_the_list_is_made_once_in_the_configured_folder(marketo: MarketoHarness) -> None:
    for rows in (people(1), people(1, 2)):
        marketo.sandbox.publish(rows)
        marketo.sandbox.activate()
    lists = list(marketo.store.records("static_lists").values())
    assert [(found["name"], found["folder"]["type"]) for found in lists] == [("buyers (acme/prod)", "Folder")]


def test_a_list_of_that_name_elsewhere_is_a_clear_error(marketo: MarketoHarness) -> None:
    marketo.foreign_list("buyers (acme/prod)", {"id": 1, "type": "Folder"})
    marketo.sandbox.publish(people(1))
    with pytest.raises(
        DestinationError, match=r"the list 'buyers \(acme/prod\)' exists outside folder 'Muster'"
    ):
        marketo.sandbox.activate()
    assert marketo.lead_ids() == set()


def test_a_folder_that_is_not_there_is_a_clear_error(marketo: MarketoHarness) -> None:
    marketo.sandbox.settings = settings_in(marketo.sandbox.root, **{LIST: {"folder": "Nowhere"}})
    marketo.sandbox.publish(people(1))
    with pytest.raises(DestinationError, match="there is no folder 'Nowhere'"):
        marketo.sandbox.activate()


def test_the_list_may_live_in_a_program(marketo: MarketoHarness) -> None:
    stamps = {"createdAt": START, "updatedAt": START}
    program = {
        "id": 77,
        "name": "Nurture",
        "type": "Default",
        "channel": "Email",
        "folder": {"type": "Folder", "value": 1},
    }
    marketo.store.put("programs", "77", {**program, **stamps})
    marketo.sandbox.settings = settings_in(
        marketo.sandbox.root, **{LIST: {"folder": None, "program": "Nurture"}}
    )
    for rows in (people(1), people(1, 2)):
        marketo.sandbox.publish(rows)
        marketo.sandbox.activate()
    lists = list(marketo.store.records("static_lists").values())
    assert [found["folder"] for found in lists] == [{"id": 77, "type": "Program"}]
    assert marketo.members() == {"p1", "p2"}


def test_a_list_whose_creation_got_no_answer_is_found_and_not_made_twice(marketo: MarketoHarness) -> None:
    fault = marketo.fault("drop", r"POST /rest/asset/v1/staticLists\.json")
    marketo.sandbox.publish(people(1))
    assert marketo.sandbox.activate().added == 1
    assert fault.hits == 1 and len(marketo.store.records("static_lists")) == 1


def test_foreign_members_of_the_list_stay(marketo: MarketoHarness) -> None:
    marketo.sandbox.publish(people(1))
    marketo.sandbox.activate()
    list_id = next(iter(marketo.store.records("static_lists")))
    for lead_id in (102, 300):
        row = {"listId": int(list_id), "leadId": lead_id, "at": START}
        marketo.store.put("list_members", f"{list_id}:{lead_id}", row)
    marketo.sandbox.publish(people(1, 2, 3))
    assert marketo.sandbox.activate().already == 1
    marketo.sandbox.publish(people(3))
    marketo.sandbox.activate()
    assert marketo.lead_ids() == {102, 103, 300}


# ---- faults --------------------------------------------------------------------------------------------------


def test_the_rate_limit_is_waited_out(marketo: MarketoHarness) -> None:
    fault = marketo.fault("code", LIST_CALLS, value="606", times=3)
    marketo.sandbox.publish(people(1, 2))
    result = marketo.sandbox.activate()
    assert (fault.hits, result.added, result.writes) == (3, 2, 2)
    assert len(marketo.pauses) == 3 and all(5 <= pause <= 20 for pause in marketo.pauses)


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_token_that_ended_is_renewed(marketo: MarketoHarness, code: str) -> None:
    fault = marketo.fault("code", LIST_CALLS, value=code)
    marketo.sandbox.publish(people(1, 2))
    assert marketo.sandbox.activate().added == 2
    assert fault.hits == 1


@pytest.mark.parametrize(
    ("kind", "value"), [("status", 502), ("status", 503), ("drop", None), ("code", "611"), ("code", "604")]
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_fault_in_the_middle_of_the_batches_is_read_back(
    marketo: MarketoHarness, kind: str, value: Any, method: str
) -> None:
    sandbox = marketo.sandbox
    sandbox.publish(people(*range(1, 351)))
    if method == "DELETE":
        sandbox.activate()
        sandbox.publish(people(*range(1, 340)))
    fault = marketo.fault(kind, f"{method} {LIST_CALLS}", value=value, skip=int(method == "POST"))
    result = sandbox.activate()
    assert fault.hits == 1
    assert marketo.members() == {f"p{n}" for n in range(1, 340 if method == "DELETE" else 351)}
    assert (result.removed if method == "DELETE" else result.added) == (11 if method == "DELETE" else 350)


def test_a_whole_batch_refused_leaves_out_its_bad_rows_only(marketo: MarketoHarness) -> None:
    fault = marketo.fault(
        "code", f"POST {LIST_CALLS}", value=["1003", "Invalid data for p1@acme.example"], times=2
    )
    marketo.sandbox.publish(people(*range(1, 9)))
    result = marketo.sandbox.activate()
    assert fault.hits == 2
    assert (result.added, result.rejected) == (8, 0)


def test_a_daily_quota_that_is_used_up_ends_the_run_at_once(marketo: MarketoHarness) -> None:
    marketo.fault("code", f"POST {LIST_CALLS}", value="607", times=None)
    marketo.sandbox.publish(people(1))
    with pytest.raises(DestinationError, match="daily quota of calls is used up"):
        marketo.sandbox.activate()
    assert marketo.calls()["POST /rest/v1/lists/{id}/leads.json"] == 1


def test_a_permission_that_is_missing_is_not_taken_for_a_bad_row(marketo: MarketoHarness) -> None:
    marketo.fault("code", f"POST {LIST_CALLS}", value="603", times=None)
    marketo.sandbox.publish(people(*range(1, 9)))
    with pytest.raises(DestinationError, match="access denied"):
        marketo.sandbox.activate()
    assert marketo.calls()["POST /rest/v1/lists/{id}/leads.json"] == 1
    marketo.faults.clear()
    assert marketo.sandbox.activate(attempt=2).added == 8


def test_wrong_credentials_are_a_clear_error_without_the_secret(marketo: MarketoHarness) -> None:
    url = marketo.server.url
    marketo.sandbox.connections[LIST] = Connection(LIST, url, "emea-client", "wr0ng-secret")
    marketo.sandbox.publish(people(1))
    with pytest.raises(DestinationError, match="client id or secret is wrong") as raised:
        marketo.sandbox.activate()
    assert "wr0ng-secret" not in f"{raised.value!r}{raised.value.__cause__!r}"


def test_a_lead_deleted_between_look_up_and_call_is_unmatched(marketo: MarketoHarness) -> None:
    def vanish(target: Any) -> None:
        add = target.add

        def late(keys: Any) -> Any:
            marketo.store.delete("leads", "102")
            return add(keys)

        target.add = late

    marketo.sandbox.publish(people(1, 2))
    result = marketo.sandbox.activate(opener=marketo.tampered(vanish))
    assert (result.added, result.unmatched) == (1, 1)
    assert [row["reason"] for row in marketo.sandbox.receipts() if row["verdict"] == "unmatched"] == ["1004"]


def test_removing_who_is_gone_already_is_done(marketo: MarketoHarness) -> None:
    marketo.sandbox.publish(people(1, 2, 3))
    marketo.sandbox.activate()
    list_id = next(iter(marketo.store.records("static_lists")))
    marketo.store.delete("list_members", f"{list_id}:101")
    marketo.store.delete("leads", "102")
    marketo.sandbox.publish(people(3))
    result = marketo.sandbox.activate()
    assert (result.removed, result.rejected, result.stuck, marketo.sandbox.held()) == (2, 0, 0, {"103"})
    reasons = {row["reason"] for row in marketo.sandbox.receipts() if row["operation"] == "remove"}
    assert reasons == {"1004", "1015"}


def test_the_lease_is_checked_right_before_every_call(marketo: MarketoHarness) -> None:
    """Also before a repeated one: what waits out a rate limit may have been overtaken meanwhile."""
    allowed = iter([None] * 100)

    def guard() -> None:
        if marketo.pauses:
            raise LeaseLost("overtaken")
        next(allowed)

    marketo.fault("code", f"POST {LIST_CALLS}", value="606", times=1)
    target = marketo.opened(guard)
    assert isinstance(target, MarketoList) and target.prepare(create=True)
    with pytest.raises(LeaseLost):
        target.add(["101"])
    assert marketo.lead_ids() == set()


def test_an_unreadable_number_of_verdicts_is_read_back(marketo: MarketoHarness) -> None:
    class Short(Recorder):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = super().handle_request(request)
            if request.method == "POST" and re.search(LIST_CALLS, request.url.path):
                answer.read()
                return httpx.Response(200, json={"success": True, "requestId": "a#1", "result": []})
            return answer

    marketo.sandbox.publish(people(1, 2))
    result = marketo.sandbox.activate(transport=Short())
    assert (result.added, marketo.members()) == (2, {"p1", "p2"})


def test_a_second_run_costs_few_calls(marketo: MarketoHarness) -> None:
    marketo.sandbox.publish(people(*range(1, 201)))
    first = marketo.sandbox.activate()
    asked = marketo.calls().get(USAGE, 0)
    marketo.sandbox.publish(people(*range(1, 201)))
    second = marketo.sandbox.activate()
    again = marketo.calls().get(USAGE, 0) - asked
    # token, list by name, folder, look-up, is-member; and on the first night: making the list, adding, reading back
    assert (first.calls - asked, second.calls - again, second.writes) == (8, 5, 0)
    assert asked == 1


@pytest.fixture
def other_platform(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "other"


def test_two_platforms_share_one_marketo_without_meeting(
    marketo: MarketoHarness, other_platform: Path
) -> None:
    """B6, F86: the list's name holds the sandbox, so neither touches the other's members."""
    from dataclasses import replace

    from activation_sandbox import Sandbox

    from muster.naming import Home

    settings = settings_in(other_platform)
    platform = settings.platform.model_copy(update={"platform": "globex", "sandbox": "dev"})
    home = Home(other_platform, "globex", "dev")
    other = Sandbox(other_platform, replace(settings, platform=platform, home=home), marketo.open)
    other.connections = marketo.sandbox.connections
    for sandbox, rows in (
        (marketo.sandbox, people(1, 2)),
        (other, people(2, 3)),
        (marketo.sandbox, people(2)),
    ):
        sandbox.publish(rows)
        sandbox.activate()
    assert marketo.lead_ids() == {102}
    assert marketo.lead_ids("buyers (globex/dev)") == {102, 103}


# ---- the quota gate ------------------------------------------------------------------------------------------


def test_every_call_of_an_activation_goes_through_the_gate_of_its_subscription(
    marketo: MarketoHarness,
) -> None:
    marketo.sandbox.publish(people(1, 2))
    marketo.sandbox.activate()
    platform = marketo.sandbox.settings.platform
    gate = marketo.gates.source(platform.source(LIST))  # type: ignore[arg-type]
    counted = sum(count for path, count in marketo.calls().items() if "/identity/" not in path)
    assert gate.spent("calls") == counted > 5


def test_an_activation_stops_before_the_first_call_when_the_day_is_used_up(marketo: MarketoHarness) -> None:
    platform = marketo.sandbox.settings.platform
    marketo.gates.source(platform.source(LIST)).exhausted("calls", START)  # type: ignore[arg-type]
    marketo.sandbox.publish(people(1, 2))
    with pytest.raises(DestinationError, match="calls are used"):
        marketo.sandbox.activate()
    assert set(marketo.calls()) <= {"POST /identity/oauth/token"}


def test_no_marketo_is_opened_without_a_gate(marketo: MarketoHarness) -> None:
    from muster.destinations import open_destination
    from muster.destinations.base import Place

    settings = marketo.sandbox.settings
    place = Place("acme", "prod", "buyers", settings.home.exports)
    with pytest.raises(ValueError, match="needs the gate"):
        open_destination(settings.platform.destination(LIST), marketo.sandbox.connections.__getitem__, place)
