"""Deletions that no row tells of: the feed of deleted ids, and once a week the comparison of all ids (F26)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import DAY, NEXT, NIGHT, START, Bench, SalesforceBench

from muster.errors import IntegrityError, SourceError
from muster.lake import Lake
from muster.windows import Window

Start = Callable[[Bench], Bench]
Make = Callable[..., SalesforceBench]
NOON = START + timedelta(hours=12)
FEED = "GET /services/data/v66.0/sobjects/Contact/deleted"


def bench_of(salesforce: Make, **more: Any) -> SalesforceBench:
    """Contacts and deletions. Its nights end on Monday and Tuesday: `weekly_on` says which one compares."""
    bench = salesforce(**more)
    bench.objects = ("contacts", "deleted_records")
    return bench


def night(bench: Bench, settings: Any, window: Window, **more: Any) -> Any:
    bench.clock.set(window.end + timedelta(minutes=30))
    return bench.extract(settings, window, **more)


def gone(bench: Bench, settings: Any) -> list[tuple[str, str]]:
    return sorted((row["id"], row["foundBy"]) for row in bench.rows(settings, "deleted_records"))


def test_the_feed_tells_what_was_deleted_in_the_window(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["compare_ids"] = False
    bench.person(1, NOON)
    bench.person(2, NOON)
    bench.remove(2, NOON + DAY)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    assert gone(bench, settings) == []
    night(bench, settings, NEXT)
    (row,) = bench.rows(settings, "deleted_records")
    assert (row["object"], row["id"], row["foundBy"]) == ("contacts", bench.key_of(2), "getDeleted")
    assert row["deletedDate"] == "2026-03-02T12:00:00.000+0000"
    told = bench.committed(settings, "deleted_records")[-1].evidence["objects"]["contacts"]
    assert told["deleted"] == 1
    assert "missing" not in told


def test_a_record_that_vanished_without_a_trace_is_found_by_the_weekly_comparison(
    salesforce: Make, start: Start
) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["weekly_on"] = "monday"
    for number in (1, 2, 3):
        bench.person(number, NOON)
    bench.drop("contacts", bench.key_of(2), NOON + DAY)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    assert gone(bench, settings) == [(bench.key_of(2), "comparison")]
    told = bench.committed(settings, "deleted_records")[-1].evidence["objects"]["contacts"]
    assert (told["deleted"], told["missing"]) == (0, 1)


def test_no_comparison_is_made_on_other_nights_or_where_it_is_off(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.person(1, NOON)
    bench.drop("contacts", bench.key_of(1), NOON + DAY)
    bench.source_settings["weekly_on"] = "friday"
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    assert gone(bench, settings) == []
    assert bench.calls("POST /services/data/v66.0/jobs/query") == 2
    bench.source_settings |= {"weekly_on": "monday", "compare_ids": False}
    settings = bench.settings()
    night(bench, settings, NEXT)
    assert gone(bench, settings) == []


def test_what_is_known_as_deleted_is_not_told_again(salesforce: Make, start: Start) -> None:
    """Neither by IsDeleted, nor by the feed of this night, nor by the comparison of a week ago."""
    bench = bench_of(salesforce)
    bench.source_settings |= {"weekly_on": "monday", "max_missing_share": 1.0}
    for number in range(1, 5):
        bench.person(number, NOON)
    bench.remove(1, NOON + timedelta(hours=1))
    bench.drop("contacts", bench.key_of(1), NOON + DAY)
    bench.drop("contacts", bench.key_of(2), NOON + DAY)
    bench.remove(3, NOON + DAY)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    feed = [(bench.key_of(1), "getDeleted"), (bench.key_of(3), "getDeleted")]
    assert gone(bench, settings) == [feed[0], (bench.key_of(2), "comparison"), feed[1]]
    later = Window(START + 2 * DAY, START + 9 * DAY)
    night(bench, settings, later)
    assert len(gone(bench, settings)) == 3


def test_a_record_that_became_visible_after_the_question_is_not_called_deleted(
    salesforce: Make, start: Start
) -> None:
    """Its stamp lies within the overlap: a later window may bring it before the answer is compared."""
    bench = bench_of(salesforce)
    bench.source_settings["weekly_on"] = "monday"
    bench.person(1, NEXT.end - timedelta(minutes=5), late=timedelta(minutes=40))
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    bench.clock.set(NEXT.end + timedelta(minutes=20))
    with bench.open(settings) as source:
        ticket = source.begin("deleted_records", NEXT)
        while not source.ready(ticket):
            bench.sleep(1)
        bench.clock.set(NEXT.end + timedelta(hours=1))
        bench.extract(settings, Window(NEXT.start, NEXT.end + timedelta(minutes=30)), "backfill")
        assert bench.names(settings)
        compared = _collect(bench, settings, source, ticket)
    assert compared == 0


def _collect(bench: Bench, settings: Any, source: Any, ticket: Any) -> int:
    from muster.sources import Reading
    from muster.sources.salesforce import deletions

    scratch = bench.tmp / "scratch"
    scratch.mkdir()
    reading = Reading(Lake(settings.home.lake), scratch)
    config = settings.platform.source(bench.id)
    job = ticket["deleted_records"]["contacts"]
    return len(deletions._compared(source.api, config, "contacts", job, ticket, (), reading))


def test_a_comparison_that_would_delete_a_large_share_is_refused(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["weekly_on"] = "monday"
    for number in range(1, 202):
        bench.person(number, NOON)
        if number > 100:
            bench.drop("contacts", bench.key_of(number), NOON + DAY)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    with pytest.raises(SourceError, match="101 of 201 contacts seem to be deleted"):
        night(bench, settings, NEXT)
    assert gone(bench, settings) == []
    assert bench.committed(settings)[-1].window == NEXT  # what was read stays
    bench.source_settings["max_missing_share"] = 1.0
    again = _same_home(bench, settings)
    bench.extract(again, NEXT)
    assert len(gone(bench, again)) == 101


def _same_home(bench: Bench, settings: Any) -> Any:
    from dataclasses import replace

    return replace(bench.settings(), home=settings.home)


def test_a_comparison_goes_on_where_a_run_died(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.objects = ("contacts", "leads", "deleted_records")
    bench.source_settings["weekly_on"] = "monday"
    bench.person(1, NOON)
    bench.drop("contacts", bench.key_of(1), NOON + DAY)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    bench.fault("status", "sobjects/Lead/deleted", 503, times=None)
    with pytest.raises(SourceError, match="HTTP 503"):
        night(bench, settings, NEXT)
    assert gone(bench, settings) == []
    bench.faults.clear()
    bench.fault("cut", "GET .*/results Contact", 0, times=None)  # nobody asks for these ids again
    bench.extract(settings, NEXT)
    assert gone(bench, settings) == [(bench.key_of(1), "comparison")]


def test_a_list_of_ids_that_is_not_whole_deletes_nobody(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce, bulk_page_size=10)
    bench.source_settings["weekly_on"] = "monday"
    for number in range(1, 26):
        bench.person(number, NOON)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    bench.fault("lost_locator", "results Contact", times=None)
    with pytest.raises(IntegrityError, match="processed 25 records, its 1 pages hold 10"):
        night(bench, settings, NEXT)
    assert gone(bench, settings) == []


def test_a_merge_loser_is_deleted_not_missing(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["weekly_on"] = "monday"
    bench.person(1, NOON)
    bench.person(2, NOON, IsDeleted=True, MasterRecordId=bench.key_of(1))
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    assert gone(bench, settings) == [(bench.key_of(2), "getDeleted")]


def test_the_feed_goes_back_15_days_and_says_so(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["compare_ids"] = False
    bench.clock.set(NIGHT.end + 20 * DAY)
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.calls("deleted") == 0
    told = bench.committed(settings, "deleted_records")[0].evidence["objects"]["contacts"]
    assert told == {"deleted": 0, "known_since": None}


def test_more_deletions_than_one_answer_may_hold_are_asked_for_in_halves(
    salesforce: Make, start: Start
) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["compare_ids"] = False
    for number in range(1, 5):
        bench.person(number, START + timedelta(hours=6 * number - 3), IsDeleted=True)
    body = [{"errorCode": "EXCEEDED_ID_LIMIT", "message": "more than 600,000"}]
    fault = bench.fault("status", FEED, {"status": 400, "body": body}, times=3)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 3
    assert [key for key, _ in gone(bench, settings)] == [bench.key_of(number) for number in range(1, 5)]


def test_a_feed_that_is_not_that_far_is_asked_again(salesforce: Make, start: Start) -> None:
    bench = bench_of(salesforce)
    bench.source_settings["compare_ids"] = False
    early = {
        "deletedRecords": [],
        "earliestDateAvailable": "2026-02-20T00:00:00.000+0000",
        "latestDateCovered": "2026-03-01T23:00:00.000+0000",
    }
    fault = bench.fault("status", FEED, {"status": 200, "body": early}, times=2)
    bench.person(1, NOON, IsDeleted=True)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 2
    assert len(gone(bench, settings)) == 1
