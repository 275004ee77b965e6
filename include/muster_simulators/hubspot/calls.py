"""What every route does first: the token, the limits, the scopes, and the faults that stand before them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from muster_simulators.hubspot.errors import invalid, missing_scopes, over_limit, unauthenticated
from muster_simulators.hubspot.portal import Portal


def entered(request: Request, scope: str = "") -> Portal:
    """The portal, for a call that may go on. Raises ApiError.

    Faults: `token` refuses the token (401), `limit` refuses with 429 (value: the policy's name), `scope` refuses
    with 403.
    """
    portal = portal_of(request)
    method, path = request.method, request.url.path
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    refused = portal.faults.take(portal.source, method, path, "token") is not None
    if refused or kind.lower() != "bearer" or token.strip() not in portal.tokens:
        raise unauthenticated()
    fault = portal.faults.take(portal.source, method, path, "limit")
    if fault is not None:
        raise over_limit(str(fault.value or "TEN_SECONDLY_ROLLING"))
    portal.limits.take(is_search=is_search(method, path))
    is_denied = portal.faults.take(portal.source, method, path, "scope") is not None
    if is_denied or scope in portal.options.missing_scopes:
        raise missing_scopes([scope])
    return portal


def is_search(method: str, path: str) -> bool:
    return method == "POST" and path.startswith("/crm/v3/objects/") and path.endswith("/search")


def portal_of(request: Request) -> Portal:
    portal = request.app.state.portal
    assert isinstance(portal, Portal)
    return portal


async def body_of(request: Request) -> Mapping[str, Any]:
    """Raises ApiError 400 for what is no JSON object."""
    try:
        given = json.loads(await request.body())
    except ValueError:
        raise invalid("Invalid input JSON") from None
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: an object was expected")
    return given


def page_size(given: str | None, usual: int, largest: int) -> int:
    size = usual if given is None else int(given) if given.isdigit() else 0
    if not 1 <= size <= largest:
        raise invalid(f"limit must be between 1 and {largest}")
    return size


def is_true(given: str | None) -> bool:
    """Truth in an address is read in any case: clients in Python write `True`."""
    return (given or "").lower() == "true"


def names_of(request: Request, key: str = "properties") -> list[str]:
    """`properties=a,b` and `properties=a&properties=b` are the same."""
    return [name for text in request.query_params.getlist(key) for name in text.split(",") if name]
