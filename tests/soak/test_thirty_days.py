"""Thirty days of everything at once against one subscription's limits: nights, five-minute runs, a backfill, faults.

Simulated time passes only while somebody waits, and then for all: a run that waits for its turn in the 20-second window
lets 20 simulated seconds pass for the others too. So the source counts by the very clock that the gate goes by.
All limits are scaled down to what a small world can reach.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.histories.history import SOURCE, START, History, Maker
from tests.histories.oracle import COLUMNS, Oracle
from tests.histories.rig import OBJECTS, OVERLAP, SECRET, settings_of
from tests.histories.staging import Staged
from tests.soak.faults import ChanceFaults

from muster.config import Connection
from muster.errors import QuotaExhausted, SourceError
from muster.lake import Lake
from muster.sources import WindowTask, extract_deltas, plan_windows
from muster.sources.run import extract, extract_tasks
from muster.state import Gates
from muster.windows import Window, gaps
from muster_simulators.clock import SimClock
from muster_simulators.marketo import MarketoOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import Stats, running

SEED = 20260301
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DAYS = 30
PAST = Window(START - 60 * DAY, START)  # what the backfill reads
LIVE = Window(START, START + DAYS * DAY)
HISTORIES = 150
AT_ONCE = 12  # backfill windows at the same time, more than calls may be in flight
CALLS_A_DAY, BYTES_A_DAY = 1_500, 150_000
CALLS_IN_20_S, CALLS_AT_ONCE = 25, 4  # of the source
OURS_IN_20_S, OURS_AT_ONCE = 20, 3  # what is left to us of them
DELTAS_A_DAY = tuple(range(0, 60, 5)) + tuple(range(60, 24 * 60, 120))  # minutes after 01:00
STEP = 5.0  # simulated seconds that pass at once


class Soak:
    """The subscription, a sandbox, and what runs against them."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.stats, self.faults = (
            SimClock(START, monotonic=lambda: 0.0),
            Stats(),
            ChanceFaults(SEED),
        )
        self.histories = [_history(number) for number in range(HISTORIES)]
        changes = [change for history in self.histories for change in history.changes()]
        store = Store(SOURCE, sorted(changes, key=lambda one: one.visible_at), self.clock)
        self.app = create_app(
            store, clock=self.clock, faults=self.faults, clients={"client": SECRET}, stats=self.stats,
            options=MarketoOptions(
                rate_clock=lambda: self.clock.now().timestamp(),
                calls_per_window=CALLS_IN_20_S,
                calls_in_flight=CALLS_AT_ONCE,
                calls_per_day=CALLS_A_DAY,
                export_bytes_per_day=BYTES_A_DAY,
            ),
        )  # fmt: skip
        limits = {
            "calls_per_20_seconds": OURS_IN_20_S,
            "in_flight": OURS_AT_ONCE,
            "calls_per_day": CALLS_A_DAY,
            "export_bytes_per_day": BYTES_A_DAY,
        }
        self.settings = settings_of(folder, limits=limits, poll_seconds=60, max_window_days=7)
        self.lake = Lake(self.settings.home.lake)
        self.gates = Gates(self.settings.home.root / "quota.db", clock=self.clock.now, sleep=self.sleep)
        self.passing = threading.Lock()
        self.ended: Counter[str] = Counter()
        self.url = ""

    # ---- time ----------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Time passes for all, a little at a time: who is in the middle of a call gets on meanwhile."""
        while seconds > 0:
            with self.passing:
                self.clock.advance(min(seconds, STEP))
            seconds -= STEP
            time.sleep(0)

    def until(self, moment: datetime) -> None:
        """Nobody is at work: the clock jumps."""
        with self.passing:
            self.clock.set(max(self.clock.now(), moment))

    # ---- what runs -----------------------------------------------------------------------------------------

    def nightly(self, day: Window) -> None:
        extract(self.settings, SOURCE, day, "nightly", self._connection, sleep=self.sleep, gates=self.gates)

    def deltas(self) -> None:
        extract_deltas(self.settings, SOURCE, self._connection, sleep=self.sleep, gates=self.gates)

    def backfill(self, task: WindowTask) -> None:
        extract_tasks(self.settings, SOURCE, [task], self._connection, sleep=self.sleep, gates=self.gates)

    def backfill_left(self) -> list[WindowTask]:
        config = self.settings.platform.source(SOURCE)
        return plan_windows(self.settings, config, PAST, run_kind="backfill", lake=self.lake)

    def tried(self, name: str, work: Callable[[], None], attempts: int = 1) -> None:
        """As a scheduler would: what fails is tried again; what the day's quota stops waits for the next run."""
        for _ in range(attempts):
            try:
                work()
                self.ended[f"{name} done"] += 1
                return
            except QuotaExhausted:
                self.ended[f"{name} stopped by quota"] += 1
                return
            except SourceError:
                self.ended[f"{name} failed"] += 1

    def _connection(self, _: str) -> Connection:
        return Connection(SOURCE, self.url, "client", SECRET)

    # ---- days ----------------------------------------------------------------------------------------------

    def live(self, pool: ThreadPoolExecutor, day: Window, *, with_backfill: bool) -> None:
        """A night with all at once, then five-minute runs while it is quiet."""
        self.until(day.end + 30 * MINUTE)
        work: list[Future[None]] = [pool.submit(self.tried, "nightly", lambda: self.nightly(day), 4)]
        if with_backfill:
            work += [
                pool.submit(self.tried, "backfill", lambda task=task: self.backfill(task), 2)  # type: ignore[misc]
                for task in self.backfill_left()[: 2 * AT_ONCE]
            ]
        for _ in range(3 if day.start > LIVE.start else 0):
            self.tried("deltas", self.deltas)
        for one in work:
            one.result()
        for minute in DELTAS_A_DAY:
            self.until(day.end + timedelta(hours=1, minutes=minute))
            self.tried("deltas", self.deltas)


