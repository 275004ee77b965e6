"""A nightly run, backfills and deltas of one object at once: the windows tile, each row is there, none twice (F62)."""

from __future__ import annotations

import itertools
import multiprocessing
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from fake_source import DAY, HOUR, ID, OBJECTS, START, FakeSource, World, check, committed, settings_in
from hypothesis import given, settings
from hypothesis import strategies as st
from interleaving import Interleaving
from source_benches import NEXT, Bench

from muster.config import Settings
from muster.lake import Lake
from muster.sources import WindowTask, begin_missing, extract_window, plan_windows
from muster.windows import Window

Start = Callable[[Bench], Bench]
NIGHTS = 4
LAST = START + NIGHTS * DAY
PATIENCE = 60
SPANS = st.tuples(st.integers(0, 90), st.integers(1, 40))


def carry_out(place: Settings, source: FakeSource, tasks: list[WindowTask], run_id: str) -> None:
    """What an extract task does: ask for all, wait, collect and commit one after the other."""
    tickets = begin_missing(place, source.config, source, tasks)
    for task, ticket in zip(tasks, tickets, strict=True):
        while ticket is not None and not source.ready(ticket):
            pass
        made = extract_window(
            place, source.config, source, task, ticket, run_id=run_id, sleep=lambda _: source.pause()
        )
        assert all(task.window.contains(one.window) for one in made)


class Runs:
    """Nightly runs, backfills and deltas of one source, each planned by what is committed when it begins."""

    def __init__(self, place: Settings, world: World, pause: Callable[[], None]) -> None:
        self.place, self.world, self.pause = place, world, pause
        self.lake, self.config = Lake(place.home.lake), place.platform.source(ID)

    def source(self) -> FakeSource:
        return FakeSource(self.world, self.config, self.pause)

    def planned(self, interval: Window, kind: Any, run_id: str) -> None:
        tasks = plan_windows(self.place, self.config, interval, run_kind=kind, lake=self.lake)
        self.world.now = max(self.world.now, interval.end + HOUR)
        self.pause()
        carry_out(self.place, self.source(), tasks, run_id)

    def delta(self, run_id: str) -> None:
        """From the newest end until an hour ago, as short reads between the nights do it."""
        for name in OBJECTS:
            end = max((one.window.end for one in committed(self.place, name)), default=START)
            until = self.world.now - HOUR
            self.pause()
            if end < until < LAST:
                task = WindowTask(name, Window(end, until), "window", "nightly")
                carry_out(self.place, self.source(), [task], run_id)


@settings(max_examples=150, deadline=None)
@given(
    backfills=st.lists(SPANS, min_size=1, max_size=3),
    nights=st.lists(st.integers(1, NIGHTS), min_size=1, max_size=3),
    deltas=st.integers(0, 2),
    days=st.integers(1, 5),
    late=st.lists(st.integers(0, 50), min_size=8, max_size=8),
    order=st.lists(st.integers(0, 7), min_size=1, max_size=80),
)
def test_any_interleaving_of_runs_ends_with_windows_that_tile_and_every_row(
    tmp_path_factory: pytest.TempPathFactory,
    backfills: list[tuple[int, int]],
    nights: list[int],
    deltas: int,
    days: int,
    late: list[int],
    order: list[int],
) -> None:
    times = [START + hour * HOUR for hour in range(0, (NIGHTS - 1) * 24, 1)]
    rows = [(str(n), at, at + timedelta(minutes=late[n % 8])) for n, at in enumerate(times)]
    world, place = World(rows, START + DAY + HOUR), settings_in(tmp_path_factory.mktemp("home"), days=days)
    drawn = itertools.cycle(order)
    choices = Interleaving(lambda names: names[next(drawn) % len(names)])
    runs = Runs(place, world, choices.pause)
    for number, night in enumerate(nights):
        interval = Window(START + (night - 1) * DAY, START + night * DAY)
        choices.add(f"night {number}", lambda i=interval, n=number: runs.planned(i, "nightly", f"night {n}"))
    for number, (start, length) in enumerate(backfills):
        past = Window(START + start * HOUR, min(START + (start + length) * HOUR, LAST))
        choices.add(f"past {number}", lambda i=past, n=number: runs.planned(i, "backfill", f"past {n}"))
    for number in range(deltas):
        choices.add(f"delta {number}", lambda n=number: runs.delta(f"delta {n}"))
    with mock.patch("os.fsync"):  # most of the time, and of no matter here
        choices.run()
        Runs(place, world, lambda: None).planned(Window(LAST - DAY, LAST), "nightly", "last")
    check(place, world, LAST)


