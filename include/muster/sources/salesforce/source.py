"""One Salesforce organisation, every object by Bulk API 2.0 queryAll: deletes and merges come with the rest (F26, F27)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from muster.errors import IntegrityError, SourceError
from muster.http import Wanted, download
from muster.sources.base import Collected, JobLost, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.csv_rows import write_csv
from muster.sources.salesforce.api import DATA, VERSION, SalesforceApi, soql_time
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Connection, SalesforceSource
    from muster.http import Downloaded
    from muster.lake import WindowWriter

log = logging.getLogger(__name__)

OBJECTS: Mapping[str, str] = {
    "accounts": "Account",
    "contacts": "Contact",
    "leads": "Lead",
    "opportunities": "Opportunity",
    "opportunity_contact_roles": "OpportunityContactRole",
    "account_contact_relations": "AccountContactRelation",
}
UNREADABLE = frozenset({"address", "location", "base64"})  # compound and binary: not allowed in a bulk query
REQUIRED = ("Id", "SystemModstamp", "IsDeleted")
PAGE_ROWS = 50_000
LARGEST_PAGE = 4 << 30
RUNNING, DONE, DEAD = ("UploadComplete", "InProgress"), "JobComplete", ("Failed", "Aborted")


class SalesforceReader(Source):
    """See muster.sources.base.Source."""

    bulk_objects: ClassVar[frozenset[str]] = frozenset(OBJECTS)
    jobs_at_once = 6

    def __init__(
        self,
        config: SalesforceSource,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config
        self.api = SalesforceApi(connection, timeout=config.timeout_seconds, transport=transport, sleep=sleep)
        self._described: dict[str, Mapping[str, Any]] = {}

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        return self.api.server_time()

    def now(self) -> datetime:
        return self.api.now()

    def begin(self, object_name: str, window: Window) -> Ticket:
        """Ask for every described field of the records whose SystemModstamp lies in [start - overlap, end)."""
        kind = OBJECTS[object_name]
        fields, calculated = self._fields(kind)
        start, end = soql_time(window.read_from(self.config.overlap)), soql_time(window.end)
        query = (
            f"SELECT {','.join(fields)} FROM {kind} "  # noqa: S608  names from describe, times of our own
            f"WHERE SystemModstamp >= {start} AND SystemModstamp < {end}"
        )
        asked = {
            "operation": "queryAll",
            "query": query,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        job = self.api.call("POST", f"{DATA}/jobs/query", json=asked)
        if not isinstance(job, dict) or not job.get("id"):
            raise SourceError(f"the answer describes no job for {kind}", where=self.api.where)
        return {
            "job": str(job["id"]),
            "object": kind,
            "fields": fields,
            "calculated": calculated,
            "from": start,
            "until": end,
        }

    def ready(self, ticket: Ticket) -> bool:
        job = self._status(ticket)
        state = job.get("state")
        if state == DONE:
            return True
        if state in RUNNING:
            return False
        if state in DEAD:
            raise JobLost(f"the query of {ticket['object']} {ticket['job']} is {state}", where=self.api.where)
        raise SourceError(f"a query job can't be '{state}'", where=self.api.where)

    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        if ticket is None:
            raise JobLost(f"{task.object}: no query was begun", where=self.api.where)
        announced = int(self._status(ticket).get("numberRecordsProcessed") or 0)
        total, pages = 0, 0
        for page in self._pages(ticket, reading):
            counts = write_csv(page.path, ticket["fields"], writer, where=self.api.where, first_row=total)
            self._check_page(ticket, page, counts.total)
            total, pages = total + counts.total, pages + 1
            page.path.unlink()
        if total != announced:
            raise IntegrityError(
                f"job {ticket['job']} processed {announced:,} records, its {pages} pages hold {total:,} (F24)",
                where=self.api.where,
            )
        evidence = {**ticket, "fields": len(ticket["fields"]), "pages": pages, "api_version": VERSION}
        return Collected(announced, {**evidence, "numberRecordsProcessed": announced})

    def _status(self, ticket: Ticket) -> Mapping[str, Any]:
        try:
            return self.api.call("GET", f"{DATA}/jobs/query/{ticket['job']}")
        except SourceError as error:
            if error.code == "NOT_FOUND":
                raise JobLost(f"the job {ticket['job']} is no longer known", where=self.api.where) from error
            raise

    def _pages(self, ticket: Ticket, reading: Reading) -> Iterator[Downloaded]:
        """Every page of results; the locator `null`, or none, ends them. One that comes twice would never end."""
        path, seen = f"{DATA}/jobs/query/{ticket['job']}/results", set[str]()
        params: dict[str, Any] = {"maxRecords": PAGE_ROWS}
        while True:
            page = download(
                self.api.session,
                path,
                reading.scratch / f"page-{len(seen)}.csv",
                Wanted(largest=LARGEST_PAGE),
                judge=self.api.judge_file,
                params=params,
                headers={"Accept": "text/csv"},
            )
            yield page
            locator = page.headers.get("sforce-locator", "null")
            if locator in ("null", ""):
                return
            if locator in seen:
                raise SourceError(f"job {ticket['job']}: the same locator twice", where=self.api.where)
            seen.add(locator)
            params["locator"] = locator

    def _check_page(self, ticket: Ticket, page: Downloaded, rows: int) -> None:
        announced = page.headers.get("sforce-numberofrecords")
        if announced is not None and announced != str(rows):
            raise IntegrityError(
                f"job {ticket['job']}: a page announced {announced} records and holds {rows}",
                where=self.api.where,
            )

    def _fields(self, kind: str) -> tuple[list[str], list[str]]:
        """(fields to ask for, which of them are formulas). A formula's change moves no SystemModstamp (F28)."""
        if kind not in self._described:
            self._described[kind] = self.api.call("GET", f"{DATA}/sobjects/{kind}/describe")
        described = self._described[kind]
        fields = [one for one in described.get("fields") or [] if one.get("type") not in UNREADABLE]
        names = [str(one["name"]) for one in fields]
        if missing := [name for name in REQUIRED if name not in names]:
            hint = "field-level security of the integration user hides them"
            raise SourceError(
                f"{kind} is described without {', '.join(missing)}", where=self.api.where, hint=hint
            )
        calculated = [str(one["name"]) for one in fields if one.get("calculated")]
        if calculated:
            log.warning(
                "%s: %d formula fields of %s may be stale (F28)", self.api.where, len(calculated), kind
            )
        return names, calculated
