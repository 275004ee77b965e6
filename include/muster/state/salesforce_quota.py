"""The quota gate of one Salesforce organisation: its calls and bulk query jobs, over all tasks, DAGs and processes.

    gate = SalesforceGate(path, "00D5e000000MAIN", config.limits)
    with gate.call():            # waits for a place; raises QuotaExhausted when the day is used up
        ...
    gate.query_job()             # before a bulk query job is made

Salesforce counts over the last 24 hours, all clients together, and says how much is used with every answer
(`Sforce-Limit-Info`) and at `/limits`. What it said is believed for a quarter of an hour, ours since then added; after
that one call is let through to hear it anew, because what is used up frees itself hour by hour. Before anything was
said only ours are known. The file is that of the Marketo subscriptions, `<home>/quota.db`.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from muster.config import SalesforceLimits
from muster.errors import QuotaExhausted
from muster.state.database import Database
from muster.state.leases import system_clock
from muster.state.quota_ledger import SCHEMA as QUOTA_SCHEMA
from muster.state.turnstile import LEASE_SECONDS, PATIENCE_SECONDS, Clock, Slot, Turnstile

Kind = Literal["calls", "query_jobs"]

SCHEMA = (
    "create table if not exists org_hours (subscription text, hour integer, kind text, ours integer not null, "
    "primary key (subscription, hour, kind)) strict, without rowid",
    "create table if not exists org_told (subscription text, kind text, used integer not null, most integer not null, "
    "told_at real not null, since integer not null, primary key (subscription, kind)) strict, without rowid",
)
USUAL: Mapping[Kind, int] = {"calls": 100_000, "query_jobs": 10_000}  # until the organisation says its own
WORDS: Mapping[Kind, str] = {"calls": "API calls", "query_jobs": "bulk query jobs"}
HOURS = 24
FRESH_SECONDS = 900.0
KEPT_HOURS = 24 * 35
HISTORY_DAYS = 7


@dataclass(frozen=True)
class OrgDay:
    """What Muster itself used on one day (UTC)."""

    day: str
    calls: int
    query_jobs: int


@dataclass(frozen=True)
class OrgReport:
    """Where an organisation stands. `calls` and `query_jobs`: used in the last 24 hours by all, as far as it is known."""

    subscription: str
    limits: SalesforceLimits
    now: datetime
    calls: int
    calls_limit: int
    calls_ours: int
    query_jobs: int
    query_jobs_limit: int
    query_jobs_ours: int
    calls_in_flight: int
    calls_waiting: int
    told_at: datetime | None
    history: tuple[OrgDay, ...]


@dataclass(frozen=True)
class _Used:
    ours: int
    all: int
    most: int
    told_at: float | None


class SalesforceGate(Turnstile):
    """See the module. `share`: the part of the day's calls and jobs that this caller may use."""

    vendor: ClassVar[str] = "Salesforce"

    def __init__(
        self,
        path: Path,
        org_id: str,
        limits: SalesforceLimits | None = None,
        *,
        clock: Clock = system_clock,
        sleep: Callable[[float], None] = time.sleep,
        share: float = 1.0,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.path, self.subscription = path, org_id[:15]  # 15 and 18 characters name the same organisation
        self.limits, self.clock = limits or SalesforceLimits(), clock
        self._database = _OrgDatabase(path)
        self.places_for(sleep=sleep, share=share, lease=lease, patience=patience, jitter=jitter)

    @property
    def places(self) -> tuple[int, int]:
        return self.limits.in_flight, self.limits.in_flight

    # ---- what is counted -----------------------------------------------------------------------------------

    def query_job(self) -> None:
        """One more bulk query job is about to be made. Raises QuotaExhausted where the day has none left."""
        with self._database.transaction() as db:
            self._require(db, "query_jobs")
            self._add(db, "query_jobs")

    def limits_due(self, seconds: float = FRESH_SECONDS) -> bool:
        """Has nobody asked `/limits` within so many seconds? Then this caller has to; one of them is told so."""
        with self._database.transaction() as db:
            row, now = self._told(db, "query_jobs"), self._now()
            if row is not None and 0 <= now - row[2] < seconds:
                return False
            used, most = (row[0], row[1]) if row else (0, USUAL["query_jobs"])
            self._tell(db, "query_jobs", used, most, self._ours(db, "query_jobs"))
            return True

    def learn(self, kind: Kind, used: int, most: int) -> None:
        """What the organisation says is used, by all."""
        with self._database.transaction() as db:
            self._tell(db, kind, used, most, 0)

    def exhausted(self, kind: Kind) -> None:
        """It refused a call because the day is used up: nobody else needs to be refused for a while."""
        with self._database.transaction() as db:
            most = self._used(db, kind).most
            self._tell(db, kind, most, most, 0)

    def report(self) -> OrgReport:
        """Where things stand. Makes no call and no file."""
        if not self.path.exists():
            calls, jobs = self._limit("calls", None), self._limit("query_jobs", None)
            return OrgReport(
                self.subscription, self.limits, self.clock(), 0, calls, 0, 0, jobs, 0, 0, 0, None, ()
            )
        with self._database.transaction() as db:
            self._sweep_calls(db, self._now())
            calls_used, jobs_used = self._used(db, "calls"), self._used(db, "query_jobs")
            in_flight, _ = self._taken(db)
            told = calls_used.told_at
            return OrgReport(
                self.subscription, self.limits, self.clock(), calls_used.all, calls_used.most, calls_used.ours,
                jobs_used.all, jobs_used.most, jobs_used.ours, in_flight, self._ahead(db, None),
                None if told is None else datetime.fromtimestamp(told, UTC), self._history(db),
            )  # fmt: skip

    # ---- inside a transaction ------------------------------------------------------------------------------

    def _require_calls(self, db: sqlite3.Connection) -> None:
        self._require(db, "calls")

    def _count_call(self, db: sqlite3.Connection, number: int) -> frozenset[str]:  # noqa: ARG002
        self._add(db, "calls")
        return frozenset()

    def _answered(self, db: sqlite3.Connection, slot: Slot) -> None:
        if slot.usage is not None:
            others_in_flight = max(self._taken(db)[0] - 1, 0)  # it may not have counted these yet
            self._tell(db, "calls", *slot.usage, others_in_flight)

    def _require(self, db: sqlite3.Connection, kind: Kind) -> None:
        used = self._used(db, kind)
        if used.all < int(used.most * self.share):
            return
        kept = "" if used.all >= used.most else ", the rest is kept for what is urgent"
        raise QuotaExhausted(
            f"{used.all:,} of the {used.most:,} {WORDS[kind]} of 24 hours are used, {used.ours:,} of them by us{kept}",
            where=f"Salesforce {self.subscription}",
            hint="they free themselves hour by hour; run again later, what is committed stays and is not read again. "
            "`muster quota` shows the numbers",
        )

    def _used(self, db: sqlite3.Connection, kind: Kind) -> _Used:
        ours, told = self._ours(db, kind), self._told(db, kind)
        is_fresh = told is not None and 0 <= self._now() - told[2] < FRESH_SECONDS
        used = told[0] + told[3] if told is not None and is_fresh else ours
        return _Used(ours, used, self._limit(kind, told), told[2] if told else None)

    def _limit(self, kind: Kind, told: tuple[int, int, float, int] | None) -> int:
        most = told[1] if told else USUAL[kind]
        set_to = self.limits.calls_per_day if kind == "calls" else self.limits.query_jobs_per_day
        return most if set_to is None else min(set_to, most) if told else set_to

    def _told(self, db: sqlite3.Connection, kind: Kind) -> tuple[int, int, float, int] | None:
        """(used, allowed, when that was said, ours since then)."""
        row: tuple[int, int, float, int] | None = db.execute(
            "select used, most, told_at, since from org_told where subscription = ? and kind = ?",
            (self.subscription, kind),
        ).fetchone()
        return row

    def _tell(self, db: sqlite3.Connection, kind: Kind, used: int, most: int, since: int) -> None:
        db.execute(
            "insert or replace into org_told values (?, ?, ?, ?, ?, ?)",
            (self.subscription, kind, used, most, self._now(), since),
        )

    def _hour(self) -> int:
        return int(self._now() // 3600)

    def _ours(self, db: sqlite3.Connection, kind: Kind) -> int:
        """Of the last 24 hours and what has begun of the present one: a little too much is safe."""
        row = db.execute(
            "select coalesce(sum(ours), 0) from org_hours where subscription = ? and kind = ? and hour between ? and ?",
            (self.subscription, kind, self._hour() - HOURS, self._hour()),
        ).fetchone()
        return int(row[0])

    def _add(self, db: sqlite3.Connection, kind: Kind) -> None:
        db.execute(
            "insert into org_hours values (?, ?, ?, 1) on conflict do update set ours = ours + 1",
            (self.subscription, self._hour(), kind),
        )
        db.execute(
            "update org_told set since = since + 1 where subscription = ? and kind = ?",
            (self.subscription, kind),
        )
        oldest = self._hour() - KEPT_HOURS
        db.execute("delete from org_hours where subscription = ? and hour < ?", (self.subscription, oldest))

    def _history(self, db: sqlite3.Connection) -> tuple[OrgDay, ...]:
        """The seven days before today, newest first, without a gap."""
        rows = db.execute(
            "select hour / 24, kind, sum(ours) from org_hours where subscription = ? group by 1, 2",
            (self.subscription,),
        )
        found = {(day, kind): ours for day, kind, ours in rows}
        today, epoch = self._hour() // HOURS, datetime(1970, 1, 1, tzinfo=UTC)
        return tuple(
            OrgDay(
                (epoch + timedelta(days=day)).date().isoformat(),
                found.get((day, "calls"), 0),
                found.get((day, "query_jobs"), 0),
            )
            for day in range(today - 1, today - 1 - HISTORY_DAYS, -1)
        )


class _OrgDatabase(Database):
    """The shared file with an organisation's tables in it: a file of an earlier version gets them when it is opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, (*QUOTA_SCHEMA, *SCHEMA))

    def _opened(self) -> sqlite3.Connection:
        before = self._db
        db = super()._opened()
        if db is not before:
            for statement in SCHEMA:
                db.execute(statement)
        return db
