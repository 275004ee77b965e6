"""The web application of one organisation and of its tenant's authority.

Faults (see faults.py; `match` is searched in `METHOD path`): the generic `status`, `slow`, `drop` of web.py; before any
data call `token` ends the token it meets (401) and `throttle` answers 429 (value: `requests`, `time`, `concurrent`, or
{"kind": ..., "seconds": Retry-After}). Of answers with rows: `cut` (value: bytes to send before the connection dies),
`lost_link` leaves the next link out, `same_link` gives the link that was just followed again, `foreign_link` leads to
another host, `count` (value is added) a wrong `@odata.count`, `expired` makes a delta token one of the past.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from muster_simulators.clock import SimClock
from muster_simulators.dynamics.answers import DELTA, NEXT, Answers
from muster_simulators.dynamics.errors import ApiError, AuthError
from muster_simulators.dynamics.options import DynamicsOptions
from muster_simulators.dynamics.org import Org
from muster_simulators.faults import FaultPlan
from muster_simulators.store import Store
from muster_simulators.web import SimulatorApp, Stats, new_app

VERSIONS = ("v9.0", "v9.1", "v9.2")
DEFINITION = re.compile(r"EntityDefinitions\(LogicalName='(\w+)'\)")
RECORD = re.compile(r"(\w+)\(([0-9a-fA-F-]{36})\)")
ODATA = {"OData-Version": "4.0", "Content-Type": "application/json; odata.metadata=minimal"}
LONGEST_ADDRESS = 32_768


class CutResponse(Response):
    """Announces the whole body, sends its first bytes and closes the connection."""

    def __init__(self, body: bytes, sent: int) -> None:
        super().__init__(body, headers=ODATA)
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self._sent], "more_body": True})
        raise ConnectionResetError("the fault plan cut the answer")


def create_app(
    store: Store,
    *,
    clock: SimClock,
    faults: FaultPlan,
    clients: Mapping[str, str],
    options: DynamicsOptions | None = None,
    stats: Stats | None = None,
) -> FastAPI:
    """One organisation over one store. `clients`: application id -> secret."""
    org = Org(
        store,
        clock=clock,
        faults=faults,
        clients=clients,
        options=options or DynamicsOptions(),
        stats=stats or Stats(),
    )
    app = new_app(org.source, clock, faults, org.stats)
    app.state.org = org
    app.add_api_route("/{tenant}/oauth2/v2.0/token", _token, methods=["POST"])
    app.add_api_route("/api/data/{version}/{rest:path}", _data, methods=["GET"])
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(AuthError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


async def _token(request: Request, tenant: str) -> JSONResponse:
    form = {name: str(value) for name, value in (await request.form()).items()}
    return JSONResponse(request.app.state.org.tokens.issue(tenant, form))


async def _data(request: Request, version: str, rest: str) -> Response:
    app, org = request.app, request.app.state.org
    assert isinstance(app, SimulatorApp) and isinstance(org, Org)
    org.admit(request.method, request.url.path, _bearer(request), app.in_flight["api"])
    if version not in VERSIONS:
        raise ApiError(404, "0x80060888", f"The version {version} is not supported.")
    if len(request.url.path) + len(request.url.query) > LONGEST_ADDRESS:
        raise ApiError(414, "", "The request URI is too long.")
    answers = Answers(org, f"{request.base_url}api/data/{version}/", request.headers.get("prefer", ""))
    query = dict(request.query_params)
    if rest == "WhoAmI" or rest == "WhoAmI()":
        return _json({"OrganizationId": org.options.org_id, "UserId": org.options.user_id})
    if match := DEFINITION.fullmatch(rest):
        return _json(answers.definition(match[1], query))
    if match := RECORD.fullmatch(rest):
        return _json(answers.record(_table(org, match[1]), match[2], query))
    if rest.endswith("/$count"):
        return Response(str(answers.count(_table(org, rest.removesuffix("/$count")))), headers=ODATA)
    return _rows(request, org, answers, rest, query)


def _rows(request: Request, org: Org, answers: Answers, rest: str, query: dict[str, str]) -> Response:
    table, place = _table(org, rest), (org.source, request.method, request.url.path)
    if "$deltatoken" in query and org.faults.take(*place, "expired") is not None:
        org.tracker.forget(query["$deltatoken"])
    body = answers.rows(table, query)
    if "@odata.count" in body and (fault := org.faults.take(*place, "count")) is not None:
        body["@odata.count"] += int(fault.value)
    if NEXT in body and org.faults.take(*place, "lost_link") is not None:
        del body[NEXT]
    for link in (NEXT, DELTA):
        if link in body and org.faults.take(*place, "foreign_link") is not None:
            body[link] = body[link].replace(str(request.base_url), "https://evil.example/")
    if NEXT in body and "$skiptoken" in query and org.faults.take(*place, "same_link") is not None:
        body[NEXT] = str(request.url)
    cut = org.faults.take(*place, "cut")
    if cut is not None:
        return CutResponse(_bytes(body), int(cut.value or 0))
    applied = {"Preference-Applied": ",".join(answers.prefer)} if answers.prefer else {}
    return Response(_bytes(body), headers={**ODATA, **applied})


def _table(org: Org, set_name: str) -> Any:
    found = org.schema.by_set.get(set_name)
    if found is None:
        raise ApiError(404, "0x80060888", f"Resource not found for the segment '{set_name}'.")
    return found


def _json(body: Mapping[str, Any]) -> Response:
    return Response(_bytes(body), headers=ODATA)


def _bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _bearer(request: Request) -> str:
    kind, _, token = (request.headers.get("authorization") or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError | AuthError)
    return error.response()


async def _unrouted(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return ApiError(error.status_code, "0x80060888", f"No resource at {request.url.path}.").response()
