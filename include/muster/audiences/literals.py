"""Values as SQL expressions that stay values: in SQL, and in Jinja, through which dbt reads every model.

sqlglot escapes a text for the dialect. Jinja knows nothing of SQL quotes, so a text that holds `{{`, `{%` or
`{#` is cut in two between the characters and joined again by `||`; control characters, which Jinja would
normalise (carriage return) or SQL tools mistake, are written as chr(n).
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

from sqlglot import exp

from muster.audiences.model import Age, Scalar

# The last begins what sqlglot's pretty printer itself replaces by line breaks.
NEVER_WHOLE = ("{{", "{%", "{#", "__SQLGLOT__")


def scalar(value: Scalar) -> exp.Expr:
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.astimezone(UTC).isoformat(sep=" ")), "timestamptz")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    return text(value)


def number(value: int | float) -> exp.Expr:
    digits = exp.Literal.number(repr(abs(value)))
    return exp.Neg(this=digits) if value < 0 else digits


def interval(age: Age, *, in_days: bool) -> exp.Interval:
    """Of hours for times: so no time zone's idea of a day matters. Of days for dates."""
    amount, unit = (age.days, "DAY") if in_days else (age.hours, "HOUR")
    return exp.Interval(this=exp.Literal.string(str(amount)), unit=exp.var(unit))


def text(value: str) -> exp.Expr:
    """Raises ValueError for NUL and lone surrogates, which no engine stores."""
    parts = _parts(value)
    if not parts:
        return exp.Literal.string("")
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part, safe=True)
    return exp.Paren(this=joined) if len(parts) > 1 else joined


def _parts(value: str) -> list[exp.Expr]:
    parts: list[exp.Expr] = []
    run = ""
    for character in value:
        kind = unicodedata.category(character)
        if character == "\0" or kind == "Cs":
            raise ValueError("a text can't hold NUL or half of a surrogate pair")
        if kind in ("Cc", "Zl", "Zp"):
            parts += [exp.Literal.string(run)] if run else []
            parts.append(exp.Chr(expressions=[exp.Literal.number(ord(character))]))
            run = ""
            continue
        if (run + character).endswith(NEVER_WHOLE):
            parts.append(exp.Literal.string(run))
            run = ""
        run += character
    return parts + ([exp.Literal.string(run)] if run else [])
