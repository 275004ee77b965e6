"""Puts one simulated subscription together as a web application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as WebRoute
from starlette.types import Receive, Scope, Send

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.marketo import (
    activities,
    assets,
    bulk,
    campaigns,
    custom_activities,
    custom_objects,
    lead_merge,
    lead_push,
    lead_sync,
    leads,
    lists,
    memberships,
    objects,
    program_members,
    programs,
    schema_fields,
    usage,
)
from muster_simulators.marketo.dispatch import JSON_TYPE, Dispatcher, RouteTable
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.jobs import Jobs
from muster_simulators.marketo.ledger import Ledger
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.store import Store
from muster_simulators.web import Stats, new_app

COMPRESSED_FROM = 1024
METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
TABLES = (
    *(
        leads,
        lead_sync,
        lead_push,
        lead_merge,
        memberships,
        lists,
        assets,
        programs,
        campaigns,
        program_members,
    ),
    *(activities, custom_activities, objects, custom_objects, schema_fields, usage),
)
"""The modules whose ROUTES are served; literal paths win over templates, earlier templates over later ones."""


class CompressedReplies(GZipMiddleware):
    """Compresses what the real service compresses: everything but bulk files."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/bulk/"):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    store: Store,
    *,
    clock: SimClock,
    faults: FaultPlan,
    clients: Mapping[str, str],
    options: MarketoOptions | None = None,
    stats: Stats | None = None,
    ledger: Ledger | None = None,
) -> FastAPI:
    """The application of one subscription. `clients` maps client ids to secrets; `ledger` keeps its daily counters."""
    instance = Instance(
        store,
        clock=clock,
        faults=faults,
        clients=clients,
        options=options or MarketoOptions(),
        stats=stats or Stats(),
        ledger=ledger,
    )
    app = new_app(store.source, clock, faults, instance.stats)
    app.add_middleware(CompressedReplies, minimum_size=COMPRESSED_FROM)
    app.state.instance = instance
    jobs = Jobs(instance)
    routes = [route for table in TABLES for route in table.ROUTES] + bulk.routes(jobs)
    app.state.routes = [(method, path) for method, path, _ in routes]
    dispatcher = Dispatcher(
        instance, RouteTable(routes), lambda: app.in_flight["rest"] + app.in_flight["bulk"]
    )

    async def authenticated(request: Request) -> Response:
        return await dispatcher(request)

    async def token(request: Request) -> Response:
        return await _token(instance, request)

    app.router.routes.append(WebRoute("/identity/oauth/token", token, methods=["GET", "POST"]))
    app.router.routes.append(WebRoute("/{path:path}", authenticated, methods=METHODS))
    return app


async def _token(instance: Instance, request: Request) -> Response:
    """Client credentials as query of GET or POST, or as form of POST."""
    form = (await request.body()).decode("utf-8", "replace") if request.method == "POST" else ""
    given: dict[str, Any] = {**dict(parse_qsl(request.url.query)), **dict(parse_qsl(form))}
    if given.get("grant_type") != "client_credentials":
        body = {"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}
        return JSONResponse(body, 400)
    answer = instance.tokens.issue(given.get("client_id"), given.get("client_secret"))
    if answer is None:
        body = {"error": "invalid_client", "error_description": "Bad client credentials"}
        return JSONResponse(body, 401)
    return JSONResponse(answer, headers={"content-type": JSON_TYPE, "cache-control": "no-store"})