def _history(number: int) -> History:
    cuts = [PAST.start + timedelta(days=days) for days in range(90)]
    chance = random.Random(f"{SEED} {number}")
    return Maker(chance, number, cuts, poison=False, start=PAST.start, end=LIVE.end, changes=12).made()


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Thirty days, and one more night for what became visible late."""
    made = Soak(tmp_path_factory.mktemp("soak"))
    with running(made.app) as server, ThreadPoolExecutor(AT_ONCE + 1) as pool:
        made.url = server.url
        for number in range(DAYS + 1):
            day = Window(LIVE.start + number * DAY, LIVE.start + (number + 1) * DAY)
            made.live(pool, day, with_backfill=number >= 3)
    print(dict(made.ended), dict(made.faults.hits), made.stats.to_dict()["peaks"][SOURCE])
    return made


pytestmark = [pytest.mark.soak, pytest.mark.slow]


def test_the_source_counted_no_call_beyond_a_limit(soak: Soak) -> None:
    told = soak.stats.to_dict()
    assert told["violations"] == {}
    peaks = told["peaks"][SOURCE]
    assert peaks["calls_per_window"] >= OURS_IN_20_S, "the limit of 20 seconds was never near"
    assert peaks["calls_in_flight"] >= OURS_AT_ONCE, "the limit of calls at once was never near"


def test_about_two_calls_in_a_hundred_went_wrong(soak: Soak) -> None:
    calls = sum(soak.stats.to_dict()["calls"][SOURCE].values())
    assert 0.015 < sum(soak.faults.hits.values()) / calls < 0.03
    assert soak.ended["deltas done"] > DAYS * len(DELTAS_A_DAY) * 0.9


def test_the_quota_of_a_day_was_reached_and_waited_for(soak: Soak) -> None:
    assert sum(count for what, count in soak.ended.items() if what.endswith("quota")) > 0
    assert soak.backfill_left() == []


@pytest.mark.parametrize("name", OBJECTS)
def test_no_moment_of_ninety_days_is_missing(soak: Soak, name: str) -> None:
    windows = [one.window for one in soak.lake.committed("marketo", "amer", name)]
    assert gaps(Window(PAST.start, LIVE.end), windows) == []


def test_every_lead_is_staged_once_and_as_it_is(soak: Soak) -> None:
    oracle = Oracle(soak.histories, OVERLAP)
    rows = _staged(soak, "leads", COLUMNS)
    assert len(rows) == len({row[0] for row in rows})
    found = {row[0]: row for row in rows}
    wrong = {lead: found.get(lead) for lead, wanted in oracle.settled().items() if found.get(lead) != wanted}
    assert wrong == {}, f"seed {SEED}: {len(wrong)} leads"


@pytest.mark.parametrize(
    ("name", "column"), [("activities", "activity_id"), ("deleted_leads", "deletion_id")]
)
def test_every_activity_and_delete_is_staged_once(soak: Soak, name: str, column: str) -> None:
    wanted = Oracle(soak.histories, OVERLAP).all_activities(deletes=name == "deleted_leads")
    found = Counter(row[0] for row in _staged(soak, name, column))
    assert found == Counter(wanted), f"seed {SEED}"


def _staged(soak: Soak, name: str, columns: str) -> Sequence[tuple[Any, ...]]:
    staged = Staged(soak.lake)
    try:
        return staged.rows(name, columns)
    finally:
        staged.close()
