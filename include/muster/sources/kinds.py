"""What a column of texts seems to hold, and how a value is shown without being told."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = (
    ("whole number", re.compile(r"[+-]?(0|[1-9]\d{0,17})")),
    ("number", re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")),
    ("true or false", re.compile(r"true|false|TRUE|FALSE|True|False")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}")),
    ("time", re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?")),
    ("e-mail address", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
)
LONGEST = 24
SPOKEN = frozenset({"", "true", "false"})


def kind_of(values: Iterable[str | None]) -> str:
    """The narrowest kind that all values have; `00123` is text, because a number would lose its zeros."""
    present = [value for value in values if value]
    for name, pattern in KINDS:
        if present and all(pattern.fullmatch(value) for value in present):
            return name
    return "text" if present else "empty"


def masked(value: str | None) -> str:
    """The shape of a value: `a***@e***.com`, `Xxxxx`, `999-9999`; never the value, but for true, false and nothing."""
    if value is None:
        return "(none)"
    if value.lower() in SPOKEN:
        return value
    if address := re.fullmatch(r"([^@\s])[^@\s]*@([^@\s.])[^@\s]*?(\.[A-Za-z]{2,10})?", value):
        return f"{address[1]}***@{address[2]}***{address[3] or ''}"
    shape = "".join(_shape(character) for character in value[:LONGEST])
    return shape if len(value) <= LONGEST else f"{shape}… ({len(value):,} characters)"


def _shape(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character if character in " .,:;-_/+@#()&'" else "?"
