"""Who may call now: what a session asks before each call, and tells after it. muster.state answers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


class Slot(Protocol):
    """One call that was let through, until its context ends."""

    usage: tuple[int, int] | None
    """what the source said with its answer, where it does: (calls used, calls allowed)"""

    def keep(self) -> None:
        """It is still going on; told with each part of a long answer."""

    def answered(self, date: datetime | None) -> None:
        """The source answered, with its own clock."""

    def leave(self) -> None:
        """It timed out: the source may still be at work on it."""


class Pacer(Protocol):
    def call(self, *, is_counted: bool = True) -> AbstractContextManager[Slot]:
        """Wait for a place for one call. `is_counted` False: the source counts it against nothing (a token)."""
