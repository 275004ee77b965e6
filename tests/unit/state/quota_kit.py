"""A clock that only moves when it is told to, or when somebody waits; and a gate on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from muster.state import Limits, QuotaGate

KEY = "123-ABC-456"
NOON = datetime(2026, 3, 3, 18, tzinfo=UTC)  # 12:00 US Central


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now, self.pauses = now, list[float]()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 1.0, "who waits shows itself at least every second"
        self.pauses.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def gate_at(path: Path, clock: Clock, *, key: str = KEY, share: float = 1.0, **limits: Any) -> QuotaGate:
    return QuotaGate(
        path, key, Limits(**limits), clock=clock, sleep=clock.sleep, share=share, jitter=lambda: 0.5
    )
