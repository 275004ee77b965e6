"""What an account may call: so many in any ten seconds, searches a second, calls a day; told in headers."""

from __future__ import annotations

import threading
from collections import deque
from datetime import date

from muster_simulators.clock import SimClock
from muster_simulators.hubspot.errors import over_limit
from muster_simulators.hubspot.options import HubSpotOptions
from muster_simulators.web import Stats

TEN_SECONDS = 10.0


class Rolling:
    """At most `most` within any `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._times: deque[float] = deque()

    def left(self, now: float) -> int:
        while self._times and (now - self._times[0] >= self.seconds or self._times[0] > now):
            self._times.popleft()
        return self.most - len(self._times)

    def add(self, now: float) -> None:
        self._times.append(now)


class Limits:
    """Counts every call of one account. Searches have a limit of their own and tell no headers."""

    def __init__(self, options: HubSpotOptions, clock: SimClock, stats: Stats, source: str) -> None:
        self.options, self._clock, self._stats, self._source = options, clock, stats, source
        self._lock = threading.Lock()
        self._burst = Rolling(options.ten_seconds, TEN_SECONDS)
        self._searches = Rolling(options.searches_a_second, 1.0)
        self._day: tuple[date | None, int] = (None, 0)

    def take(self, *, is_search: bool) -> None:
        """Count one call. Raises ApiError 429 for one too many."""
        with self._lock:
            now, today = self.options.rate_clock(), self._clock.now().date()
            used = self._day[1] if self._day[0] == today else 0
            if used >= self.options.daily_calls:
                self._refuse("DAILY")
            if is_search and self._searches.left(now) <= 0:
                self._refuse("SECONDLY")
            if not is_search and self._burst.left(now) <= 0:
                self._refuse("TEN_SECONDLY_ROLLING")
            (self._searches if is_search else self._burst).add(now)
            self._day = (today, used + 1)

    def _refuse(self, policy: str) -> None:
        self._stats.violated(self._source, policy)
        raise over_limit(policy)

    def headers(self) -> list[tuple[bytes, bytes]]:
        with self._lock:
            used = self._day[1] if self._day[0] == self._clock.now().date() else 0
            told = {
                "X-HubSpot-RateLimit-Daily": self.options.daily_calls,
                "X-HubSpot-RateLimit-Daily-Remaining": max(0, self.options.daily_calls - used),
                "X-HubSpot-RateLimit-Interval-Milliseconds": int(TEN_SECONDS * 1000),
                "X-HubSpot-RateLimit-Max": self.options.ten_seconds,
                "X-HubSpot-RateLimit-Remaining": max(0, self._burst.left(self.options.rate_clock())),
            }
        return [(name.lower().encode(), str(value).encode()) for name, value in told.items()]
