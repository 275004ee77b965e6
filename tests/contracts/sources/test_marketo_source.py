"""What only Marketo has: exports with two filters, paging tokens, objects that are read by key, its own quotas."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import NEXT, NIGHT, START, Bench, MarketoBench

from muster.errors import IntegrityError, QuotaExhausted, SourceError
from muster.http.marketo import MarketoError
from muster.sources import JobLost
from muster.sources.marketo import bulk

Start = Callable[[Bench], Bench]
Make = Callable[..., MarketoBench]
NOON = START + timedelta(hours=12)


def test_leads_come_with_every_described_field_as_text(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON, annualRevenue=1604.40, externalCompanyId=None, ecid="1" * 38, city="null", title="")
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings)
    assert row["ecid"] == "1" * 38
    assert (row["leadScore"], row["unsubscribed"]) == ("7", "false")
    assert row["updatedAt"] == "2026-03-01T12:00:00Z"
    assert row["externalCompanyId"] == row["title"] == "null"
    assert row["_source_instance"] == bench.id
    assert (row["_window_start"], row["_window_end"]) == (NIGHT.start, NIGHT.end)


def test_the_manifest_proves_where_the_rows_come_from(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    evidence = bench.committed(settings)[0].evidence
    assert evidence["by"] == "updatedAt"
    assert (evidence["startAt"], evidence["endAt"]) == ("2026-02-28T23:00:00Z", "2026-03-02T00:00:00Z")
    assert evidence["numberOfRecords"] == 1
    assert evidence["fileChecksum"].startswith("sha256:")
    assert evidence["fileSize"] > 0
    assert "degraded" not in evidence


def test_without_the_filter_by_change_it_reads_by_creation_and_says_so_loudly(
    marketo: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = marketo(updated_at_filter=False)
    bench.person(1, NOON)
    bench.person(2, NOON, createdAt=START - timedelta(days=90))
    settings = start(bench).settings()
    with caplog.at_level(logging.WARNING):
        bench.extract(settings)
    (manifest,) = bench.committed(settings)
    assert manifest.evidence["by"] == "createdAt"
    assert "1035" in manifest.evidence["degraded"]
    assert "1035" in caplog.text
    assert set(bench.names(settings)) == {"1"}


def test_activities_of_every_type_but_deletes(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.activity("10", NOON, 1)
    bench.activity(
        "11",
        NOON,
        46,
        primaryAttributeValueId=None,
        primaryAttributeValue=None,
        attributes={"Source": 'a,\n"b"'},
    )
    bench.activity("12", NOON, 37)
    settings = start(bench).settings()
    bench.extract(settings)
    first, second = sorted(bench.rows(settings, "activities"), key=lambda row: row["marketoGUID"])
    assert json.loads(first["attributes"]) == {"Webpage URL": "/pricing", "Client IP Address": "10.0.0.1"}
    assert json.loads(second["attributes"]) == {"Source": 'a,\n"b"'}
    assert second["campaignId"] == second["primaryAttributeValue"] == "null"
    (deleted,) = bench.rows(settings, "deleted_leads")
    assert (deleted["marketoGUID"], deleted["leadId"], deleted["activityTypeId"]) == ("12", "1", "37")
    assert json.loads(deleted["attributes"]) == {"Webpage URL": "/pricing", "Client IP Address": "10.0.0.1"}


def test_a_vendors_bytes_that_are_not_utf8_go_to_quarantine(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON, "good")
    bench.person(2, NOON, "lone \ud800 surrogate")
    bench.person(3, NOON, "中")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {"1": "good", "3": "中"}
    (row,) = bench.aside(settings)
    assert row["reason"] == "bytes that are not UTF-8"
    assert r"lone \xed\xa0\x80 surrogate" in row["raw"]


# ---- jobs --------------------------------------------------------------------------------------------------


def test_a_checksum_that_stays_wrong_is_never_committed(marketo: Make, start: Start) -> None:
    bench = start(marketo())
    bench.fault("checksum", "leads/export/.*/status", times=None)
    settings = bench.settings()
    with pytest.raises(IntegrityError, match="SHA-256"):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_a_wrong_checksum_is_mended_by_a_new_job(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    bench.fault("checksum", "leads/export/.*/status")
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1


def test_a_file_with_another_number_of_records_than_announced_is_never_committed(
    marketo: Make, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = marketo()
    bench.person(1, NOON)
    original = bulk.status

    def one_more(api: Any, ticket: Any) -> dict[str, Any]:
        job = dict(original(api, ticket))
        return {**job, "numberOfRecords": int(job["numberOfRecords"]) + 1} if "fileSize" in job else job

    monkeypatch.setattr(bulk, "status", one_more)
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="announced 2 rows and gave 1"):
        bench.extract(settings)
    assert bench.committed(settings) == []
    assert bench.calls("leads/export/create") == 3


@pytest.mark.parametrize("times", [2, 9])
def test_a_finished_export_whose_file_is_404_is_asked_for_again_then_made_anew(
    marketo: Make, start: Start, times: int
) -> None:
    bench = marketo()
    bench.person(1, NOON)
    fault = bench.fault("missing_file", "leads/export/.*/file", times=times)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == times
    assert bench.calls("leads/export/create") == (1 if times == 2 else 2)
    assert len(bench.rows(settings)) == 1


def test_a_file_that_never_comes_is_a_lost_job(marketo: Make, start: Start) -> None:
    bench = start(marketo())
    bench.fault("missing_file", "leads/export/.*/file", times=None)
    with pytest.raises(JobLost, match="its file is not there"):
        bench.extract(bench.settings())


def test_a_full_queue_is_waited_for(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    fault = bench.fault("queue_full", "enqueue", times=4)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 4
    assert len(bench.rows(settings)) == 1


def test_an_answer_that_got_lost_does_not_queue_a_job_twice(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    bench.fault("drop", "leads/export/.*/enqueue")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.calls("POST /bulk/v1/leads/export/{id}/enqueue") == 2
    assert len(bench.rows(settings)) == 1


def test_an_export_quota_that_is_used_up_stops_and_names_the_reset(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.fault("code", "leads/export/create", ["1029", "Export daily quota exceeded"])
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match=r"2026-03-02T06:00:00\+00:00, midnight US Central"):
        bench.extract(settings)
    assert bench.committed(settings) == []
    assert bench.pauses == []


def test_at_most_two_exports_run_at_a_time(marketo: Make, start: Start) -> None:
    bench = marketo(export_queue=2, calls_per_window=10_000)
    bench.source_settings["max_window_days"] = 1
    last = NIGHT.end + timedelta(days=5)
    bench.clock.set(last + timedelta(minutes=30))
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings, type(NIGHT)(last - timedelta(days=1), last))
    assert len(bench.committed(settings)) == len(bench.committed(settings, "activities")) == 6
    assert bench.stats.to_dict()["violations"] == {}


# ---- pages -------------------------------------------------------------------------------------------------


def test_an_empty_page_does_not_end_the_reading_of_deletes(marketo: Make, start: Start) -> None:
    bench = marketo()
    for number in range(1, 701):
        bench.remove(number, NOON)
    bench.fault("empty_page", "deletedleads", skip=1, times=3)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.removed(settings)) == 700


def test_deletes_outside_the_window_are_not_of_the_window(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.remove(1, NIGHT.start - timedelta(hours=2))
    bench.remove(2, NIGHT.start - timedelta(minutes=30))
    bench.remove(3, NOON)
    bench.remove(4, NIGHT.end)
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.removed(settings) == {"2", "3"}


@pytest.mark.parametrize("code", ["601", "602", "606", "608", "611", "615", "713"])
def test_a_passing_error_in_the_middle_of_pages_loses_and_doubles_nothing(
    marketo: Make, start: Start, code: str
) -> None:
    bench = marketo()
    for number in range(1, 701):
        bench.remove(number, NOON)
    fault = bench.fault("code", "deletedleads", code, skip=1)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 1
    assert len(bench.rows(settings, "deleted_leads")) == len(bench.removed(settings)) == 700


def test_a_static_list_gives_a_row_a_member_and_one_when_it_has_none(marketo: Make, start: Start) -> None:
    bench = marketo()
    described = {"programName": "P", "workspaceName": "Default", "createdAt": NOON, "updatedAt": NOON}
    described |= {"description": None, "folder": {"id": 1, "type": "Folder"}}
    for number, name in ((1021, "Seed"), (1022, "Empty")):
        bench.put("static_lists", str(number), NOON, {"id": number, "name": name, **described})
    for lead in range(1, 351):
        bench.person(lead, NOON)
        bench.put("list_members", f"1021:{lead}", NOON, {"listId": 1021, "leadId": lead, "at": NOON})
    settings = start(bench).settings()
    bench.extract(settings)
    rows = bench.rows(settings, "static_lists")
    assert {row["leadId"] for row in rows if row["name"] == "Seed"} == {str(lead) for lead in range(1, 351)}
    (empty,) = [row for row in rows if row["name"] == "Empty"]
    assert (empty["id"], empty["leadId"], empty["workspaceName"]) == ("1022", None, "Default")


# ---- by key ------------------------------------------------------------------------------------------------


def _deals(bench: MarketoBench, count: int) -> None:
    """So many leads, each with a company of its own, a role and an opportunity."""
    for n in range(1, count + 1):
        external = f"EXT-{n:05d}-{'x' * 40}"
        bench.person(n, NOON, externalCompanyId=external)
        stamps = {"createdAt": NOON, "updatedAt": NOON}
        bench.put(
            "companies", str(n), NOON, {"id": n, "externalCompanyId": external, "company": f"C{n}", **stamps}
        )
        role = {"externalOpportunityId": f"OPP-{n}", "leadId": n, "role": "Decision Maker", "isPrimary": True}
        bench.put("opportunity_roles", f"r{n}", NOON, {"marketoGUID": f"r{n}", **role, **stamps})
        deal = {"externalOpportunityId": f"OPP-{n}", "name": "Deal, big", "amount": 1604.4, "isClosed": False}
        bench.put("opportunities", f"o{n}", NOON, {"marketoGUID": f"o{n}", **deal, **stamps})


def test_companies_roles_and_opportunities_are_read_by_the_keys_in_the_lake(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    _deals(bench, 650)
    settings = start(bench).settings()
    bench.extract(settings)
    assert {row["id"] for row in bench.rows(settings, "companies")} == {str(n) for n in range(1, 651)}
    assert len(bench.rows(settings, "opportunity_roles")) == 650
    deals = bench.rows(settings, "opportunities")
    assert {row["externalOpportunityId"] for row in deals} == {f"OPP-{n}" for n in range(1, 651)}
    assert {(row["name"], row["isClosed"]) for row in deals} == {("Deal, big", "false")}
    assert (
        bench.calls("POST /rest/v1/companies") == 2
    )  # 300 keys of 50 characters are over 8 KB, the last 50 not
    assert bench.calls("POST /rest/v1/opportunities/roles") == 0
    (manifest,) = bench.committed(settings, "companies")
    assert (manifest.kind, manifest.window, manifest.evidence["keys"]) == ("snapshot", NIGHT, 650)


def test_each_night_has_a_snapshot_of_its_own_and_the_newest_counts(marketo: Make, start: Start) -> None:
    bench = marketo()
    _deals(bench, 2)
    stamps = {"createdAt": NOON, "updatedAt": NEXT.start}
    changed = {"id": 1, "externalCompanyId": f"EXT-00001-{'x' * 40}", "company": "Renamed", **stamps}
    bench.put("companies", "1", NEXT.start + timedelta(hours=1), changed)
    settings = start(bench).settings()
    bench.extract(settings)
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert [one.window for one in bench.committed(settings, "companies")] == [NIGHT, NEXT]
    assert {row["company"] for row in bench.rows(settings, "companies")} == {"Renamed", "C2"}


def test_an_opportunity_known_from_an_activity_or_an_earlier_night_is_read_too(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    stamps = {"createdAt": NOON, "updatedAt": NOON}
    deal = {"marketoGUID": "o1", "externalOpportunityId": "OPP-1", "name": "One", **stamps}
    bench.put("opportunities", "o1", NOON, deal)
    bench.activity("10", NOON, 34, primaryAttributeValue="OPP-1")
    bench.activity("11", NOON, 34, primaryAttributeValue="a name, with words")
    bench.activity("12", NOON, 1, primaryAttributeValue="OPP-2")
    settings = start(bench).settings()
    bench.extract(settings)
    assert [row["name"] for row in bench.rows(settings, "opportunities")] == ["One"]
    assert bench.committed(settings, "opportunities")[0].evidence["keys"] == 1


def test_a_key_that_cant_be_asked_for_is_counted_and_said(
    marketo: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = marketo()
    bench.person(1, NOON, externalCompanyId="with, comma")
    settings = start(bench).settings()
    bench.extract(settings)
    evidence = bench.committed(settings, "companies")[0].evidence
    assert (evidence["keys"], evidence["left_out"]) == (1, 1)
    assert "1 keys of /rest/v1/companies hold a comma" in caplog.text


@pytest.mark.parametrize("mode", ["disabled", "read_only"])
def test_a_crm_synced_instance_names_the_rule_that_forbids_reading_deals(
    marketo: Make, start: Start, mode: Any
) -> None:
    bench = marketo(crm_sync=mode)
    settings = start(bench).settings()
    with pytest.raises(MarketoError, match="rule B2") as caught:
        bench.extract(settings)
    assert caught.value.code == "1018"
    assert bench.committed(settings)


def test_a_field_that_must_be_there_and_is_hidden_is_named(marketo: Make, start: Start) -> None:
    bench = marketo()
    body = {
        "success": True,
        "requestId": "a#b",
        "result": [{"name": "API Lead", "fields": [{"name": "email"}]}],
    }
    bench.fault("status", "leads/describe2", {"status": 200, "body": body})
    with pytest.raises(SourceError, match="without createdAt, id, updatedAt"):
        bench.extract(start(bench).settings())


# ---- quotas ------------------------------------------------------------------------------------------------


def test_a_daily_quota_of_calls_that_is_used_up_stops_at_once(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.fault("code", "leads/describe2", "607", times=None)
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match="the daily quota of calls"):
        bench.extract(settings)
    assert bench.pauses == []
    assert bench.calls("describe2") == 1


def test_a_rate_that_others_use_up_is_waited_out(marketo: Make, start: Start) -> None:
    bench = marketo(calls_per_window=6)
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1
    assert max(bench.pauses) <= 20
    assert bench.stats.to_dict()["violations"][bench.id]


def test_a_token_that_ends_while_reading_is_renewed(marketo: Make, start: Start) -> None:
    bench = marketo(token_seconds=70)
    bench.person(1, NOON)
    bench.fault("queue_full", "enqueue", times=100)
    settings = start(bench).settings()
    with bench.open(settings) as source:
        ticket = source.begin("leads", NIGHT)
        for _ in range(40):
            assert not source.ready(ticket)
            bench.clock.advance(30)
        bench.faults.clear()
        assert not source.ready(ticket)
