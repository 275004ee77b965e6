"""The data resources: versions, object descriptions, records, queries, limits, updated and deleted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from muster_simulators.salesforce.calls import base_url, bearer, entered, org_of
from muster_simulators.salesforce.desk import GONE
from muster_simulators.salesforce.errors import (
    ApiError,
    invalid_session,
    malformed_query,
    not_found,
    planned_oauth,
)
from muster_simulators.salesforce.fields import Record
from muster_simulators.salesforce.org import NEWEST_VERSION, OLDEST_VERSION, Call, Org
from muster_simulators.salesforce.plan import Plan, parse_spoken
from muster_simulators.salesforce.schema import SObject
from muster_simulators.salesforce.soql import Path, Query
from muster_simulators.salesforce.values import stamp

UPDATED_DAYS, DELETED_DAYS = 30, 15

router = APIRouter()
Entered = Annotated[Call, Depends(entered)]


def version_label(number: int) -> str:
    """66 -> `Spring '26`; a season a release, three releases a year."""
    year, season = divmod(number - 66, 3)
    return f"{('Spring', 'Summer', 'Winter')[season]} '{26 + year + (season == 2):02d}"


@router.get("/services/data")
def versions() -> list[dict[str, str]]:
    """Open to all."""
    return [
        {"label": version_label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)
    ]


data = APIRouter(prefix="/services/data/v{version}")


@data.get("")
def resources(call: Entered) -> dict[str, str]:
    return {name: f"{call.base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs")}


@data.get("/limits")
def limits(request: Request, call: Entered) -> dict[str, dict[str, int]]:
    org = org_of(request)
    most = {
        "ConcurrentAsyncGetReportInstances": (200, 0),
        "DailyApiRequests": (org.options.daily_requests, org.day.used("requests")),
        "DailyAsyncApexExecutions": (250_000, 0),
        "DailyBulkApiBatches": (15_000, 0),
        "DailyBulkV2QueryFileStorageMB": (
            org.options.daily_query_megabytes,
            org.day.used("query_bytes") // 1_000_000,
        ),
        "DailyBulkV2QueryJobs": (org.options.daily_query_jobs, org.day.used("query_jobs")),
        "DailyStreamingApiEvents": (1_000_000, 0),
    }
    return {name: {"Max": top, "Remaining": max(top - used, 0)} for name, (top, used) in most.items()}


# ---- descriptions ------------------------------------------------------------------------------------------


@data.get("/sobjects")
def all_objects(request: Request, call: Entered) -> Response:
    objects = org_of(request).schema.objects.values()
    listed = [each.summary(call.base) for each in objects]
    return _unless_known(request, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


@data.get("/sobjects/{name}")
def one_object(request: Request, name: str, call: Entered) -> dict[str, Any]:
    return {"objectDescribe": org_of(request).schema.get(name).summary(call.base), "recentItems": []}


@data.get("/sobjects/{name}/describe")
def describe(request: Request, name: str, call: Entered) -> Response:
    schema = org_of(request).schema
    return _unless_known(request, schema.describe(schema.get(name), call.base))


def _unless_known(request: Request, body: dict[str, Any]) -> Response:
    """304 when nothing changed since the caller's `If-Modified-Since`."""
    described_at = org_of(request).fields.described_at
    headers = {"Last-Modified": format_datetime(described_at, usegmt=True)}
    since = request.headers.get("if-modified-since")
    try:
        known = since is not None and parsedate_to_datetime(since).astimezone(UTC) >= described_at
    except ValueError:
        known = False
    return Response(None, 304, headers) if known else JSONResponse(body, headers=headers)


# ---- updated and deleted -----------------------------------------------------------------------------------


@data.get("/sobjects/{name}/updated")
def updated(request: Request, name: str, call: Entered) -> dict[str, Any]:
    org = org_of(request)
    sobject, start, covered = _feed(request, org, name, UPDATED_DAYS)
    ids = [r["Id"] for r in _changed(org, sobject, start, covered) if not r.get("IsDeleted")]
    if len(ids) > org.options.updated_id_limit:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", "More than 600,000 ids; ask for a shorter time")
    return {"ids": ids, "latestDateCovered": stamp(covered)}


