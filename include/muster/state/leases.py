"""Leases with an epoch, in one SQLite file: of two attempts of one piece of work only the newer may act.

Airflow can run a task twice at once (F56, F57: measured overlaps of 64 s and 3.3 s). So whoever wants to cause
an effect takes a lease first and confirms it right before each outside call. Taking it raises the epoch; an
attempt that still carries an older epoch stops before its next call.

    leases = Leases(settings.home.state / "leases.db")
    lease = leases.acquire("activate/marketo__emea/pricing_page_intent", holder, ttl)
    lease.check()      # before each outside call; raises LeaseLost
    lease.release()

The holder's text names the work, not the attempt (`<dag>/<task>/<map index>/<run id>`): the next attempt of the
same task takes over at once and thereby fences its own zombie; anybody else waits for release or expiry.
The file may be deleted when nothing runs: `floor` keeps epochs rising past the ones the lake has seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from muster.errors import LeaseLost
from muster.state.database import BUSY_SECONDS, create, transaction

Clock = Callable[[], datetime]

TABLE = (
    "create table leases (name text primary key, epoch integer not null, holder text, expires_at real) "
    "strict, without rowid"
)


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Lease:
    """The right to act on `name` as `holder`, for as long as nobody has taken a newer epoch."""

    leases: Leases
    name: str
    holder: str
    epoch: int
    ttl: timedelta

    def check(self) -> None:
        """Confirm that this epoch is still the newest, and push the expiry out. Raises LeaseLost.

        A lease that ran out while nobody else wanted it is still ours.
        """
        self.leases.confirm(self)

    def renew(self) -> None:
        """The same as `check`: every confirmation starts the time to live anew."""
        self.leases.confirm(self)

    def release(self) -> None:
        """Let go. The epoch stays. Does nothing when somebody else holds the lease by now."""
        self.leases.release(self)


class Leases:
    """All leases of one sandbox. Safe for several processes on one file system, the first use included."""

    def __init__(self, path: Path, *, clock: Clock = system_clock) -> None:
        self.path, self.clock = path, clock

    def acquire(self, name: str, holder: str, ttl: timedelta, *, floor: int = 0) -> Lease:
        """Take the lease, with an epoch above every earlier one and above `floor`.

        Raises LeaseLost, naming the holder and the seconds left, while another holder has it.
        """
        if not name or not holder or ttl <= timedelta(0):
            raise ValueError("a lease needs a name, a holder and a time to live")
        with self._transaction() as db:
            now = self.clock().timestamp()
            row = db.execute(
                "select epoch, holder, expires_at from leases where name = ?", (name,)
            ).fetchone()
            epoch, held_by, expires_at = row or (0, None, 0.0)
            if held_by is not None and held_by != holder and expires_at > now:
                raise _held(name, held_by, expires_at - now)
            epoch = max(epoch, floor) + 1
            db.execute(
                "insert or replace into leases (name, epoch, holder, expires_at) values (?, ?, ?, ?)",
                (name, epoch, holder, now + ttl.total_seconds()),
            )
        return Lease(self, name, holder, epoch, ttl)

    def confirm(self, lease: Lease) -> None:
        """Raises LeaseLost unless `lease` is the newest epoch and held; else starts its time to live anew."""
        with self._transaction() as db:
            expires_at = self.clock().timestamp() + lease.ttl.total_seconds()
            changed = db.execute(
                "update leases set expires_at = ? where name = ? and epoch = ? and holder = ?",
                (expires_at, lease.name, lease.epoch, lease.holder),
            ).rowcount
            if changed:
                return
            row = db.execute("select epoch, holder from leases where name = ?", (lease.name,)).fetchone()
        raise _taken(lease, *(row or (0, None)))

    def release(self, lease: Lease) -> None:
        with self._transaction() as db:
            db.execute(
                "update leases set holder = null, expires_at = null where name = ? and epoch = ? and holder = ?",
                (lease.name, lease.epoch, lease.holder),
            )

    def held(self) -> list[tuple[str, str, datetime]]:
        """Name, holder and expiry of every lease somebody has now, by name."""
        if not self.path.exists():
            return []
        with self._transaction() as db:
            rows = db.execute(
                "select name, holder, expires_at from leases where holder is not null and expires_at > ? order by name",
                (self.clock().timestamp(),),
            ).fetchall()
        return [(name, holder, datetime.fromtimestamp(expires_at, UTC)) for name, holder, expires_at in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One `begin immediate` transaction: readers that mean to write never race each other."""
        create(self.path, (TABLE,))
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            db.execute("pragma synchronous = full")
            with transaction(db):
                yield db
        finally:
            db.close()


def _held(name: str, holder: str, seconds: float) -> LeaseLost:
    return LeaseLost(
        f"'{holder}' is working on it, for at most {seconds:.0f} s more unless it goes on",
        where=name,
        hint="wait for it to end and start again; a retry of the same task takes over at once",
    )


def _taken(lease: Lease, epoch: int, holder: str | None) -> LeaseLost:
    return LeaseLost(
        f"epoch {lease.epoch} is not in force any more: epoch {epoch} is held by '{holder or 'nobody'}'",
        where=lease.name,
        hint="nothing to do: the newer attempt goes on from what this one has acknowledged",
    )