def test_a_window_of_which_others_commit_a_part_meanwhile_is_completed_by_its_gaps(tmp_path: Path) -> None:
    """The nightly run has its job's result in hand when the backfill of one day in it is committed."""
    world, place = (
        World([(str(n), START + n * HOUR, START) for n in range(72)], LAST + HOUR),
        settings_in(tmp_path),
    )
    config, wide = place.platform.source(ID), Window(START, LAST)
    day = Window(START + DAY, START + 2 * DAY)
    past = FakeSource(world, config)

    def interrupt() -> None:
        source.pause = lambda: None
        carry_out(place, past, [WindowTask("leads", day, "window", "backfill")], "past")

    source = FakeSource(world, config)
    task = WindowTask("leads", wide, "window", "nightly")
    ticket = source.begin(task.object, task.window)
    source.pause = interrupt
    made = extract_window(place, config, source, task, ticket, run_id="night", sleep=lambda _: None)
    assert [one.window for one in made] == [Window(START, day.start), Window(day.end, LAST)]
    assert {one.run_id for one in made} == {"night"}
    assert source.begun == [wide, Window(day.end, LAST), Window(START, day.start)]
    again = extract_window(place, config, FakeSource(world, config), task, None, run_id="night")
    assert again == made


def test_a_window_of_which_others_have_all_needs_no_call_and_gives_nothing(tmp_path: Path) -> None:
    world, place = World([], LAST + HOUR), settings_in(tmp_path)
    config = place.platform.source(ID)
    halves = [Window(START, START + DAY), Window(START + DAY, LAST)]
    tasks = [WindowTask("leads", half, "window", "backfill") for half in halves]
    carry_out(place, FakeSource(world, config), tasks, "past")
    source = FakeSource(world, config)
    task = WindowTask("leads", Window(START, LAST), "window", "nightly")
    assert begin_missing(place, config, source, [task]) == [None]
    assert extract_window(place, config, source, task, None, run_id="night") == []
    assert source.begun == []


# ---- two processes -----------------------------------------------------------------------------------------


def run_beside(folder: Path, hours: tuple[int, int], name: str, barrier: Any) -> None:
    """Come to the first commit together with the other process, then go on alone."""
    place = settings_in(folder)
    config = place.platform.source(ID)
    source = FakeSource(a_world(), config)
    left = [2]  # the second pause inside `collect` is where everything is read and nothing committed

    def meet() -> None:
        left[0] -= 1
        if left[0] == 0:
            barrier.wait(PATIENCE)

    window = Window(START + hours[0] * HOUR, START + hours[1] * HOUR)
    task = WindowTask("deleted_leads", window, "window", "nightly")
    source.pause = meet
    extract_window(place, config, source, task, None, run_id=name, sleep=lambda _: None)


def a_world() -> World:
    return World([(str(n), START + n * HOUR, START) for n in range(72)], LAST + HOUR)


def test_two_processes_with_overlapping_windows_at_their_commits_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    spawn, rng = multiprocessing.get_context("fork"), random.Random(20261124)
    for number in range(12):
        folder, barrier = tmp_path / str(number), spawn.Barrier(2)
        cuts = sorted(rng.sample(range(97), 4))
        first, second = rng.choice(
            [
                ((0, 96), (cuts[1], cuts[2])),
                ((cuts[0], cuts[2]), (cuts[1], cuts[3])),
                ((0, cuts[2]), (0, cuts[3])),
            ]
        )
        both = [
            spawn.Process(target=run_beside, args=(folder, hours, name, barrier))
            for name, hours in (("a", first), ("b", second))
        ]
        for process in both:
            process.start()
        for process in both:
            process.join(PATIENCE)
        assert [process.exitcode for process in both] == [0, 0]
        place = settings_in(folder)
        windows = [one.window for one in committed(place, "deleted_leads")]
        low, high = min(first[0], second[0]), max(first[1], second[1])
        assert [a.end for a in windows[:-1]] == [b.start for b in windows[1:]], windows
        assert (windows[0].start, windows[-1].end) == (START + low * HOUR, START + high * HOUR)
        Runs(place, a_world(), lambda: None).planned(Window(LAST - DAY, LAST), "nightly", "last")
        check(place, a_world(), LAST)


# ---- the real readers --------------------------------------------------------------------------------------


def test_every_source_completes_a_window_that_a_backfill_cut(bench: Bench, start: Start) -> None:
    """A nightly run of two days has its job; meanwhile a backfill commits an afternoon of the first."""
    for hour in range(48):
        bench.person(hour + 1, START + hour * HOUR)
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    place = start(bench).settings()
    config = place.platform.source(bench.id)
    wide = bench.plan(place, NEXT)
    task = next(one for one in wide if one.object == bench.people)
    part = Window(START + 12 * HOUR, START + 18 * HOUR)
    with bench.open(place) as source:
        ticket = source.begin(task.object, task.window)
        while not source.ready(ticket):
            bench.sleep(1)
        bench.extract(place, part, "backfill", run_id="past")
        made = extract_window(place, config, source, task, ticket, run_id="night", sleep=bench.sleep)
    assert task.window == Window(START, NEXT.end)
    assert [one.window for one in made] == [Window(START, part.start), Window(part.end, NEXT.end)]
    assert [one.window for one in bench.committed(place)] == [made[0].window, part, made[1].window]
    assert set(bench.names(place)) == {bench.key_of(hour + 1) for hour in range(48)}
    calls = bench.calls("bulk") + bench.calls("jobs")
    bench.extract(place, part, "backfill")
    assert bench.calls("bulk") + bench.calls("jobs") == calls
