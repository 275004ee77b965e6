"""One Salesforce organisation: every record that changed in a window, deleted and archived ones too (F26, F27).

Objects are asked for over half-open windows of SystemModstamp, by a Bulk API 2.0 job; those of `rest_objects`, and
those that the Bulk API doesn't offer, by a REST query. Which fields there are, the organisation describes: a field
that field-level security takes away is a drift event (F33). What a merge or a lead's conversion changed comes as the
records' own fields, as do person accounts (IsPersonAccount, PersonContactId) and currencies (CurrencyIsoCode).
`formula_objects` are read whole once a week, into that night's window (F28). Deletions: muster.sources.salesforce.deletions.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa

from muster.errors import SourceError
from muster.lake import drift
from muster.sources.base import Collected, JobLost, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.salesforce import bulk, deletions, rest
from muster.sources.salesforce.api import DATA, VERSION, SalesforceApi, soql_time
from muster.sources.salesforce.comparison import DELETED
from muster.sources.salesforce.errors import NOT_IN_BULK
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Connection, SalesforceSource
    from muster.lake import WindowWriter
    from muster.state import SalesforceGate

log = logging.getLogger(__name__)

UNREADABLE = frozenset({"address", "location", "base64"})  # compound and binary: not allowed in a bulk query
REQUIRED = ("Id", "SystemModstamp", "IsDeleted")
WITHOUT_BIN = frozenset({"User"})
WEEK = timedelta(days=7)  # a longer window is history: what it brings is fresh already


class SalesforceReader(Source):
    """See muster.sources.base.Source."""

    def __init__(
        self,
        config: SalesforceSource,
        connection: Connection,
        *,
        gate: SalesforceGate | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config, self.jobs_at_once = config, config.limits.query_jobs_running
        self.api = SalesforceApi(
            connection, gate=gate, timeout=config.timeout_seconds, transport=transport, sleep=sleep
        )
        self._described: dict[str, Mapping[str, Any]] = {}

    @classmethod
    def is_bulk(cls, object_name: str) -> bool:  # noqa: ARG003
        """Of every object something is begun: a ticket says how it is read."""
        return True

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        return self.api.server_time()

    def now(self) -> datetime:
        return self.api.now()

    # ---- asking --------------------------------------------------------------------------------------------

    def begin(self, object_name: str, window: Window) -> Ticket:
        """Ask for every described field of the records whose SystemModstamp lies in [start - overlap, end)."""
        now = self.api.now()
        is_week = deletions.weekly(window, now, self.config.weekly_on)
        if object_name == DELETED:
            return deletions.begin(self.api, self.config, window, now, is_week=is_week)
        kind = self._kind(object_name)
        fields, calculated = self._fields(kind)
        is_whole = (
            object_name in self.config.formula_objects and is_week and window.end - window.start <= WEEK
        )
        ticket: Ticket = {
            "object": kind,
            "fields": list(fields),
            "described": fields,
            "described_at": now.isoformat(),
            "calculated": calculated,
            "from": None if is_whole else soql_time(window.read_from(self.config.overlap)),
            "until": soql_time(window.end),
        }
        self._warn_of_formulas(object_name, kind, calculated)
        query = _query(kind, ticket["fields"], ticket["from"], ticket["until"])
        if object_name in self.config.rest_objects and rest.fits(query):
            return ticket
        try:
            return {**ticket, "job": bulk.begin(self.api, query)}
        except SourceError as error:
            if error.code not in NOT_IN_BULK or not rest.fits(query):
                raise
            log.warning("%s: %s is not offered in bulk; reading it by REST queries", self.api.where, kind)
            return ticket

    def ready(self, ticket: Ticket) -> bool:
        if DELETED in ticket:
            return deletions.is_ready(self.api, ticket)
        return "job" not in ticket or bulk.is_ready(self.api, ticket["job"], ticket["object"])

    def _kind(self, object_name: str) -> str:
        if (kind := self.config.api_name(object_name)) is None:
            raise SourceError(f"'{object_name}' is no object of Salesforce", where=self.api.where)
        return kind

    def _fields(self, kind: str) -> tuple[dict[str, str], list[str]]:
        """(types by name of the fields to ask for, which of them are formulas)."""
        if kind not in self._described:
            self._described[kind] = self.api.call("GET", f"{DATA}/sobjects/{kind}/describe")
        described = self._described[kind].get("fields") or []
        fields = [one for one in described if one.get("type") not in UNREADABLE]
        names = {str(one["name"]): str(one.get("type")) for one in fields}
        required = REQUIRED[:2] if kind in WITHOUT_BIN else REQUIRED
        if missing := [name for name in required if name not in names]:
            hint = "field-level security of the integration user hides them"
            raise SourceError(
                f"{kind} is described without {', '.join(missing)}", where=self.api.where, hint=hint
            )
        return names, [str(one["name"]) for one in fields if one.get("calculated")]

    def _warn_of_formulas(self, object_name: str, kind: str, calculated: list[str]) -> None:
        if calculated and object_name not in self.config.formula_objects:
            log.warning(
                "%s: %d formula fields of %s may be stale (F28); formula_objects reads them anew once a week",
                self.api.where, len(calculated), kind,
            )  # fmt: skip

    # ---- collecting ----------------------------------------------------------------------------------------

    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        if ticket is None:
            raise JobLost(f"{task.object}: no query was begun", where=self.api.where)
        if DELETED in ticket:
            return deletions.collect(self.api, self.config, task, ticket, reading, writer)
        evidence = {
            **{name: ticket[name] for name in ("object", "calculated", "from", "until")},
            "fields": len(ticket["fields"]),
            "api_version": VERSION,
            "describe": self._record(task, ticket, reading, writer),
        }
        if "job" not in ticket:
            count = self._by_rest(ticket, writer)
            return Collected(count, {**evidence, "read": "by REST query, to the end of its pages"})
        count, pages = bulk.fetch(self.api, ticket["job"], ticket["fields"], reading.scratch, writer)
        told = {"job": ticket["job"], "pages": pages, "numberRecordsProcessed": count}
        return Collected(count, {**evidence, **told})

    def _record(self, task: WindowTask, ticket: Ticket, reading: Reading, writer: WindowWriter) -> str:
        """What the object looks like goes into the lake's registry; a field that is gone becomes a drift event (F33)."""
        before = drift.newest(reading.lake, self.config.connection, task.object)
        described, at = drift.Described(ticket["described"]), datetime.fromisoformat(ticket["described_at"])
        digest = drift.record(
            reading.lake, self.config.connection, task.object, described,
            at=at, window=task.window, run_id=writer.task.run_id,
        )  # fmt: skip
        if before is not None and (gone := set(before.described.types) - set(described.types)):
            log.warning(
                "%s: %d fields of %s are no longer described (F33): %s",
                self.api.where, len(gone), ticket["object"], ", ".join(sorted(gone)),
            )  # fmt: skip
        return digest

    def _by_rest(self, ticket: Ticket, writer: WindowWriter) -> int:
        fields, count = ticket["fields"], 0
        writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in fields}))
        start, end = ticket["from"], datetime.fromisoformat(ticket["until"])
        query = partial(_query_between, ticket["object"], fields)
        for page in rest.rows_between(
            self.api, query, datetime.fromisoformat(start) if start else None, end, fields
        ):
            good = []
            for row, fault in page:
                count += 1
                if fault:
                    writer.quarantine(count, fault, rest.raw_of(row))
                else:
                    good.append(row)
            writer.write(good)
        return count


def _query_between(kind: str, fields: list[str], start: datetime | None, end: datetime) -> str:
    return _query(kind, fields, None if start is None else soql_time(start), soql_time(end))


def _query(kind: str, fields: list[str], start: str | None, end: str) -> str:
    """Names from describe, times of our own. No order: it would keep the Bulk API from reading in parts."""
    since = f"SystemModstamp >= {start} AND " if start else ""
    return f"SELECT {','.join(fields)} FROM {kind} WHERE {since}SystemModstamp < {end}"  # noqa: S608
