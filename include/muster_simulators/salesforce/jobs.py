"""Bulk API 2.0 query jobs: UploadComplete -> InProgress -> JobComplete | Failed | Aborted.

The result set is fixed when a job enters InProgress. Jobs and results are kept `job_days`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.salesforce.errors import ApiError, not_found
from muster_simulators.salesforce.fields import COMPOUND
from muster_simulators.salesforce.org import Call, Org
from muster_simulators.salesforce.plan import Plan, parse_query
from muster_simulators.salesforce.soql import FieldsOf, NotSpokenError
from muster_simulators.salesforce.values import stamp

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
FINISHED = ("JobComplete", "Failed", "Aborted")
FIRST_VERSION, FIRST_VERSION_WITH_PAGES = 47.0, 58.0
PAGES_AT_ONCE, JOBS_A_PAGE = 5, 1000
_KEYS = frozenset({"operation", "query", "contentType", "columnDelimiter", "lineEnding", "concurrencyMode"})


@dataclass
class Job:
    """One job; change it under its lock only."""

    id: str
    plan: Plan
    operation: str
    version: float
    delimiter: str
    line_end: str
    created: datetime
    doom: str | None = None
    state: str = "UploadComplete"
    changed: datetime | None = None
    polls: int = 0
    rows: list[str] = field(default_factory=list)
    error: str | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def object_name(self) -> str:
        return self.plan.sobject.name

    def move(self, state: str, at: datetime) -> None:
        self.state, self.changed, self.polls = state, at, 0


@dataclass(frozen=True)
class Page:
    """One page of results: CSV text, rows in it, the locator of the next page or None."""

    text: str
    rows: int
    locator: str | None


class QueryJobs:
    """All query jobs of an org."""

    def __init__(self, org: Org) -> None:
        self._org, self._options = org, org.options
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._next = 0

    # ---- life ----------------------------------------------------------------------------------------------

    def create(self, body: Any, call: Call) -> Job:
        """Raises ApiError for a body or a query that the service refuses at once."""
        operation, delimiter, line_end, text = _checked(body)
        plan = self._plan(text)
        org = self._org
        if org.day.used("query_jobs") >= self._options.daily_query_jobs:
            org.stats.violated(org.source, "daily_query_jobs")
            raise ApiError(400, "LIMIT_EXCEEDED", "Exceeded max limit of query jobs in 24 hours")
        org.day.add("query_jobs")
        doomed = org.faults.take(org.source, call.method, f"{call.path} {plan.sobject.name}", "failed_job")
        doom = (
            None
            if doomed is None
            else str(doomed.value or "QUERY_TIMEOUT: Your query request was running for too long.")
        )
        with self._lock:
            self._next += 1
            key = f"7505e{self._next:010d}AAA"
            job = Job(key, plan, operation, float(call.version), delimiter, line_end, org.clock.now(), doom)
            self._jobs[key] = job
        return job

    def _plan(self, text: str) -> Plan:
        try:
            query = parse_query(text)
        except NotSpokenError as unknown:
            if unknown.feature == "semi-joins":
                raise ApiError(501, "NOT_SIMULATED", "this simulator doesn't evaluate semi-joins") from None
            raise _not_in_bulk(unknown.feature) from None
        if query.is_count:
            raise _not_in_bulk("aggregate functions")
        if query.offset is not None:
            raise _not_in_bulk("OFFSET")
        if any(isinstance(item, FieldsOf) and item.which != "STANDARD" for item in query.items):
            raise _not_in_bulk("FIELDS(ALL) and FIELDS(CUSTOM)")
        plan = Plan(query, text, self._org.schema, self._org.store, self._org.clock.now())
        if plan.sobject.name in self._options.not_bulk_queryable:
            raise ApiError(
                400, "INVALIDENTITY", f"Entity '{plan.sobject.name}' is not supported by the Bulk API."
            )
        if any(column.field.type in COMPOUND for column in plan.columns):
            raise _not_in_bulk("compound data")
        return plan

    def get(self, key: str) -> Job:
        """Raises 404 for a job that never was, was deleted or is older than `job_days`."""
        with self._lock:
            job = self._jobs.get(key) or self._jobs.get(f"{key}AAA")
        if job is None or self._is_gone(job):
            raise not_found()
        return job

    def _is_gone(self, job: Job) -> bool:
        return self._org.clock.now() - job.created > timedelta(days=self._options.job_days)

    def poll(self, job: Job) -> None:
        """Someone asked; let the job move on if it may. One poll moves it by one state at most."""
        with job.lock:
            now, options = self._org.clock.now(), self._options
            waited = (now - (job.changed or job.created)).total_seconds()
            if job.state == "UploadComplete":
                if job.polls >= options.queued_polls and waited >= options.queued_seconds:
                    self._start(job, now)
            elif (
                job.state == "InProgress"
                and job.polls >= options.running_polls
                and waited >= options.running_seconds
            ):
                job.move("Failed" if job.doom else "JobComplete", now)
                job.error = job.doom
            job.polls += 1

    def _start(self, job: Job, now: datetime) -> None:
        if job.doom is None:
            records = job.plan.run(deleted=job.operation == "queryAll", bin_start=self._org.bin_start())
            job.rows = job.plan.csv_rows(records, job.delimiter)
        job.move("InProgress", now)

    def abort(self, job: Job) -> None:
        with job.lock:
            if job.state in FINISHED:
                raise _bad_state(f"Aborting is not allowed in state {job.state}")
            job.rows = []
            job.move("Aborted", self._org.clock.now())

    def delete(self, job: Job) -> None:
        with job.lock:
            if job.state not in FINISHED:
                raise _bad_state(f"A job in state {job.state} can't be deleted")
        with self._lock:
            self._jobs.pop(job.id, None)

    def listing(self, job_type: str | None, locator: str | None, base: str) -> dict[str, Any]:
        with self._lock:
            jobs = [job for job in self._jobs.values() if not self._is_gone(job)]
        if job_type not in (None, "V2Query"):
            jobs = []
        start = _offset("jobs", locator)
        rest = jobs[start + JOBS_A_PAGE :]
        following = (
            f"{base}/jobs/query?queryLocator={_locator('jobs', start + JOBS_A_PAGE)}" if rest else None
        )
        records = [self.info(job, full=False) for job in jobs[start : start + JOBS_A_PAGE]]
        return {"done": not rest, "records": records, "nextRecordsUrl": following}

    # ---- what is said about a job ---------------------------------------------------------------------------

    def info(self, job: Job, *, full: bool = True) -> dict[str, Any]:
        """What creation answers; with `full` what polling answers."""
        said: dict[str, Any] = {
            "id": job.id,
            "operation": job.operation,
            "object": job.object_name,
            "createdById": self._options.user_id,
            "createdDate": stamp(job.created),
            "systemModstamp": stamp(job.changed or job.created),
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": job.version,
            "jobType": "V2Query",
            "lineEnding": next(name for name, value in LINE_ENDS.items() if value == job.line_end),
            "columnDelimiter": next(name for name, value in DELIMITERS.items() if value == job.delimiter),
        }
        if full:
            spent = int(((job.changed or job.created) - job.created).total_seconds() * 1000)
            done = len(job.rows) if job.state == "JobComplete" else 0
            said |= {"numberRecordsProcessed": done, "retries": 0, "totalProcessingTime": spent}
            said["isPkChunkingSupported"] = True
        if job.error is not None:
            said["errorMessage"] = job.error
        return said

    # ---- results -------------------------------------------------------------------------------------------

    def page(self, job: Job, locator: str | None, most: int | None) -> Page:
        """Raises ApiError before JobComplete and for a locator that isn't one of this job."""
        self._need_results(job)
        start = _offset(job.id, locator)
        end = start + min(most or self._options.bulk_page_size, self._options.bulk_page_size)
        rows = job.rows[start:end]
        text = job.line_end.join([job.plan.csv_header(job.delimiter), *rows, ""])
        return Page(text, len(rows), _locator(job.id, end) if end < len(job.rows) else None)

    def pages(self, job: Job, locator: str | None, base: str) -> dict[str, Any]:
        """Addresses of up to five pages."""
        self._need_results(job)
        size = self._options.bulk_page_size
        start = _offset(job.id, locator)
        starts = range(start, max(len(job.rows), 1), size)
        here = f"{base}/jobs/query/{job.id}"
        listed = [
            {"resultUrl": f"{here}/results?locator={_locator(job.id, at)}"} for at in starts[:PAGES_AT_ONCE]
        ]
        done = len(starts) <= PAGES_AT_ONCE
        following = None if done else f"{here}/resultPages?locator={_locator(job.id, starts[PAGES_AT_ONCE])}"
        return {"resultPages": listed, "nextRecordsUrl": following, "done": done}

    def _need_results(self, job: Job) -> None:
        if job.state != "JobComplete":
            raise _bad_state(f"Results are not available in state {job.state}")