@data.get("/sobjects/{name}/deleted")
def deleted(request: Request, name: str, call: Entered) -> dict[str, Any]:
    org = org_of(request)
    sobject, start, covered = _feed(request, org, name, DELETED_DAYS)
    in_bin = [r for r in _changed(org, sobject, start, covered) if r.get("IsDeleted")]
    gone = [(r["SystemModstamp"], r["Id"]) for r in in_bin]
    for_good = org.store.window(sobject.stored_as + GONE, start, covered, field="deletedDate")
    gone += [(r["deletedDate"], r["Id"]) for r in for_good]
    return {
        "deletedRecords": [{"id": key, "deletedDate": stamp(at)} for at, key in sorted(gone)],
        "earliestDateAvailable": stamp(org.clock.now() - timedelta(days=DELETED_DAYS)),
        "latestDateCovered": stamp(covered),
    }


def _feed(request: Request, org: Org, name: str, days: int) -> tuple[SObject, datetime, datetime]:
    """The object, the window's start and how far it is covered (no seconds). Raises ApiError for a wrong window."""
    sobject = org.schema.get(name)
    start, end = (_parameter_time(request, each) for each in ("start", "end"))
    now = org.clock.now()
    if end - start < timedelta(minutes=1):
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
        )
    if start < now - timedelta(days=days):
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"startDate can't be more than {days} days ago")
    settled = now - timedelta(seconds=org.options.feed_lag_seconds)
    return sobject, start, min(end, settled.replace(second=0, microsecond=0))


def _parameter_time(request: Request, name: str) -> datetime:
    try:
        value = datetime.fromisoformat(request.query_params[name].replace(" ", "+"))
    except KeyError:
        raise ApiError(400, "MISSING_ARGUMENT", f"{name} is required") from None
    except ValueError:
        raise ApiError(400, "MALFORMED_ID", f"{name} isn't a valid date time") from None
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(second=0, microsecond=0)


def _changed(org: Org, sobject: SObject, start: datetime, end: datetime) -> list[Record]:
    return list(org.store.window(sobject.stored_as, start, end, field="SystemModstamp"))


# ---- records -----------------------------------------------------------------------------------------------


@data.get("/sobjects/{name}/{record_id}")
def record(request: Request, name: str, record_id: str, call: Entered) -> dict[str, Any]:
    org = org_of(request)
    sobject = org.schema.get(name)
    named = request.query_params.get("fields")
    names = named.split(",") if named else [field.name for field in sobject.fields]
    paths = tuple(Path(tuple(each.strip().split("."))) for each in names)
    found = _by_id(org, sobject, record_id)
    plan = Plan(Query(paths, sobject.name), "", org.schema, org.store, org.clock.now())
    return plan.to_json(found, call.base)


def _by_id(org: Org, sobject: SObject, record_id: str) -> Record:
    """By 18 characters or the 15 significant ones. Deleted records aren't found."""
    records = org.store.records(sobject.stored_as)
    found = records.get(record_id)
    if found is None and len(record_id) == 15:
        found = next((r for key, r in list(records.items()) if key[:15] == record_id), None)
    if found is None or found.get("IsDeleted"):
        raise not_found()
    return found


