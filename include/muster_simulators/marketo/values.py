"""How Marketo spells values: dates in three ways, `null` in files, opaque paging tokens."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from muster_simulators.marketo.errors import MarketoError

_DATETIME = re.compile(r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:?\d{2})?)?$")
_CENTRAL = ZoneInfo("America/Chicago")


def iso_z(value: datetime) -> str:
    """`2026-11-24T10:00:00Z`: the lead database and files."""
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()[:19] + "Z"


def iso_offset(value: datetime) -> str:
    """`2026-11-24T10:00:00+0000`: deleted leads."""
    return iso_z(value)[:-1] + "+0000"


def iso_asset(value: datetime) -> str:
    """`2026-11-24T10:00:00Z+0000`: the asset API."""
    return iso_z(value) + "+0000"


def render(value: Any) -> Any:
    """`json.dumps(default=...)` of everything this simulator answers."""
    if isinstance(value, datetime):
        return iso_z(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form of a {type(value).__name__}")


def csv_text(value: Any) -> Any:
    """A value as bulk files spell it; None becomes the literal `null`."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, datetime):
        return iso_z(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, default=render, ensure_ascii=False, separators=(",", ":"))
    return value


def parse_datetime(text: Any, code: str = "704") -> datetime:
    """A W3C date or date-time without milliseconds; anything else is refused with `code`."""
    if not isinstance(text, str) or not _DATETIME.match(text):
        raise MarketoError(code, f"Invalid date format '{text}'. Use W3C, without milliseconds")
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise MarketoError(code, f"Invalid date format '{text}'") from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def seal(kind: str, *parts: Any) -> str:
    """An opaque paging token of these parts, in the letters and padding of real ones."""
    return base64.b32encode(json.dumps([kind, *parts]).encode()).decode()


def unseal(kind: str, token: str) -> list[Any]:
    """The parts of a token made by `seal` for the same kind."""
    try:
        found = json.loads(base64.b32decode(token.encode(), casefold=True))
    except (binascii.Error, UnicodeError, ValueError):
        found = None
    if not isinstance(found, list) or not found or found[0] != kind:
        raise MarketoError("1003", "Invalid nextPageToken")
    return found[1:]


def central_day(moment: datetime) -> date:
    """The day of a moment in US Central time, where quotas are reset at midnight."""
    return moment.astimezone(_CENTRAL).date()


def same(value: Any) -> str:
    """The form in which two filter values are compared: text, without case."""
    return iso_z(value) if isinstance(value, datetime) else str(value).strip().lower()
