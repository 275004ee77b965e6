"""One SQLite file that several processes share, the first use included.

The file is made under a name of its own and linked into place, so that the first of several processes wins and a
killed one leaves a stray temporary file, never a half-made database. Every use is one `begin immediate` transaction:
readers that mean to write never race each other.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 30.0


def create(path: Path, schema: Sequence[str]) -> None:
    """Make the file with these tables, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    db = sqlite3.connect(fresh, isolation_level=None)
    try:
        db.execute("pragma journal_mode = wal")
        for statement in schema:
            db.execute(statement)
    finally:
        db.close()
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """`begin immediate` ... `commit`; rolled back where the body raises."""
    db.execute("begin immediate")
    try:
        yield db
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


class Database:
    """A file that is asked often: one connection per process is kept open. Safe to use from any thread.

    A commit outlives a killed process, not always a power cut: what is kept here is counted anew by then.
    """

    def __init__(self, path: Path, schema: Sequence[str]) -> None:
        self.path, self.schema = path, schema
        self._reset()

    def _reset(self) -> None:
        self._lock, self._owner = threading.RLock(), os.getpid()
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        if self._owner != os.getpid():
            self._reset()  # a connection does not survive a fork
        with self._lock, transaction(self._opened()) as db:
            yield db

    def _opened(self) -> sqlite3.Connection:
        """The open connection; a new one where the file was taken away and made anew."""
        create(self.path, self.schema)
        inode = self.path.stat().st_ino
        if self._db is None or inode != self._inode:
            self.close()
            self._db = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("pragma synchronous = normal")
            self._inode = inode
        return self._db

    def close(self) -> None:
        if self._db is not None and self._owner == os.getpid():
            self._db.close()
        self._db = None
