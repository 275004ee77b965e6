"""Bulk API 2.0: make a query job, look at it, bring its pages, the next one while the last one is parsed."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muster.errors import IntegrityError, QuotaExhausted, SourceError, TransientSourceError
from muster.http import Wanted, download
from muster.sources.base import JobLost
from muster.sources.csv_rows import write_csv
from muster.sources.salesforce.api import DATA, SalesforceApi

if TYPE_CHECKING:
    from muster.http import Downloaded
    from muster.lake import WindowWriter

PAGE_ROWS = 50_000
LARGEST_PAGE = 4 << 30
RUNNING, DONE, DEAD = ("UploadComplete", "InProgress"), "JobComplete", ("Failed", "Aborted")


def begin(api: SalesforceApi, query: str) -> str:
    """Make a job that reads deleted and archived records too; its id."""
    asked = {
        "operation": "queryAll",
        "query": query,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    api.learn_limits()
    if api.gate is not None:
        api.gate.query_job()
    try:
        job = api.call("POST", f"{DATA}/jobs/query", json=asked)
    except TransientSourceError as error:
        if error.code != "LIMIT_EXCEEDED":
            raise
        if api.gate is not None:
            api.gate.exhausted("query_jobs")
        hint = "they are counted over the last 24 hours; run again later, what is committed stays"
        raise QuotaExhausted(error.message, where=api.where, code=error.code, hint=hint) from error
    if not isinstance(job, dict) or not job.get("id"):
        raise SourceError("the answer describes no job", where=api.where)
    return str(job["id"])


def is_ready(api: SalesforceApi, job: str, kind: str) -> bool:
    """One look. Raises JobLost for a job that failed or is no longer known."""
    state = status(api, job).get("state")
    if state == DONE:
        return True
    if state in RUNNING:
        return False
    if state in DEAD:
        raise JobLost(f"the query of {kind} {job} is {state}", where=api.where)
    raise SourceError(f"a query job can't be '{state}'", where=api.where)


def status(api: SalesforceApi, job: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = api.call("GET", f"{DATA}/jobs/query/{job}")
    except SourceError as error:
        if error.code == "NOT_FOUND":
            raise JobLost(f"the job {job} is no longer known", where=api.where) from error
        raise
    return found


def fetch(
    api: SalesforceApi, job: str, fields: Sequence[str], scratch: Path, writer: WindowWriter
) -> tuple[int, int]:
    """Every row of a finished job into the writer: (records, pages). Raises IntegrityError where one is missing (F24)."""
    announced = int(status(api, job).get("numberRecordsProcessed") or 0)
    total, count = 0, 0
    with closing(pages(api, job, scratch)) as found:
        for page in found:
            counts = write_csv(page.path, fields, writer, where=api.where, first_row=total)
            _check_page(api, job, page, counts.total)
            total, count = total + counts.total, count + 1
            page.path.unlink()
    require_all(api, job, announced, total, count)
    return announced, count


def require_all(api: SalesforceApi, job: str, announced: int, total: int, pages_read: int) -> None:
    if total != announced:
        raise IntegrityError(
            f"job {job} processed {announced:,} records, its {pages_read} pages hold {total:,} (F24)",
            where=api.where,
        )


def pages(api: SalesforceApi, job: str, scratch: Path) -> Generator[Downloaded, None, None]:
    """Every page of results; the locator `null`, or none, ends them. One that comes twice would never end.

    Close it when you leave early: the next page may be on its way.
    """
    seen = set[str]()
    with ThreadPoolExecutor(1, thread_name_prefix="next-page") as ahead:
        coming = ahead.submit(_page, api, job, None, scratch / f"{job}-0.csv")
        while True:
            page = coming.result()
            locator = page.headers.get("sforce-locator", "null")
            is_last = locator in ("null", "")
            if not is_last:
                if locator in seen:
                    raise SourceError(f"job {job}: the same locator twice", where=api.where)
                seen.add(locator)
                coming = ahead.submit(_page, api, job, locator, scratch / f"{job}-{len(seen)}.csv")
            yield page
            if is_last:
                return


def _page(api: SalesforceApi, job: str, locator: str | None, target: Path) -> Downloaded:
    params: dict[str, Any] = {"maxRecords": PAGE_ROWS}
    if locator is not None:
        params["locator"] = locator
    return download(
        api.session,
        f"{DATA}/jobs/query/{job}/results",
        target,
        Wanted(largest=LARGEST_PAGE),
        judge=api.judge_file,
        params=params,
        headers={"Accept": "text/csv"},
    )


def _check_page(api: SalesforceApi, job: str, page: Downloaded, rows: int) -> None:
    announced = page.headers.get("sforce-numberofrecords")
    if announced is not None and announced != str(rows):
        raise IntegrityError(
            f"job {job}: a page announced {announced} records and holds {rows}", where=api.where
        )
