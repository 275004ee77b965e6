"""A table of a SQLite file whose rows appear when the simulated clock says so, read through a driver that can fail."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from source_benches import SECRET, Bench
from sqlalchemy import Engine, event

from muster.config import Address, Connection

STEPS = (
    ("clock", r"strftime\('%Y-%m-%dT%H:%M:%fZ', 'now'\)|clock_timestamp"),
    ("columns", r"PRAGMA .*table_\w*info|pg_attribute"),
    ("count", r"count\("),
    ("rows", r"FROM people"),
)
PEOPLE = """
create table people (id text primary key, last_name text, email text, changed_at datetime, is_deleted boolean)
"""


class SqlBench(Bench):
    def __init__(self, tmp: Path) -> None:
        super().__init__(
            tmp, "sql", "main", "people", "id", "last_name",
            job_calls=("connect", "clock", "columns", "count", "rows"),
            file_call="fetch",
            objects=("people",),
        )  # fmt: skip
        self.lasting = "OperationalError"
        people = {"table": "people", "key": ["id"], "updated_at": "changed_at"}
        self.source_settings = {"objects": {"people": people}}
        self.file = tmp / "crm.db"
        self.syncing = threading.Lock()

    def connection(self, password: str = SECRET) -> Connection:
        address = Address("sqlite", str(self.file))
        return Connection(self.id, "", "client", password, address=address)

    def key_of(self, number: int) -> str:
        return f"P-{number:05d}"

    def person(
        self,
        number: int,
        at: datetime,
        last_name: str = "Lee",
        *,
        late: timedelta = timedelta(0),
        **more: Any,
    ) -> None:
        values = {
            "id": self.key_of(number),
            "last_name": last_name,
            "email": f"p{number}@acme.example",
            "changed_at": at.strftime("%Y-%m-%d %H:%M:%S"),
            "is_deleted": False,
            **more,
        }
        self.put("people", self.key_of(number), at, values, late=late)

    def remove(self, number: int, at: datetime) -> None:
        self.person(number, at, is_deleted=True)

    def removed(self, settings: Any) -> set[str]:
        return {row["id"] for row in self.rows(settings) if row["is_deleted"] == "1"}

    # ---- the database --------------------------------------------------------------------------------------

    def serve(self, stack: ExitStack) -> None:
        with sqlite3.connect(self.file) as db:
            db.execute(PEOPLE)
        db.close()
        for name, listener in (("do_connect", self._connect), ("do_execute", self._execute)):
            event.listen(Engine, name, listener)
            stack.callback(event.remove, Engine, name, listener)

    def sync(self) -> None:
        """Make what is visible by now the table's state."""
        due = [one for one in self.changes if one.visible_at <= self.clock.now()]
        with sqlite3.connect(self.file) as db:
            for change in sorted(due, key=lambda one: one.visible_at):
                columns = ", ".join(change.values)
                marks = ", ".join("?" * len(change.values))
                db.execute(
                    f"insert or replace into people ({columns}) values ({marks})",
                    list(change.values.values()),
                )
        db.close()

    def _connect(self, dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        self.stats.called(self.id, "connect", "/")
        if self._signed_by != SECRET:
            raise sqlite3.OperationalError(f"password authentication failed for {self._signed_by}")
        self._maybe("connect")
        with self.syncing:
            self.sync()
        connection = sqlite3.connect(*arguments, **named, factory=Breaking)
        connection.bench = self
        connection.create_function("strftime", 2, lambda *_: self.clock.now().isoformat())
        return connection

    def _execute(self, cursor: Any, statement: str, _parameters: Any, _context: Any) -> None:
        for step, pattern in STEPS:
            if re.search(pattern, statement):
                self.stats.called(self.id, step, "/")
                self._maybe(step)
                return

    def open(self, settings: Any, password: str = SECRET) -> Any:
        self._signed_by = password
        return super().open(settings, password)

    _signed_by = SECRET

    def _maybe(self, step: str) -> None:
        """The fault that is planned for this step: what passes and what doesn't are errors of their own kinds."""
        fault = self.faults.take(self.id, step, "/", "status", "drop")
        if fault is None:
            return
        raise self._fail(passing=fault.kind == "drop" or fault.value == 503)

    def _fail(self, *, passing: bool) -> Exception:
        if passing:
            return sqlite3.OperationalError("disk I/O error near 'Secretname'")
        return sqlite3.DatabaseError("file is not a database: 'Secretname'")


class Breaking(sqlite3.Connection):
    """A connection that is lost in the midst of the rows."""

    bench: SqlBench

    def cursor(self, *_: Any) -> Any:
        return super().cursor(BreakingCursor)


class BreakingCursor(sqlite3.Cursor):
    def fetchmany(self, size: int | None = None) -> Any:
        bench = self.connection.bench  # type: ignore[attr-defined]
        rows = super().fetchmany(size or self.arraysize)
        if bench.faults.take(bench.id, "fetch", "/", "cut"):
            raise sqlite3.OperationalError("disk I/O error near 'Secretname'")
        return rows
