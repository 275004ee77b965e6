"""Bulk export of program members and custom objects: filters, columns, rows, and one queue for all families."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

MEMBERS, CONTRACTS = "program/members", "customobjects/contract_c"
MARCH = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}


def base(family: str) -> str:
    return f"/bulk/v1/{family}/export"


def create(site: Any, family: str, fields: list[str], criteria: dict[str, Any]) -> dict[str, Any]:
    return dict(site.post(f"{base(family)}/create.json", json={"fields": fields, "filter": criteria}))


def exported(site: Any, family: str, fields: list[str], criteria: dict[str, Any]) -> list[list[str]]:
    """Header and rows of a finished job."""
    made = create(site, family, fields, criteria)
    assert made["success"], made
    job = f"{base(family)}/{made['result'][0]['exportId']}"
    site.post(f"{job}/enqueue.json")
    for _ in range(5):
        (told,) = site.get(f"{job}/status.json")["result"]
        if told["status"] == "Completed":
            break
    data = site.client.get(f"{job}/file.json").content
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert len(rows) - 1 == told["numberOfRecords"]
    return rows


def code(site: Any, family: str, fields: list[str], criteria: dict[str, Any]) -> str:
    return str(site.code(create(site, family, fields, criteria)))


# ---- program members -----------------------------------------------------------------------------------------


def test_members_of_one_program_come_with_fields_of_member_and_lead(whole: Any) -> None:
    rows = exported(whole, MEMBERS, ["leadId", "statusName", "email", "nurtureCadence"], {"programId": 1107})
    assert rows == [
        ["leadId", "statusName", "email", "nurtureCadence"],
        *([str(n), "Registered", f"person{n}@acme.example", "null"] for n in (1, 2, 3)),
    ]


def test_several_programs_bring_their_id_as_the_first_column(whole: Any) -> None:
    rows = exported(whole, MEMBERS, ["leadId"], {"programIds": [1107, 1200]})
    assert rows == [["programId", "leadId"], ["1107", "1"], ["1107", "2"], ["1107", "3"]]
    again = exported(whole, MEMBERS, ["leadId", "programId"], {"programIds": [1107]})
    assert again[0] == ["programId", "leadId"]


def test_filters_are_anded(whole: Any, make: Any) -> None:
    late = make.now - make.day / 4
    nurtured = {"isExhausted": True, "nurtureCadence": "pause", "statusName": "Attended"}
    whole.store.write([make.member(1107, 4, late, **nurtured)])
    for criteria, leads in (
        ({"statusNames": ["Attended", "Invited"]}, ["4"]),
        ({"isExhausted": True}, ["4"]),
        ({"isExhausted": False, "statusNames": ["Attended"]}, []),
        ({"nurtureCadence": "pause"}, ["4"]),
        ({"updatedAt": {"startAt": "2026-03-02T12:00:00Z", "endAt": "2026-03-03T00:00:00Z"}}, ["4"]),
        (
            {"updatedAt": {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-02T12:00:00Z"}},
            ["1", "2", "3"],
        ),
    ):
        rows = exported(whole, MEMBERS, ["leadId"], {"programId": 1107, **criteria})
        assert [row[0] for row in rows[1:]] == leads, criteria


@pytest.mark.parametrize(
    ("criteria", "refused"),
    [
        ({"updatedAt": MARCH}, "1003"),
        ({"programId": 1107, "programIds": [1107]}, "1003"),
        ({"programIds": list(range(11))}, "1003"),
        ({"programIds": []}, "1001"),
        ({"programId": 99}, "1013"),
        ({"programId": 1107, "statusNames": ["Bored"]}, "1003"),
        ({"programId": 1107, "isExhausted": "yes"}, "1001"),
        ({"programId": 1107, "nurtureCadence": "fast"}, "1001"),
        ({"programId": 1107, "createdAt": MARCH}, "1003"),
        ({"programId": 1107, "updatedAt": {**MARCH, "endAt": "2026-04-02T00:00:00Z"}}, "1003"),
    ],
)
def test_a_bad_filter_of_members_is_refused(whole: Any, criteria: dict[str, Any], refused: str) -> None:
    assert code(whole, MEMBERS, ["leadId"], criteria) == refused


def test_members_need_fields_that_are_there(whole: Any) -> None:
    assert code(whole, MEMBERS, [], {"programId": 1107}) == "1002"
    assert code(whole, MEMBERS, ["colour"], {"programId": 1107}) == "1006"


# ---- custom objects ------------------------------------------------------------------------------------------


def test_custom_objects_come_by_update_and_by_list(whole: Any) -> None:
    rows = exported(
        whole, CONTRACTS, ["contractNumber", "leadId", "amount", "renewsOn", "notes"], {"updatedAt": MARCH}
    )
    assert rows[1] == ["C-1", "1", "12.5", "null", "signed,\nthen renewed"]
    assert [row[0] for row in rows[1:]] == ["C-1", "C-2", "C-3"]
    for criteria in ({"staticListId": 1021}, {"staticListName": "Seed"}):
        assert len(exported(whole, CONTRACTS, ["contractNumber"], criteria)) == 4
    whole.client.request("DELETE", "/rest/v1/lists/1021/leads.json", params={"id": "1"})
    assert exported(whole, CONTRACTS, ["leadId"], {"staticListId": 1021})[1:] == [["2"]]


def test_records_of_leads_that_are_gone_do_not_come(whole: Any) -> None:
    whole.post("/rest/v1/leads/delete.json", json={"input": [{"id": 1}]})
    rows = exported(whole, CONTRACTS, ["contractNumber"], {"updatedAt": MARCH})
    assert rows[1:] == [["C-3"]]


@pytest.mark.parametrize(
    ("criteria", "refused"),
    [
        ({"updatedAt": MARCH, "staticListId": 1021}, "1003"),
        ({"createdAt": MARCH}, "1003"),
        ({"smartListId": 7}, "1035"),
        ({"smartListName": "All"}, "1035"),
        ({"staticListId": 99}, "1013"),
        ({"updatedAt": {"startAt": "2026-03-01T00:00:00Z"}}, "1003"),
    ],
)
def test_a_bad_filter_of_custom_objects_is_refused(
    whole: Any, criteria: dict[str, Any], refused: str
) -> None:
    assert code(whole, CONTRACTS, ["leadId"], criteria) == refused


def test_unknown_objects_and_such_without_a_lead_are_refused(whole: Any) -> None:
    assert code(whole, "customobjects/nothing_c", ["leadId"], {"updatedAt": MARCH}) == "1013"
    schema = "/rest/v1/customobjects/schema"
    whole.post(f"{schema}.json", json={"apiName": "room_c", "displayName": "Room"})
    whole.post(f"{schema}/room_c/addField.json", json={"input": [{"name": "key", "isDedupeField": True}]})
    whole.post(f"{schema}/room_c/approve.json")
    assert code(whole, "customobjects/room_c", ["key"], {"updatedAt": MARCH}) == "1003"


# ---- the families together -----------------------------------------------------------------------------------


def test_where_the_filter_by_update_is_off_all_families_say_1035(new_site: Any, make: Any) -> None:
    site = new_site(make.whole_world(), updated_at_filter=False)
    assert code(site, "leads", ["id"], {"updatedAt": MARCH}) == "1035"
    assert code(site, MEMBERS, ["leadId"], {"programId": 1107, "updatedAt": MARCH}) == "1035"
    assert code(site, CONTRACTS, ["leadId"], {"updatedAt": MARCH}) == "1035"
    assert len(exported(site, MEMBERS, ["leadId"], {"programId": 1107})) == 4


def test_all_families_share_one_queue(new_site: Any, make: Any) -> None:
    site = new_site(make.whole_world(), export_queue=2)
    asked = {MEMBERS: {"programId": 1107}, CONTRACTS: {"updatedAt": MARCH}, "leads": {"updatedAt": MARCH}}
    answers = []
    for family, criteria in asked.items():
        field = "id" if family == "leads" else "leadId"
        made = create(site, family, [field], criteria)["result"][0]
        answers.append(site.post(f"{base(family)}/{made['exportId']}/enqueue.json"))
    assert [answer["success"] for answer in answers] == [True, True, False]
    assert site.code(answers[-1]) == "1029"


def test_each_family_lists_its_own_jobs_by_status_and_in_pages(whole: Any) -> None:
    for _ in range(3):
        create(whole, MEMBERS, ["leadId"], {"programId": 1107})
    made = create(whole, CONTRACTS, ["leadId"], {"updatedAt": MARCH})["result"][0]
    whole.post(f"{base(CONTRACTS)}/{made['exportId']}/cancel.json")
    first = whole.get(f"{base(MEMBERS)}.json", batchSize=2)
    rest = whole.get(f"{base(MEMBERS)}.json", batchSize=2, nextPageToken=first["nextPageToken"])
    assert (len(first["result"]), len(rest["result"]), "nextPageToken" in rest) == (2, 1, False)
    assert whole.get(f"{base(MEMBERS)}.json", status="Completed")["result"] == []
    for spelling in ("Canceled", "Cancelled,Failed"):
        (found,) = whole.get(f"{base(CONTRACTS)}.json", status=spelling)["result"]
        assert found["exportId"] == made["exportId"]
    assert whole.get(f"{base('customobjects/other_c')}.json")["result"] == []


def test_a_job_is_only_known_in_its_own_family(whole: Any) -> None:
    made = create(whole, MEMBERS, ["leadId"], {"programId": 1107})["result"][0]
    assert whole.code(whole.get(f"{base('leads')}/{made['exportId']}/status.json")) == "1013"
