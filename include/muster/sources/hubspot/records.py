"""Records of one object type: their properties, the ids that changed in a window, the records, the archived ones.

A search finds what changed, and only ids are asked of it: its body may have 3,000 characters at most, and its index
lags behind. The records themselves are read by these ids, as they are now. Every page of a search is a search of its
own for ids above the last one: no query is paged, so that its 10,000 results are no limit, and a record that leaves
the window meanwhile moves no other one out of sight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from muster.errors import IntegrityError, SourceError, TransientSourceError
from muster.http.jsontext import as_text
from muster.lake.drift import Described
from muster.sources.csv_rows import NOT_UTF8
from muster.sources.hubspot.api import Body, HubSpotApi, results_of
from muster.sources.keys import batches
from muster.windows import Window

Row = dict[str, str | None]
CHANGED_BY = {"contacts": "lastmodifieddate"}  # every other object: hs_lastmodifieddate
ID = "hs_object_id"
MERGED = "hs_merged_object_ids"
SEARCH_PAGE, LIST_PAGE, BATCH = 200, 100, 100
OWN = ("id", "createdAt", "updatedAt", "archived", "archivedAt", "merged_into", "changed_at")
NUL = "a NUL byte"


@dataclass(frozen=True)
class Kind:
    """One object type: `path` is its name or its type id in addresses."""

    path: str
    described: Described

    @property
    def changed_by(self) -> str:
        return CHANGED_BY.get(self.path, "hs_lastmodifieddate")

    @property
    def columns(self) -> list[str]:
        return [*OWN, *(column_of(name) for name in self.described.names)]


@dataclass
class Tally:
    """What a reading met: `gone` were found by the search and no longer there when they were read."""

    found: int = 0
    gone: int = 0
    archived: int = 0
    merged: int = 0
    searches: int = 0
    seen: set[str] = field(default_factory=set)

    def evidence(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("found", "gone", "archived", "merged", "searches")}


def column_of(name: str) -> str:
    """The raw column of a property: its own name, unless one of the record's own fields is called so."""
    return f"property_{name}" if name.casefold() in {one.casefold() for one in OWN} else name


def describe(api: HubSpotApi, path: str) -> Kind:
    """Every property that the token may see. Raises SourceError where those are missing that a reading needs."""
    answer = api.call("GET", f"/crm/v3/properties/{path}")
    rows = results_of(answer, f"/crm/v3/properties/{path}", api.where)
    types = {str(one["name"]): str(one.get("type") or "") for one in rows if one.get("name")}
    kind = Kind(path, Described(types))
    if missing := [name for name in (ID, kind.changed_by) if name not in types]:
        raise SourceError(
            f"{path} are described without {', '.join(missing)}",
            where=api.where,
            hint="the private app's scopes must let it see these properties",
        )
    return kind


def schema_path(api: HubSpotApi, name: str) -> str:
    """The type id of a custom object, by its name or its fully qualified name."""
    path = "/crm-object-schemas/v3/schemas"
    found = results_of(api.call("GET", path), path, api.where)
    for one in found:
        if name.lower() in (str(one.get("name")).lower(), str(one.get("fullyQualifiedName")).lower()):
            return str(one["objectTypeId"])
    known = ", ".join(sorted(str(one.get("name")) for one in found)) or "none"
    raise SourceError(f"there is no custom object '{name}'", where=api.where, hint=f"it has: {known}")


# ---- what changed ------------------------------------------------------------------------------------------


def changed_ids(api: HubSpotApi, kind: Kind, read: Window, tally: Tally) -> Iterator[list[str]]:
    """Ids of the live records whose last change lies in [start, end), in their order, up to 200 at a time."""
    path, last = f"/crm/v3/objects/{kind.path}/search", 0
    while True:
        body = api.search(path, _query(kind.changed_by, read, last), lambda one: _whole(one, path, api.where))
        tally.searches += 1
        ids = [str(one["id"]) for one in body["results"]]
        numbers = [int(one) for one in ids]
        if any(one <= before for before, one in zip([last, *numbers], numbers, strict=False)):
            raise SourceError(f"POST {path}: its ids are not in order", where=api.where)
        if ids:
            tally.found += len(ids)
            last = numbers[-1]
            yield ids
        if int(body["total"]) <= len(ids):
            return


def _query(changed_by: str, read: Window, last: int) -> dict[str, Any]:
    filters = [
        {"propertyName": changed_by, "operator": "GTE", "value": milliseconds(read.start)},
        {"propertyName": changed_by, "operator": "LT", "value": milliseconds(read.end)},
        {"propertyName": ID, "operator": "GT", "value": str(last)},
    ]
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": ID, "direction": "ASCENDING"}],
        "properties": [ID],
        "limit": SEARCH_PAGE,
    }


