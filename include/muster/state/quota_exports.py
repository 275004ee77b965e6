"""Export jobs of one subscription: places in its queue, and bytes of the day, reserved before a job is made.

    reservation = gate.reserve_export(gate.expected_bytes("leads", seconds), family="leads", seconds=seconds)
    reservation.name(job_id)                # once the job is made; reservation.cancel() where that failed
    gate.job_slot(job_id)                   # before it is queued: False means no place yet, ask again later
    gate.job_done(job_id, size, finished)   # its bytes are counted on the day it finished
    gate.job_gone(job_id)                   # failed or cancelled: nothing is counted

Marketo refuses to make or queue a job once the day's finished files reach the quota. What is reserved counts as
used here, so that point is never reached by ours; a job that is larger than a whole day may begin on a fresh day only.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from muster.state.quota_ledger import QuotaLedger, day_of

if TYPE_CHECKING:
    from muster.state.quota import QuotaGate

UNNAMED_SECONDS = 600.0  # a reservation whose job was never made
UNSEEN_SECONDS = 2 * 3600.0  # a job that nobody asked about: its process is gone
WAITING_SECONDS = 300.0  # a job that waits for a place is asked about more often than this, or loses its turn
REMEMBERED = 20  # finished jobs of a family that an estimate looks at
OPEN = "('reserved', 'created', 'waiting', 'queued')"  # states whose bytes are set aside
WITH_MARGIN = 1.2
FIRST_SHARE = {"leads": 10, "activities": 10}  # a family's first job is taken to need this part of a day
OTHER_FIRST_SHARE = 1_000


@dataclass(frozen=True)
class Reservation:
    """Bytes set aside for one job."""

    gate: QuotaGate
    id: int

    def name(self, job: str) -> None:
        """The job was made: this is its id."""
        with self.gate.transaction() as db:
            db.execute("delete from jobs where job = ? and id <> ?", (job, self.id))
            db.execute("update jobs set job = ?, state = 'created' where id = ?", (job, self.id))

    def cancel(self) -> None:
        """It was not made."""
        with self.gate.transaction() as db:
            db.execute("delete from jobs where id = ? and job is null", (self.id,))


class ExportQuota(QuotaLedger):
    """See the module. `jobs.state`: reserved, created, waiting, queued; then done, gone, or lost sight of."""

    def expected_bytes(self, family: str, seconds: float) -> int:
        """What a job over so much time will bring: by the rate of the family's last jobs together, and a fifth more.

        Together, so that one busy hour doesn't make every month look as busy.
        """
        with self._database.transaction() as db:
            rate = db.execute(
                "select sum(bytes) / sum(seconds) from (select bytes, seconds from jobs where subscription = ? and "
                "family = ? and state = 'done' and seconds > 0 order by id desc limit ?)",
                (self.subscription, family, REMEMBERED),
            ).fetchone()[0]
        if rate is None:
            return self.limits.export_bytes_per_day // FIRST_SHARE.get(family, OTHER_FIRST_SHARE)
        return int(rate * seconds * WITH_MARGIN)

    def reserve_export(self, estimated_bytes: int, *, family: str = "", seconds: float = 0.0) -> Reservation:
        """Set bytes of today aside. Raises QuotaExhausted, naming the reset, where they don't fit into the day."""
        with self._database.transaction() as db:
            self._sweep_jobs(db)
            spent, reserved = self._spent(db, self._today(db), "export_bytes"), self._reserved(db)
            taken, limit = spent.all + reserved, self.limits.export_bytes_per_day
            if taken >= limit or (taken > 0 and taken + estimated_bytes > limit):
                more = f", {reserved:,} more are reserved, and this job needs about {estimated_bytes:,}"
                raise self._used_up(db, "export_bytes", spent, more)
            made = db.execute(
                "insert into jobs (subscription, family, seconds, bytes, state, seen_at) "
                "values (?, ?, ?, ?, 'reserved', ?)",
                (self.subscription, family, seconds, estimated_bytes, self._now()),
            )
            return Reservation(self, int(made.lastrowid or 0))  # type: ignore[arg-type]

    def job_slot(self, job: str) -> bool:
        """A place in the queue, kept once it is given. False: all are taken or others wait longer; ask again later."""
        with self._database.transaction() as db:
            self._sweep_jobs(db)
            number, state = self._known(db, job)
            now = self._now()
            if state not in ("queued", "done"):
                queued = self._count(db, "state = 'queued'")
                ahead = self._count(
                    db, "state = 'waiting' and id < ? and seen_at > ?", number, now - WAITING_SECONDS
                )
                state = "queued" if self.limits.export_jobs_queued - queued > ahead else "waiting"
            db.execute("update jobs set state = ?, seen_at = ? where id = ?", (state, now, number))
            return state == "queued"

    def job_refused(self, job: str) -> None:
        """The source had no place for it after all (jobs of others): wait for the next one."""
        self._move(job, "waiting")

    def job_seen(self, job: str) -> None:
        """It is still being worked on."""
        with self._database.transaction() as db:
            db.execute("update jobs set seen_at = ? where job = ?", (self._now(), job))

    def job_gone(self, job: str) -> None:
        """It failed, was cancelled or is no longer known: its place and its bytes are free."""
        self._move(job, "gone")

    def job_done(self, job: str, size: int, finished_at: datetime | None = None) -> None:
        """It finished: its place is free, and its bytes count on the day it finished. Once, however often it is told."""
        with self._database.transaction() as db:
            number, state = self._known(db, job)
            if state == "done":
                return
            if state != "lost":  # else its estimate was counted when nobody asked about it any more
                self._add(db, day_of(finished_at or self.now_at_source(db)), "export_bytes", ours=size)
            db.execute(
                "update jobs set state = 'done', bytes = ?, seen_at = ? where id = ?",
                (size, self._now(), number),
            )

    # ---- inside a transaction ------------------------------------------------------------------------------

    def _known(self, db: sqlite3.Connection, job: str) -> tuple[int, str]:
        """(id, state) of a job; one that is not in this file (it was made anew) is taken in."""
        row = db.execute("select id, state from jobs where job = ?", (job,)).fetchone()
        if row is not None:
            return row[0], row[1]
        made = db.execute(
            "insert into jobs (subscription, job, family, seconds, bytes, state, seen_at) values (?, ?, '', 0, 0, 'created', ?)",
            (self.subscription, job, self._now()),
        )
        return int(made.lastrowid or 0), "created"

    def _move(self, job: str, state: str) -> None:
        with self._database.transaction() as db:
            db.execute(
                "update jobs set state = ?, seen_at = ? where job = ? and state <> 'done'",
                (state, self._now(), job),
            )

    def _reserved(self, db: sqlite3.Connection) -> int:
        row = db.execute(
            f"select coalesce(sum(bytes), 0) from jobs where subscription = ? and state in {OPEN}",  # noqa: S608
            (self.subscription,),
        ).fetchone()
        return int(row[0])

    def _count(self, db: sqlite3.Connection, condition: str, *values: float) -> int:
        text = f"select count(*) from jobs where subscription = ? and {condition}"  # noqa: S608  our own words
        return int(db.execute(text, (self.subscription, *values)).fetchone()[0])

    def _sweep_jobs(self, db: sqlite3.Connection) -> None:
        """Let go of what killed processes left. A queued job runs on without us: its estimate is counted."""
        now = self._now()
        unseen = (self.subscription, now - UNSEEN_SECONDS)
        db.execute(
            "delete from jobs where subscription = ? and state = 'reserved' and seen_at < ?",
            (self.subscription, now - UNNAMED_SECONDS),
        )
        db.execute(
            "update jobs set state = 'gone' where subscription = ? and state in ('created', 'waiting') and seen_at < ?",
            unseen,
        )
        lost = db.execute(
            "select coalesce(sum(bytes), 0) from jobs where subscription = ? and state = 'queued' and seen_at < ?",
            unseen,
        ).fetchone()[0]
        if lost:
            self._add(db, self._today(db), "export_bytes", ours=lost)
        db.execute(
            "update jobs set state = 'lost' where subscription = ? and state = 'queued' and seen_at < ?",
            unseen,
        )
