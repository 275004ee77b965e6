"""The five-minute path: what REST brings between nights lies in the lake as if a night had brought it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import NEXT, NIGHT, START, Bench, MarketoBench

from muster.errors import SourceError
from muster.lake import Lake
from muster.sources.deltas import plan_deltas
from muster.windows import Window

Start = Callable[[Bench], Bench]
Make = Callable[..., MarketoBench]
NOON = START + timedelta(hours=12)
DAWN = NIGHT.end + timedelta(minutes=30)
FIELD = {"attributes": {"New Value": "Lee-Park", "Old Value": "Lee"}, "primaryAttributeValue": "lastName"}


def plain(rows: list[dict[str, Any]], *left_out: str) -> list[dict[str, Any]]:
    """Rows without ours, the literal null of the bulk files as no value, attributes as what they hold."""
    found = []
    for row in rows:
        kept = {k: v for k, v in row.items() if k[0] != "_" and k not in left_out}
        kept = {k: v for k, v in kept.items() if v not in (None, "null")}
        found.append({k: json.loads(v) if k == "attributes" else v for k, v in kept.items()})
    return sorted(found, key=str)


def morning(bench: MarketoBench) -> None:
    """A night with two leads, then a morning in which one changes, one is new and one goes."""
    bench.person(1, NOON, "Lee", annualRevenue=1604.4)
    bench.person(2, NOON, "Kim")
    bench.activity("10", NOON, 12, 1)
    at = DAWN + timedelta(minutes=10)
    bench.person(1, at, "Lee-Park", annualRevenue=1604.4, createdAt=NOON)
    bench.activity("11", at, 13, 1, **FIELD)
    bench.person(3, at, 'Ito, "J"\nline', createdAt=at)
    bench.activity("12", at, 12, 3, campaignId=8021)
    bench.activity("13", at, 1, 3, primaryAttributeValue=None, primaryAttributeValueId=None, attributes={})
    bench.remove(2, at)


def test_what_a_delta_brings_is_what_a_night_would_have_brought(marketo: Make, start: Start) -> None:
    bench = marketo()
    morning(bench)
    settings, other = start(bench).settings(), bench.settings()
    bench.extract(settings)
    bench.extract(other)
    bench.clock.set(DAWN + timedelta(minutes=20))
    made = bench.deltas(settings)
    until = DAWN + timedelta(minutes=20)
    assert {(one.object, one.window) for one in made} == {
        (name, Window(NIGHT.end, until)) for name in ("activities", "deleted_leads", "lead_changes", "leads")
    }
    assert {(one.kind, one.run_kind) for one in made} == {("window", "delta")}
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(other, NEXT)
    for name in ("activities", "deleted_leads", "lead_changes"):
        mine, night = (plain(bench.rows(place, name)) for place in (settings, other))
        assert mine == night, name
    assert bench.names(settings) == bench.names(other)
    newest = [
        {row["id"]: row for row in sorted(bench.rows(place), key=lambda row: row["_window_start"])}.values()
        for place in (settings, other)
    ]
    assert plain(list(newest[0])) == plain(list(newest[1]))
    bench.extract(settings, NEXT)
    assert bench.names(settings) == bench.names(other)


def test_deltas_and_nights_tile_and_never_overlap(marketo: Make, start: Start) -> None:
    bench = marketo()
    morning(bench)
    settings = start(bench).settings()
    bench.extract(settings)
    for minutes in (20, 25, 30, 35):
        bench.clock.set(DAWN + timedelta(minutes=minutes))
        bench.deltas(settings)
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    bench.deltas(settings)
    for name in ("leads", "activities", "deleted_leads"):
        windows = [one.window for one in bench.committed(settings, name)]
        assert all(one.end == other.start for one, other in itertools.pairwise(windows)), name
        assert len(windows) == 7


def test_nothing_is_brought_twice_by_the_overlap_and_nothing_late_is_lost(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    bench.person(1, NOON)
    at = DAWN + timedelta(minutes=5)
    bench.activity("11", at, 1, 1)
    values = {
        "id": 12,
        "marketoGUID": "12",
        "leadId": 1,
        "activityDate": at,
        "activityTypeId": 22,
        "attributes": {},
    }
    bench.put("activities", "12", at, values, late=timedelta(minutes=50))
    settings = start(bench).settings()
    bench.extract(settings)
    counts = []
    for minutes in range(10, 90, 5):
        bench.clock.set(DAWN + timedelta(minutes=minutes))
        made = {one.object: one for one in bench.deltas(settings)}
        counts.append((made["activities"].rows, made["leads"].rows))
    assert sorted(row["marketoGUID"] for row in bench.rows(settings, "activities")) == ["11", "12"]
    assert [one for one in counts if one != (0, 0)] == [(1, 1), (1, 1)]


def test_a_second_call_at_once_finds_nothing_and_says_so_with_one_call(marketo: Make, start: Start) -> None:
    bench = marketo()
    settings = start(bench).settings()
    bench.extract(settings)
    moment = bench.clock.now()
    assert len(bench.deltas(settings)) == 4
    bench.clock.set(moment)
    calls = bench.calls()
    assert bench.deltas(settings) == []
    assert bench.calls() == calls + 1


def test_all_that_was_stamped_before_a_run_began_is_read_by_it_and_no_more(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    edge = DAWN + timedelta(minutes=9)
    bench.activity("11", edge, 1, 1)
    settings = start(bench).settings()
    bench.extract(settings)
    bench.clock.set(edge)
    assert {one.rows for one in bench.deltas(settings)} == {0}
    assert bench.clock.now() > edge
    bench.clock.set(edge + timedelta(seconds=10))
    assert {one.object: one.rows for one in bench.deltas(settings)}["activities"] == 1


def test_activities_of_every_type_come_ten_types_a_call(marketo: Make, start: Start) -> None:
    bench = marketo()
    for number, kind in enumerate((1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 22, 24, 25, 32, 34, 46, 104), start=100):
        bench.activity(str(number), DAWN + timedelta(seconds=number), kind, 1)
    settings = start(bench).settings()
    bench.extract(settings)
    bench.clock.set(DAWN + timedelta(minutes=20))
    bench.deltas(settings)
    assert len(bench.rows(settings, "activities")) == 17
    assert bench.stats.to_dict()["violations"] == {}


def test_before_the_first_night_there_is_no_delta(marketo: Make, start: Start) -> None:
    bench = marketo()
    settings = start(bench).settings()
    with pytest.raises(SourceError, match="no point to go on from"):
        bench.deltas(settings)
    assert bench.committed(settings) == []


def test_after_a_long_pause_the_night_comes_first(marketo: Make, start: Start) -> None:
    bench = marketo()
    settings = start(bench).settings()
    bench.extract(settings)
    bench.clock.set(NIGHT.end + timedelta(hours=25))
    with pytest.raises(SourceError, match="deltas go back 1 day") as caught:
        bench.deltas(settings)
    assert "muster extract" in str(caught.value)


def test_leads_alone_cant_be_read_by_deltas(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("leads",)
    settings = start(bench).settings()
    bench.extract(settings)
    with pytest.raises(SourceError, match="leads can't be read by deltas alone"):
        bench.deltas(settings)


def test_a_source_without_such_feeds_has_no_deltas(salesforce: Callable[..., Bench]) -> None:
    bench = salesforce()
    settings = bench.settings()
    with pytest.raises(SourceError, match="no object of this source"):
        plan_deltas(settings.platform.source(bench.id), Lake(settings.home.lake), NIGHT.end)


def test_a_passing_fault_of_a_delta_loses_and_doubles_nothing(marketo: Make, start: Start) -> None:
    bench = marketo()
    for number in range(1, 701):
        bench.activity(str(number), DAWN + timedelta(seconds=number), 1, number)
    settings = start(bench).settings()
    bench.extract(settings)
    bench.clock.set(DAWN + timedelta(minutes=20))
    faults = [
        bench.fault("code", "/rest/v1/activities.json", "606", skip=1),
        bench.fault("empty_page", "/rest/v1/activities.json", skip=2, times=2),
    ]
    bench.deltas(settings)
    assert [fault.hits for fault in faults] == [1, 2]
    rows = bench.rows(settings, "activities")
    assert len(rows) == len({row["marketoGUID"] for row in rows}) == 700