def _whole(body: Body, path: str, where: str) -> None:
    """A page must hold all that its own total says, up to its size: fewer would be rows that nobody reads."""
    rows, total = results_of(body, path, where), body.get("total")
    if total is None or not str(total).isdigit():
        raise IntegrityError(f"POST {path}: the answer tells no total", where=where)
    if len(rows) != min(SEARCH_PAGE, int(total)):
        raise TransientSourceError(
            f"POST {path}: it says {int(total):,} are left and gives {len(rows):,}", where=where
        )


def milliseconds(moment: datetime) -> str:
    return str(round(moment.astimezone(UTC).timestamp() * 1000))


# ---- the records -------------------------------------------------------------------------------------------


def read_batches(
    api: HubSpotApi, kind: Kind, ids: Sequence[str], tally: Tally, *, archived: bool = False
) -> Iterator[list[Row]]:
    """The records of these ids, and a row for each record that was merged into one of them."""
    path = f"/crm/v3/objects/{kind.path}/batch/read"
    for some in batches([one for one in ids if one not in tally.seen], BATCH):
        asked = {"inputs": [{"id": one} for one in some], "properties": kind.described.names}
        params = {"archived": "true"} if archived else None
        body = api.call("POST", path, params=params, json=asked)
        given = {str(one["id"]): one for one in results_of(body, path, api.where)}
        merged = _all_accounted_for(api, path, some, given, body)
        tally.gone += len(set(some) - set(given))
        tally.seen |= merged
        rows = [row_of(kind, one) for one in given.values()]
        losers = [loser for row in rows for loser in losers_of(row)]
        tally.merged += len(losers)
        yield rows + losers


def _all_accounted_for(
    api: HubSpotApi, path: str, asked: Sequence[str], given: Mapping[str, Body], body: Body
) -> set[str]:
    """Every id is given, named as gone, or merged into another one that is given; the others' ids are returned."""
    gone = {str(key) for one in body.get("errors") or [] for key in _gone(api, path, one)}
    others = set(given) - set(asked)
    swallowed = {
        loser
        for key in others
        for loser in str((given[key].get("properties") or {}).get(MERGED) or "").split(";")
    }
    if lost := set(asked) - set(given) - gone - swallowed:
        raise IntegrityError(
            f"POST {path}: {len(lost):,} of {len(asked):,} records were neither given nor named as gone",
            where=api.where,
        )
    return others


def _gone(api: HubSpotApi, path: str, error: Mapping[str, Any]) -> list[str]:
    """Ids that a 207 names as not found. Any other error in it is one."""
    category = str(error.get("category") or "")
    if category != "OBJECT_NOT_FOUND":
        raise SourceError(f"POST {path}: a part of the batch failed", where=api.where, code=category)
    return list((error.get("context") or {}).get("ids") or [])


def archived_ids(api: HubSpotApi, kind: Kind, read: Window) -> Iterator[list[str]]:
    """Ids of the records that were archived in the window. The list has no filter: all that are kept (90 days) pass."""
    path = f"/crm/v3/objects/{kind.path}"
    for page in api.pages(path, {"limit": LIST_PAGE, "archived": "true", "properties": ID}):
        found = [str(one["id"]) for one in page if _within(one.get("archivedAt"), read)]
        if found:
            yield found


def _within(text: Any, read: Window) -> bool:
    """A record without the time of its archiving is taken: one row too many costs nothing."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return True
    return at.tzinfo is None or read.start <= at < read.end


def row_of(kind: Kind, record: Body) -> Row:
    """A record as text: its own fields, then each property under its name. `changed_at`: its newest stamp."""
    properties = record.get("properties") or {}
    row = {name: as_text(record.get(name)) for name in OWN}
    row["changed_at"] = max(filter(None, (row["updatedAt"], row["archivedAt"])), default=None)
    return {**row, **{column_of(name): as_text(properties.get(name)) for name in kind.described.names}}


def losers_of(row: Row) -> Iterator[Row]:
    """A row for each record that was merged into this one: it is gone, and says into whom."""
    for loser in dict.fromkeys((row.get(MERGED) or "").split(";")):
        if loser.isdigit() and loser != row["id"]:
            yield {
                "id": loser,
                ID: loser,
                "archived": "true",
                "merged_into": row["id"],
                "changed_at": row["changed_at"],
            }


def fault(row: Row) -> str:
    """Why a row can't be kept as text; empty for most."""
    text = "".join(value for value in row.values() if value)
    if "\0" in text:
        return NUL
    try:
        text.encode()
    except UnicodeEncodeError:
        return NOT_UTF8
    return ""


def raw(row: Row) -> str:
    """A row in quarantine: JSON in which whatever can't be text is escaped."""
    return json.dumps(row)
