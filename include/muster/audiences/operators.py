"""The operators of the language: which types of field each takes, which shape its value has, what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from muster.audiences.catalogue import FieldType

Shape = Literal["value", "values", "pair", "moment", "age", "span", "yes"]
TIMES: tuple[FieldType, ...] = ("date", "timestamp")
EVERY: tuple[FieldType, ...] = ("text", "texts", "number", "boolean", "date", "timestamp")


@dataclass(frozen=True)
class Operator:
    name: str
    types: tuple[FieldType, ...]
    shape: Shape
    doc: str

    @property
    def takes_case(self) -> bool:
        """Whether `case: ignore` may stand beside it on a text field."""
        return self.shape in ("value", "values") and bool({"text", "texts"} & set(self.types))


OPERATORS = {
    operator.name: operator
    for operator in (
        Operator("equals", ("text", "number", "boolean", "date"), "value", "is exactly this"),
        Operator("not_equals", ("text", "number", "date"), "value", "has a value, and it is another one"),
        Operator("in", ("text", "number"), "values", "is one of these"),
        Operator("not_in", ("text", "number"), "values", "has a value, and it is none of these"),
        Operator("contains", ("text",), "value", "this text stands somewhere in it"),
        Operator("starts_with", ("text",), "value", "begins with this text"),
        Operator("ends_with", ("text",), "value", "ends with this text"),
        Operator("includes", ("texts",), "value", "one of its values is exactly this"),
        Operator("greater_than", ("number",), "value", "is more than this"),
        Operator("less_than", ("number",), "value", "is less than this"),
        Operator("at_least", ("number",), "value", "is this or more"),
        Operator("at_most", ("number",), "value", "is this or less"),
        Operator("between", ("number",), "pair", "lies from the first to the second number, both included"),
        Operator("since", TIMES, "moment", "is at this time or later"),
        Operator("before", TIMES, "moment", "is earlier than this time"),
        Operator(
            "within", TIMES, "span", "lies in the last so many hours, days or weeks: as_of - n <= t < as_of"
        ),
        Operator(
            "within_next",
            TIMES,
            "age",
            "lies in the next so many hours, days or weeks: as_of <= t < as_of + n",
        ),
        Operator(
            "older_than", TIMES, "age", "is further back than so many hours, days or weeks: t < as_of - n"
        ),
        Operator("is_empty", EVERY, "yes", "has no value (a text of spaces only counts as none)"),
        Operator("is_not_empty", EVERY, "yes", "has a value"),
    )
}


def for_type(kind: FieldType) -> list[str]:
    """The names of the operators that a field of this type takes, in the order of the reference."""
    return [name for name, operator in OPERATORS.items() if kind in operator.types]
