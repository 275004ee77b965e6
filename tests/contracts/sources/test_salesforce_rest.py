"""What is small is read by REST queries: every page, nothing twice, nothing lost; and what the Bulk API doesn't offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import NIGHT, START, Bench, SalesforceBench

from muster.errors import IntegrityError, SourceError
from muster.sources import JobLost
from muster.sources.salesforce import rest

Start = Callable[[Bench], Bench]
Make = Callable[..., SalesforceBench]
NOON = START + timedelta(hours=12)
QUERY = "GET /services/data/v66.0/queryAll"


def by_rest(salesforce: Make, **options: Any) -> SalesforceBench:
    bench = salesforce(**options)
    bench.objects = ("contacts",)
    bench.source_settings["rest_objects"] = ["contacts"]
    return bench


def page(records: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"totalSize": len(records), "done": True, "records": records, **more}}


@pytest.mark.parametrize("count", [0, 1, 200, 201, 450])
def test_every_page_is_followed_to_its_end(salesforce: Make, start: Start, count: int) -> None:
    bench = by_rest(salesforce, page_size=200)
    for number in range(1, count + 1):
        bench.person(number, NOON)
    settings = start(bench).settings()
    (manifest,) = bench.extract(settings)
    assert len(bench.names(settings)) == manifest.rows == count
    assert bench.calls("query") == max(1, -(-count // 200))
    assert bench.calls("jobs/query") == 0
    assert manifest.evidence["read"].startswith("by REST query")


def test_values_arrive_as_they_were_sent_and_a_nul_is_put_aside(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    names = ["NA", "null", "None", "00123", "1e5", "🎉 مرحبا", "line\nbreak", '"a"']
    for number, name in enumerate(names, start=1):
        bench.person(number, NOON, name)
    bench.person(99, NOON, "nul\0byte")
    settings = start(bench).settings()
    bench.extract(settings)
    assert list(bench.names(settings).values()) == names
    row = bench.rows(settings)[0]
    assert (row["IsDeleted"], row["MailingCity"], row["SystemModstamp"]) == (
        "false",
        None,
        "2026-03-01T12:00:00.000+0000",
    )
    assert [one["reason"] for one in bench.aside(settings)] == ["a NUL byte"]


def test_deleted_records_come_with_their_mark(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    bench.person(1, NOON)
    bench.remove(1, NOON + timedelta(hours=1))
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.removed(settings) == {bench.key_of(1)}


def test_users_have_no_recycle_bin_and_are_read_like_the_others(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.objects = ("users", "campaigns")
    values = {
        "Id": "0055e00000000001AA",
        "LastName": "Lee",
        "Email": "u@acme.example",
        "SystemModstamp": NOON,
    }
    bench.put("users", values["Id"], NOON, values)  # type: ignore[arg-type]
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings, "users")
    assert row["LastName"] == "Lee"
    assert "IsDeleted" not in row
    assert bench.calls("POST /services/data/v66.0/jobs/query") == 0


def test_more_records_without_an_address_are_an_error(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    bench.fault("status", QUERY, page([], done=False), times=None)
    settings = start(bench).settings()
    with pytest.raises(SourceError, match="no address for them"):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_an_address_outside_the_api_is_not_followed(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    away = page([], done=False, nextRecordsUrl="https://evil.example/services/data/v66.0/query/1")
    bench.fault("status", QUERY, away, times=None)
    with pytest.raises(SourceError, match="no address for them"):
        bench.extract(start(bench).settings())


def test_a_page_that_comes_again_and_again_is_an_error(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    loop = page([], done=False, nextRecordsUrl="/services/data/v66.0/query/01g-2000")
    bench.fault("status", "GET .*/query", loop, times=None)
    with pytest.raises(SourceError, match="the same page of a query twice"):
        bench.extract(start(bench).settings())


def test_fewer_records_than_announced_are_never_committed(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    bench.fault("status", QUERY, page([], totalSize=2), times=None)
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="announced 2 records, its 1 pages hold 0"):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_a_record_that_lacks_a_field_is_an_error(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    bench.fault("status", QUERY, page([{"Id": "003"}]), times=None)
    with pytest.raises(SourceError, match="lacks fields"):
        bench.extract(start(bench).settings())


def test_a_query_that_takes_too_long_is_asked_in_halves_that_make_up_the_whole(
    salesforce: Make, start: Start
) -> None:
    bench = by_rest(salesforce)
    for number in range(24):
        bench.person(number + 1, START + timedelta(hours=number))
    fault = bench.fault("query_timeout", QUERY, times=3)
    settings = start(bench).settings()
    (manifest,) = bench.extract(settings)
    assert fault.hits == 3
    assert manifest.rows == len(bench.names(settings)) == 24


def test_a_query_that_always_takes_too_long_is_given_up(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    bench.fault("query_timeout", QUERY, times=None)
    with pytest.raises(JobLost):
        bench.extract(start(bench).settings())


def test_a_cursor_that_is_refused_begins_the_window_anew(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce, page_size=200)
    for number in range(1, 451):
        bench.person(number, NOON)
    body = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    bench.fault("status", "GET .*/query/01g", {"status": 400, "body": body}, skip=1)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 450


def test_what_the_bulk_api_does_not_offer_is_read_by_rest(salesforce: Make, start: Start) -> None:
    bench = salesforce(not_bulk_queryable=frozenset({"Contact"}))
    bench.objects = ("accounts", "contacts")
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1
    assert "read" in bench.committed(settings)[0].evidence
    assert "job" in bench.committed(settings, "accounts")[0].evidence


def test_a_query_too_long_for_an_address_goes_by_bulk(
    salesforce: Make, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "LONGEST_QUERY", 100)
    bench = by_rest(salesforce)
    bench.person(1, NOON)
    settings = start(bench).settings()
    (manifest,) = bench.extract(settings)
    assert (manifest.rows, "job" in manifest.evidence) == (1, True)


def test_a_ticket_of_a_rest_object_is_good_in_another_process(salesforce: Make, start: Start) -> None:
    bench = by_rest(salesforce)
    settings = start(bench).settings()
    with bench.open(settings) as source:
        ticket = bench.through_json(source.begin("contacts", NIGHT))
    with bench.open(settings) as other:
        assert other.ready(ticket)
