"""What Marketo gives by REST: deletes by paging token, lists with their members, companies and deals by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from muster.errors import SourceError
from muster.http.jsontext import as_text, dumps
from muster.http.marketo import MarketoApi
from muster.sources.keys import batches
from muster.windows import Window

Row = dict[str, str | None]
PAGE = 300
DELETED_LEAD_COLUMNS = (
    "id", "marketoGUID", "leadId", "activityDate", "activityTypeId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
LIST_COLUMNS = ("id", "name", "programName", "workspaceName", "createdAt", "updatedAt")


def lead_fields(api: MarketoApi) -> list[str]:
    """Every lead field that REST describes; a job that asks for another one is refused whole (F9)."""
    described = api.get("/rest/v1/leads/describe2.json").result
    fields = [
        str(field["name"]) for one in described for field in one.get("fields") or [] if field.get("name")
    ]
    fields = list(dict.fromkeys(fields))
    if missing := {"id", "updatedAt", "createdAt"}.difference(fields):
        hint = "the API user's role must see these fields"
        raise SourceError(
            f"leads are described without {', '.join(sorted(missing))}", where=api.where, hint=hint
        )
    return fields


def object_fields(api: MarketoApi, path: str) -> list[str]:
    """The fields of a key-read object, by its describe."""
    described = api.get(f"{path}/describe.json").result
    fields = [
        str(field["name"]) for one in described for field in one.get("fields") or [] if field.get("name")
    ]
    if not fields:
        raise SourceError(f"{path} is described without fields", where=api.where)
    return list(dict.fromkeys(fields))


def activity_types(api: MarketoApi) -> list[int]:
    """Ids of every type that this instance knows, in order."""
    return sorted({int(one["id"]) for one in api.get("/rest/v1/activities/types.json").result})


def deleted_leads(api: MarketoApi, read: Window) -> Iterator[tuple[Row, str]]:
    """(row, why it can't be used or empty) of each delete in [start, end). Reads on until the flag says so (F15)."""
    since = read.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    token = api.get("/rest/v1/activities/pagingtoken.json", {"sinceDatetime": since}).next_token
    if token is None:
        raise SourceError("no paging token to read deletes with", where=api.where)
    for page in api.pages(
        "/rest/v1/activities/deletedleads.json", {"nextPageToken": token, "batchSize": PAGE}
    ):
        for item in page.result:
            row = row_of(item, DELETED_LEAD_COLUMNS)
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
