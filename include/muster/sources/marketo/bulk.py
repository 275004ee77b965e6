"""Marketo's bulk exports: create, enqueue, look, fetch. A subscription runs two at a time and queues ten.

A ticket says what was asked for, so that whoever collects can check the answer against it. Program members take a
job for every ten programs: their ticket holds a ticket per job under `jobs`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from muster.errors import IntegrityError, QuotaExhausted, SourceError, TransientSourceError
from muster.http import Downloaded, Wanted, download
from muster.http.marketo import MarketoApi, MarketoError
from muster.sources.base import JobLost, Ticket
from muster.sources.keys import batches

log = logging.getLogger(__name__)

FAMILIES = {"program_members": "program/members"}  # where the path isn't the family's own name
ACTIVITY_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
NO_SUCH_FILTER, QUEUE_FULL, QUEUED_ALREADY = "1035", "1029 full", "1029 queued"
GONE = frozenset({"1003", "1013", "610"})  # how a job that is no longer there shows
RUNNING, DONE, DEAD = ("Created", "Queued", "Processing"), "Completed", ("Failed", "Cancelled", "Canceled")
FILE_ATTEMPTS = 6
PROGRAMS_PER_JOB = 10
JOBS_LOOKED_AT = 2  # of one ticket in one look: as many as run at a time
DEGRADED = (
    "code 1035: the updatedAt filter is off in this subscription, so changes of older leads are not seen; "
    "only leads created in the window are read"
)
READ_WHOLE = "code 1035: the updatedAt filter is off in this subscription, so every {what} is read again for this window"


def begin_leads(api: MarketoApi, fields: Sequence[str], start: datetime, end: datetime) -> Ticket:
    """By updatedAt; where the subscription lacks that filter, by createdAt, loudly (F8)."""
    within = bounds(start, end)
    try:
        return _begin(api, "leads", fields, {"updatedAt": within}, within)
    except MarketoError as error:
        _degraded(api, error, DEGRADED)
        return {**_begin(api, "leads", fields, {"createdAt": within}, within), "degraded": DEGRADED}


def begin_activities(api: MarketoApi, types: Sequence[int], start: datetime, end: datetime) -> Ticket:
    within = bounds(start, end)
    narrowed = {"createdAt": within, "activityTypeIds": list(types)}
    return _begin(api, "activities", ACTIVITY_COLUMNS, narrowed, within, ask_fields=False)


def begin_program_members(
    api: MarketoApi, fields: Sequence[str], programs: Sequence[int], start: datetime, end: datetime
) -> Ticket:
    """A job for every ten programs, by updatedAt; where that filter is lacking every member of them, loudly."""
    within = bounds(start, end)
    changed: dict[str, Any] = {"updatedAt": within}
    ticket: Ticket = {"family": "program_members", "fields": ["programId", *fields], "jobs": []}
    for some in batches(programs, PROGRAMS_PER_JOB):
        try:
            job = _begin(api, "program_members", fields, {"programIds": some, **changed}, within)
        except MarketoError as error:
            ticket["degraded"] = _degraded(api, error, READ_WHOLE.format(what="program member"))
            changed = {}
            job = _begin(api, "program_members", fields, {"programIds": some}, within)
        ticket["jobs"].append({name: value for name, value in job.items() if name != "fields"})
    return ticket


def begin_custom_object(
    api: MarketoApi, api_name: str, fields: Sequence[str], start: datetime, end: datetime
) -> Ticket:
    """By updatedAt; a ticket without jobs, loudly, where that filter is lacking: then they are read by their leads."""
    within = bounds(start, end)
    try:
        return _begin(api, f"customobjects/{api_name}", fields, {"updatedAt": within}, within)
    except MarketoError as error:
        told = _degraded(api, error, READ_WHOLE.format(what=f"{api_name} of the known leads"))
        return {"family": f"customobjects/{api_name}", "fields": list(fields), "jobs": [], "degraded": told}


def bounds(start: datetime, end: datetime) -> dict[str, str]:
    return {
        "startAt": start.astimezone(UTC).strftime(FORMAT),
        "endAt": end.astimezone(UTC).strftime(FORMAT),
    }


def jobs(ticket: Ticket) -> list[Ticket]:
    """The tickets of single jobs that this one stands for."""
    found: list[Ticket] = ticket.get("jobs", [ticket])
    return found


def _degraded(api: MarketoApi, error: MarketoError, told: str) -> str:
    """Go on without the filter, and say so; raises the error where it is another one."""
    if error.key != NO_SUCH_FILTER:
        raise error
    log.warning("%s: %s", api.where, told)
    return told


def _begin(
    api: MarketoApi,
    family: str,
    fields: Sequence[str],
    narrowed: Mapping[str, Any],
    within: Mapping[str, str],
    *,
    ask_fields: bool = True,
) -> Ticket:
    """Create a job and put it in the queue; where the queue is full, `ready` tries again."""
    asked: dict[str, Any] = {"format": "CSV", "filter": dict(narrowed)}
    if ask_fields:
        asked["fields"] = list(fields)
    job = _create(api, family, asked, within)
    by = next((name for name in ("updatedAt", "createdAt") if name in narrowed), "programIds")
    ticket = {"family": family, "job": str(job["exportId"]), "fields": list(fields), "by": by, **within}
    _enqueue(api, ticket)
    return ticket


def _create(
    api: MarketoApi, family: str, asked: Mapping[str, Any], within: Mapping[str, str]
) -> Mapping[str, Any]:
    """A job whose bytes are set aside in the day's quota first. Raises QuotaExhausted where they don't fit."""
    start, end = (datetime.fromisoformat(within[name]) for name in ("startAt", "endAt"))
    seconds = (end - start).total_seconds()
    reserved = api.gate.reserve_export(
        api.gate.expected_bytes(family, seconds), family=family, seconds=seconds
    )
    try:
        job = _job(api, api.call("POST", f"{_base(family)}/create.json", json=asked).result)
    except BaseException:
        reserved.cancel()
        raise
    reserved.name(str(job["exportId"]))
    return job


def _base(family: str) -> str:
    return f"/bulk/v1/{FAMILIES.get(family, family)}/export"


def all_ready(api: MarketoApi, ticket: Ticket) -> bool:
    """One look at the first jobs of a ticket that aren't known as done. What is learned is kept in the ticket."""
    done = ticket.setdefault("done", [])
    waiting = [job for job in jobs(ticket) if job["job"] not in done]
    for job in waiting[:JOBS_LOOKED_AT]:
        if is_ready(api, job):
            done.append(job["job"])
    return len(done) == len(jobs(ticket))


