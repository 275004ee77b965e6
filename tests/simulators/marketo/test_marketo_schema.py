"""Lead fields that come, go, change name or type while the simulator runs: by control server and by API."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from muster_simulators.clock import SimClock
from muster_simulators.journal import Journal
from muster_simulators.marketo.schema_fields import schema_control
from muster_simulators.store import Store

LATER = timedelta(hours=2)


def drift(site: Any, **step: Any) -> None:
    schema_control(site.app.state.instance)(step)


def described(site: Any) -> dict[str, str]:
    (found,) = site.get("/rest/v1/leads/describe2.json")["result"]
    return {field["name"]: field["dataType"] for field in found["fields"]}


def values(site: Any, name: str) -> dict[int, Any]:
    answer = site.get("/rest/v1/leads.json", filterType="id", filterValues="1,2,3", fields=name)
    assert answer["success"], answer
    return {row["id"]: row[name] for row in answer["result"]}


def bulk(site: Any, *names: str) -> list[list[str]]:
    base = "/bulk/v1/leads/export"
    window = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-05T00:00:00Z"}
    request = {"fields": list(names), "filter": {"updatedAt": window}}
    job = site.post(f"{base}/create.json", json=request)["result"][0]["exportId"]
    site.post(f"{base}/{job}/enqueue.json")
    while site.get(f"{base}/{job}/status.json")["result"][0]["status"] != "Completed":
        pass
    data = site.client.get(f"{base}/{job}/file.json").content.decode()
    return sorted(row for row in list(csv.reader(io.StringIO(data, newline="")))[1:])


def test_a_field_is_added_with_values_of_some_leads(site: Any) -> None:
    drift(site, op="add", name="tier", dataType="string", values={"1": "gold", "3": "tin"})
    assert described(site)["tier"] == "string"
    assert values(site, "tier") == {1: "gold", 2: None, 3: "tin"}
    assert bulk(site, "id", "tier")[:3] == [["1", "gold"], ["2", "null"], ["3", "tin"]]
    assert site.store.get("leads", "1")["updatedAt"] == site.clock.now()
    assert site.store.get("leads", "2")["updatedAt"] < site.clock.now()
    since = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-03T00:30:00Z")
    token = {"nextPageToken": since["nextPageToken"]}
    changes = site.get("/rest/v1/activities/leadchanges.json", fields="tier", **token)["result"]
    assert {row["leadId"]: row["fields"][0]["newValue"] for row in changes} == {1: "gold", 3: "tin"}


def test_a_dropped_field_is_unknown_everywhere(site: Any) -> None:
    drift(site, op="drop", name="leadScore")
    assert "leadScore" not in described(site)
    asked = site.get("/rest/v1/leads.json", filterType="id", filterValues="1", fields="leadScore")
    assert site.code(asked) == "1006"
    window = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-05T00:00:00Z"}
    request = {"fields": ["leadScore"], "filter": {"updatedAt": window}}
    assert site.code(site.post("/bulk/v1/leads/export/create.json", json=request)) == "1006"
    written = site.post(
        "/rest/v1/leads.json", json={"input": [{"email": "person1@acme.example", "leadScore": 9}]}
    )
    assert written["result"][0]["reasons"][0]["code"] == "1006"


def test_a_dropped_field_that_comes_again_has_none_of_its_old_values(site: Any) -> None:
    drift(site, op="drop", name="leadScore")
    drift(site, op="add", name="leadScore", dataType="integer", values={"2": 7})
    assert values(site, "leadScore") == {1: None, 2: 7, 3: None}


def test_a_renamed_field_keeps_values_stamps_and_place(site: Any) -> None:
    before = {number: site.store.get("leads", str(number))["updatedAt"] for number in (1, 2, 3)}
    place = list(described(site)).index("leadScore")
    drift(site, op="rename", name="leadScore", to="points")
    found = list(described(site))
    assert (found.index("points"), "leadScore" in found) == (place, False)
    assert values(site, "points") == {1: 1, 2: 2, 3: 3}
    assert bulk(site, "id", "points")[0] == ["1", "1"]
    assert {number: site.store.get("leads", str(number))["updatedAt"] for number in (1, 2, 3)} == before
    site.post("/rest/v1/leads.json", json={"input": [{"email": "person2@acme.example", "points": 20}]})
    assert values(site, "points") == {1: 1, 2: 20, 3: 3}


def test_a_field_under_the_old_name_of_a_renamed_one_is_another_field(site: Any) -> None:
    drift(site, op="rename", name="leadScore", to="points")
    drift(site, op="add", name="leadScore", dataType="integer")
    assert (values(site, "points")[3], values(site, "leadScore")[3]) == (3, None)


def test_a_search_goes_by_the_new_name(site: Any) -> None:
    drift(site, op="rename", name="ecid", to="cloudId")
    answer = site.get("/rest/v1/leads.json", filterType="cloudId", filterValues=f"{2:038d}")
    assert [row["id"] for row in answer["result"]] == [2]
    (row,) = site.post(
        "/rest/v1/leads.json", json={"lookupField": "cloudId", "input": [{"cloudId": f"{2:038d}"}]}
    )["result"]
    assert (row["id"], row["status"]) == (2, "updated")


def test_a_retyped_field_shows_its_values_as_the_new_type(site: Any) -> None:
    drift(site, op="retype", name="leadScore", dataType="string", values={"2": "high"})
    assert described(site)["leadScore"] == "string"
    assert values(site, "leadScore") == {1: "1", 2: "high", 3: "3"}
    drift(site, op="retype", name="leadScore", dataType="integer")
    assert values(site, "leadScore") == {1: 1, 2: None, 3: 3}
    assert [row[1] for row in bulk(site, "id", "leadScore")[:3]] == ["1", "null", "3"]


def test_dates_and_flags_become_text(site: Any) -> None:
    for name in ("unsubscribed", "createdAt"):
        drift(site, op="retype", name=name, dataType="string")
    assert values(site, "unsubscribed")[1] == "false"
    assert values(site, "createdAt")[1] == "2026-01-22T00:30:00Z"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"op": "add", "name": "email"}, "already exists"),
        ({"op": "drop", "name": "nothing"}, "not found"),
        ({"op": "drop", "name": "updatedAt"}, "can't be taken away"),
        ({"op": "rename", "name": "title", "to": "email"}, "already exists"),
        ({"op": "rename", "name": "title"}, "already exists"),
        ({"op": "retype", "name": "title", "dataType": "colour"}, "DataType"),
        ({"op": "retype", "name": "title"}, "DataType"),
        ({"op": "paint", "name": "title"}, "op"),
        ({"op": "add", "name": "tier", "values": {"99": "x"}}, "Lead '99' not found"),
        ({"op": "add", "name": "tier", "dataType": "integer", "values": {"1": "x"}}, "Invalid value 'x'"),
        ({"op": "drop", "name": "title", "values": {"1": "x"}}, "takes no values"),
    ],
)
def test_a_step_that_can_not_be_is_refused(site: Any, step: dict[str, Any], told: str) -> None:
    before = described(site)
    with pytest.raises(ValueError, match=told):
        drift(site, **step)
    assert described(site) == before


def test_values_of_an_added_field_survive_what_the_world_brings_later(new_site: Any, make: Any) -> None:
    moved = make.lead(1, make.now + timedelta(hours=1), title="Chief")
    site = new_site([*make.small_world(), moved])
    drift(site, op="add", name="tier", values={"1": "gold"})
    site.post("/rest/v1/leads.json", json={"input": [{"email": "person1@acme.example", "tier": "silver"}]})
    site.clock.set(make.now + LATER)
    site.login()
    assert values(site, "title")[1] == "Chief"
    assert values(site, "tier")[1] == "silver"


def test_drift_outlives_the_process(new_site: Any, make: Any, tmp_path: Any) -> None:
    """The steps and values are in the journal that a new store reads."""
    site = new_site()
    site.store._journal = Journal(tmp_path / "journal.jsonl")
    drift(site, op="add", name="tier", dataType="string", values={"1": "gold"})
    drift(site, op="rename", name="tier", to="rank")
    drift(site, op="drop", name="leadScore")
    fields = described(site)
    site.store._journal.close()
    again = new_site()
    store = again.app.state.instance.store
    changes = sorted(make.small_world(), key=lambda change: change.visible_at)
    clock = SimClock(make.now, monotonic=lambda: 0.0)
    again.app.state.instance.store = Store(store.source, changes, clock, Journal(tmp_path / "journal.jsonl"))
    assert described(again) == fields
    assert values(again, "rank") == {1: "gold", 2: None, 3: None}


def test_fields_are_created_and_renamed_over_the_api(site: Any) -> None:
    path = "/rest/v1/leads/schema/fields"
    field = {"name": "tier", "displayName": "Tier", "dataType": "string", "description": "of service"}
    assert site.post(f"{path}.json", json={"input": [field]})["result"] == [
        {"name": "tier", "status": "created"}
    ]
    (found,) = site.get(f"{path}/tier.json")["result"]
    assert (found["isCustom"], found["isApiCreated"], found["description"]) == (True, True, "of service")
    change = {"input": [{"displayName": "Level", "isHidden": True}]}
    assert site.post(f"{path}/tier.json", json=change)["result"][0]["status"] == "updated"
    (found,) = site.get(f"{path}/tier.json")["result"]
    assert (found["displayName"], found["isHidden"]) == ("Level", True)
    assert site.code(site.post(f"{path}.json", json={"input": [field]})) == "1017"
    both = [{**field, "name": "one"}, {**field, "name": "two", "dataType": "colour"}]
    assert site.code(site.post(f"{path}.json", json={"input": both})) == "1001"
    assert "one" not in described(site)
