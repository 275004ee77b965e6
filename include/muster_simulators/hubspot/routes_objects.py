"""Records: list, one by its id, batch read, search.

Faults: `cut` (the answer breaks off after so many bytes), `truncated` (a search gives fewer results than it has).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from muster_simulators.hubspot.calls import body_of, entered, is_true, names_of, page_size, portal_of
from muster_simulators.hubspot.errors import invalid, not_found
from muster_simulators.hubspot.portal import Portal
from muster_simulators.hubspot.schema import ObjectType
from muster_simulators.hubspot.search import search
from muster_simulators.web import hang_up

router = APIRouter(prefix="/crm/v3/objects")
BATCH_STATUS = "COMPLETE"


@router.get("/{object_type}")
async def list_records(request: Request, object_type: str) -> Response:
    portal, kind = _of(request, object_type)
    asked = request.query_params
    size = page_size(asked.get("limit"), 10, portal.options.list_limit)
    archived, after = is_true(asked.get("archived")), int(asked.get("after") or 0)
    rows = [one for one in portal.records(kind, archived=archived) if int(one[0]) > after]
    names = portal.wanted(kind, names_of(request))
    body: dict[str, Any] = {"results": [portal.show(kind, key, row, names) for key, row in rows[:size]]}
    if len(rows) > size:
        body["paging"] = next_page(request, rows[size - 1][0])
    return answer(request, body)


def next_page(request: Request, after: str) -> dict[str, Any]:
    link = request.url.include_query_params(after=after)
    return {"next": {"after": after, "link": str(link)}}


@router.get("/{object_type}/{record_id}")
async def one_record(request: Request, object_type: str, record_id: str) -> Response:
    portal, kind = _of(request, object_type)
    found = portal.find(kind, record_id, archived=is_true(request.query_params.get("archived")))
    if found is None:
        raise not_found(f"Object not found.  objectId are usually numeric.  {kind.type_id}")
    return answer(request, portal.show(kind, *found, portal.wanted(kind, names_of(request))))


@router.post("/{object_type}/batch/read")
async def batch_read(request: Request, object_type: str) -> Response:
    portal, kind = _of(request, object_type)
    asked = await body_of(request)
    inputs = asked.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise invalid("inputs must not be empty")
    if len(inputs) > portal.options.batch_limit:
        raise invalid(
            f"The maximum number of inputs supported in a batch request is {portal.options.batch_limit}"
        )
    return _batch(request, portal, kind, [str(one["id"]) for one in inputs], asked.get("properties"))


def _batch(
    request: Request, portal: Portal, kind: ObjectType, ids: list[str], properties: list[str] | None
) -> Response:
    archived = is_true(request.query_params.get("archived"))
    found, missing = dict[str, Any](), list[str]()
    for each in ids:
        one = portal.find(kind, each, archived=archived)
        if one is None:
            missing.append(each)
        else:
            found[one[0]] = one[1]
    names = portal.wanted(kind, properties)
    body = batch_body(portal, [portal.show(kind, key, row, names) for key, row in found.items()])
    if not missing:
        return answer(request, body)
    said = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": missing},
    }
    return answer(request, {**body, "numErrors": 1, "errors": [said]}, 207)


def batch_body(portal: Portal, results: list[Any]) -> dict[str, Any]:
    now = portal.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"status": BATCH_STATUS, "results": results, "startedAt": now, "completedAt": now}


@router.post("/{object_type}/search")
async def search_records(request: Request, object_type: str) -> Response:
    portal, kind = _of(request, object_type)
    if len((await request.body()).decode("utf-8", "replace")) > portal.options.longest_search:
        raise invalid(f"The request body exceeds {portal.options.longest_search} characters")
    body = search(portal, kind, await body_of(request))
    if portal.faults.take(portal.source, request.method, request.url.path, "truncated") is not None:
        body["results"] = body["results"][:-1]
    return answer(request, body)


def _of(request: Request, object_type: str) -> tuple[Portal, ObjectType]:
    kind = portal_of(request).types.get(object_type)
    portal = entered(request, kind.scope if kind else "")
    return portal, kind or portal.type_of(object_type)


def answer(request: Request, body: Any, status: int = 200) -> Response:
    """JSON, cut where the fault plan says so."""
    portal = portal_of(request)
    fault = portal.faults.take(portal.source, request.method, request.url.path, "cut")
    if fault is None:
        return JSONResponse(body, status)
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return CutResponse(content, int(fault.value or 0))


class CutResponse(StreamingResponse):
    """The first bytes of an answer whose Content-Length promises all of them; then the connection closes."""

    def __init__(self, content: bytes, at: int) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield content[:at]

        super().__init__(
            parts(), media_type="application/json", headers={"content-length": str(len(content))}
        )
        self._start = content[:at]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self._start:
            await send({"type": "http.response.body", "body": self._start, "more_body": True})
        await hang_up(receive, send)
