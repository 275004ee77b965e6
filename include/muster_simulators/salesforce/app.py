"""The web application of one org.

Faults (see faults.py; `match` is searched in `METHOD path`, paths without a slash at the end): the generic `status`,
`slow`, `drop` of web.py; `session`, `limit`, `code` before any data call (calls.py); `oauth` of the token endpoint and
`query_timeout` of queries (routes_data.py); `failed_job`, `wrong_count`, `cut`, `lost_locator`, `version` of bulk jobs (routes_bulk.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.salesforce.errors import ApiError, OAuthError, not_found
from muster_simulators.salesforce.jobs import QueryJobs
from muster_simulators.salesforce.options import SalesforceOptions
from muster_simulators.salesforce.org import Org
from muster_simulators.salesforce.routes_bulk import bulk
from muster_simulators.salesforce.routes_data import data, router
from muster_simulators.store import Store
from muster_simulators.web import SimulatorApp, Stats

LONGEST_REQUEST = 16_384
"""Bytes of the address and the headers together."""


class SalesforceApp(SimulatorApp):
    """Adds what is true of every answer: `Sforce-Limit-Info`, slashes at the end of a path don't matter."""

    def __init__(self, org: Org) -> None:
        super().__init__(org.source, org.clock, org.faults, org.stats)
        self.org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        path = scope["path"].rstrip("/") or "/"
        with self.org.in_flight.one() as count:
            self.org.stats.peaked(self.source, "calls_in_flight", count)
            told = self._told(send) if path.startswith("/services/data") else send
            refusal = _too_long(scope)
            if refusal is not None:
                self.stats.called(self.source, scope["method"], path)
                await refusal.response()(scope, receive, self._dated(told))
            else:
                await super().__call__({**scope, "path": path}, receive, told)

    def _told(self, send: Send) -> Send:
        async def informed(message: Message) -> None:
            if message["type"] == "http.response.start":
                info = (b"sforce-limit-info", self.org.limit_info().encode())
                message["headers"] = [*message["headers"], info]
            await send(message)

        # web.hang_up finds the server's connection through this.
        informed.__self__ = getattr(send, "__self__", None)  # type: ignore[attr-defined]
        return informed


def _too_long(scope: Scope) -> ApiError | None:
    address = len(scope["path"]) + len(scope.get("query_string", b""))
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    if address > LONGEST_REQUEST:
        return ApiError(414, "URI_TOO_LONG", "The address is too long")
    if address + headers > LONGEST_REQUEST:
        return ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "The address and the headers are too long")
    return None


def create_app(
    store: Store,
    *,
    clock: SimClock,
    faults: FaultPlan,
    clients: Mapping[str, str],
    options: SalesforceOptions | None = None,
    stats: Stats | None = None,
) -> FastAPI:
    """One org over one store. `clients`: consumer key -> secret."""
    org = Org(
        store,
        clock=clock,
        faults=faults,
        clients=clients,
        options=options or SalesforceOptions(),
        stats=stats or Stats(),
    )
    app = SalesforceApp(org)
    app.state.org = org
    app.state.jobs = QueryJobs(org)
    app.router.redirect_slashes = False
    for routes in (router, bulk, data):
        app.include_router(routes)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(OAuthError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError | OAuthError)
    return error.response()


async def _unrouted(request: Request, error: Exception) -> JSONResponse:
    """The framework's own 404 and 405, in the service's shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
        return ApiError(405, "METHOD_NOT_ALLOWED", message).response()
    return not_found().response()
