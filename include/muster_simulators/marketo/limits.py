"""Rate, concurrency, daily quota, and the counters behind stats/usage.json and stats/errors.json."""

from __future__ import annotations

import threading
from collections import Counter, deque
from datetime import date, datetime, timedelta

from muster_simulators.marketo.errors import MESSAGES, UNCOUNTED, MarketoError
from muster_simulators.marketo.ledger import Ledger
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.marketo.values import central_day
from muster_simulators.web import Stats


class Limits:
    """Counts the calls of one subscription, all clients together. Safe to use from any thread."""

    def __init__(
        self, source: str, options: MarketoOptions, stats: Stats, ledger: Ledger | None = None
    ) -> None:
        self._source, self._options, self._stats = source, options, stats
        self._lock = threading.Lock()
        self._window: deque[float] = deque()
        self.ledger = ledger or Ledger()

    @property
    def calls(self) -> dict[date, Counter[str]]:
        return self.ledger.calls

    @property
    def errors(self) -> dict[date, Counter[str]]:
        return self.ledger.errors

    def admit(self, user: str, now: datetime, in_flight: int) -> None:
        """Count one call of an authenticated user; refuses it with 607, 615 or 606."""
        options, day = self._options, central_day(now)
        self._stats.peaked(self._source, "calls_in_flight", in_flight)
        with self._lock:
            reached = sum(self.calls[day].values())
            self.ledger.called(day, user)
            moment = options.rate_clock()
            while self._window and self._window[0] <= moment - options.window_seconds:
                self._window.popleft()
            full = len(self._window) >= options.calls_per_window
            if not full or not options.enforce_rate:
                self._window.append(moment)
            self._stats.peaked(self._source, "calls_per_window", len(self._window))
        self._check(reached >= options.calls_per_day, "calls_per_day", "607")
        self._check(in_flight > options.calls_in_flight, "calls_in_flight", "615")
        self._check(full, "calls_per_window", "606")

    def _check(self, broken: bool, limit: str, code: str) -> None:
        if not broken:
            return
        self._stats.violated(self._source, limit)
        if self._options.enforce_rate:
            raise MarketoError(code, self._rate_message() if code == "606" else MESSAGES[code])

    def _rate_message(self) -> str:
        options = self._options
        return (
            f"Max rate limit '{options.calls_per_window}' exceeded with in '{options.window_seconds:g}' secs"
        )

    def failed(self, user: str, now: datetime, code: str, *, admitted: bool) -> None:
        """A call ended with this code; the starred ones are taken out of quota and rate again."""
        day = central_day(now)
        with self._lock:
            self.ledger.failed(day, code)
            if admitted and code in UNCOUNTED:
                self.ledger.called(day, user, -1)
                if self._window:
                    self._window.pop()

    def days(self, now: datetime, count: int) -> list[date]:
        """The last `count` Central days, newest first."""
        today = central_day(now)
        return [today - timedelta(days=back) for back in range(count)]
