"""Counted allowances: so many calls in a rolling day, so many long calls at once."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muster_simulators.clock import SimClock


class RollingDay:
    """Counts by name over the last 24 hours of the simulated clock, in buckets of an hour."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hours: dict[str, Counter[int]] = defaultdict(Counter)

    def _hour(self) -> int:
        return int(self._clock.now().timestamp() // 3600)

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._hours[name][self._hour()] += amount

    def used(self, name: str) -> int:
        with self._lock:
            now = self._hour()
            return sum(amount for hour, amount in self._hours[name].items() if now - 24 < hour <= now)


class InFlight:
    """Calls being answered now. A call is long after `long_seconds` of real time."""

    def __init__(self, long_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._long_seconds = long_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._started: dict[int, float] = {}
        self._next = 0

    @contextmanager
    def one(self) -> Iterator[int]:
        """Counts the call while the block runs; gives the number of calls in flight, this one included."""
        with self._lock:
            self._next += 1
            ticket = self._next
            self._started[ticket] = self._monotonic()
            count = len(self._started)
        try:
            yield count
        finally:
            with self._lock:
                del self._started[ticket]

    def long(self) -> int:
        """How many calls in flight are long already."""
        with self._lock:
            since = self._monotonic() - self._long_seconds
            return sum(1 for started in self._started.values() if started <= since)
