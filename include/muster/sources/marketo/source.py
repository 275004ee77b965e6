"""One Marketo Engage instance (B1-B5): which object is read how."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import httpx

from muster.errors import SourceError
from muster.http.jsontext import dumps
from muster.http.marketo import MarketoApi
from muster.sources.base import Collected, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.csv_rows import write_csv
from muster.sources.keys import known
from muster.sources.marketo import bulk, rest
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Connection, MarketoSource
    from muster.lake import WindowWriter

log = logging.getLogger(__name__)

DELETE_LEAD = 37  # not offered in bulk; deletedleads.json gives it
OPPORTUNITY_ACTIVITIES = ("34", "35", "36")
ID_LENGTH = 50


class MarketoReader(Source):
    """See muster.sources.base.Source."""

    snapshot_objects: ClassVar[tuple[str, ...]] = (
        "static_lists",
        "companies",
        "opportunity_roles",
        "opportunities",
    )
    bulk_objects: ClassVar[frozenset[str]] = frozenset({"leads", "activities"})
    jobs_at_once: ClassVar[int] = 2  # as many as a subscription runs

    def __init__(
        self,
        config: MarketoSource,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config
        self.api = MarketoApi(connection, timeout=config.timeout_seconds, transport=transport, sleep=sleep)

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        return self.api.server_time()

    def now(self) -> datetime:
        return self.api.now()

    def begin(self, object_name: str, window: Window) -> Ticket | None:
        start = window.read_from(self.config.overlap)
        if object_name == "leads":
            return bulk.begin_leads(self.api, self._lead_fields, start, window.end)
        if object_name == "activities":
            return bulk.begin_activities(self.api, self._activity_types, start, window.end)
        return None

    @cached_property
    def _lead_fields(self) -> list[str]:
        return rest.lead_fields(self.api)

    @cached_property
    def _activity_types(self) -> list[int]:
        return [one for one in rest.activity_types(self.api) if one != DELETE_LEAD]

    def ready(self, ticket: Ticket) -> bool:
        return bulk.is_ready(self.api, ticket)

    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        if ticket is not None:
            return self._from_bulk(ticket, reading, writer)
        readers: dict[str, Callable[[], Collected]] = {
            "deleted_leads": lambda: self._deleted_leads(task.window, writer),
            "static_lists": lambda: self._static_lists(writer),
            "companies": lambda: self._companies(reading, writer),
            "opportunity_roles": lambda: self._opportunity_roles(reading, writer),
            "opportunities": lambda: self._opportunities(reading, writer),
        }
        if task.object not in readers:
            raise SourceError(f"'{task.object}' can't be read without a bulk job", where=self.api.where)
        return readers[task.object]()

    def _from_bulk(self, ticket: Ticket, reading: Reading, writer: WindowWriter) -> Collected:
        file, records, evidence = bulk.fetch(self.api, ticket, reading.scratch / "export.csv")
        write_csv(file.path, ticket["fields"], writer, where=self.api.where)
        return Collected(records, evidence)

    def _deleted_leads(self, window: Window, writer: WindowWriter) -> Collected:
        read = Window(window.read_from(self.config.overlap), window.end)
        rows, count = [], 0
        for count, (row, fault) in enumerate(rest.deleted_leads(self.api, read), start=1):
            if fault:
                writer.quarantine(count, fault, dumps(row))
            else:
                rows.append(row)
        writer.write(rows)
        return Collected(count, {"read": "deletedleads.json, to the end of its pages"})

    def _static_lists(self, writer: WindowWriter) -> Collected:
        count = self._write(rest.list_members(self.api), writer)
        return Collected(count, {"read": "lists.json and the members of each"})

    def _companies(self, reading: Reading, writer: WindowWriter) -> Collected:
        keys = known(reading.lake, self.config, "leads", "externalCompanyId")
        return self._by_key("/rest/v1/companies", "externalCompanyId", keys, writer)

    def _opportunity_roles(self, reading: Reading, writer: WindowWriter) -> Collected:
        keys = known(reading.lake, self.config, "leads", "id")
        return self._by_key("/rest/v1/opportunities/roles", "leadId", keys, writer)

    def _opportunities(self, reading: Reading, writer: WindowWriter) -> Collected:
        """Of the roles, of earlier readings, and what activities 34-36 name where that looks like an id."""
        lake, column = reading.lake, "externalOpportunityId"
        keys = known(lake, self.config, "opportunity_roles", column) | known(
            lake, self.config, "opportunities", column
        )
        named = known(
            lake,
            self.config,
            "activities",
            "primaryAttributeValue",
            where=("activityTypeId", OPPORTUNITY_ACTIVITIES),
        )
        keys |= {name for name in named if looks_like_an_id(name)}
        return self._by_key("/rest/v1/opportunities", column, keys, writer)

    def _by_key(self, path: str, filter_type: str, keys: set[str], writer: WindowWriter) -> Collected:
        """Read what has these keys. One with a comma can't be asked for: counted, and said loudly."""
        fields = rest.object_fields(self.api, path)
        askable = {key for key in keys if "," not in key}
        left_out = len(keys) - len(askable)
        if left_out:
            log.warning(
                "%s: %d keys of %s hold a comma and can't be asked for", self.api.where, left_out, path
            )
        count = self._write(rest.by_key(self.api, path, filter_type, askable, fields), writer)
        return Collected(count, {"read": f"by {filter_type}", "keys": len(keys), "left_out": left_out})

    def _write(self, pages: Iterable[Sequence[rest.Row]], writer: WindowWriter) -> int:
        count = 0
        for rows in pages:
            writer.write(rows)
            count += len(rows)
        return count


def looks_like_an_id(text: str) -> bool:
    return len(text) <= ID_LENGTH and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
