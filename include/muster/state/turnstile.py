"""Places for calls, whatever task, DAG or process makes them: so many in flight, so many in a window of time.

A call takes its place in the window from the moment it is let through until the window's length after its answer: the
source counts it at some moment in between. So does its place in flight end with the answer; that of a killed process
with its lease, that of a call that timed out likewise, because the source may still be at work.

Who waits is let through in order: nobody goes before one who came earlier, unless there is room for both.
"""

from __future__ import annotations

import random
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from muster.errors import SourceError
from muster.state.database import Database

Clock = Callable[[], datetime]

LEASE_SECONDS = 300.0  # longer than any answer takes
LONGEST_LEASE = 3 * 3600.0
LONGEST_PAUSE = 1.0  # who waits looks again at least so often
ABSENT_SECONDS = 10.0  # who waits and has not looked for so long is gone
PATIENCE_SECONDS = 900.0
NO_WINDOW = 1 << 40  # places in a window where there is none


@dataclass
class Slot:
    """One call that was let through."""

    gate: Turnstile | None
    id: int = 0
    renewed_at: float = 0.0
    days: frozenset[str] = frozenset()
    date: datetime | None = None
    is_left: bool = False
    usage: tuple[int, int] | None = None
    """what the source said with its answer: (calls used, calls allowed)"""

    def keep(self) -> None:
        """It is still going on: a long download renews its lease. Cheap enough for each chunk."""
        if self.gate is not None and self.gate.clock().timestamp() - self.renewed_at > self.gate.lease / 4:
            self.gate.renew(self)

    def answered(self, date: datetime | None) -> None:
        """The source answered; `date` is its own clock."""
        self.date = date

    def leave(self) -> None:
        """No answer came in time: the source may still be at work, so the place is kept until the lease ends."""
        self.is_left = True


