"""A sliding window over the calls of this process: never more than `calls` within any `seconds`.

Sources count all their clients together; this keeps one process polite, and the reaction to a refusal (Marketo's
606) does the rest.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class SlidingWindow:
    """`take()` returns when one more call is allowed. Safe to use from any thread."""

    def __init__(
        self,
        calls: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if calls < 1 or seconds <= 0:
            raise ValueError("at least one call in more than no time")
        self.calls, self.seconds = calls, seconds
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()

    def take(self) -> None:
        """Wait for a place in the window, and take it."""
        while (pause := self._try()) > 0:
            self._sleep(pause)

    def _try(self) -> float:
        """0 when a place was taken, else how long until the oldest call leaves the window."""
        with self._lock:
            now = self._clock()
            while self._taken and self._taken[0] <= now - self.seconds:
                self._taken.popleft()
            if len(self._taken) < self.calls:
                self._taken.append(now)
                return 0.0
            return max(self._taken[0] + self.seconds - now, 0.001)


_shared: dict[tuple[str, int, float], SlidingWindow] = {}
_shared_lock = threading.Lock()


def shared_window(key: str, calls: int, seconds: float) -> SlidingWindow:
    """The one window of this process for `key` (an address): every client of a source goes through it."""
    with _shared_lock:
        return _shared.setdefault((key, calls, seconds), SlidingWindow(calls, seconds))
