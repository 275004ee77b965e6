"""When things happen: in the history, during a night's day, late, or between a window's end and its reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from muster_simulators.world.model import HISTORY_START, NIGHTS

DAY = timedelta(days=1)
READING = timedelta(minutes=30)
"""How long after a window's end the night reads it."""
QUIET = timedelta(minutes=15)
"""Nothing becomes visible for so long after a reading begins: the answer can't depend on how fast it is read."""
LATEST = timedelta(minutes=50)
"""The longest time between a change's stamp and the moment it can be seen."""
SECOND = timedelta(seconds=1)

CLOSING = NIGHTS[0] - timedelta(hours=2)
"""The history's own changes end here, so that whatever follows on a night comes after them."""
BIN = CLOSING - 11 * DAY
"""Salesforce shows deleted records for 15 days: the history deletes and merges no earlier than here."""


def night_end(night: int) -> datetime:
    """End of night `night`'s window (1, 2, 3): its `as_of`."""
    return NIGHTS[night - 1] + DAY


def night_clock(night: int) -> datetime:
    """When night `night` begins to read."""
    return night_end(night) + READING


def between(random: Random, start: datetime, end: datetime) -> datetime:
    """A whole second in [start, end)."""
    return start + timedelta(seconds=int(random.random() * (end - start).total_seconds()))


def in_history(random: Random) -> datetime:
    """Most of the world is there from the first days; the rest comes over the history."""
    first = HISTORY_START + timedelta(hours=1)
    if random.random() < 0.5:
        return between(random, first, first + 4 * DAY)
    return between(random, first, NIGHTS[0] - 3 * DAY)


def after(random: Random, start: datetime) -> datetime:
    """Later in the history than `start`."""
    return between(random, start + timedelta(minutes=10), CLOSING)


def in_morning(random: Random, night: int) -> datetime:
    """In the morning of the day that night `night` reads: when new records come."""
    return NIGHTS[night - 1] + timedelta(hours=6, seconds=random.randrange(6 * 3600))


def on_night(random: Random, night: int) -> datetime:
    """In the afternoon of the day that night `night` reads: when records change or go."""
    return NIGHTS[night - 1] + timedelta(hours=13, seconds=random.randrange(7 * 3600))


def in_gap(random: Random, night: int) -> datetime:
    """After the window's end, before the reading: the reader meets a stamp outside its window."""
    return night_end(night) + timedelta(minutes=2, seconds=random.randrange(25 * 60))


def late_on_night(random: Random, night: int) -> tuple[datetime, datetime]:
    """Stamped shortly before the window's end, visible only after the night has read: (at, visible_at)."""
    at = night_end(night) - timedelta(seconds=5 + random.randrange(4 * 60))
    return at, night_clock(night) + QUIET + timedelta(seconds=random.randrange(50))


def seen(at: datetime, late: timedelta) -> datetime:
    """When a change stamped `at` and late by `late` shows: never within the quiet minutes of a reading."""
    visible = at + min(late, LATEST)
    for night in range(1, len(NIGHTS) + 1):
        clock = night_clock(night)
        if clock <= visible < clock + QUIET:
            return clock - SECOND if at <= clock - SECOND else clock + QUIET
    return visible
