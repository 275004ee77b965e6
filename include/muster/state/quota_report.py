"""Where one subscription stands, for the command line and the pages. Reads the file only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from muster.config import MarketoLimits
from muster.state.central import central_day, next_reset
from muster.state.quota_exports import OPEN
from muster.state.quota_ledger import day_of

if TYPE_CHECKING:
    from muster.state.quota import QuotaGate

HISTORY_DAYS = 7


@dataclass(frozen=True)
class DayUsage:
    """What one day of quota saw. `calls_by_others`: what the source counted beyond ours, as far as it was asked."""

    day: str
    calls: int
    calls_by_others: int
    export_bytes: int


@dataclass(frozen=True)
class QuotaReport:
    """`today` is the running day; `history` the seven days before it, newest first."""

    subscription: str
    limits: MarketoLimits
    now: datetime
    resets_at: datetime
    today: DayUsage
    reserved_bytes: int
    jobs_queued: int
    jobs_waiting: int
    calls_in_20_seconds: int
    calls_in_flight: int
    calls_waiting: int
    usage_asked_at: datetime | None
    history: tuple[DayUsage, ...]

    @property
    def calls(self) -> int:
        """Used today by all."""
        return self.today.calls + self.today.calls_by_others

    @property
    def resets_in(self) -> timedelta:
        return self.resets_at - self.now


def empty_report(gate: QuotaGate) -> QuotaReport:
    """Before the first call."""
    now = gate.clock()
    today = DayUsage(day_of(now), 0, 0, 0)
    return QuotaReport(
        gate.subscription, gate.limits, now, next_reset(now), today, 0, 0, 0, 0, 0, 0, None, ()
    )


def read_report(gate: QuotaGate) -> QuotaReport:
    own = gate.subscription
    with gate.transaction() as db:
        gate.sweep(db)
        now = gate.now_at_source(db)
        asked_at = _one(db, "select usage_asked_at from clocks where subscription = ?", own)
        in_window, in_flight = db.execute(
            "select count(*), count(*) - count(freed_at) from calls where subscription = ?", (own,)
        ).fetchone()
        jobs = dict(
            db.execute(
                "select state, count(*) from jobs where subscription = ? group by state", (own,)
            ).fetchall()
        )
        reserved = _one(db, f"select sum(bytes) from jobs where subscription = ? and state in {OPEN}", own)  # noqa: S608
        waiting = _one(db, "select count(*) from waiting where subscription = ?", own)
        today, *history = _days(db, own, now)
    return QuotaReport(
        own, gate.limits, now, next_reset(now), today, reserved or 0, jobs.get("queued", 0), jobs.get("waiting", 0),
        in_window, in_flight, waiting or 0, None if asked_at is None else datetime.fromtimestamp(asked_at, UTC),
        tuple(history),
    )  # fmt: skip


def _one(db: sqlite3.Connection, sql: str, own: str) -> Any:
    row = db.execute(sql, (own,)).fetchone()
    return row[0] if row else None


def _days(db: sqlite3.Connection, own: str, now: datetime) -> list[DayUsage]:
    """Today and the days before it, without a gap."""
    wanted = [(central_day(now) - timedelta(days=back)).isoformat() for back in range(HISTORY_DAYS + 1)]
    found = {
        (day, kind): (ours, others)
        for day, kind, ours, others in db.execute(
            "select day, kind, ours, others from days where subscription = ? and day >= ?", (own, wanted[-1])
        )
    }
    none = (0, 0)
    return [
        DayUsage(day, *found.get((day, "calls"), none), sum(found.get((day, "export_bytes"), none)))
        for day in wanted
    ]
