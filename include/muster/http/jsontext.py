"""JSON read and written without touching a number: text in, text out (F14, F29)."""

from __future__ import annotations

import json
from typing import Any


class Number(str):
    """A JSON number, as it was written: `1604.40`, `1e5`, 38 digits."""

    __slots__ = ()


def loads(text: str | bytes) -> Any:
    """As json.loads, but numbers stay as they were written. NaN and Infinity are refused: they aren't JSON."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def dumps(value: Any) -> str:
    """JSON on one line; numbers as they were read."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(str(k), ensure_ascii=False)}:{dumps(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def as_text(value: Any) -> str | None:
    """One column's text: a string as it is, null as None, true and false in words, anything nested as its JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return dumps(value)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