class Turnstile(ABC):
    """Places of one `subscription` in the shared file. What a day allows is for the classes that stand on this one."""

    vendor: ClassVar[str]
    window_seconds: ClassVar[float] = 0.0
    path: Path
    subscription: str
    clock: Clock
    _database: Database

    def places_for(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        share: float = 1.0,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """How this caller waits, how long a place is kept for it, and which part of the day it may use."""
        self.sleep, self.share, self.jitter, self.patience = sleep, share, jitter, patience
        self.lease = min(max(lease, LEASE_SECONDS), LONGEST_LEASE)

    @property
    @abstractmethod
    def places(self) -> tuple[int, int]:
        """(calls in flight, calls in the window) that there may be at most."""

    @abstractmethod
    def _require_calls(self, db: sqlite3.Connection) -> None:
        """Raise QuotaExhausted where the day has no call left for this caller."""

    @abstractmethod
    def _count_call(self, db: sqlite3.Connection, number: int) -> frozenset[str]:
        """One more call is let through; the days on which it is counted."""

    @abstractmethod
    def _answered(self, db: sqlite3.Connection, slot: Slot) -> None:
        """The call is over: what its answer said, and the days on which it must be counted too."""

    def close(self) -> None:
        self._database.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """The shared file, for as long as the body takes nobody else's."""
        return self._database.transaction()

    def _now(self) -> float:
        return self.clock().timestamp()

    @contextmanager
    def call(self, *, is_counted: bool = True) -> Iterator[Slot]:
        """One call. `is_counted` False: one that counts against no quota (a token); only its `Date` is of use."""
        slot = self._wait() if is_counted else Slot(None)
        try:
            yield slot
        finally:
            self._end(slot)

    # ---- coming and going ----------------------------------------------------------------------------------

    def _wait(self) -> Slot:
        ticket: int | None = None
        waited = 0.0
        try:
            while True:
                found, ticket, pause = self._try(ticket)
                if found is not None:
                    return found
                if waited >= self.patience:
                    raise SourceError(
                        f"no place for a call within {self.patience:.0f} s: other calls take all of them",
                        where=f"{self.vendor} {self.subscription}",
                        hint="`muster quota` shows who is in flight; run fewer things at once",
                    )
                self.sleep(pause)
                waited += pause
        except BaseException:
            self._give_up(ticket)
            raise

    def _try(self, ticket: int | None) -> tuple[Slot | None, int | None, float]:
        """(the slot, None, 0) or (None, the ticket of who waits, how long until it is worth looking again)."""
        with self._database.transaction() as db:
            now = self._now()
            self._sweep_calls(db, now)
            self._require_calls(db)
            in_flight, in_window = self._taken(db)
            most = self.places
            free = min(most[0] - in_flight, most[1] - in_window)
            ahead = self._ahead(db, ticket)
            if free > ahead:
                self._leave_queue(db, ticket)
                return self._let_through(db, now), None, 0.0
            return None, self._queue(db, ticket, now), self._pause(db, now, ahead, in_window)

    def _let_through(self, db: sqlite3.Connection, now: float) -> Slot:
        made = db.execute(
            "insert into calls (subscription, granted_at, expires_at) values (?, ?, ?)",
            (self.subscription, now, now + self.lease),
        )
        number = int(made.lastrowid or 0)
        return Slot(self, number, now, self._count_call(db, number))

    def _end(self, slot: Slot) -> None:
        if slot.gate is None and slot.date is None:
            return
        with self._database.transaction() as db:
            self._answered(db, slot)
            if slot.gate is not None and not slot.is_left:
                db.execute("update calls set freed_at = ? where id = ?", (self._now(), slot.id))

    def renew(self, slot: Slot) -> None:
        """Push the end of its lease out; back into flight where it had ended already."""
        with self._database.transaction() as db:
            now = self._now()
            db.execute(
                "insert into calls (id, subscription, granted_at, expires_at) values (?, ?, ?, ?) "
                "on conflict do update set expires_at = excluded.expires_at",
                (slot.id, self.subscription, now, now + self.lease),
            )
            slot.renewed_at = now

    # ---- inside a transaction ------------------------------------------------------------------------------

    def _sweep_calls(self, db: sqlite3.Connection, now: float) -> None:
        """Forget what is over. A clock that was set back leaves nothing in the future."""
        own = self.subscription
        db.execute("update calls set freed_at = ? where subscription = ? and freed_at > ?", (now, own, now))
        db.execute(
            "delete from calls where subscription = ? and (freed_at <= ? or "
            "(freed_at is null and (expires_at <= ? or expires_at > ?)))",
            (own, now - self.window_seconds, now, now + LONGEST_LEASE + ABSENT_SECONDS),
        )
        db.execute(
            "delete from waiting where subscription = ? and (seen_at < ? or seen_at > ?)",
            (own, now - ABSENT_SECONDS, now + ABSENT_SECONDS),
        )

    def _taken(self, db: sqlite3.Connection) -> tuple[int, int]:
        """(in flight, in the window); who is in flight is in the window too."""
        row = db.execute(
            "select count(*) - count(freed_at), count(*) from calls where subscription = ?",
            (self.subscription,),
        ).fetchone()
        return row[0], row[1]

    def _ahead(self, db: sqlite3.Connection, ticket: int | None) -> int:
        """How many came earlier and still wait."""
        row = db.execute(
            "select count(*) from waiting where subscription = ? and (? is null or ticket < ?)",
            (self.subscription, ticket, ticket),
        ).fetchone()
        return int(row[0])

    def _queue(self, db: sqlite3.Connection, ticket: int | None, now: float) -> int:
        """Show that one is still there; from the end anew where one was taken for gone."""
        if ticket is not None:
            shown = db.execute("update waiting set seen_at = ? where ticket = ?", (now, ticket)).rowcount
            if shown:
                return ticket
        made = db.execute(
            "insert into waiting (subscription, seen_at) values (?, ?)", (self.subscription, now)
        )
        return int(made.lastrowid or 0)

    def _leave_queue(self, db: sqlite3.Connection, ticket: int | None) -> None:
        if ticket is not None:
            db.execute("delete from waiting where ticket = ?", (ticket,))

    def _give_up(self, ticket: int | None) -> None:
        if ticket is not None:
            with self._database.transaction() as db:
                self._leave_queue(db, ticket)

    def _pause(self, db: sqlite3.Connection, now: float, ahead: int, in_window: int) -> float:
        """Until a place in the window is free for this one; short looks where an answer is waited for. With jitter."""
        needed = ahead + 1 - (self.places[1] - in_window)
        known = db.execute(
            "select freed_at from calls where subscription = ? and freed_at is not null order by freed_at "
            "limit 1 offset ?",
            (self.subscription, max(needed - 1, 0)),
        ).fetchone()
        if needed > 0 and known is not None:
            pause = known[0] + self.window_seconds - now + 0.02 * self.jitter()
        else:
            pause = 0.03 + 0.04 * self.jitter() * (1 + ahead)
        return min(max(pause, 0.005), LONGEST_PAUSE)
