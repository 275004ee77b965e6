"""Bulk extract, all four families over one queue: create, enqueue, status, file, cancel, list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Handler, Route
from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.export_request import read_request
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.jobs import Job, Jobs
from muster_simulators.marketo.paging import page
from muster_simulators.web import hang_up

CHUNK = 256 * 1024
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class FileResponse(Response):
    """A slice of a file with its Content-Length announced; `cut` closes the connection after so many bytes."""

    def __init__(self, path: Path, start: int, stop: int, size: int, cut: int | None, partial: bool) -> None:
        headers = {
            "content-type": "text/csv",
            "content-length": str(stop - start),
            "accept-ranges": "bytes",
        }
        if partial:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
        self.status_code = 206 if partial else 200
        self.background = None
        self.body = b""
        self.init_headers(headers)
        self._path, self._start = path, start
        self._stop = stop if cut is None else min(stop, start + cut)
        self._is_cut = cut is not None and start + cut < stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        for data in self._chunks():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if self._is_cut:
            await hang_up(receive, send)
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as handle:
            handle.seek(self._start)
            left = self._stop - self._start
            while left > 0:
                data = handle.read(min(CHUNK, left))
                left -= len(data)
                yield data


def create(jobs: Jobs, family: str, instance: Instance, call: Call) -> Answer:
    return {"result": [jobs.create(family, call.client_id, read_request(instance, call, family)).shown()]}


def enqueue(jobs: Jobs, family: str, instance: Instance, call: Call, export_id: str) -> Answer:
    job = jobs.find(family, call.client_id, export_id)
    if instance.fault(call.method, call.path, "queue_full") is not None:
        raise MarketoError("1029", "Too many jobs in queue")
    jobs.enqueue(job)
    _doom(instance, call, job)
    return {"result": [job.shown()]}


def _doom(instance: Instance, call: Call, job: Job) -> None:
    """The faults that stay with a job: `failed_job` until it is finished, `checksum` for good."""
    if (
        job.status in ("Queued", "Processing")
        and instance.fault(call.method, call.path, "failed_job") is not None
    ):
        job.will_fail = True
    if not job.wrong_checksum and instance.fault(call.method, call.path, "checksum") is not None:
        job.wrong_checksum = True


def status(jobs: Jobs, family: str, instance: Instance, call: Call, export_id: str) -> Answer:
    job = jobs.find(family, call.client_id, export_id)
    _doom(instance, call, job)
    return {"result": [jobs.poll(job).shown()]}


def cancel(jobs: Jobs, family: str, instance: Instance, call: Call, export_id: str) -> Answer:
    return {"result": [jobs.cancel(jobs.find(family, call.client_id, export_id)).shown()]}


def listing(jobs: Jobs, family: str, instance: Instance, call: Call) -> Answer:
    found = jobs.mine(family, call.client_id)
    wanted = {status.replace("Canceled", "Cancelled") for status in call.many("status")}
    if wanted:
        found = [job for job in found if job.status in wanted]
    part, beside = page(instance, call, f"exports {family}", found)
    beside.pop("moreResult")
    return {"result": [job.shown() for job in part], **beside}


def file(jobs: Jobs, family: str, instance: Instance, call: Call, export_id: str) -> Answer:
    """Raw bytes; 404 as plain text for whatever has no file (yet, any more, or by the fault `missing_file`)."""
    try:
        job = jobs.find(family, call.client_id, export_id)
    except MarketoError:
        return _no_file()
    content = jobs.content(job)
    if content is None or instance.fault(call.method, call.path, "missing_file") is not None:
        return _no_file()
    asked = call.headers.get("range")
    span = _span(asked, content.size)
    if asked and span is None:
        headers = {"content-range": f"bytes */{content.size}"}
        return Response("Range Not Satisfiable", 416, headers=headers, media_type="text/plain")
    start, stop = span or (0, content.size)
    fault = instance.fault(call.method, call.path, "cut")
    cut = None if fault is None else int(fault.value or 0)
    return FileResponse(content.path, start, stop, content.size, cut, partial=span is not None)


def _no_file() -> Response:
    return Response("File not found", 404, media_type="text/plain")


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """[start, stop) of a Range header; None without one and for one that can't be met."""
    match = _RANGE.match(asked.replace(" ", "")) if asked else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    return (start, stop) if start < stop else None


def _bound(handler: Handler, jobs: Jobs, family: str) -> Handler:
    return partial(handler, jobs, family)


def _of_custom_object(handler: Handler, jobs: Jobs) -> Handler:
    """The family of a custom object carries its name."""

    def bound(instance: Instance, call: Call, name: str, *more: str) -> Answer:
        return handler(jobs, f"customobjects/{name}", instance, call, *more)

    return bound


def routes(jobs: Jobs) -> list[Route]:
    """The six calls of every family."""
    found: list[Route] = []
    for family in ("leads", "activities", "program/members", "customobjects/{name}"):
        base = f"/bulk/v1/{family}/export"
        calls: list[tuple[str, str, Handler]] = [
            ("GET", f"{base}.json", listing),
            ("POST", f"{base}/create.json", create),
            ("POST", f"{base}/{{id}}/enqueue.json", enqueue),
            ("GET", f"{base}/{{id}}/status.json", status),
            ("POST", f"{base}/{{id}}/cancel.json", cancel),
            ("GET", f"{base}/{{id}}/file.json", file),
        ]
        for method, path, handler in calls:
            is_custom = "{name}" in family
            bound = _of_custom_object(handler, jobs) if is_custom else _bound(handler, jobs, family)
            found.append((method, path, bound))
    return found
