"""One Dynamics 365 organisation, every table by windows of `modifiedon` over the Web API; deletes by change tracking.

No bulk job is needed: the Web API gives 5,000 rows a page. Calculated and rollup columns move no `modifiedon`, so their
values may be stale (F28): the manifest names them, and a warning says so.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa

from muster.errors import SourceError
from muster.lake import drift
from muster.sources.base import Collected, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.csv_rows import NOT_UTF8, NUL
from muster.sources.dynamics.api import VERSION, DynamicsApi, Page, odata_time
from muster.sources.dynamics.deletions import Deletions
from muster.sources.dynamics.reading import window_pages
from muster.sources.dynamics.tables import STAMP, TABLES, Row, Table, describe
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Connection, DynamicsSource
    from muster.lake import WindowWriter

log = logging.getLogger(__name__)


class DynamicsReader(Source):
    """See muster.sources.base.Source."""

    def __init__(
        self,
        config: DynamicsSource,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config
        self.api = DynamicsApi(connection, timeout=config.timeout_seconds, transport=transport, sleep=sleep)
        self._tables: dict[str, Table] = {}
        self._is_ours = False

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        self._is_ours = False
        self._require_ours()
        return self.api.now()

    def now(self) -> datetime:
        return self.api.now()

    def begin(self, object_name: str, window: Window) -> Ticket | None:  # noqa: ARG002
        """No job is needed."""
        return None

    def ready(self, ticket: Ticket) -> bool:  # noqa: ARG002
        return True

    def collect(
        self,
        task: WindowTask,
        ticket: Ticket | None,  # noqa: ARG002
        reading: Reading,
        writer: WindowWriter,
    ) -> Collected:
        self._require_ours()
        table = self._table(task.object)
        writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in table.raw_names}))
        digest = drift.record(
            reading.lake, self.config.connection, task.object, table.described,
            at=self.now(), window=task.window, run_id=writer.task.run_id,
        )  # fmt: skip
        gone = Deletions(self.api, self.config, reading.lake, table, task.object).of(task)
        writer.write(gone.rows)
        read = Window(task.window.read_from(self.config.overlap), task.window.end)
        pages, rows = 0, 0
        for page in window_pages(self.api, table, read):
            self._write(table, page, rows, writer)
            pages, rows = pages + 1, rows + len(page.rows)
        evidence = {
            "read": f"{table.path} by {STAMP}, to the page without a next link",
            "from": odata_time(read.start),
            "until": odata_time(read.end),
            "pages": pages,
            "api_version": VERSION,
            "describe": digest,
            **gone.evidence,
            **self._of_columns(table),
        }
        return Collected(rows + len(gone.rows), evidence)

    def _require_ours(self) -> None:
        """The connection must lead to the organisation that is configured: record keys are its own."""
        if not self._is_ours and self.api.who_am_i() != self.config.org_id:
            hint = "check host of the connection and org_id in platform.yml"
            raise SourceError("the connection leads to another organisation", where=self.api.where, hint=hint)
        self._is_ours = True

    def _table(self, object_name: str) -> Table:
        """As the organisation describes it now; asked once."""
        if object_name not in self._tables:
            name = self.config.custom_table(object_name) or TABLES.get(object_name)
            if name is None:
                raise SourceError(f"'{object_name}' is no table of this source", where=self.api.where)
            table = self._tables[object_name] = describe(self.api, name)
            if calculated := [column.name for column in table.columns if column.is_calculated]:
                log.warning(
                    "%s: %d calculated columns of %s may be stale (F28)",
                    self.api.where, len(calculated), table.name,
                )  # fmt: skip
        return self._tables[object_name]

    def _of_columns(self, table: Table) -> dict[str, Any]:
        """What a reader of the manifest must know of columns: which may be stale, and which security may blank (F33)."""
        facts = {
            "calculated": [column.name for column in table.columns if column.is_calculated],
            "secured": [column.name for column in table.columns if column.is_secured],
        }
        return {name: columns for name, columns in facts.items() if columns}

    # ---- rows ----------------------------------------------------------------------------------------------

    def _write(self, table: Table, page: Page, before: int, writer: WindowWriter) -> None:
        """The rows of one page; those that no warehouse can hold go to quarantine."""
        good: list[Row] = []
        for number, item in enumerate(page.rows, start=before + 1):
            row = table.row_of(item)
            if fault := _fault(row, table):
                writer.quarantine(number, fault, json.dumps(row))
            else:
                good.append(row)
        writer.write(good)


def _fault(row: Row, table: Table) -> str:
    """Why a row can't be used; empty where it can."""
    if not row[table.key]:
        return f"no {table.key}"
    text = "".join(value for value in row.values() if value is not None)
    if "\0" in text:
        return NUL
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return NOT_UTF8
    return ""
