"""One database: windows by the stamp of its rows, or tables read whole; streamed, in one transaction that only reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from muster.errors import IntegrityError
from muster.http.retry import Patience
from muster.sources.base import BATCH_ROWS, Collected, Peek, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.sql.engine import open_engine, reading, url_of
from muster.sources.sql.query import clock, describe
from muster.sources.sql.spool import Spool
from muster.sources.texts import as_text, require_names

if TYPE_CHECKING:
    from muster.config import Connection, SourceConfig, SqlObject, SqlSource
    from muster.lake import WindowWriter
    from muster.windows import Window

T = TypeVar("T")


class SqlReader(Source):
    """See muster.sources.base.Source. No jobs: a query answers at once."""

    def __init__(
        self,
        config: SqlSource,
        connection: Connection,
        *,
        sleep: Sleep = time.sleep,
        patience: Patience | None = None,
    ) -> None:
        self.config, self.where = config, connection.id
        self.sleep, self.patience = sleep, patience or Patience()
        url = url_of(config, connection)
        self.engine = open_engine(url, timeout=config.timeout_seconds, where=self.where)
        self._now: datetime | None = None

    @classmethod
    def snapshots(cls, config: SourceConfig) -> tuple[str, ...]:
        objects: dict[str, SqlObject] = config.objects  # type: ignore[assignment]
        return tuple(name for name, wanted in objects.items() if wanted.mode == "snapshot")

    def close(self) -> None:
        self.engine.dispose()

    def server_time(self) -> datetime:
        def ask() -> datetime:
            with reading(self.engine, self.where, "clock") as connection:
                return clock(connection)

        self._now = self._tried(ask)
        return self._now

    def now(self) -> datetime:
        return self._now or self.server_time()

    def begin(self, object_name: str, window: Window) -> Ticket | None:  # noqa: ARG002
        return None

    def ready(self, ticket: Ticket | None) -> bool:  # noqa: ARG002
        return True

    def collect(
        self,
        task: WindowTask,
        ticket: Ticket | None,  # noqa: ARG002
        reading: Reading,
        writer: WindowWriter,
    ) -> Collected:
        """Raises IntegrityError where the rows that came are not as many as the database counted."""
        spool, counted, lost = self._tried(lambda: self._spooled(task, reading))
        if spool.rows + spool.aside != counted:
            raise IntegrityError(
                f"{task.object}: the database counted {counted:,} rows and gave {spool.rows + spool.aside:,}",
                where=self.where,
            )
        writer.write_arrow(spool.schema.empty_table())
        for table in spool.tables():
            writer.write_arrow(table)
        for number, reason, raw in spool.put_aside():
            writer.quarantine(number, reason, raw)
        wanted = self.config.objects[task.object]
        evidence: dict[str, Any] = {
            "read": "sql",
            "dialect": self.engine.dialect.name,
            "table": wanted.table,
            "counted": counted,
        }
        if task.kind == "window":
            evidence |= {"from": self._since(task).isoformat(), "until": task.window.end.isoformat()}
            evidence |= {"without_stamp": lost}
        return Collected(counted, evidence)

    def _since(self, task: WindowTask) -> datetime:
        return task.window.read_from(self.config.overlap)

    def _spooled(self, task: WindowTask, given: Reading) -> tuple[Spool, int, int]:
        """Everything of one window on disk: (rows, how many the database counted, how many of them have no stamp)."""
        wanted = self.config.objects[task.object]
        with reading(self.engine, self.where, f"rows of {task.object}") as connection:
            columns = describe(connection, wanted, self.where)
            require_names(columns.names, wanted.table, self.where)
            within = None
            if task.kind == "window":
                within = columns.within(self._since(task), task.window.end, self.where)
            counted, lost = connection.execute(columns.count(within, columns.is_placed())).one()._tuple()
            with Spool(given.scratch, columns.names) as spool:
                rows = connection.execution_options(yield_per=BATCH_ROWS).execute(columns.select(within))
                for batch in rows.partitions():
                    spool.add(batch)
        return spool, int(counted), int(lost)

    def peek(self, object_name: str, rows: int) -> Peek:
        wanted = self.config.objects[object_name]

        def look() -> Peek:
            with reading(self.engine, self.where, f"look at {object_name}") as connection:
                columns = describe(connection, wanted, self.where)
                first = connection.execute(columns.select(None).limit(rows)).all()
                kinds = {name: str(kind).lower() for name, kind in columns.types.items()}
                texts = [dict(zip(columns.names, map(as_text, row), strict=True)) for row in first]
                return Peek(kinds, texts, f"table {wanted.table} ({connection.dialect.name})")

        return self._tried(look)

    def _tried(self, call: Callable[[], T]) -> T:
        """What passes is waited out, each time in a new transaction. Raises the last error."""
        return self.patience.retrying(self.sleep)(call)
