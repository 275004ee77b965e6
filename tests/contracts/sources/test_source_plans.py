"""Whatever runs when, and whatever was committed before: the windows of a plan tile what is missing, exactly (F5, F37)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from source_benches import DAY, NEXT, NIGHT, Bench, MarketoBench

from muster.sources import WindowTask, plan_windows
from muster.windows import Window

Start = Callable[[Bench], Bench]
HOUR = timedelta(hours=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = st.integers(0, 400)
SPANS = st.lists(st.tuples(HOURS, st.integers(1, 60)), max_size=8)


@dataclass(frozen=True)
class Done:
    window: Window
    kind: str


class Manifests:
    """A lake that knows only what is committed."""

    def __init__(self, done: dict[str, list[Done]]) -> None:
        self.done = done

    def committed(self, system: str, instance: str, name: str) -> list[Done]:
        assert (system, instance) == ("marketo", "amer")
        return self.done.get(name, [])


def span(start: int, length: int) -> Window:
    return Window(START + start * HOUR, START + (start + length) * HOUR)


def planned(bench: Bench, done: list[Window], interval: Window, kind: Any) -> list[WindowTask]:
    configured = bench.settings()
    lake: Any = Manifests({"leads": [Done(window, "window") for window in done]})
    return plan_windows(configured, configured.platform.source(bench.id), interval, run_kind=kind, lake=lake)


def hours(windows: list[Window]) -> list[int]:
    found = []
    for window in windows:
        at = int((window.start - START) / HOUR)
        found += range(at, at + int((window.end - window.start) / HOUR))
    return found


@settings(max_examples=200, deadline=None)
@given(SPANS, st.integers(1, 300), st.integers(1, 48), st.integers(1, 31), st.booleans())
def test_a_plan_covers_what_is_missing_once_and_nothing_else(
    committed: list[tuple[int, int]], start: int, length: int, days: int, is_backfill: bool
) -> None:
    bench = MarketoBench(Path("/nowhere"))
    bench.source_settings["max_window_days"] = days
    done, interval = [span(*one) for one in committed], span(start, length)
    kind = "backfill" if is_backfill else "nightly"
    leads = [task.window for task in planned(bench, done, interval, kind) if task.object == "leads"]
    wanted = interval if is_backfill else Window(START, interval.end)
    missing = set(hours([wanted])) - set(hours(done))
    assert sorted(hours(leads)) == sorted(missing)
    assert leads == sorted(leads, reverse=True)
    longest = min(timedelta(days=days), timedelta(days=31) - HOUR)
    assert all(window.end - window.start <= longest for window in leads)
    assert all(window.end - window.read_from(HOUR) <= timedelta(days=31) for window in leads)


def test_snapshots_come_last_in_the_order_of_the_keys_they_need() -> None:
    bench = MarketoBench(Path("/nowhere"))
    tasks = planned(bench, [], span(0, 24), "nightly")
    kinds = [task.kind for task in tasks]
    assert kinds == sorted(kinds, reverse=True)
    names = [task.object for task in tasks if task.kind == "snapshot"]
    assert names == [
        "static_lists", "programs", "smart_campaigns", "companies", "sales_persons", "opportunity_roles",
        "opportunities", "named_accounts",
    ]  # fmt: skip


def test_a_task_is_the_same_after_json() -> None:
    task = WindowTask("leads", span(0, 24), "window", "nightly")
    assert WindowTask.from_dict(task.to_dict()) == task


def test_a_night_that_was_skipped_is_healed_by_the_next_most_recent_first(bench: Bench, start: Start) -> None:
    bench.source_settings["max_window_days"] = 1
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    settings = start(bench).settings()
    planned = [task.window for task in bench.plan(settings, NEXT) if task.object == bench.people]
    assert planned == [NEXT, NIGHT]
    bench.extract(settings, NEXT)
    assert [one.window for one in bench.committed(settings)] == [NIGHT, NEXT]


def test_a_backfill_reads_the_gaps_of_its_own_interval_and_no_snapshot(bench: Bench, start: Start) -> None:
    settings = start(bench).settings()
    bench.extract(settings)
    past = Window(NIGHT.start - 3 * DAY, NIGHT.end)
    planned = bench.plan(settings, past, "backfill")
    assert {task.window for task in planned} == {Window(past.start, NIGHT.start)}
    assert {task.kind for task in planned} == {"window"}
    made = bench.extract(settings, past, "backfill")
    assert {one.run_kind for one in made} == {"backfill"}
    assert bench.plan(settings, past, "backfill") == []


def test_a_night_before_history_begins_has_no_windows(bench: Bench) -> None:
    before = Window(NIGHT.start - 2 * DAY, NIGHT.start - DAY)
    assert [task for task in bench.plan(bench.settings(), before) if task.kind == "window"] == []
