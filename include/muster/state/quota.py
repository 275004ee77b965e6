"""The quota gate: every call to one Marketo subscription goes through it, whatever task, DAG or process makes it.

    gate = QuotaGate(path, "123-ABC-456", config.limits)
    with gate.call():            # waits for its turn; raises QuotaExhausted when the day is used up
        ...                      # one call

One SQLite file above all platforms and sandboxes (`<home>/quota.db`), because they share the subscription. Places are
given by muster.state.turnstile. Calls that end in 601, 602, 604, 605, 608 or 611 are not counted by Marketo; here they
are: a little too much is safe.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from muster.config import MarketoLimits
from muster.state.leases import system_clock
from muster.state.quota_exports import ExportQuota
from muster.state.quota_ledger import Clock
from muster.state.quota_report import QuotaReport, empty_report, read_report
from muster.state.turnstile import LEASE_SECONDS, PATIENCE_SECONDS, Slot, Turnstile

Limits = MarketoLimits

WINDOW_SECONDS = 20.5  # the 20 s of the rate limit, and a little for clocks that run unevenly
FORGET_EVERY = 1_000  # calls between two looks for what is too old to keep


class QuotaGate(Turnstile, ExportQuota):
    """See the module. `share`: the part of the day's calls that this caller may use."""

    vendor: ClassVar[str] = "Marketo"
    window_seconds: ClassVar[float] = WINDOW_SECONDS

    def __init__(
        self,
        path: Path,
        subscription: str,
        limits: MarketoLimits | None = None,
        *,
        clock: Clock = system_clock,
        sleep: Callable[[float], None] = time.sleep,
        share: float = 1.0,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        ExportQuota.__init__(self, path, subscription, limits or MarketoLimits(), clock=clock)
        self.places_for(sleep=sleep, share=share, lease=lease, patience=patience, jitter=jitter)

    @property
    def places(self) -> tuple[int, int]:
        return self.limits.in_flight, self.limits.calls_per_20_seconds

    def report(self) -> QuotaReport:
        """Where things stand. Makes no call and no file."""
        return read_report(self) if self.path.exists() else empty_report(self)

    # ---- inside a transaction ------------------------------------------------------------------------------

    def sweep(self, db: sqlite3.Connection) -> None:
        """Forget what is over, and what killed processes left."""
        self._sweep_calls(db, self._now())
        self._sweep_jobs(db)

    def _count_call(self, db: sqlite3.Connection, number: int) -> frozenset[str]:
        days = self._days(db)
        for day in days:
            self._add(db, day, "calls", ours=1)
        if number % FORGET_EVERY == 0:
            self._forget_old(db)
        return days

    def _answered(self, db: sqlite3.Connection, slot: Slot) -> None:
        if slot.date is not None:
            self._note_date(db, slot.date)
        if slot.gate is None:
            return
        # it went on past midnight, or the source's clock is another one
        for day in self._days(db) - slot.days:
            self._add(db, day, "calls", ours=1)

    def _require_calls(self, db: sqlite3.Connection) -> None:
        limit = self.limits.calls_per_day
        for day in sorted(self._days(db)):
            spent = self._spent(db, day, "calls")
            if spent.all >= int(limit * self.share):
                kept = (
                    "" if spent.all >= limit else ", the rest is kept for activation and the five-minute path"
                )
                raise self._used_up(db, "calls", spent, kept)
