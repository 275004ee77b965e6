"""The web application of one portal.

Faults (see faults.py; `match` is searched in `METHOD path`): the generic `status`, `slow`, `drop` of web.py;
`token`, `limit`, `scope` before any call (calls.py); `cut`, `truncated` of records (routes_objects.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.hubspot.calls import is_search
from muster_simulators.hubspot.errors import ApiError, not_found
from muster_simulators.hubspot.options import HubSpotOptions
from muster_simulators.hubspot.portal import Portal
from muster_simulators.hubspot.routes_around import router as around
from muster_simulators.hubspot.routes_links import router as links
from muster_simulators.hubspot.routes_objects import router as objects
from muster_simulators.store import Store
from muster_simulators.web import SimulatorApp, Stats

LONGEST_ADDRESS = 8_192


class HubSpotApp(SimulatorApp):
    """Adds the headers of the limits to every answer but a search's, which has none."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(portal.source, portal.clock, portal.faults, portal.stats)
        self.portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_search(scope["method"], scope["path"]):
            await super().__call__(scope, receive, send)
        elif len(scope["path"]) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
            self.stats.called(self.source, scope["method"], scope["path"])
            refusal = ApiError(414, "", "URI Too Long")
            await refusal.response()(scope, receive, self._dated(send))
        else:
            await super().__call__(scope, receive, self._told(send))

    def _told(self, send: Send) -> Send:
        async def informed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.portal.limits.headers()]
            await send(message)

        # web.hang_up finds the server's connection through this.
        informed.__self__ = getattr(send, "__self__", None)  # type: ignore[attr-defined]
        return informed


def create_app(
    store: Store,
    *,
    clock: SimClock,
    faults: FaultPlan,
    clients: Mapping[str, str],
    options: HubSpotOptions | None = None,
    stats: Stats | None = None,
) -> FastAPI:
    """One portal over one store. `clients`: name of a private app -> its access token."""
    portal = Portal(
        store,
        clock=clock,
        faults=faults,
        clients=clients,
        options=options or HubSpotOptions(),
        stats=stats or Stats(),
    )
    app = HubSpotApp(portal)
    app.state.portal = portal
    app.router.redirect_slashes = False
    for routes in (around, links, objects):
        app.include_router(routes)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error.response()


async def _unrouted(request: Request, error: Exception) -> JSONResponse:
    """The framework's own 404 and 405, in the service's shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP {request.method} is not allowed here").response()
    return not_found().response()
