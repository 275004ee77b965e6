"""What every route does first: the version, the session, the allowances, and the faults that stand before them."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import Request

from muster_simulators.salesforce.errors import ApiError, invalid_session, not_found, planned, request_limit
from muster_simulators.salesforce.org import NEWEST_VERSION, OLDEST_VERSION, Call, Org


def entered(request: Request) -> Call:
    """The call, authenticated and counted. Raises ApiError.

    Faults: `session` ends the session it meets (401), `limit` refuses with 403 (value `concurrent` for the other
    message), `code` refuses with any documented error (value: a key of errors.CODES).
    """
    org = org_of(request)
    method, path = request.method, request.url.path
    token = bearer(request.headers.get("authorization"))
    if org.faults.take(org.source, method, path, "session") is not None:
        org.sessions.end(token)
    if not org.sessions.touch(token):
        raise invalid_session()
    version = request.path_params["version"]
    if not re.fullmatch(r"\d{2}\.0", version) or not OLDEST_VERSION <= int(version[:2]) <= NEWEST_VERSION:
        raise not_found()
    _within_limits(org, method, path)
    refused = org.faults.take(org.source, method, path, "code")
    if refused is not None:
        raise planned(str(refused.value))
    return Call(token, version, method, path)


def _within_limits(org: Org, method: str, path: str) -> None:
    fault = org.faults.take(org.source, method, path, "limit")
    if fault is not None:
        raise request_limit("ConcurrentRequests" if fault.value == "concurrent" else "TotalRequests")
    if org.day.used("requests") >= org.options.daily_requests:
        org.stats.violated(org.source, "daily_requests")
        raise request_limit("TotalRequests")
    org.day.add("requests")
    if org.in_flight.long() >= org.options.concurrent_long_requests:
        org.stats.violated(org.source, "concurrent_requests")
        raise request_limit("ConcurrentRequests")


def org_of(request: Request) -> Org:
    org = request.app.state.org
    assert isinstance(org, Org)
    return org


def base_url(request: Request) -> str:
    """The address this server was called by, without a slash at the end."""
    return str(request.base_url).rstrip("/")


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header, empty where there is none."""
    kind, _, token = (authorization or "").partition(" ")
    return token.strip() if kind.lower() in ("bearer", "oauth") else ""


async def json_body(request: Request) -> Any:
    """Raises ApiError 400 JSON_PARSER_ERROR."""
    try:
        return json.loads(await request.body())
    except ValueError:
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be valid JSON"
        ) from None


def whole_number(request: Request, name: str) -> int | None:
    """A positive whole number of the query string, None when absent. Raises ApiError 400."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    if not re.fullmatch(r"\d{1,9}", text) or int(text) == 0:
        raise ApiError(400, "INVALID_PARAMETER", f"{name} must be a positive number")
    return int(text)
