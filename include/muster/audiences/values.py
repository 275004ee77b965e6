"""Values as people write them, judged one at a time. Each function raises ValueError with half a sentence."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from typing import Any

from muster.audiences.catalogue import FieldType
from muster.audiences.model import Age, Scalar, Span, Unit
from muster.config.models import instant

MAX_TEXT = 1_000
MAX_VALUES = 1_000
MAX_NUMBER = 10**15
MAX_HOURS = 100 * 366 * 24
AGE = re.compile(r"(\d{1,6}) (hour|day|week)s?")
REFUSED = ("Cc", "Cs", "Zl", "Zp")


def plain_text(value: Any, *, limit: int = MAX_TEXT, lines: bool = False) -> str:
    """A text with something in it, without control characters; `lines` lets line breaks and tabs in."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {_kind(value)}; write it in quotes")
    if not value.strip():
        raise ValueError("must not be empty")
    if len(value) > limit:
        raise ValueError(f"is longer than {limit:,} characters")
    for character in value:
        if unicodedata.category(character) in REFUSED and not (lines and character in "\n\t"):
            raise ValueError(f"must not contain the control character U+{ord(character):04X}")
    return value


def scalar(value: Any, kind: FieldType) -> Scalar:
    """A value of the field's type; nothing is converted silently."""
    if kind in ("text", "texts"):
        return plain_text(value)
    if kind == "number":
        return number(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {_kind(value)}")
        return value
    return moment(value, kind)


def number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {_kind(value)}")
    if not math.isfinite(value) or abs(value) > MAX_NUMBER:
        raise ValueError("must be a number between -10^15 and 10^15")
    return value


def moment(value: Any, kind: FieldType) -> date | datetime:
    """A day for a date field; for a timestamp a day (midnight UTC) or a time with its offset."""
    if not isinstance(value, str):
        raise ValueError(f"must be a date such as 2026-03-02, not {_kind(value)}")
    if kind == "date":
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError("must be a day such as 2026-03-02")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("is not a day of the calendar") from None
    try:
        return instant(value)
    except OverflowError:
        raise ValueError("is not a date of this calendar") from None


def age(value: Any, kind: FieldType) -> Age:
    """`24 hours`, `7 days`, `2 weeks`."""
    match = AGE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise ValueError("must be a length of time such as 24 hours, 7 days or 2 weeks")
    unit: Unit = f"{match[2]}s"  # type: ignore[assignment]  # the pattern allows these three only
    found = Age(int(match[1]), unit)
    if found.hours > MAX_HOURS:
        raise ValueError("is longer than a hundred years")
    if kind == "date" and unit == "hours":
        raise ValueError("counts hours, but the field is a day without a time; use days or weeks")
    return found


def span(value: Any, kind: FieldType) -> Span:
    """`7 days`, or `{from: 270 days, to: 90 days}`: from so long ago until so long ago."""
    if not isinstance(value, dict):
        return Span(age(value, kind))
    if set(value) != {"from", "to"}:
        raise ValueError("must be a length of time such as 7 days, or {from: 270 days, to: 90 days}")
    found = Span(age(value["from"], kind), age(value["to"], kind))
    if found.oldest.hours <= found.newest.hours:
        raise ValueError("from must be longer ago than to")
    return found


def several(value: Any, kind: FieldType) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list with at least one value")
    if len(value) > MAX_VALUES:
        raise ValueError(f"has more than {MAX_VALUES:,} values; put the people on a static list instead")
    return tuple(dict.fromkeys(scalar(item, kind) for item in value))


def pair(value: Any) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be two numbers such as [10, 20]")
    low, high = number(value[0]), number(value[1])
    if low > high:
        raise ValueError("the first number must not be greater than the second")
    return low, high


def yes(value: Any) -> bool:
    if value is not True:
        raise ValueError("can only be true; the opposite operator says the opposite")
    return True


def _kind(value: Any) -> str:
    names = {
        bool: "true/false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a set of keys",
    }
    return names.get(type(value), "nothing")
