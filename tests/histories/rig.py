"""One simulated Marketo with the histories of a batch, read by windows in a random order, with faults and replays.

The simulated clock stands still while a window is read, so the oracle knows exactly what that reading must find.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.histories.history import LAST_EVENT, SETTLED, SOURCE, START, History, Maker
from tests.histories.oracle import COLUMNS, Oracle
from tests.histories.staging import Staged, raw_values

from muster.config import Connection, Platform, Settings
from muster.errors import SourceError
from muster.lake import Lake, Manifest
from muster.naming import Home
from muster.sources import WindowTask, extract_deltas
from muster.sources.run import extract_tasks
from muster.state import Gates
from muster.windows import Window
from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo import MarketoOptions, create_app
from muster_simulators.marketo.schema_fields import change_lead_fields
from muster_simulators.store import Store
from muster_simulators.web import running

SECRET = "a-secret-that-must-not-show"
OVERLAP = timedelta(hours=1)
HOLD_BACK = timedelta(minutes=10)
OBJECTS = ("leads", "activities", "deleted_leads")
FAULTS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("status", "", (429, 500, 502, 503)),
    ("code", "/(rest|bulk)/", ("601", "602", "604", "606", "608", "611", "614", "615", "713")),
    ("drop", "GET", (None,)),
    ("cut", "file", (0, 1, 100, 2_000)),
    ("checksum", "status", (None,)),
    ("failed_job", "enqueue", (None,)),
    ("missing_file", "file", (None,)),
    ("queue_full", "enqueue", (None,)),
    ("empty_page", "deletedleads", (None,)),
)
DRIFT: tuple[dict[str, Any], ...] = (
    {"op": "add", "name": "tier"},
    {"op": "retype", "name": "tier", "dataType": "integer"},
    {"op": "rename", "name": "tier", "to": "level"},
    {"op": "drop", "name": "level"},
    {"op": "drop", "name": "fax"},
)


@dataclass
class Batch:
    """Histories and a plan of reading, all from one seed."""

    seed: int
    size: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = chance = random.Random(self.seed)
        self.with_deltas = chance.random() < 0.3
        inner = sorted(chance.sample(range(1, 4 * 74), chance.randint(1, 4)))
        self.cuts = [START, *(START + timedelta(minutes=15 * place) for place in inner), SETTLED]
        self.histories = [self._history(number) for number in range(self.size)]

    def _history(self, number: int) -> History:
        """Each from a seed of its own: a history stays the same when others are added."""
        own = random.Random(f"{self.seed} {number}")
        return Maker(own, number, self.cuts, poison=not self.with_deltas).made()

    @property
    def windows(self) -> list[Window]:
        return [Window(start, end) for start, end in zip(self.cuts, self.cuts[1:], strict=False)]


class Rig:
    """A batch under way. `problems`: what was found wrong, empty at the end of a good run."""

    def __init__(self, batch: Batch, folder: Path) -> None:
        self.batch, self.chance = batch, batch.chance
        self.clock, self.faults = SimClock(START, monotonic=lambda: 0.0), FaultPlan()
        changes = [change for history in batch.histories for change in history.changes()]
        self.store = Store(SOURCE, sorted(changes, key=lambda one: one.visible_at), self.clock)
        self.app = self._app()
        self.settings = settings_of(folder)
        self.lake = Lake(self.settings.home.lake)
        self.staged = Staged(self.lake)
        self.oracle = Oracle(batch.histories, OVERLAP)
        self.drift = list(DRIFT)
        self.problems: list[str] = []
        self.ticks = self.runs = 0
        self.url = ""

    def _app(self) -> Any:
        options = MarketoOptions(
            enforce_rate=False,
            rate_clock=self._tick,
            calls_per_window=10**9,
            calls_per_day=10**9,
            job_seconds=10**9,
        )
        return create_app(
            self.store, clock=self.clock, faults=self.faults, clients={"client": SECRET}, options=options
        )

    def _tick(self) -> float:
        self.ticks += 1
        return float(self.ticks)

    # ---- reading -------------------------------------------------------------------------------------------

    def by_windows(self, windows: Sequence[Window]) -> None:
        """Each window at a moment of its own, in any order: what comes late is read late."""
        for window in self.chance.sample(list(windows), len(windows)):
            slow = self.chance.choice((0, 0, 1, 600, 7_200, 90_000))
            self.clock.set(max(self.clock.now(), window.end + HOLD_BACK + timedelta(seconds=slow)))
            self._drift()
            tasks = [WindowTask(name, window, "window", "nightly") for name in OBJECTS]
            self._with_faults(lambda tasks=tasks: self._extract(tasks))  # type: ignore[misc]
            for task in tasks:
                self._check_window(task)
            if self.chance.random() < 0.3:
                self._replay()
            self.check_staged()

    def by_deltas(self) -> None:
        """From where the windows end, every now and then, until all has settled."""
        while self._last_end < SETTLED:
            self.clock.advance(self.chance.choice((300, 300, 301, 900, 3_600, 20_000)))
            self._catch_up()
            self._with_faults(self._deltas)
        for name in OBJECTS:
            self._require_gapless(name)

    @property
    def _last_end(self) -> datetime:
        return max(one.window.end for one in self.lake.committed("marketo", "amer", "leads"))

    def _catch_up(self) -> None:
        """Deltas go back a day at most: where more is missing, a nightly run comes first."""
        while (now := self.clock.now()) - self._last_end > timedelta(hours=23):
            self.by_windows([Window(self._last_end, now - HOLD_BACK)])

    def _extract(self, tasks: Sequence[WindowTask]) -> list[Manifest]:
        self.runs += 1
        return extract_tasks(
            self.settings, SOURCE, tasks, self._connection, sleep=_no_sleep, gates=self._gates, run_id=f"run{self.runs:04d}"
        )  # fmt: skip

    def _deltas(self) -> list[Manifest]:
        self.runs += 1
        return extract_deltas(
            self.settings, SOURCE, self._connection, sleep=_no_sleep, gates=self._gates, run_id=f"run{self.runs:04d}"
        )  # fmt: skip

    def _with_faults(self, read: Any) -> None:
        """Faults on the way; what fails is tried again, as Airflow would, and gets through in the end."""
        self.faults.clear()
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            kind, match, values = self.chance.choice(FAULTS)
            value, skip = self.chance.choice(values), self.chance.randint(0, 4)
            self.faults.add(
                Fault(SOURCE, kind, match, value, skip=skip, times=self.chance.choice((1, 1, 2, 4)))
            )
        for attempt in range(8):
            try:
                read()
                return
            except SourceError:
                if attempt == 7:
                    raise

    def _replay(self) -> None:
        """A committed window once more: its first commit stays."""
        self.faults.clear()
        done = self.chance.choice(self.lake.committed("marketo", "amer", "leads"))
        again = WindowTask("leads", done.window, "window", "nightly")
        if (manifests := self._extract([again])) != [done]:
            self.problems.append(f"reading {done.window} again gave {manifests}")

    def _drift(self) -> None:
        if self.drift and self.chance.random() < 0.3:
            change_lead_fields(self.app.state.instance, self.drift.pop(0))

    def _connection(self, _: str) -> Connection:
        return Connection(SOURCE, self.url, "client", SECRET)

    @property
    def _gates(self) -> Gates:
        return Gates.of(self.settings)

    # ---- checking ------------------------------------------------------------------------------------------

    def _check_window(self, task: WindowTask) -> None:
        """What the commit holds is what a reading at this moment had to find, no row more and none twice."""
        (manifest,) = [
            one for one in self.lake.committed("marketo", "amer", task.object) if one.window == task.window
        ]
        files, clock = [self.lake.root / one.path for one in manifest.files], self.clock.now()
        if task.object == "leads":
            versions = self.oracle.leads(task.window, clock)
            wanted = Counter((str(one.lead), one.tag) for one in versions if not one.is_poison)
            found = Counter(raw_values(files, ("id", "title")))
            self.oracle.note(versions)
            aside = sum(one.is_poison for one in versions)
        else:
            rows = self.oracle.activities(task.window, clock, deletes=task.object == "deleted_leads")
            wanted, aside = Counter((one.guid,) for one in rows), 0
            found = Counter(raw_values(files, ("marketoGUID",)))
        if found != wanted:
            self._told(f"{task.object} {task.window} at {clock}", wanted - found, found - wanted)
        if manifest.quarantined_rows != aside:
            self.problems.append(
                f"{task.object} {task.window}: {manifest.quarantined_rows} put aside, not {aside}"
            )

    def check_staged(self) -> None:
        """The staged leads are those that the readings so far allow."""
        allowed = self.oracle.allowed()
        rows = self.staged.rows("leads", COLUMNS)
        if len(rows) != len({row[0] for row in rows}) or {row[0] for row in rows} != set(allowed):
            self.problems.append(f"staged {sorted(row[0] for row in rows)}, received {sorted(allowed)}")
        for row in rows:
            if row not in allowed.get(row[0], [row]):
                self._wrong(row, allowed[row[0]])

    def check_settled(self) -> None:
        """In the end every lead is staged in its true last state, and every activity and delete once."""
        rows = {row[0]: row for row in self.staged.rows("leads", COLUMNS)}
        for lead, wanted in self.oracle.settled().items():
            if rows.get(lead) != wanted:
                self._wrong(rows.get(lead, (lead,)), [wanted])
        for name, column in (("activities", "activity_id"), ("deleted_leads", "deletion_id")):
            found = Counter(row[0] for row in self.staged.rows(name, column))
            wanted_ids = Counter(self.oracle.all_activities(deletes=name == "deleted_leads"))
            if found != wanted_ids:
                self._told(f"staged {name}", wanted_ids - found, found - wanted_ids)

    def _require_gapless(self, name: str) -> None:
        windows = [one.window for one in self.lake.committed("marketo", "amer", name)]
        ends = [one.end for one in windows]
        if [one.start for one in windows] != [START, *ends[:-1]] or ends[-1] < LAST_EVENT:
            self.problems.append(f"{name}: windows have gaps or overlaps: {[str(one) for one in windows]}")

    def _told(self, what: str, missing: Counter[Any], extra: Counter[Any]) -> None:
        self.problems.append(f"{what}: missing {dict(missing)}, too many {dict(extra)}")

    def _wrong(self, row: tuple[Any, ...], wanted: list[tuple[Any, ...]]) -> None:
        history = self.oracle.history_of(row[0])
        self.problems.append(f"staged {row}\n  wanted {wanted}\n{history}")


def _no_sleep(_: float) -> None:
    """Nobody waits: the simulated clock stands still while a window is read."""


def settings_of(folder: Path, **more: Any) -> Settings:
    """A sandbox with the simulated Marketo as its only source, and an empty lake."""
    source = {
        "type": "marketo",
        "connection": SOURCE,
        "munchkin_id": "456-AMR-002",
        "feeds": ["acme/prod"],
        "objects": list(OBJECTS),
        "poll_seconds": 0.01,
        "limits": {"calls_per_20_seconds": 10**6, "calls_per_day": 10**9, "export_bytes_per_day": 10**12},
        **more,
    }
    platform = {
        "platform": "acme",
        "sandbox": "prod",
        "schedule": {"cron": "0 0 * * *", "start": "2026-03-01"},
        "history_start": "2026-03-01",
        "sources": [source],
    }
    return Settings(Platform.model_validate(platform), Home(folder, "acme", "prod"), folder)


@contextmanager
def started(batch: Batch, folder: Path) -> Iterator[Rig]:
    """A rig whose simulator answers on a loopback port."""
    rig = Rig(batch, folder)
    try:
        with running(rig.app) as server:
            rig.url = server.url
            yield rig
    finally:
        rig.staged.close()


def run(batch: Batch, folder: Path) -> list[str]:
    """Read the whole batch; what was wrong."""
    with started(batch, folder) as rig:
        if batch.with_deltas:
            rig.by_windows(batch.windows[:-1])
            rig.clock.set(max(rig.clock.now(), batch.windows[-1].start + HOLD_BACK))
            rig.by_deltas()
        else:
            rig.by_windows(batch.windows)
        rig.check_settled()
        return rig.problems