def is_ready(api: MarketoApi, ticket: Ticket) -> bool:
    """One look. Raises JobLost for a job that failed or is no longer known."""
    job = status(api, ticket)
    state = job.get("status")
    if state == "Created":
        _enqueue(api, ticket)
    if state == DONE:
        finished = datetime.fromisoformat(job["finishedAt"]) if job.get("finishedAt") else None
        api.gate.job_done(ticket["job"], int(job.get("fileSize") or 0), finished)
        return True
    if state in RUNNING:
        api.gate.job_seen(ticket["job"])
        return False
    if state in DEAD:
        api.gate.job_gone(ticket["job"])
        raise JobLost(f"the export of {ticket['family']} {ticket['job']} is {state}", where=api.where)
    raise SourceError(f"an export can't be '{state}'", where=api.where)


def status(api: MarketoApi, ticket: Ticket) -> Mapping[str, Any]:
    """The job as Marketo describes it now."""
    path = f"{_base(ticket['family'])}/{ticket['job']}/status.json"
    try:
        return _job(api, api.get(path).result)
    except MarketoError as error:
        if error.key in GONE:
            api.gate.job_gone(ticket["job"])
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
    path = f"{_base(ticket['family'])}/{ticket['job']}/file.json"
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
    """Into the queue, where there is a place for it; else `is_ready` tries again at the next look."""
    if not api.gate.job_slot(ticket["job"]):
        log.info("%s: export %s waits for a place in the queue", api.where, ticket["job"])
        return
    path = f"{_base(ticket['family'])}/{ticket['job']}/enqueue.json"
    try:
        api.call("POST", path)
    except QuotaExhausted:
        api.gate.job_refused(ticket["job"])
        raise
    except MarketoError as error:
        if error.key != QUEUED_ALREADY:
            api.gate.job_refused(ticket["job"])
        if error.key not in (QUEUE_FULL, QUEUED_ALREADY):
            raise
        log.info("%s: export %s: %s", api.where, ticket["job"], error.rule.meaning)


def _job(api: MarketoApi, result: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one job of an answer (F7)."""
    if len(result) != 1 or not result[0].get("exportId"):
        raise SourceError("the answer describes no export", where=api.where)
    return result[0]
