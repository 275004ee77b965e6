"""What all asset calls share: empty answers, pages by offset, date filters, references to folders and programs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer
from muster_simulators.marketo.errors import MarketoError, invalid
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import iso_asset, parse_datetime
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START

NOTHING_FOUND = {"warnings": ["No assets found for the given search criteria."]}


def found_or_warning(rows: list[dict[str, Any]]) -> Answer:
    """Assets leave `result` out when nothing was found."""
    return {"result": rows} if rows else NOTHING_FOUND


def asset_page(call: Call, rows: list[dict[str, Any]]) -> Answer:
    offset = call.number("offset", 0, 1_000_000_000)
    count = call.number("maxReturn", 20, 200) or 20
    return found_or_warning(rows[offset : offset + count])


def blank(name: str) -> MarketoError:
    return MarketoError("701", f"{name} cannot be blank")


def needed(call: Call, name: str) -> str:
    value = call.one(name)
    if value is None:
        raise blank(name)
    return value


def stamps(found: Record) -> dict[str, str]:
    created = found.get("createdAt") or HISTORY_START
    return {"createdAt": iso_asset(created), "updatedAt": iso_asset(found.get("updatedAt") or created)}


def updated_within(call: Call, rows: Iterable[Record]) -> list[Record]:
    earliest, latest = call.one("earliestUpdatedAt"), call.one("latestUpdatedAt")
    start = parse_datetime(earliest) if earliest else None
    end = parse_datetime(latest) if latest else None
    return [
        row
        for row in rows
        if (start is None or row["updatedAt"] >= start) and (end is None or row["updatedAt"] <= end)
    ]


def by_id(instance: Instance, object_name: str) -> list[Record]:
    return sorted(instance.store.records(object_name).values(), key=lambda found: int(found["id"]))


def given(call: Call, name: str) -> Any:
    """A list or object given as JSON, or the way some clients write it; None when it isn't given. 1001 for another."""
    if isinstance(call.body, dict) and not isinstance(call.body.get(name), str | None):
        return call.body[name]
    text = call.one(name)
    if text is None:
        return None
    for parse in (json.loads, ast.literal_eval, _bare_words):
        try:
            return parse(text)
        except (ValueError, SyntaxError):
            continue
    raise invalid(text, name)


def _bare_words(text: str) -> Any:
    """`{'id': 13, 'type': Folder}`, as marketorestpython writes it and Marketo takes it."""
    return json.loads(re.sub(r":\s*([A-Za-z]\w*)", r': "\1"', text.replace("'", '"')))


def folder_given(call: Call, parameter: str) -> dict[str, Any]:
    """`{"id": 13, "type": "Folder"}`: whether it is there isn't asked."""
    found = given(call, parameter)
    if found is None:
        raise blank(parameter)
    try:
        return {"id": int(found["id"]), "type": str(found.get("type", "Folder"))}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise invalid(call.one(parameter), "Folder") from None


def is_true(call: Call, name: str) -> bool:
    return (call.one(name) or "").lower() in ("true", "1")
