"""Every object of a Marketo: members of programs by jobs of ten, custom objects, assets, and what is read by key."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import DAY, NEXT, NIGHT, START, Bench, MarketoBench

from muster.errors import SourceError
from muster.http.marketo import MarketoError
from muster.lake import Lake, drift

Start = Callable[[Bench], Bench]
Make = Callable[..., MarketoBench]
NOON = START + timedelta(hours=12)
STAMPS = {"createdAt": NOON, "updatedAt": NOON}


def program(bench: MarketoBench, number: int, at: Any = NOON, **more: Any) -> None:
    values = {
        "id": number, "name": f'Program "{number}", live', "type": "Event", "channel": "Webinar", "status": "",
        "folder": {"type": "Folder", "value": 22, "folderName": "2026"}, "workspace": "Default", "createdAt": NOON,
        "updatedAt": at, "tags": [{"tagType": "Region", "tagValue": "EMEA"}], "costs": [], **more,
    }  # fmt: skip
    bench.put("programs", str(number), at, values)


def member(
    bench: MarketoBench, program_id: int, lead: int, at: Any = NOON, status: str = "Invited", **more: Any
) -> None:
    values = {
        "programId": program_id, "leadId": lead, "program": f'Program "{program_id}", live', "statusName": status,
        "membershipDate": NOON, "acquiredBy": False, "reachedSuccess": status == "Attended", "isExhausted": False,
        "createdAt": NOON, "updatedAt": at, **more,
    }  # fmt: skip
    bench.put("program_members", f"{program_id}:{lead}", at, values)


def contract(bench: MarketoBench, number: int, lead: int, at: Any = NOON, **more: Any) -> None:
    values = {
        "marketoGUID": f"g{number}", "contractNumber": f"C-{number}", "leadId": lead, "product": 'Premium "24/7"',
        "amount": 1604.4, "seats": 5, "isActive": True, "notes": "signed, then\nrenewed", "createdAt": NOON,
        "updatedAt": at, **more,
    }  # fmt: skip
    bench.put("custom__contract_c", f"g{number}", at, values)


# ---- program members ---------------------------------------------------------------------------------------


def test_members_come_by_jobs_of_ten_programs_and_only_those_that_changed(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    bench.objects = ("leads", "program_members")
    for lead in (1, 2):
        bench.person(lead, NOON)
    for number in range(1101, 1124):
        program(bench, number)
        member(bench, number, 1)
    member(bench, 1101, 2, NOON + DAY, "Attended")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.calls("POST /bulk/v1/program/members/export/create") == 3
    rows = bench.rows(settings, "program_members")
    assert sorted(int(row["programId"]) for row in rows) == list(range(1101, 1124))
    assert {(row["leadId"], row["statusName"], row["reachedSuccess"]) for row in rows} == {
        ("1", "Invited", "false")
    }
    (manifest,) = bench.committed(settings, "program_members")
    assert [job["numberOfRecords"] for job in manifest.evidence["jobs"]] == [10, 10, 3]
    assert "degraded" not in manifest.evidence
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    newest = bench.committed(settings, "program_members")[-1]
    assert (newest.window, newest.rows) == (NEXT, 1)


def test_without_the_filter_every_member_is_read_again_and_that_is_said(
    marketo: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = marketo(updated_at_filter=False)
    bench.objects = ("leads", "program_members")
    for lead in (1, 2):
        bench.person(lead, NOON)
        program(bench, 1100 + lead)
        member(bench, 1100 + lead, lead)
    settings = start(bench).settings()
    for night in (NIGHT, NEXT):
        bench.clock.set(night.end + timedelta(minutes=30))
        with caplog.at_level(logging.WARNING):
            bench.extract(settings, night)
    manifests = bench.committed(settings, "program_members")
    assert [one.rows for one in manifests] == [2, 2]
    assert all("1035" in one.evidence["degraded"] for one in manifests)
    assert "every program member is read again" in caplog.text


def test_a_marketo_without_programs_commits_an_empty_window_with_its_columns(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    bench.objects = ("program_members",)
    settings = start(bench).settings()
    bench.extract(settings)
    (manifest,) = bench.committed(settings, "program_members")
    assert (manifest.rows, manifest.evidence["jobs"]) == (0, [])
    assert {"programId", "leadId", "statusName"} <= set(manifest.columns)


def test_one_job_of_several_that_fails_is_made_anew_with_the_others(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("program_members",)
    bench.person(1, NOON)
    for number in range(1101, 1122):
        program(bench, number)
        member(bench, number, 1)
    fault = bench.fault("failed_job", "program/members/export/.*/enqueue", skip=1)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 1
    assert len(bench.rows(settings, "program_members")) == 21


# ---- custom objects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_filter", [True, False])
def test_a_custom_object_comes_in_bulk_or_by_the_leads_it_belongs_to(
    marketo: Make, start: Start, has_filter: bool
) -> None:
    bench = marketo(updated_at_filter=has_filter)
    bench.objects = ("leads",)
    bench.source_settings["custom_objects"] = ["contract_c"]
    for number in (1, 2, 3):
        bench.person(number, NOON)
        contract(bench, number, number)
    contract(bench, 2, 2, NOON + DAY, isActive=False)
    settings = start(bench).settings()
    for night in (NIGHT, NEXT):
        bench.clock.set(night.end + timedelta(minutes=30))
        bench.extract(settings, night)
    manifests = bench.committed(settings, "custom_contract_c")
    assert [one.rows for one in manifests] == ([3, 1] if has_filter else [3, 3])
    assert ["degraded" in one.evidence for one in manifests] == [not has_filter] * 2
    newest = [row for row in bench.rows(settings, "custom_contract_c") if row["_window_end"] == NEXT.end]
    assert {row["contractNumber"]: row["isActive"] for row in newest}["C-2"] == "false"
    first = next(row for row in bench.rows(settings, "custom_contract_c") if row["contractNumber"] == "C-1")
    assert (first["notes"], first["product"]) == ("signed, then\nrenewed", 'Premium "24/7"')
    assert float(first["amount"]) == 1604.4
    assert drift.newest(Lake(settings.home.lake), bench.id, "custom_contract_c") is not None


def test_a_custom_object_that_is_not_there_is_named(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("leads",)
    bench.source_settings["custom_objects"] = ["nothing_c"]
    settings = start(bench).settings()
    with pytest.raises(SourceError):
        bench.extract(settings)
    assert bench.committed(settings, "custom_nothing_c") == []


# ---- assets ------------------------------------------------------------------------------------------------


def test_programs_come_with_tags_and_costs_which_are_asked_for_once(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("programs",)
    costs = [{"startDate": "2026-02-01", "cost": 250, "note": "Hall"}]
    for number in range(1, 206):
        program(bench, number, costs=costs)
    program(bench, 7, NOON + DAY, name="Renamed", costs=costs)
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.calls("GET /rest/asset/v1/programs") == 3
    details = bench.calls("GET /rest/asset/v1/program/")
    assert details == 205
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert bench.calls("GET /rest/asset/v1/program/") == details + 1
    rows = {row["id"]: row for row in bench.rows(settings, "programs")}
    assert len(rows) == 205
    assert rows["7"]["name"] == "Renamed"
    for row in rows.values():
        assert json.loads(row["tags"]) == [{"tagType": "Region", "tagValue": "EMEA"}]
        assert json.loads(row["costs"])[0]["cost"] == 250
        assert json.loads(row["folder"])["value"] == 22


def test_smart_campaigns_come_whole_each_night(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("smart_campaigns",)
    program(bench, 1107)
    for number in range(8001, 8004):
        values = {"id": number, "name": f"C{number}", "type": "trigger", "isActive": number == 8002, **STAMPS}
        bench.put(
            "smart_campaigns", str(number), NOON, {**values, "programId": 1107 if number == 8003 else None}
        )
    settings = start(bench).settings()
    bench.extract(settings)
    rows = {row["id"]: row for row in bench.rows(settings, "smart_campaigns")}
    assert {key: row["isActive"] for key, row in rows.items()} == {
        "8001": "false",
        "8002": "true",
        "8003": "false",
    }
    assert {key: row["parentProgramId"] for key, row in rows.items()} == {
        "8001": None,
        "8002": None,
        "8003": "1107",
    }


# ---- by key ------------------------------------------------------------------------------------------------


def test_sales_persons_are_those_who_own_a_lead_or_were_read_before(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("leads", "sales_persons")
    bench.person(1, NOON, externalSalesPersonId="SP-1")
    for number in (1, 2):
        values = {
            "id": number,
            "externalSalesPersonId": f"SP-{number}",
            "firstName": "Ada",
            "lastName": "Owens",
        }
        bench.put(
            "sales_persons", str(number), NOON, {**values, "email": f"s{number}@acme.example", **STAMPS}
        )
    bench.person(1, NOON + DAY, externalSalesPersonId="SP-2")
    settings = start(bench).settings()
    bench.extract(settings)
    assert [row["externalSalesPersonId"] for row in bench.rows(settings, "sales_persons")] == ["SP-1"]
    (manifest,) = bench.committed(settings, "sales_persons")
    assert "who owns neither is not seen" in manifest.evidence["keys_are"]
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert {row["externalSalesPersonId"] for row in bench.rows(settings, "sales_persons")} == {"SP-1", "SP-2"}


def test_named_accounts_are_those_called_like_a_company_of_the_lake_and_the_evidence_says_so(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    bench.objects = ("leads", "named_accounts")
    bench.person(1, NOON, company="Acme")
    bench.person(2, NOON, company="Globex, Inc")
    for number, name in enumerate(("Acme", "Globex, Inc", "Nobody's employer")):
        bench.put("named_accounts", f"g{number}", NOON, {"marketoGUID": f"g{number}", "name": name, **STAMPS})
    settings = start(bench).settings()
    bench.extract(settings)
    assert [row["name"] for row in bench.rows(settings, "named_accounts")] == ["Acme"]
    (manifest,) = bench.committed(settings, "named_accounts")
    assert (manifest.evidence["keys"], manifest.evidence["left_out"]) == (2, 1)
    assert "called differently from every one of them is not seen" in manifest.evidence["keys_are"]


def test_sales_persons_of_a_synced_marketo_are_the_crms(marketo: Make, start: Start) -> None:
    bench = marketo(crm_sync="disabled")
    bench.objects = ("leads", "sales_persons")
    settings = start(bench).settings()
    with pytest.raises(MarketoError, match="rule B2"):
        bench.extract(settings)


# ---- lead changes ------------------------------------------------------------------------------------------


def test_lead_changes_of_the_window_come_with_old_and_new_value(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("lead_changes",)
    change = {"attributes": {"New Value": "Lee-Park", "Old Value": "Lee", "Reason": "sync"}}
    bench.person(1, NOON)
    for number in range(1, 702):
        bench.activity(str(number), NOON, 13, 1, primaryAttributeValue="lastName", **change)
    bench.activity("800", NOON, 12, 2)
    bench.activity("801", NOON, 1, 2)
    bench.activity("802", NIGHT.end, 12, 2)
    bench.fault("empty_page", "leadchanges", skip=1)
    settings = start(bench).settings()
    bench.extract(settings)
    rows = {row["marketoGUID"]: row for row in bench.rows(settings, "lead_changes")}
    assert len(rows) == 702
    (field,) = json.loads(rows["1"]["fields"])
    assert (field["name"], field["oldValue"], field["newValue"]) == ("lastName", "Lee", "Lee-Park")
    assert json.loads(rows["1"]["attributes"])["Reason"] == "sync"
    assert rows["800"]["activityTypeId"] == "12"
