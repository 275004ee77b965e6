"""Marketo's bulk exports: create, enqueue, look, fetch. A subscription runs two at a time and queues ten.

A ticket says what was asked for, so that whoever collects can check the answer against it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from muster.errors import IntegrityError, SourceError, TransientSourceError
from muster.http import Downloaded, Wanted, download
from muster.http.marketo import MarketoApi, MarketoError
from muster.sources.base import JobLost, Ticket

log = logging.getLogger(__name__)

EXPORTS = {"leads": "/bulk/v1/leads/export", "activities": "/bulk/v1/activities/export"}
ACTIVITY_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
NO_SUCH_FILTER, QUEUE_FULL, QUEUED_ALREADY = "1035", "1029 full", "1029 queued"
GONE = frozenset({"1003", "1013", "610"})  # how a job that is no longer there shows
RUNNING, DONE, DEAD = ("Created", "Queued", "Processing"), "Completed", ("Failed", "Cancelled", "Canceled")
FILE_ATTEMPTS = 6
DEGRADED = (
    "code 1035: the updatedAt filter is off in this subscription, so changes of older leads are not seen; "
    "only leads created in the window are read"
)


def begin_leads(api: MarketoApi, fields: Sequence[str], start: datetime, end: datetime) -> Ticket:
    """By updatedAt; where the subscription lacks that filter, by createdAt, loudly (F8)."""
    try:
        return _begin(api, "leads", fields, "updatedAt", start, end)
    except MarketoError as error:
        if error.key != NO_SUCH_FILTER:
            raise
        log.warning("%s: %s", api.where, DEGRADED)
        return {**_begin(api, "leads", fields, "createdAt", start, end), "degraded": DEGRADED}


def begin_activities(api: MarketoApi, types: Sequence[int], start: datetime, end: datetime) -> Ticket:
    return _begin(api, "activities", ACTIVITY_COLUMNS, "createdAt", start, end, types)


def _begin(
    api: MarketoApi,
    family: str,
    fields: Sequence[str],
    by: str,
    start: datetime,
    end: datetime,
    types: Sequence[int] | None = None,
) -> Ticket:
    """Create a job and put it in the queue; where the queue is full, `ready` tries again."""
    bounds = {
        "startAt": start.astimezone(UTC).strftime(FORMAT),
        "endAt": end.astimezone(UTC).strftime(FORMAT),
    }
    narrowed: dict[str, Any] = {by: bounds}
    asked: dict[str, Any] = {"format": "CSV", "filter": narrowed}
    if types is None:
        asked["fields"] = list(fields)
    else:
        narrowed["activityTypeIds"] = list(types)
    job = _job(api, api.call("POST", f"{EXPORTS[family]}/create.json", json=asked).result)
    ticket = {"family": family, "job": str(job["exportId"]), "fields": list(fields), "by": by, **bounds}
    _enqueue(api, ticket)
    return ticket


def is_ready(api: MarketoApi, ticket: Ticket) -> bool:
    """One look. Raises JobLost for a job that failed or is no longer known."""
    job = status(api, ticket)
    state = job.get("status")
    if state == "Created":
        _enqueue(api, ticket)
    if state == DONE:
        return True
    if state in RUNNING:
        return False
    if state in DEAD:
        raise JobLost(f"the export of {ticket['family']} {ticket['job']} is {state}", where=api.where)
    raise SourceError(f"an export can't be '{state}'", where=api.where)


def status(api: MarketoApi, ticket: Ticket) -> Mapping[str, Any]:
    """The job as Marketo describes it now."""
    path = f"{EXPORTS[ticket['family']]}/{ticket['job']}/status.json"
    try:
        return _job(api, api.get(path).result)
    except MarketoError as error:
        if error.key in GONE:
            raise JobLost(f"the export {ticket['job']} is no longer known", where=api.where) from error
        raise


def fetch(api: MarketoApi, ticket: Ticket, target: Path) -> tuple[Downloaded, int, dict[str, Any]]:
    """The finished file, proved by size and SHA-256; the number of records; and the evidence of both (F1)."""
    job = status(api, ticket)
    try:
        size, records = int(job["fileSize"]), int(job["numberOfRecords"])
        kind, _, checksum = str(job["fileChecksum"]).partition(":")
    except (KeyError, ValueError) as error:
        raise IntegrityError(
            f"export {ticket['job']}: no size, count or checksum", where=api.where
        ) from error
    if kind != "sha256":
        raise IntegrityError(
            f"export {ticket['job']}: a checksum of another kind than sha256", where=api.where
        )
    evidence = {
        "job": ticket["job"],
        "by": ticket["by"],
        "startAt": ticket["startAt"],
        "endAt": ticket["endAt"],
        "fileSize": size,
        "fileChecksum": f"sha256:{checksum}",
        "numberOfRecords": records,
        **({"degraded": ticket["degraded"]} if "degraded" in ticket else {}),
    }
    path = f"{EXPORTS[ticket['family']]}/{ticket['job']}/file.json"
    return _download(api, path, target, Wanted(size, checksum), ticket), records, evidence


def _download(api: MarketoApi, path: str, target: Path, wanted: Wanted, ticket: Ticket) -> Downloaded:
    """A finished job whose file is 404 is looked at again for a while, then the job is given up (F12)."""
    is_missing = False

    def judge(response: httpx.Response) -> None:
        nonlocal is_missing
        is_missing = response.status_code == 404
        if is_missing:
            raise TransientSourceError(f"the file of export {ticket['job']} is not there", where=api.where)
        api.judge_file(response)

    try:
        return download(api.session, path, target, wanted, judge=judge, attempts=FILE_ATTEMPTS)
    except TransientSourceError as error:
        if is_missing:
            raise JobLost(
                f"export {ticket['job']} is done, but its file is not there", where=api.where
            ) from error
        raise


def _enqueue(api: MarketoApi, ticket: Ticket) -> None:
    path = f"{EXPORTS[ticket['family']]}/{ticket['job']}/enqueue.json"
    try:
        api.call("POST", path)
    except MarketoError as error:
        if error.key not in (QUEUE_FULL, QUEUED_ALREADY):
            raise
        log.info("%s: export %s: %s", api.where, ticket["job"], error.rule.meaning)


def _job(api: MarketoApi, result: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one job of an answer (F7)."""
    if len(result) != 1 or not result[0].get("exportId"):
        raise SourceError("the answer describes no export", where=api.where)
    return result[0]
