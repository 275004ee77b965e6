"""Values as text: JSON says `2026-03-02T00:30:00.000+0000`, CSV `2026-03-02T00:30:00.000Z`; both cut to seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from muster_simulators.salesforce.fields import Field

JsonText = Callable[[Any], Any]
CsvText = Callable[[Any], str]


def stamp(value: datetime) -> str:
    """A datetime in JSON."""
    return f"{_seconds(value)}.000+0000"


def _seconds(value: datetime) -> str:
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="seconds")[:19]


def _csv_stamp(value: datetime) -> str:
    return f"{_seconds(value)}.000Z"


def _day(value: date | datetime) -> str:
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def java_double(value: float | Decimal) -> str:
    """How the bulk service writes doubles: `75.0`, `0.0`, and from ten million on `1.39E8`."""
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{int(exponent) + len(digits) - 1}"


def _text(value: Any) -> Any:
    return value or None


_JSON: dict[str, JsonText] = {
    "datetime": stamp,
    "date": _day,
    "int": int,
    "double": float,
    "currency": float,
    "percent": float,
    "boolean": bool,
    "address": lambda value: value,
}
_CSV: dict[str, CsvText] = {
    "datetime": _csv_stamp,
    "date": _day,
    "int": lambda value: str(int(value)),
    "double": java_double,
    "currency": java_double,
    "percent": java_double,
    "boolean": lambda value: "true" if value else "false",
    "address": lambda value: json.dumps(value).replace('"', '""'),
}


def _csv_text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text.replace('"', '""') if '"' in text else text


def json_writer(field: Field) -> JsonText:
    """Value -> JSON value. An empty text is null, as Salesforce stores none."""
    return _JSON.get(field.type, _text)


def csv_writer(field: Field) -> CsvText:
    """Value that isn't None -> what stands between the quotes."""
    return _CSV.get(field.type, _csv_text)
