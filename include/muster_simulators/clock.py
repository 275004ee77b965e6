"""The simulated clock: a settable time that runs on with real time.

Every simulator in a process shares one clock; the control server moves it (`POST /clock`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def parse_iso(text: str) -> datetime:
    """`2026-03-02T00:30:00Z` (or with an offset) as UTC. Raises ValueError without an offset."""
    value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if value.tzinfo is None:
        raise ValueError(f"'{text}' has no offset; write 2026-03-02T00:30:00Z")
    return value.astimezone(UTC)


def to_iso(value: datetime) -> str:
    """UTC with seconds and `Z`: `2026-03-02T00:30:00Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SimClock:
    """now() = base + real seconds since the last `set` x speed. Safe to use from any thread.

    `monotonic` is the source of real seconds; tests pass their own so that nothing has to sleep.
    """

    def __init__(
        self, base: datetime, *, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        if base.tzinfo is None:
            raise ValueError("the clock's base needs an offset")
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._speed = speed
        self._base = base.astimezone(UTC)
        self._since = monotonic()

    def now(self) -> datetime:
        """The simulated time in UTC, with microseconds."""
        with self._lock:
            return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)

    def set(self, now: datetime | str) -> datetime:
        """Jump to `now` (forward or back) and run on from there; returns the new time."""
        moment = parse_iso(now) if isinstance(now, str) else now.astimezone(UTC)
        with self._lock:
            self._base, self._since = moment, self._monotonic()
        return moment

    def advance(self, seconds: float) -> datetime:
        """Jump by `seconds`; returns the new time."""
        return self.set(self.now() + timedelta(seconds=seconds))

    def iso(self) -> str:
        return to_iso(self.now())

    def http_date(self) -> str:
        """The value of an HTTP `Date` header, e.g. `Tue, 03 Mar 2026 00:30:00 GMT`."""
        return format_datetime(self.now().replace(microsecond=0), usegmt=True)