def _checked(body: Any) -> tuple[str, str, str, str]:
    """Operation, delimiter, line end and query text of a creation's body."""
    if not isinstance(body, dict) or set(body) - _KEYS:
        raise ApiError(400, "JSON_PARSER_ERROR", "The request body isn't a query job")
    operation, query = body.get("operation"), body.get("query")
    if operation not in ("query", "queryAll"):
        raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
    if not isinstance(query, str) or not query.strip():
        raise ApiError(400, "INVALIDJOB", "A query is required")
    if body.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", "Only the content type CSV is supported")
    delimiter = DELIMITERS.get(str(body.get("columnDelimiter", "COMMA")))
    line_end = LINE_ENDS.get(str(body.get("lineEnding", "LF")))
    if delimiter is None or line_end is None:
        raise ApiError(400, "INVALIDJOB", "Unknown columnDelimiter or lineEnding")
    return operation, delimiter, line_end, query


def _not_in_bulk(feature: str) -> ApiError:
    return ApiError(
        400, "FUNCTIONALITY_NOT_ENABLED", f"Selecting with {feature} is not supported in Bulk Query"
    )


def _bad_state(message: str) -> ApiError:
    return ApiError(400, "INVALIDJOBSTATE", message)


def _locator(owner: str, offset: int) -> str:
    """Opaque, and of no use with another job."""
    proof = hashlib.sha256(f"{owner}:{offset}".encode()).hexdigest()[:6]
    return base64.urlsafe_b64encode(f"{offset}:{proof}".encode()).decode().rstrip("=")


def _offset(owner: str, locator: str | None) -> int:
    if not locator:
        return 0
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode("ascii")
        offset = int(text.partition(":")[0])
    except (binascii.Error, ValueError):
        offset = -1
    if offset < 0 or _locator(owner, offset) != locator:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return offset