@data.get("/sobjects/{name}/{key_field}/{value}")
def record_by_key(request: Request, name: str, key_field: str, value: str, call: Entered) -> Response:
    """By an external id. Several records that share it are a 300 with their addresses."""
    org = org_of(request)
    sobject = org.schema.get(name)
    field = sobject.by_name.get(key_field.lower())
    if field is None or not (field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {key_field}")
    read = field.getter()
    found = [
        each for each in list(org.store.records(sobject.stored_as).values())
        if not each.get("IsDeleted") and str(read(each) or "").casefold() == value.casefold()
    ]  # fmt: skip
    if not found:
        raise not_found()
    if len(found) > 1:
        return JSONResponse([f"{call.base}/sobjects/{sobject.name}/{each['Id']}" for each in found], 300)
    return JSONResponse(record(request, name, str(found[0]["Id"]), call))


# ---- queries -----------------------------------------------------------------------------------------------


@data.get("/query")
def query(request: Request, call: Entered) -> JSONResponse:
    return _queried(request, call, deleted=False)


@data.get("/queryAll")
def query_all(request: Request, call: Entered) -> JSONResponse:
    return _queried(request, call, deleted=True)


@data.get("/query/{locator}")
def query_more(request: Request, locator: str, call: Entered) -> JSONResponse:
    org = org_of(request)
    _check_time(org, call)
    key, _, offset = locator.rpartition("-")
    if not offset.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    cursor = org.cursors.get(key)
    return _answer(request, call, cursor.plan, cursor.rows, int(offset), key)


data.get("/queryAll/{locator}")(query_more)


def _queried(request: Request, call: Call, *, deleted: bool) -> JSONResponse:
    org = org_of(request)
    _check_time(org, call)
    text = request.query_params.get("q", "")
    if not text.strip():
        raise malformed_query("A query string has to be specified")
    plan = Plan(parse_spoken(text), text, org.schema, org.store, org.clock.now())
    rows = plan.run(deleted=deleted, bin_start=org.bin_start())
    if plan.query.is_count:
        return JSONResponse({"totalSize": len(rows), "done": True, "records": []})
    return _answer(request, call, plan, rows, 0, None)


def _answer(
    request: Request, call: Call, plan: Plan, rows: list[Record], start: int, key: str | None
) -> JSONResponse:
    org = org_of(request)
    end = start + _page_size(org, request.headers.get("sforce-query-options", ""))
    body: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
    if end < len(rows):
        key = key or org.cursors.open(plan, rows)
        body["nextRecordsUrl"] = f"{call.base}/query/{key}-{end}"
    body["records"] = [plan.to_json(each, call.base) for each in rows[start:end]]
    return JSONResponse(body)


def _page_size(org: Org, options_header: str) -> int:
    asked = re.search(r"batchSize\s*=\s*(\d+)", options_header, re.IGNORECASE)
    wanted = int(asked.group(1)) if asked else org.options.page_size
    return max(min(wanted, org.options.page_size), org.options.smallest_page_size)


def _check_time(org: Org, call: Call) -> None:
    """The `query_timeout` fault."""
    if org.faults.take(org.source, call.method, call.path, "query_timeout") is not None:
        raise ApiError(400, "QUERY_TIMEOUT", "Your query request was running for too long.")


# ---- tokens ------------------------------------------------------------------------------------------------


@router.post("/services/oauth2/token")
async def token(request: Request) -> dict[str, Any]:
    """Raises OAuthError. The `oauth` fault refuses with any documented error (value: a key of errors.OAUTH_CODES)."""
    org = org_of(request)
    refused = org.faults.take(org.source, request.method, request.url.path, "oauth")
    if refused is not None:
        raise planned_oauth(str(refused.value))
    form = {name: str(value) for name, value in (await request.form()).items()}
    fields = {**dict(request.query_params), **form}
    return org.grants.token(fields, request.headers.get("authorization"), base_url(request))


@router.get("/services/oauth2/userinfo")
def userinfo(request: Request) -> dict[str, Any]:
    """Who a session is. Raises ApiError 401."""
    org = org_of(request)
    if not org.sessions.touch(bearer(request.headers.get("authorization"))):
        raise invalid_session()
    options, host = org.options, base_url(request)
    return {
        "sub": f"{host}/id/{options.org_id}/{options.user_id}",
        "user_id": options.user_id,
        "organization_id": options.org_id,
        "active": True,
        "urls": {"rest": f"{host}/services/data/v{{version}}/"},
    }
