"""What is read whole each night: owners, lists, and the contacts on each list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from muster.errors import SourceError
from muster.http.jsontext import as_text
from muster.sources.hubspot.api import HubSpotApi
from muster.sources.hubspot.records import Row

CONTACTS = "0-1"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "owners": (
        "id",
        "email",
        "firstName",
        "lastName",
        "userId",
        "type",
        "archived",
        "createdAt",
        "updatedAt",
    ),
    "lists": (
        "listId",
        "name",
        "objectTypeId",
        "processingType",
        "processingStatus",
        "createdAt",
        "updatedAt",
    ),
    "list_members": ("listId", "recordId", "membershipTimestamp"),
}
OWNER_PAGE, LIST_PAGE, MEMBER_PAGE = 500, 500, 250


def read(api: HubSpotApi, object_name: str) -> Iterator[list[Row]]:
    """Its rows, page by page."""
    readers = {"owners": owners, "lists": lists, "list_members": list_members}
    return readers[object_name](api)


def owners(api: HubSpotApi) -> Iterator[list[Row]]:
    for archived in ("false", "true"):
        for page in api.pages("/crm/v3/owners", {"limit": OWNER_PAGE, "archived": archived}):
            yield [row_of(one, COLUMNS["owners"]) for one in page]


def lists(api: HubSpotApi) -> Iterator[list[Row]]:
    """Pages go by offset, and `hasMore` says whether there is another one."""
    offset, has_more = 0, True
    while has_more:
        asked = {"count": LIST_PAGE, "offset": offset, "query": ""}
        body = api.call("POST", "/crm/v3/lists/search", json=asked)
        rows = body.get("lists")
        if not isinstance(rows, list):
            raise SourceError("POST /crm/v3/lists/search: the answer has no lists", where=api.where)
        has_more, offset = bool(body.get("hasMore")), offset + len(rows)
        if has_more and not rows:
            raise SourceError("POST /crm/v3/lists/search: an empty page is not the last one", where=api.where)
        yield [row_of(one, COLUMNS["lists"]) for one in rows]


def list_members(api: HubSpotApi) -> Iterator[list[Row]]:
    """A row per list of contacts and contact on it. A list that is deleted meanwhile has none."""
    for page in lists(api):
        for one in page:
            if one["objectTypeId"] == CONTACTS:
                yield from _members(api, str(one["listId"]))


def _members(api: HubSpotApi, list_id: str) -> Iterator[list[Row]]:
    try:
        for page in api.pages(f"/crm/v3/lists/{list_id}/memberships", {"limit": MEMBER_PAGE}):
            yield [{"listId": list_id, **row_of(one, COLUMNS["list_members"][1:])} for one in page]
    except SourceError as error:
        if error.code != "OBJECT_NOT_FOUND":
            raise


def row_of(item: Mapping[str, Any], columns: Sequence[str]) -> Row:
    """These columns, and whatever else the answer names: what is read whole has no describe."""
    return {name: as_text(item.get(name)) for name in dict.fromkeys([*columns, *item])}
