"""One comparison as an expression, and the filter of an event; the meaning of each operator in SQL is here."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from sqlglot import exp

from muster.audiences import literals
from muster.audiences.catalogue import EVENT, Field
from muster.audiences.model import Age, Compare, Event, Scalar, Span

SURE = ("is_empty", "is_not_empty")
RELATIVE = ("within", "within_next", "older_than")
SIGNS: dict[str, type[exp.Binary]] = {
    "equals": exp.EQ,
    "not_equals": exp.NEQ,
    "greater_than": exp.GT,
    "less_than": exp.LT,
    "at_least": exp.GTE,
    "at_most": exp.LTE,
    "since": exp.GTE,
    "before": exp.LT,
}
PARTS = {"contains": exp.Contains, "starts_with": exp.StartsWith, "ends_with": exp.EndsWith}


def sql(condition: Compare, alias: str) -> exp.Expr:
    """The comparison over the column of this alias; true, false, or unknown where the value is missing."""
    name, found = condition.operator, column(condition.field, alias)
    if name in SURE:
        return _emptiness(found, condition.field, is_empty=name == "is_empty")
    if name in RELATIVE:
        return _relative(condition, found)
    fold: Callable[[exp.Expr], exp.Expr] = _lower if condition.ignore_case else _same
    if name in ("in", "not_in"):
        given = cast(tuple[Scalar, ...], condition.value)
        among = exp.In(this=fold(found), expressions=[fold(literals.scalar(one)) for one in given])
        if name == "in":
            return among
        return _filled(found, exp.Not(this=among)) if condition.field.type == "text" else exp.Not(this=among)
    if name == "between":
        low, high = cast(tuple[Scalar, Scalar], condition.value)
        return exp.Between(this=found, low=literals.scalar(low), high=literals.scalar(high))
    value = fold(literals.scalar(cast(Scalar, condition.value)))
    if name == "includes":
        return exp.Contains(this=_enclosed(fold(found)), expression=_enclosed(value))
    if name in PARTS:
        return PARTS[name](this=fold(found), expression=value)
    if condition.field.type == "boolean":
        return found if condition.value else exp.Not(this=found)
    compared = SIGNS[name](this=fold(found), expression=value)
    return _filled(found, compared) if name == "not_equals" and condition.field.type == "text" else compared


def column(field: Field, alias: str) -> exp.Expr:
    found = exp.column(field.source, alias)
    if not field.attribute:
        return found
    path = exp.JSONPath(expressions=[exp.JSONPathRoot(), exp.JSONPathKey(this=field.attribute)])
    return exp.Paren(this=exp.JSONExtractScalar(this=found, expression=path, only_json_types=False))


def event_filter(event: Event) -> list[exp.Expr]:
    """Type, and the half-open span that ends at the evaluation time or before."""
    kind, at = exp.column("activity_type", EVENT.table), exp.column("activity_at", EVENT.table)
    names = [exp.Literal.string(name) for name in event.types]
    of_type = (
        exp.EQ(this=kind, expression=names[0]) if len(names) == 1 else exp.In(this=kind, expressions=names)
    )
    if event.within is None:
        return [of_type, exp.LT(this=at, expression=_now())]
    return [of_type, *_between(at, event.within, in_days=False)]


def _relative(condition: Compare, found: exp.Expr) -> exp.Expr:
    in_days = condition.field.type == "date"
    if condition.operator == "within":
        return exp.and_(*_between(found, cast(Span, condition.value), in_days=in_days))
    age = cast(Age, condition.value)
    if condition.operator == "older_than":
        return exp.LT(this=found, expression=_ago(age, in_days=in_days))
    ahead = exp.Add(this=_now(in_days=in_days), expression=literals.interval(age, in_days=in_days))
    return exp.and_(
        exp.GTE(this=found, expression=_now(in_days=in_days)), exp.LT(this=found.copy(), expression=ahead)
    )


def _between(found: exp.Expr, span: Span, *, in_days: bool) -> list[exp.Expr]:
    return [
        exp.GTE(this=found, expression=_ago(span.oldest, in_days=in_days)),
        exp.LT(this=found.copy(), expression=_ago(span.newest, in_days=in_days)),
    ]


def _ago(age: Age, *, in_days: bool) -> exp.Expr:
    now = _now(in_days=in_days)
    return exp.Sub(this=now, expression=literals.interval(age, in_days=in_days)) if age.amount else now


def _now(*, in_days: bool = False) -> exp.Expr:
    return exp.column("evaluated_on" if in_days else "evaluated_at", "evaluation")


def _emptiness(found: exp.Expr, field: Field, *, is_empty: bool) -> exp.Expr:
    null = exp.Is(this=found, expression=exp.null())
    if field.type not in ("text", "texts"):
        return null if is_empty else exp.Not(this=null)
    trimmed, nothing = exp.Trim(this=found.copy()), exp.Literal.string("")
    if is_empty:
        return exp.paren(exp.or_(null, exp.EQ(this=trimmed, expression=nothing)))
    return exp.and_(exp.Not(this=null), exp.NEQ(this=trimmed, expression=nothing))


def _filled(found: exp.Expr, compared: exp.Expr) -> exp.Expr:
    """A text of spaces only is no value, so it isn't another value either."""
    is_filled = exp.NEQ(this=exp.Trim(this=found.copy()), expression=exp.Literal.string(""))
    return exp.and_(compared, is_filled)


def _lower(value: exp.Expr) -> exp.Expr:
    return exp.Lower(this=value)


def _same(value: exp.Expr) -> exp.Expr:
    return value


def _enclosed(value: exp.Expr) -> exp.Expr:
    """`;a;b;`, so that one value of several is found as a whole."""
    mark = exp.Literal.string(";")
    return exp.DPipe(
        this=exp.DPipe(this=mark, expression=value, safe=True), expression=mark.copy(), safe=True
    )
