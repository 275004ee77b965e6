"""Associations v4, and lists v3 with their members."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from muster_simulators.hubspot.calls import body_of, entered, page_size
from muster_simulators.hubspot.errors import invalid, not_found
from muster_simulators.hubspot.portal import Portal, text_of
from muster_simulators.hubspot.routes_objects import answer, batch_body, next_page
from muster_simulators.hubspot.schema import ObjectType

router = APIRouter()


@router.post("/crm/v4/associations/{from_type}/{to_type}/batch/read")
async def read_associations(request: Request, from_type: str, to_type: str) -> Response:
    """Records without an association come as errors of a 207, as the service does."""
    portal = entered(request)
    one, other = portal.type_of(from_type), portal.type_of(to_type)
    inputs = (await body_of(request)).get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise invalid("inputs must not be empty")
    if len(inputs) > portal.options.association_limit:
        raise invalid(f"The maximum number of inputs is {portal.options.association_limit}")
    results, missing = list[dict[str, Any]](), list[str]()
    links = _links(portal, one, other)
    for each in inputs:
        found = sorted(links.get(str(each["id"]), {}).items(), key=lambda pair: int(pair[0]))
        if found:
            results.append(_result(portal, str(each["id"]), found, int(each.get("after") or 0)))
        else:
            missing.append(str(each["id"]))
    body = batch_body(portal, results)
    if not missing:
        return answer(request, body)
    errors = [_none(each, one, other) for each in missing]
    return answer(request, {**body, "numErrors": len(errors), "errors": errors}, 207)


def _links(portal: Portal, one: ObjectType, other: ObjectType) -> dict[str, dict[str, list[Any]]]:
    """from id -> to id -> association types, written in either direction; archived records have none."""
    found: dict[str, dict[str, list[Any]]] = {}
    live = [{key for key, _ in portal.records(kind, archived=False)} for kind in (one, other)]
    for name, turned in ((f"{one.name}__{other.name}", False), (f"{other.name}__{one.name}", True)):
        for row in portal.store.records(f"associations__{name}").values():
            start, end = (row["to"], row["from"]) if turned else (row["from"], row["to"])
            if start in live[0] and end in live[1]:
                found.setdefault(start, {})[end] = row["types"]
    return found


def _result(portal: Portal, key: str, found: list[tuple[str, list[Any]]], after: int) -> dict[str, Any]:
    left = [pair for pair in found if int(pair[0]) > after]
    page = left[: portal.options.association_page]
    shown = [{"toObjectId": int(end), "associationTypes": types} for end, types in page]
    body: dict[str, Any] = {"from": {"id": key}, "to": shown}
    if len(left) > len(page):
        body["paging"] = {"next": {"after": page[-1][0], "link": f"?after={page[-1][0]}"}}
    return body


def _none(key: str, one: ObjectType, other: ObjectType) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {other.name} is associated with {one.name} {key}.",
        "context": {
            "fromObjectId": [key],
            "fromObjectType": [one.type_id],
            "toObjectType": [other.type_id],
        },
    }


# ---- lists -------------------------------------------------------------------------------------------------


@router.post("/crm/v3/lists/search")
async def search_lists(request: Request) -> JSONResponse:
    portal = entered(request, "crm.lists.read")
    asked = await body_of(request)
    size = page_size(str(asked.get("count", 20)), 20, portal.options.list_search_limit)
    start = int(asked.get("offset") or 0)
    rows = sorted(portal.store.records("lists").items(), key=lambda one: int(one[0]))
    end = start + size
    return JSONResponse(
        {
            "offset": min(end, len(rows)),
            "hasMore": end < len(rows),
            "lists": [_list(key, row) for key, row in rows[start:end]],
            "total": len(rows),
        }
    )


def _list(key: str, row: dict[str, Any]) -> dict[str, Any]:
    stamps = {name: text_of(row.get(name)) for name in ("createdAt", "updatedAt")}
    return {
        "listId": key,
        "listVersion": 1,
        "name": row["name"],
        "objectTypeId": row.get("objectTypeId", "0-1"),
        "processingType": row.get("processingType", "MANUAL"),
        "processingStatus": "COMPLETE",
        "filtersUpdatedAt": stamps["updatedAt"],
        **stamps,
        "additionalProperties": {"hs_list_size": str(row.get("size", 0))},
    }


@router.get("/crm/v3/lists/{list_id}/memberships")
async def members(request: Request, list_id: str) -> JSONResponse:
    portal = entered(request, "crm.lists.read")
    if portal.store.get("lists", list_id) is None:
        raise not_found(f"List does not exist with ID {list_id}.")
    asked = request.query_params
    size, after = (
        page_size(asked.get("limit"), 100, portal.options.member_limit),
        int(asked.get("after") or 0),
    )
    found = portal.store.keys_by("list_members", "listId").get(list_id, [])
    records = (portal.store.get("list_members", key) or {} for key in found)
    rows = sorted(
        ((int(row["recordId"]), row) for row in records if int(row["recordId"]) > after),
        key=lambda one: one[0],
    )
    shown = [
        {"recordId": str(key), "membershipTimestamp": text_of(row.get("membershipTimestamp"))}
        for key, row in rows[:size]
    ]
    body: dict[str, Any] = {"results": shown, "total": len(found)}
    if len(rows) > size:
        body["paging"] = next_page(request, str(rows[size - 1][0]))
    return JSONResponse(body)
