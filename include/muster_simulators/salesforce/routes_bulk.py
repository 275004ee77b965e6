"""Bulk API 2.0 query jobs over HTTP.

Faults met here; their `match` sees `METHOD path Object`, e.g. `GET .*/results Contact`:

- `failed_job` (at creation; value: the errorMessage): the job ends in Failed;
- `wrong_count` (value, default -1, is added): numberRecordsProcessed of a finished job isn't what the results hold;
- `cut` (value: bytes of the body to send): the connection dies within a page of results;
- `lost_locator`: the page comes without `Sforce-Locator`;
- `version`: results are refused with 409.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from muster_simulators.faults import Fault
from muster_simulators.salesforce.calls import entered, json_body, org_of, whole_number
from muster_simulators.salesforce.errors import ApiError, not_found
from muster_simulators.salesforce.jobs import FIRST_VERSION, FIRST_VERSION_WITH_PAGES, Job, QueryJobs
from muster_simulators.salesforce.org import Call

CSV = "text/csv; charset=UTF-8"

bulk = APIRouter(prefix="/services/data/v{version}/jobs/query")


def bulk_entered(call: Annotated[Call, Depends(entered)]) -> Call:
    """Query jobs came with version 47."""
    if float(call.version) < FIRST_VERSION:
        raise not_found()
    return call


Entered = Annotated[Call, Depends(bulk_entered)]


class CutResponse(Response):
    """Announces the whole body, sends its first bytes and closes the connection."""

    def __init__(self, body: bytes, sent: int, headers: dict[str, str]) -> None:
        super().__init__(body, headers=headers, media_type=CSV)
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        part = bytes(self.body)[: self._sent]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        raise ConnectionResetError("the fault plan cut the page")


def _jobs(request: Request) -> QueryJobs:
    jobs = request.app.state.jobs
    assert isinstance(jobs, QueryJobs)
    return jobs


def _fault(request: Request, call: Call, job: Job, kind: str) -> Fault | None:
    org = org_of(request)
    return org.faults.take(org.source, call.method, f"{call.path} {job.object_name}", kind)


@bulk.post("")
async def create(request: Request, call: Entered) -> dict[str, Any]:
    jobs = _jobs(request)
    job = jobs.create(await json_body(request), call)
    return jobs.info(job, full=False)


@bulk.get("")
def listing(request: Request, call: Entered) -> dict[str, Any]:
    asked = request.query_params
    return _jobs(request).listing(asked.get("jobType"), asked.get("queryLocator"), call.base)


@bulk.get("/{key}")
def poll(request: Request, key: str, call: Entered) -> dict[str, Any]:
    jobs = _jobs(request)
    job = jobs.get(key)
    jobs.poll(job)
    said = jobs.info(job)
    if job.state == "JobComplete":
        wrong = _fault(request, call, job, "wrong_count")
        if wrong is not None:
            said["numberRecordsProcessed"] += -1 if wrong.value is None else int(wrong.value)
    return said


@bulk.patch("/{key}")
async def abort(request: Request, key: str, call: Entered) -> dict[str, Any]:
    jobs = _jobs(request)
    job = jobs.get(key)
    if await json_body(request) != {"state": "Aborted"}:
        raise ApiError(400, "INVALIDJOB", "The only change a query job knows is the state Aborted")
    jobs.abort(job)
    return jobs.info(job, full=False)


@bulk.delete("/{key}")
def delete(request: Request, key: str, call: Entered) -> Response:
    jobs = _jobs(request)
    jobs.delete(jobs.get(key))
    return Response(status_code=204)


@bulk.get("/{key}/results")
def results(request: Request, key: str, call: Entered) -> Response:
    jobs = _jobs(request)
    job = _same_version(request, jobs.get(key), call)
    org = org_of(request)
    if org.day.used("query_bytes") >= org.options.daily_query_megabytes * 1_000_000:
        org.stats.violated(org.source, "daily_query_megabytes")
        raise ApiError(400, "LIMIT_EXCEEDED", "Exceeded max limit of query results in 24 hours")
    page = jobs.page(job, request.query_params.get("locator"), whole_number(request, "maxRecords"))
    body = page.text.encode()
    org.day.add("query_bytes", len(body))
    headers = {"Sforce-NumberOfRecords": str(page.rows), "Sforce-Locator": page.locator or "null"}
    if _fault(request, call, job, "lost_locator") is not None:
        del headers["Sforce-Locator"]
    cut = _fault(request, call, job, "cut")
    if cut is not None:
        return CutResponse(body, int(cut.value or 0), headers)
    return Response(body, headers=headers, media_type=CSV)


@bulk.get("/{key}/resultPages")
def result_pages(request: Request, key: str, call: Entered) -> JSONResponse:
    if float(call.version) < FIRST_VERSION_WITH_PAGES:
        raise not_found()
    jobs = _jobs(request)
    job = _same_version(request, jobs.get(key), call)
    return JSONResponse(jobs.pages(job, request.query_params.get("locator"), call.base))


def _same_version(request: Request, job: Job, call: Call) -> Job:
    if float(call.version) != job.version or _fault(request, call, job, "version") is not None:
        message = (
            f"The job was created with API version {job.version}; ask for its results with the same version."
        )
        raise ApiError(409, "API_VERSION_MISMATCH", message)
    return job
