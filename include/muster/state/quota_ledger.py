"""What was spent of one subscription's daily quotas, by day of quota (US Central), ours and others'.

Days go by the source's own clock: each answer's `Date` is compared with ours, and the difference is kept for every
process. A call near midnight is counted in both days, because nobody knows in which one the source counts it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from muster.config import MarketoLimits
from muster.errors import QuotaExhausted
from muster.state.central import central_day, next_reset
from muster.state.database import Database

Clock = Callable[[], datetime]
Kind = Literal["calls", "export_bytes"]

SCHEMA = (
    "create table calls (id integer primary key, subscription text not null, granted_at real not null, "
    "expires_at real not null, freed_at real) strict",
    "create index calls_of on calls (subscription, freed_at)",
    "create table waiting (ticket integer primary key autoincrement, subscription text not null, seen_at real not null) "
    "strict",
    "create table days (subscription text, day text, kind text, ours integer not null default 0, "
    "others integer not null default 0, primary key (subscription, day, kind)) strict, without rowid",
    "create table clocks (subscription text primary key, ahead real not null default 0, usage_asked_at real) "
    "strict, without rowid",
    "create table jobs (id integer primary key, subscription text not null, job text unique, family text not null, "
    "seconds real not null, bytes integer not null, state text not null, seen_at real not null) strict",
    "create index jobs_of on jobs (subscription, state)",
)
MIDNIGHT = timedelta(seconds=5)  # how exactly the source's clock is known
STEADY_SECONDS = 2.0  # a `Date` is whole seconds: a smaller difference than this is none
KEPT = timedelta(days=35)
UNITS: dict[str, str] = {"calls": "calls", "export_bytes": "export bytes"}


@dataclass(frozen=True)
class Spent:
    """Of one kind on one day. `others`: what the source counted beyond ours."""

    ours: int = 0
    others: int = 0

    @property
    def all(self) -> int:
        return self.ours + self.others


@dataclass(frozen=True)
class UsageMark:
    """Taken before the source is asked for its own count: what it has surely counted of ours, by day."""

    ours: dict[str, int]


class QuotaLedger:
    """One subscription's counters in the shared file. Safe for any number of processes and threads."""

    def __init__(self, path: Path, subscription: str, limits: MarketoLimits, *, clock: Clock) -> None:
        self.path, self.subscription, self.limits, self.clock = path, subscription, limits, clock
        self._database = Database(path, SCHEMA)

    def close(self) -> None:
        self._database.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """The shared file, for as long as the body takes nobody else's."""
        return self._database.transaction()

    def source_now(self) -> datetime:
        """The source's clock as far as its answers have shown it."""
        with self._database.transaction() as db:
            return self.now_at_source(db)

    def spent(self, kind: Kind) -> int:
        """What is used up of today's quota, by all."""
        with self._database.transaction() as db:
            return self._spent(db, self._today(db), kind).all

    def exhausted(self, kind: Kind, at: datetime | None = None) -> None:
        """The source said that a daily quota is used up (607, 1029): nobody needs to ask it again before the reset."""
        with self._database.transaction() as db:
            moment = (
                at or self.now_at_source(db)
            ) - MIDNIGHT  # an answer just after midnight may mean the day before
            day, limit = day_of(moment), self._limit(kind)
            lacking = limit - self._spent(db, day, kind).all
            if lacking > 0:
                self._add(db, day, kind, others=lacking)

    # ---- what the source says it counted -------------------------------------------------------------------

    def usage_due(self, seconds: float) -> UsageMark | None:
        """A mark, where nobody has asked the source for its count within `seconds`; then this caller has to ask."""
        with self._database.transaction() as db:
            now, row = self._now(), self._clock_row(db)
            today = self._today(db)
            if row[1] is not None and 0 <= now - row[1] < seconds:
                return None
            self._set_clock(db, row[0], now)
            in_flight = db.execute(
                "select count(*) from calls where subscription = ? and freed_at is null", (self.subscription,)
            ).fetchone()[0]
            # calls are counted when they arrive: the one that will ask is among those it is told of
            return UsageMark({today: self._spent(db, today, "calls").ours - in_flight + 1})

    def learn(self, mark: UsageMark, totals: dict[str, int]) -> None:
        """Take over what the source counted per day; what exceeds ours was called by others."""
        with self._database.transaction() as db:
            for day, total in totals.items():
                others = max(0, total - max(0, mark.ours.get(day, 1)))
                self._add(db, day, "calls")
                db.execute(
                    "update days set others = ? where subscription = ? and day = ? and kind = 'calls'",
                    (others, self.subscription, day),
                )

    # ---- inside a transaction ------------------------------------------------------------------------------

    def _now(self) -> float:
        return self.clock().timestamp()

    def _clock_row(self, db: sqlite3.Connection) -> tuple[float, float | None]:
        found = db.execute(
            "select ahead, usage_asked_at from clocks where subscription = ?", (self.subscription,)
        ).fetchone()
        return found or (0.0, None)

    def _set_clock(self, db: sqlite3.Connection, ahead: float, asked_at: float | None) -> None:
        db.execute("insert or replace into clocks values (?, ?, ?)", (self.subscription, ahead, asked_at))

    def _note_date(self, db: sqlite3.Connection, date_header: datetime) -> None:
        ahead, asked_at = self._clock_row(db)
        found = date_header.timestamp() + 0.5 - self._now()
        if abs(found - ahead) > STEADY_SECONDS:
            self._set_clock(db, found, asked_at)

    def now_at_source(self, db: sqlite3.Connection) -> datetime:
        return datetime.fromtimestamp(self._now() + self._clock_row(db)[0], UTC)

    def _today(self, db: sqlite3.Connection) -> str:
        return day_of(self.now_at_source(db))

    def _days(self, db: sqlite3.Connection) -> frozenset[str]:
        """The day it is at the source; around midnight two of them."""
        now = self.now_at_source(db)
        return frozenset({day_of(now - MIDNIGHT), day_of(now + MIDNIGHT)})

    def _limit(self, kind: Kind) -> int:
        return self.limits.calls_per_day if kind == "calls" else self.limits.export_bytes_per_day

    def _spent(self, db: sqlite3.Connection, day: str, kind: Kind) -> Spent:
        row = db.execute(
            "select ours, others from days where subscription = ? and day = ? and kind = ?",
            (self.subscription, day, kind),
        ).fetchone()
        return Spent(*row) if row else Spent()

    def _add(self, db: sqlite3.Connection, day: str, kind: Kind, ours: int = 0, others: int = 0) -> None:
        db.execute(
            "insert into days values (?, ?, ?, ?, ?) on conflict do update set "
            "ours = ours + excluded.ours, others = others + excluded.others",
            (self.subscription, day, kind, ours, others),
        )

    def _forget_old(self, db: sqlite3.Connection) -> None:
        oldest = day_of(self.now_at_source(db) - KEPT)
        db.execute("delete from days where subscription = ? and day < ?", (self.subscription, oldest))
        db.execute(
            "delete from jobs where subscription = ? and state in ('done', 'gone') and seen_at < ?",
            (self.subscription, self._now() - KEPT.total_seconds()),
        )

    def _used_up(self, db: sqlite3.Connection, kind: Kind, spent: Spent, more: str = "") -> QuotaExhausted:
        """The error that names the numbers and the reset."""
        reset = next_reset(self.now_at_source(db))
        others = f", {spent.others:,} of them by others" if spent.others else ""
        return QuotaExhausted(
            f"{spent.all:,} of the day's {self._limit(kind):,} {UNITS[kind]} are used{others}{more}; "
            f"they are renewed at {reset.isoformat()}, midnight US Central",
            where=f"Marketo {self.subscription}",
            hint="run again after that; what is committed stays and is not read again. `muster quota` shows the numbers",
        )


def day_of(moment: datetime) -> str:
    """How the day of quota that a moment belongs to is written."""
    return central_day(moment).isoformat()
