"""Typed values as raw text: what a person would write down, exactly, and nothing rounded (F29).

Numbers plain (`1604.40`), floats the shortest text that reads back as the same float, booleans `true` and `false`,
dates and times ISO 8601, bytes base64, anything nested as JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muster.errors import SourceError

NUL, NOT_UTF8 = "a NUL byte", "bytes that are not UTF-8"
SAME_NAME = "two columns are called alike but for their case"


def as_text(value: Any) -> str | None:
    """One value of a database driver or of a file."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{_plain(Decimal(value // timedelta(microseconds=1)).scaleb(-6))} s"
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, list | tuple | dict | set | frozenset):
        return json.dumps(_nested(value), ensure_ascii=False)
    return str(value)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _nested(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _nested(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_nested(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((_nested(inner) for inner in value), key=str)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    return as_text(value)


def column_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """An Arrow column as text, by Arrow where it writes what we would."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    by_arrow = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_null, pa.types.is_integer, pa.types.is_boolean,
    )  # fmt: skip
    if any(is_kind(kind) for is_kind in by_arrow):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%S%z" if kind.tz else "%Y-%m-%dT%H:%M:%S")
    return pa.chunked_array([pa.array([as_text(one) for one in column.to_pylist()], pa.string())])


def fault_of(row: Mapping[str, str | None] | Sequence[str | None]) -> str:
    """Why a row of texts can't be kept; empty for a good one."""
    values = row.values() if isinstance(row, Mapping) else row
    text = "".join(value for value in values if value)
    if "\0" in text:
        return NUL
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return NOT_UTF8
    return ""


def shown(row: Mapping[str, Any]) -> str:
    """A row that is put aside, as JSON that can be written down: half characters as escapes."""
    text = json.dumps(dict(row), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def require_names(names: Sequence[str], what: str, where: str) -> None:
    """Raises SourceError for columns that can't be columns of the lake."""
    if len({name.casefold() for name in names}) != len(names):
        raise SourceError(f"{what}: {SAME_NAME}", where=where)
    if not names or not all(names) or any("\0" in name for name in names):
        raise SourceError(f"{what}: a column without a name", where=where)
