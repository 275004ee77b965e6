"""Half-open UTC windows `[start, end)` and the arithmetic that keeps them gapless.

A window is the unit of extraction and of commit. Nightly runs, backfills, retries and cleared tasks all
ask the same question: which part of the requested range isn't committed yet? (F5, F37, F62, F63)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

COMPACT = "%Y%m%dT%H%M%SZ"


def utc(value: datetime) -> datetime:
    """The same instant in UTC, whole seconds. Raises ValueError for a naive datetime."""
    if value.tzinfo is None:
        raise ValueError("a time without an offset is refused: every bound carries its offset (F38)")
    return value.astimezone(UTC).replace(microsecond=0)


@dataclass(frozen=True, order=True)
class Window:
    """`[start, end)` in UTC, whole seconds, never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start))
        object.__setattr__(self, "end", utc(self.end))
        if self.start >= self.end:
            raise ValueError(f"window ends at {self.end} before or when it starts at {self.start}")

    def __str__(self) -> str:
        return f"{self.start.strftime(COMPACT)}_{self.end.strftime(COMPACT)}"

    @classmethod
    def parse(cls, text: str) -> Window:
        """The inverse of `str`: `20260101T000000Z_20260201T000000Z`."""
        start, end = (datetime.strptime(part, COMPACT).replace(tzinfo=UTC) for part in text.split("_"))
        return cls(start, end)

    def overlaps(self, other: Window) -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: Window) -> bool:
        return self.start <= other.start and other.end <= self.end

    def read_from(self, overlap: timedelta) -> datetime:
        """Where the read begins: an overlap before the start catches rows that became visible late (F21)."""
        return self.start - overlap


def gaps(wanted: Window, committed: Iterable[Window]) -> list[Window]:
    """The parts of `wanted` that no committed window covers, in time order."""
    found: list[Window] = []
    at = wanted.start
    for window in sorted(committed):
        if window.end <= at:
            continue
        if window.start >= wanted.end:
            break
        if window.start > at:
            found.append(Window(at, window.start))
        at = max(at, window.end)
    if at < wanted.end:
        found.append(Window(at, wanted.end))
    return found


def tile(wanted: Window, longest: timedelta) -> list[Window]:
    """Cut `wanted` into windows of at most `longest` that touch and never overlap."""
    tiles: list[Window] = []
    at = wanted.start
    while at < wanted.end:
        end = min(at + longest, wanted.end)
        tiles.append(Window(at, end))
        at = end
    return tiles


def to_extract(wanted: Window, committed: Iterable[Window], longest: timedelta) -> list[Window]:
    """What is still to be read of `wanted`: its gaps, tiled."""
    return [piece for gap in gaps(wanted, committed) for piece in tile(gap, longest)]
