"""One simulated organisation with the histories of a batch, read by windows in a random order, with faults, drift,
replays, and runs that want the same time at once.

The simulated clock stands still while windows are read, so the oracle knows exactly what each commit must hold.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.histories import salesforce_oracle as oracle
from tests.histories.history import LAST_EVENT, SETTLED, START
from tests.histories.salesforce_history import OBJECTS, SOURCE, TAG, History, Maker
from tests.histories.salesforce_oracle import Oracle
from tests.histories.staging import Staged, raw_values

from muster.config import Connection, Platform, Settings
from muster.errors import QuotaExhausted, SourceError
from muster.lake import Lake, Manifest
from muster.naming import Home
from muster.sources import WindowTask
from muster.sources.run import extract_tasks
from muster.state import Gates
from muster.windows import Window, gaps
from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.salesforce import SalesforceOptions, create_app
from muster_simulators.salesforce.fields import formula
from muster_simulators.store import Store
from muster_simulators.web import running

DELETED = "deleted_records"
SECRET = "a-secret-that-must-not-show"
OVERLAP, HOLD_BACK = timedelta(hours=1), timedelta(minutes=10)
DATA = "/services/data/v"
CODES = (
    *("QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR", "LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR", "INVALID_SESSION_ID"),
    *("REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED concurrent", "UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION"),
    *("SERVER_UNAVAILABLE", "API_CURRENTLY_DISABLED", "INVALIDJOB", "API_ERROR", "NOT_FOUND"),
)  # fmt: skip
FAULTS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("status", "", (406, 420, 429, 500, 502, 503, 504)),
    ("code", DATA, CODES),
    ("session", "", (None,)),
    ("limit", "", ("concurrent", None)),
    ("drop", "", (None,)),
    ("cut", "results", (0, 1, 100, 2_000)),
    ("lost_locator", "results", (None,)),
    ("lost_locator", "results (Account|Contact)", (None,)),
    ("wrong_count", "GET", (-1, 1, 7)),
    ("failed_job", "POST", (None, "QUERY_TIMEOUT: too long")),
    ("version", "results", (None,)),
    ("oauth", "token", ("rate_limit_exceeded", "inactive_org", "invalid_grant")),
)
DRIFT: tuple[dict[str, Any], ...] = (
    {"op": "add", "name": "Contact.Tier__c"},
    {"op": "drop", "name": "Contact.Phone"},
    {"op": "retype", "name": "Contact.Tier__c", "dataType": "double"},
    {"op": "drop", "name": "Account.Industry"},
    {"op": "rename", "name": "Contact.Tier__c", "to": "Level__c"},
    {"op": "add", "name": "Contact.Phone"},
    {"op": "drop", "name": "Lead.Company"},
    {"op": "drop", "name": "Contact.Level__c"},
    {"op": "drop", "name": "Contact.Account_Name__c"},
)
STORED = {"Account": "accounts", "Contact": "contacts", "Lead": "leads"}


@dataclass
class Batch:
    """Histories and a plan of reading, all from one seed."""

    seed: int
    size: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = chance = random.Random(f"salesforce {self.seed}")
        inner = sorted(chance.sample(range(1, 4 * 74), chance.randint(2, 4)))
        self.cuts = [START, *(START + timedelta(minutes=15 * place) for place in inner), SETTLED]
        self.histories = [self._history(number) for number in range(self.size)]

    def _history(self, number: int) -> History:
        """Each from a seed of its own: a history stays the same when others are added."""
        return Maker(random.Random(f"salesforce {self.seed} {number}"), number, self.cuts).made()

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
        self.staged = Staged(self.lake, "salesforce")
        self.oracle = Oracle(batch.histories, OVERLAP)
        self.drift = list(DRIFT)
        self.hidden: frozenset[str] = frozenset()
        self.checked: set[tuple[str, Window]] = set()
        self.problems: list[str] = []
        self.runs = 0
        self.url = ""
        self.waited = timedelta(0)
        self.gates = Gates(
            self.settings.home.quota, clock=lambda: datetime.now(UTC) + self.waited, sleep=_no_sleep
        )

    def _app(self) -> Any:
        options = SalesforceOptions(
            bulk_page_size=self.chance.choice((2, 5, 20, 1_000)),
            queued_polls=self.chance.choice((0, 1)),
            running_polls=self.chance.choice((0, 1)),
            daily_requests=10**9,
            session_seconds=10**9,
            custom_fields={"Contact": (formula("Account_Name__c", "string", "Account.Name"),)},
        )
        return create_app(
            self.store, clock=self.clock, faults=self.faults, clients={"client": SECRET}, options=options
        )

    # ---- reading -------------------------------------------------------------------------------------------

    def by_windows(self, windows: Sequence[Window]) -> None:
        """Each window at a moment of its own: what comes late is read late.

        More or less in time order: once the last one is read everything has settled, and the rest would be easy.
        """
        spread = self.chance.choice((0, 0, 2, 2, len(windows)))
        places = [place + self.chance.uniform(0, spread) for place in range(len(windows))]
        for _, window in sorted(zip(places, windows, strict=True)):
            asked = [window]
            if self.chance.random() < 0.35:
                asked.append(self._beside(window))
            slow = self.chance.choice((0, 0, 1, 600, 7_200, 90_000))
            ready = max(one.end for one in asked) + HOLD_BACK + timedelta(seconds=slow)
            self.clock.set(max(self.clock.now(), ready))
            self._drift()
            self._plan_faults()
            self._at_once(
                [
                    [WindowTask(name, one, "window", "nightly") for name in (*OBJECTS, DELETED)]
                    for one in asked
                ]
            )
            self._check_commits()
            if self.chance.random() < 0.3:
                self._replay()
            self.check_staged((self.chance.choice(OBJECTS),))
        for name in OBJECTS:
            self._require_gapless(name)

    def _beside(self, window: Window) -> Window:
        """Another run's window, which begins or ends elsewhere."""
        start, end = (
            at + timedelta(minutes=self.chance.choice((-600, -45, -1, 0, 1, 30, 500)))
            for at in (window.start, window.end)
        )
        start = min(max(start, START), SETTLED - timedelta(minutes=1))
        return Window(start, min(max(end, start + timedelta(minutes=1)), SETTLED))

    def _at_once(self, runs: Sequence[Sequence[WindowTask]]) -> None:
        """All of these runs, each in a thread of its own where there are several."""
        works = [lambda tasks=tasks: self._until_done(tasks) for tasks in runs]
        if len(works) == 1:
            works[0]()
            return
        with ThreadPoolExecutor(len(works)) as pool:
            for done in [pool.submit(work) for work in works]:
                done.result()

    def _until_done(self, tasks: Sequence[WindowTask]) -> list[Manifest]:
        """What fails is tried again, as Airflow would, and gets through in the end."""
        self.runs += 1
        run_id = f"run{self.runs:04d}"
        for attempt in range(10):
            try:
                return extract_tasks(
                    self.settings, SOURCE, tasks, self._connection, sleep=_no_sleep, gates=self.gates, run_id=run_id
                )  # fmt: skip
            except SourceError as error:
                if attempt == 9:
                    raise
                self.waited += timedelta(hours=isinstance(error, QuotaExhausted))
        raise AssertionError("unreachable")

    def _plan_faults(self) -> None:
        self.faults.clear()
        for _ in range(self.chance.choice((0, 0, 1, 2, 3))):
            kind, match, values = self.chance.choice(FAULTS)
            skip = self.chance.randint(0, 3 if match else 12)
            value = self.chance.choice(values)
            times = self.chance.choice((1, 1, 2, 4))
            self.faults.add(Fault(SOURCE, kind, match, value, skip=skip, times=times))

    def _replay(self) -> None:
        """A committed window once more: its first commit stays."""
        self.faults.clear()
        name = self.chance.choice(OBJECTS)
        done = self.chance.choice(self._commits(name))
        again = WindowTask(name, done.window, "window", "nightly")
        if (manifests := self._until_done([again])) != [done]:
            self.problems.append(f"reading {name} {done.window} again gave {manifests}")

    def _drift(self) -> None:
        if self.drift and self.chance.random() < 0.4:
            fields = self.app.state.org.fields
            fields.step(step := self.drift.pop(0))
            sobject, _, name = step["name"].partition(".")
            stored = f"{STORED[sobject]}.{name}"
            self.hidden = self.hidden | {stored} if step["op"] == "drop" else self.hidden - {stored}

    def _connection(self, _: str) -> Connection:
        return Connection(SOURCE, self.url, "client", SECRET)

    def _commits(self, name: str) -> list[Manifest]:
        return self.lake.committed("salesforce", "main", name)

    # ---- checking ------------------------------------------------------------------------------------------

    def _check_commits(self) -> None:
        """What each new commit holds is what a reading at this moment had to find, no row more and none twice."""
        for name in (*OBJECTS, DELETED):
            for manifest in self._commits(name):
                if (name, manifest.window) not in self.checked:
                    self.checked.add((name, manifest.window))
                    check = self._check_deletions if name == DELETED else self._check_commit
                    check(name, manifest)

    def _check_commit(self, name: str, manifest: Manifest) -> None:
        window, clock = manifest.window, self.clock.now()
        states = self.oracle.found(name, window, clock)
        wanted = Counter((one.key, one.tag) for one in states)
        files = [self.lake.root / one.path for one in manifest.files]
        found = Counter(raw_values(files, ("Id", TAG[name])))
        if found != wanted:
            told_of = f"missing {dict(wanted - found)}, too many {dict(found - wanted)}"
            self.problems.append(f"{name} {window} at {clock}: {told_of}")
        if manifest.quarantined_rows:
            self.problems.append(f"{name} {window}: {manifest.quarantined_rows} put aside")
        self.oracle.note(states, self.hidden)

    def _check_deletions(self, _: str, manifest: Manifest) -> None:
        """Whoever is gone for good is listed, and nobody is listed who was never deleted."""
        clock = self.clock.now()
        files = [self.lake.root / one.path for one in manifest.files]
        rows = raw_values(files, ("object", "id", "deletedDate"))
        listed = {(name, key) for name, key, _ in rows}
        for name in OBJECTS:
            gone = self.oracle.listed_as_deleted(name, manifest.window, clock)
            if missing := {key for key in gone if (name, key) not in listed}:
                self.problems.append(
                    f"{name} {manifest.window} at {clock}: {missing} are not listed as deleted"
                )
        for name, key, at in rows:
            if not self.oracle.was_deleted(name, key, clock):
                self.problems.append(f"{name} {key} is listed as deleted and never was")
            self.oracle.note_deletion(name, key, datetime.fromisoformat(at))

    def check_staged(self, names: Sequence[str] = OBJECTS) -> None:
        """The staged records are those that the readings so far allow."""
        for name in names:
            allowed, rows = self.oracle.allowed(name), self._staged(name)
            if set(rows) != set(allowed):
                self.problems.append(f"staged {sorted(rows)}, received {sorted(allowed)}")
            for key, row in rows.items():
                if row not in allowed.get(key, [row]):
                    self._wrong(name, key, row, allowed[key])

    def check_settled(self) -> None:
        """In the end every record is staged in its true last state."""
        for name in OBJECTS:
            rows = self._staged(name)
            for key, wanted in self.oracle.settled(name).items():
                if rows.get(key) not in wanted:
                    self._wrong(name, key, rows.get(key), wanted)
            for key in self.oracle.gone(name) & set(rows):
                self._require_deleted(name, key, rows[key])

    def _require_deleted(self, name: str, key: str, row: tuple[Any, ...]) -> None:
        if not row[oracle.IS_DELETED]:
            self._wrong(name, key, row, ["one that is deleted, or none"])

    def _staged(self, name: str) -> dict[str, tuple[Any, ...]]:
        """The staged rows by id."""
        rows = self.staged.rows(name, oracle.columns(name))
        if len(rows) != len(found := {row[0]: row for row in rows}):
            self.problems.append(f"{name}: {len(rows) - len(found)} ids are staged twice")
        return found

    def _require_gapless(self, name: str) -> None:
        windows = [one.window for one in self._commits(name)]
        if missing := gaps(Window(START, LAST_EVENT), windows):
            self.problems.append(f"{name}: nobody committed {[str(one) for one in missing]}")
        for number, one in enumerate(windows):
            if any(one.overlaps(other) for other in windows[:number]):
                self.problems.append(f"{name}: {one} was committed twice")

    def _wrong(self, name: str, key: str, row: tuple[Any, ...] | None, wanted: Sequence[Any]) -> None:
        self.problems.append(
            f"staged {name} {row}\n  wanted one of {list(wanted)}\n{self.oracle.history_of(key)}"
        )


def _no_sleep(_: float) -> None:
    """Nobody waits: the simulated clock stands still while windows are read."""


def settings_of(folder: Path) -> Settings:
    """A sandbox with the simulated organisation as its only source, and an empty lake."""
    source = {
        "type": "salesforce",
        "connection": SOURCE,
        "org_id": "00D5e000000MAIN",
        "feeds": ["acme/prod"],
        "objects": [*OBJECTS, DELETED],
        "compare_ids": False,
        "poll_seconds": 0.01,
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
        rig.by_windows(batch.windows)
        rig.check_staged()
        rig.check_settled()
        return rig.problems
