"""Random conditions, orders and texts over random records, against a plain Python evaluation that shares no code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from salesforce_kit import NOW, key_of, rows_of

from muster_simulators.clock import SimClock
from muster_simulators.salesforce import SalesforceOptions
from muster_simulators.salesforce.fields import (
    currency,
    day,
    double,
    flag,
    long_text,
    moment,
    multipicklist,
    text,
    whole,
)
from muster_simulators.salesforce.jobs import DELIMITERS
from muster_simulators.salesforce.plan import Plan
from muster_simulators.salesforce.schema import Schema
from muster_simulators.salesforce.soql import (
    And,
    Compare,
    DateWord,
    In,
    Includes,
    Not,
    Or,
    Order,
    Path,
    Query,
    parse,
    to_text,
)
from muster_simulators.store import Store
from muster_simulators.world.model import MAIN, Change

TEXTS = ("", "a", "A", "b", "aB", "ab", "a%", "a_", "a\\b", "it's", "é", "AB\nc")
TODAY = NOW.date()
CUSTOM = (
    text("T__c"),
    whole("W__c"),
    currency("M__c", scale=2),
    double("D__c"),
    flag("F__c"),
    day("Day__c"),
    moment("At__c"),
    multipicklist("Many__c", "x", "y", "z"),
    long_text("Long__c"),
)
SCHEMA = Schema(SalesforceOptions(custom_fields={"AccountContactRelation": CUSTOM}))

days = (st.integers(-3, 3) | st.integers(-40, 40)).map(lambda n: TODAY + timedelta(days=n))
moments = st.builds(
    lambda seconds, milliseconds: NOW + timedelta(seconds=seconds, milliseconds=milliseconds),
    st.integers(-1, 1) | st.integers(-40 * 86400, 40 * 86400),
    st.sampled_from([0, 0, 250]),
)
edges = st.integers(-3, 3).map(lambda n: datetime(2026, 3, 3, tzinfo=UTC) + timedelta(days=n))
choices = st.lists(st.sampled_from("xyz"), unique=True).map(";".join)
records = st.fixed_dictionaries(
    {
        "T__c": st.none() | st.sampled_from(TEXTS),
        "W__c": st.none() | st.integers(-3, 3),
        "M__c": st.none() | st.sampled_from([0.0, 0.1, 1.25, -7.5, 1e9]),
        "F__c": st.none() | st.booleans(),
        "Day__c": st.none() | days,
        "At__c": st.none() | moments | edges,
        "Many__c": st.none() | choices,
        "AccountId": st.none() | st.integers(1, 3).map(lambda n: key_of("accounts", n)),
    }
)
date_words = st.one_of(
    st.sampled_from(["TODAY", "YESTERDAY", "TOMORROW", "THIS_MONTH", "LAST_MONTH"]).map(DateWord),
    st.builds(
        DateWord, st.sampled_from(["LAST_N_DAYS", "NEXT_N_DAYS"]), st.integers(0, 3) | st.integers(0, 40)
    ),
)
LITERALS: Mapping[str, st.SearchStrategy[Any]] = {
    "T__c": st.sampled_from(TEXTS),
    "W__c": st.integers(-3, 3).map(Decimal),
    "M__c": st.sampled_from(["0", "0.1", "1.25", "-7.5", "1e9", "3"]).map(Decimal),
    "Day__c": days | date_words,
    "At__c": moments | edges | date_words,
    "AccountId": st.integers(1, 4).map(lambda n: key_of("accounts", n)),
}
ORDERED = ["=", "!=", "<", "<=", ">", ">="]
patterns = st.lists(st.sampled_from(["a", "B", "%", "_", "\\%", "\\_", "\\\\", "é"]), max_size=4).map("".join)


def path(name: str) -> Path:
    return Path((name,))


@st.composite
def comparisons(draw: st.DrawFn) -> Any:
    kind = draw(
        st.sampled_from(["compare", "compare", "compare", "null", "flag", "in", "like", "includes", "many"])
    )
    if kind == "flag":
        return Compare(path("F__c"), draw(st.sampled_from(["=", "!="])), draw(st.booleans()))
    if kind == "like":
        return Compare(path("T__c"), "like", draw(patterns))
    if kind == "includes":
        return Includes(
            path("Many__c"), tuple(draw(st.lists(choices, min_size=1, max_size=2))), draw(st.booleans())
        )
    if kind == "many":
        return Compare(path("Many__c"), draw(st.sampled_from(["=", "!="])), draw(choices))
    name = draw(st.sampled_from(list(LITERALS)))
    if kind == "null":
        return Compare(path(name), draw(st.sampled_from(["=", "!="])), None)
    if kind == "in":
        plain = LITERALS[name].filter(lambda value: not isinstance(value, DateWord)) | st.none()
        return In(path(name), tuple(draw(st.lists(plain, min_size=1, max_size=3))), draw(st.booleans()))
    value = draw(LITERALS[name])
    return Compare(path(name), draw(st.sampled_from(ORDERED if value != "" else ["=", "!="])), value)


def _joined(parts: Any) -> Any:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


conditions = st.recursive(comparisons(), _joined, max_leaves=6)


# ---- the plain evaluation ----------------------------------------------------------------------------------


def truth(condition: Any, record: Mapping[str, Any]) -> bool:
    if isinstance(condition, And):
        return all(truth(part, record) for part in condition.parts)
    if isinstance(condition, Or):
        return any(truth(part, record) for part in condition.parts)
    if isinstance(condition, Not):
        return not truth(condition.part, record)
    value = record[condition.path.names[0]]
    name = condition.path.names[0]
    if isinstance(condition, Includes):
        held = set((value or "").split(";"))
        found = any(set(wanted.split(";")) <= held for wanted in condition.values)
        return found != condition.negated
    if isinstance(condition, In):
        return any(equal(name, value, each) for each in condition.values) != condition.negated
    if condition.op == "like":
        return bool(value) and like(value.lower(), condition.value.lower())
    if condition.op in ("=", "!="):
        return equal(name, value, condition.value) == (condition.op == "=")
    return value is not None and value != "" and beyond(name, value, condition.op, condition.value)


def equal(name: str, value: Any, wanted: Any) -> bool:
    if name == "F__c":
        return bool(value) == wanted
    if wanted is None or wanted == "":
        return value is None or value == ""
    if value is None or value == "":
        return False
    if isinstance(wanted, DateWord):
        return bounds(wanted)[0] <= on_day(value) < bounds(wanted)[1]
    return bool(stored(name, value) == plain(name, wanted))


def beyond(name: str, value: Any, op: str, wanted: Any) -> bool:
    if isinstance(wanted, DateWord):
        first, after = bounds(wanted)
        found = {"<": on_day(value) < first, "<=": on_day(value) < after, ">": on_day(value) >= after}
        return {**found, ">=": on_day(value) >= first}[op]
    left, right = stored(name, value), plain(name, wanted)
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op])


def plain(name: str, value: Any) -> Any:
    if name == "T__c":
        return value.lower()
    if name in ("W__c", "M__c"):
        return round(float(value), 6)
    return value


def stored(name: str, value: Any) -> Any:
    """A stored moment is read to the second; a literal keeps its fraction."""
    return value.replace(microsecond=0) if name == "At__c" else plain(name, value)


def on_day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def bounds(word: DateWord) -> tuple[date, date]:
    one, n = timedelta(days=1), timedelta(days=word.days or 0)
    return {
        "TODAY": (date(2026, 3, 3), date(2026, 3, 4)),
        "YESTERDAY": (date(2026, 3, 2), date(2026, 3, 3)),
        "TOMORROW": (date(2026, 3, 4), date(2026, 3, 5)),
        "THIS_MONTH": (date(2026, 3, 1), date(2026, 4, 1)),
        "LAST_MONTH": (date(2026, 2, 1), date(2026, 3, 1)),
        "LAST_N_DAYS": (TODAY - n, TODAY + one),
        "NEXT_N_DAYS": (TODAY + one, TODAY + one + n),
    }[word.word]


def like(value: str, pattern: str) -> bool:
    """Letter by letter, no regular expression."""
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(value[at:], pattern[1:]) for at in range(len(value) + 1))
    wanted, rest = (pattern[1], pattern[2:]) if pattern[0] == "\\" else (pattern[0], pattern[1:])
    free = pattern[0] == "_"
    return bool(value) and (free or value[0] == wanted) and like(value[1:], rest)


# ---- the comparison ----------------------------------------------------------------------------------------


def store_of(rows: list[dict[str, Any]]) -> Store:
    changes = []
    for number, row in enumerate(rows):
        key = key_of("account_contact_relations", number)
        values = {"Id": key, "IsDeleted": False, "SystemModstamp": NOW, **row}
        changes.append(Change(NOW, NOW, MAIN, "account_contact_relations", key, "upsert", values))
    return Store(MAIN, changes, SimClock(NOW, monotonic=lambda: 0.0))


def run(query: Query, rows: list[dict[str, Any]]) -> list[int]:
    written = to_text(query)
    plan = Plan(parse(written), written, SCHEMA, store_of(rows), NOW)
    return [int(found["Id"][5:15]) for found in plan.run(deleted=False, bin_start=None)]


def query_of(**parts: Any) -> Query:
    return Query((path("Id"),), "AccountContactRelation", **parts)


@settings(max_examples=400, deadline=None)
@given(st.lists(records, max_size=12), conditions)
def test_a_random_filter_finds_what_a_plain_python_evaluation_finds(
    rows: list[dict[str, Any]], condition: Any
) -> None:
    expected = [number for number, row in enumerate(rows) if truth(condition, rows[number])]
    assert run(query_of(where=condition), rows) == expected


orders = st.builds(
    Order,
    st.sampled_from(["T__c", "W__c", "M__c", "Day__c", "At__c", "F__c"]).map(path),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(records, max_size=12),
    st.lists(orders, min_size=1, max_size=3).map(tuple),
    st.none() | st.integers(0, 8),
    st.none() | st.integers(0, 8),
)
def test_a_random_order_limit_and_offset_give_the_rows_a_plain_comparison_gives(
    rows: list[dict[str, Any]], order: tuple[Order, ...], limit: int | None, offset: int | None
) -> None:
    def compared(left: int, right: int) -> int:
        for each in order:
            a, b = (_sortable(rows[n][each.path.names[0]], each.path.names[0]) for n in (left, right))
            if a == b:
                continue
            if a is None or b is None:
                return (1 if a is None else -1) * (1 if each.nulls_last else -1)
            return (1 if a > b else -1) * (-1 if each.descending else 1)
        return left - right

    expected = sorted(range(len(rows)), key=cmp_to_key(compared))
    start = offset or 0
    expected = expected[start : None if limit is None else start + limit]
    assert run(query_of(order=order, limit=limit, offset=offset), rows) == expected


def _sortable(value: Any, name: str) -> Any:
    if name == "F__c":
        return bool(value)
    return value.lower() or None if isinstance(value, str) else value


nasty = (
    st.none()
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        [
            '"',
            '""',
            ",",
            "\n",
            "\r\n",
            "\r",
            "\t",
            "a\x00b",
            "=1+1",
            "NA",
            "null",
            " ",
            "統一",
            '","',
            "x" * 131_072,
        ]
    )
)


@pytest.mark.parametrize("delimiter", DELIMITERS.values())
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.tuples(nasty, nasty), max_size=6))
def test_any_text_survives_the_way_through_csv(
    delimiter: str, texts: list[tuple[str | None, str | None]]
) -> None:
    rows = [{"T__c": first, "Long__c": second} for first, second in texts]
    written = "SELECT T__c, Long__c FROM AccountContactRelation"
    store = store_of(rows)
    plan = Plan(parse(written), written, SCHEMA, store, NOW)
    lines = plan.csv_rows(plan.run(deleted=False, bin_start=None), delimiter)
    body = "\r\n".join([plan.csv_header(delimiter), *lines, ""])
    back = rows_of(body, delimiter)
    assert back[0] == ["T__c", "Long__c"]
    assert back[1:] == [[first or "", second or ""] for first, second in texts]
