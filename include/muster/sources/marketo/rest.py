"""What Marketo gives by REST: activities by paging token, lists with their members, assets, records by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from muster.errors import SourceError
from muster.http.jsontext import as_text, dumps
from muster.http.marketo import MarketoApi
from muster.lake.drift import Described
from muster.sources.keys import batches
from muster.windows import Window

Row = dict[str, str | None]
PAGE = 300
DELETED_LEAD_COLUMNS = (
    "id", "marketoGUID", "leadId", "activityDate", "activityTypeId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
ACTIVITY_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
LEAD_CHANGE_COLUMNS = (
    "id", "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId", "fields", "attributes",
)  # fmt: skip
PROGRAM_COLUMNS = (
    "id", "name", "description", "type", "channel", "status", "workspace", "folder", "createdAt", "updatedAt", "url",
    "tags", "costs",
)  # fmt: skip
CAMPAIGN_COLUMNS = (
    "id", "name", "description", "type", "status", "isActive", "isSystem", "parentProgramId", "workspace", "folder",
    "createdAt", "updatedAt",
)  # fmt: skip
ASSET_PAGE = 200
TYPES_PER_CALL = 10
LIST_COLUMNS = ("id", "name", "programName", "workspaceName", "createdAt", "updatedAt")


def describe_leads(api: MarketoApi) -> Described:
    """Every lead field that REST describes; a job that asks for another one is refused whole (F9).

    describe2 says what can be asked for, describe the number of each field, by which a rename is known.
    """
    types = _types(api.get("/rest/v1/leads/describe2.json").result)
    if missing := {"id", "updatedAt", "createdAt"}.difference(types):
        hint = "the API user's role must see these fields"
        raise SourceError(
            f"leads are described without {', '.join(sorted(missing))}", where=api.where, hint=hint
        )
    numbered = api.get("/rest/v1/leads/describe.json").result
    ids = {str((one.get("rest") or {}).get("name")): str(one["id"]) for one in numbered if one.get("id")}
    return Described(types, {name: ids[name] for name in types if name in ids})


def describe(api: MarketoApi, path: str) -> tuple[Described, Mapping[str, Any]]:
    """The fields of a key-read object, and the whole of what describe says of it."""
    result = api.get(f"{path}/describe.json").result
    if not (types := _types(result)):
        raise SourceError(f"{path} is described without fields", where=api.where)
    return Described(types), result[0]


def _types(result: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    fields = (field for one in result for field in one.get("fields") or [])
    return {str(field["name"]): str(field.get("dataType") or "") for field in fields if field.get("name")}


def describe_activities(api: MarketoApi) -> Described:
    """Every activity type that this instance knows: `1` itself, `1.*` its primary attribute, `1.<name>` the others."""
    types: dict[str, str] = {}
    for one in api.get("/rest/v1/activities/types.json").result:
        number = int(one["id"])
        types[str(number)] = str(one.get("name") or "")
        if primary := one.get("primaryAttribute"):
            types[f"{number}.*"] = str(primary.get("dataType") or "")
        for attribute in one.get("attributes") or []:
            types[f"{number}.{attribute.get('name')}"] = str(attribute.get("dataType") or "")
    return Described(types)


def type_ids(described: Described) -> list[int]:
    """The ids of the described activity types, in order."""
    return sorted(int(name) for name in described.types if name.isdigit())


def paging_token(api: MarketoApi, since: datetime) -> str:
    """Where to begin to read activities from this moment on."""
    text = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = api.get("/rest/v1/activities/pagingtoken.json", {"sinceDatetime": text}).next_token
    if token is None:
        raise SourceError("no paging token to read activities with", where=api.where)
    return token


def deleted_leads(api: MarketoApi, read: Window) -> Iterator[tuple[Row, str]]:
    """(row, why it can't be used or empty) of each delete in [start, end)."""
    asked = {"nextPageToken": paging_token(api, read.start)}
    return _within(api, "/rest/v1/activities/deletedleads.json", asked, DELETED_LEAD_COLUMNS, read)


def lead_changes(api: MarketoApi, fields: Sequence[str], read: Window) -> Iterator[tuple[Row, str]]:
    """The same of each new lead and each change of one of these fields."""
    asked = {"nextPageToken": paging_token(api, read.start), "fields": ",".join(fields)}
    return _within(api, "/rest/v1/activities/leadchanges.json", asked, LEAD_CHANGE_COLUMNS, read)


def activities(api: MarketoApi, types: Sequence[int], read: Window) -> Iterator[tuple[Row, str]]:
    """The same of each activity of these types; ten types a call, all from one paging token."""
    token = paging_token(api, read.start)
    for some in batches(types, TYPES_PER_CALL):
        asked = {"nextPageToken": token, "activityTypeIds": ",".join(map(str, some))}
        yield from _within(api, "/rest/v1/activities.json", asked, ACTIVITY_COLUMNS, read)


def _within(
    api: MarketoApi, path: str, asked: Mapping[str, Any], columns: Sequence[str], read: Window
) -> Iterator[tuple[Row, str]]:
    """Rows of a paged feed whose time lies in the window. Reads on until the flag says so (F15)."""
    for page in api.pages(path, {**asked, "batchSize": PAGE}):
        for item in page.result:
            row = row_of(item, columns)
            try:
                at = instant(row["activityDate"])
            except ValueError:
                yield row, "activityDate is not a time"
                continue
            if read.start <= at < read.end:
                yield row, ""


def list_members(api: MarketoApi) -> Iterator[list[Row]]:
    """One batch of rows per page of members: a row per list and member; a list without any gives one without leadId."""
    for page in api.pages("/rest/v1/lists.json", {"batchSize": PAGE}):
        for item in page.result:
            described = row_of(item, LIST_COLUMNS)
            path, is_empty = f"/rest/v1/lists/{described['id']}/leads.json", True
            for members in api.pages(path, {"fields": "id", "batchSize": PAGE}):
                rows = [{**described, "leadId": as_text(member.get("id"))} for member in members.result]
                is_empty = is_empty and not rows
                yield rows
            if is_empty:
                yield [{**described, "leadId": None}]


def assets(api: MarketoApi, path: str, columns: Sequence[str]) -> Iterator[list[Row]]:
    """Every asset of a kind. Pages go by offset and have no flag, so that only an empty one is the last (F15).

    An asset has no describe: whatever else an answer names is kept under its own name.
    """
    offset = 0
    while page := api.get(path, {"offset": offset, "maxReturn": ASSET_PAGE}).result:
        yield [{**row_of(item, columns), **row_of(item, list(item))} for item in page]
        offset += len(page)


def program_details(api: MarketoApi, row: Row) -> Row:
    """A program with its tags and costs, which the list of programs leaves out."""
    found = api.get(f"/rest/asset/v1/program/{row['id']}.json").result
    return {**row, **row_of(found[0], ("tags", "costs"))} if found else row


def by_key(
    api: MarketoApi, path: str, filter_type: str, keys: Iterable[str], fields: Sequence[str]
) -> Iterator[list[Row]]:
    """Rows of a key-read object, 300 keys a call. No key may hold a comma: it separates the values."""
    for batch in batches(sorted(keys), PAGE):
        asked = {
            "filterType": filter_type,
            "filterValues": ",".join(batch),
            "fields": ",".join(fields),
            "batchSize": PAGE,
        }
        for page in api.pages(f"{path}.json", asked):
            yield [row_of(item, fields) for item in page.result]


def row_of(item: Mapping[str, Any], columns: Sequence[str]) -> Row:
    """A record's text under these names; a field that the answer left out has no value. Attributes become one object."""
    row = {name: as_text(item.get(name)) for name in columns if name != "attributes"}
    if "attributes" in columns:
        pairs = item.get("attributes") or []
        row["attributes"] = dumps({str(pair.get("name")): pair.get("value") for pair in pairs})
    return row


def instant(text: str | None) -> datetime:
    """Marketo's three spellings of a time: `...Z`, `...+0000`, `...Z+0000`. Raises ValueError."""
    if not text:
        raise ValueError("no time")
    plain = text.removesuffix("Z+0000") + "Z" if text.endswith("Z+0000") else text
    value = datetime.fromisoformat(plain)
    if value.tzinfo is None:
        raise ValueError("a time without an offset")
    return value.astimezone(UTC)
