"""The query language: what the parser takes, refuses, and prints back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster_simulators.salesforce.soql import (
    And,
    Compare,
    Condition,
    DateWord,
    FieldsOf,
    In,
    Includes,
    MalformedError,
    Not,
    NotSpokenError,
    Or,
    Order,
    Path,
    Query,
    parse,
    to_text,
)

paths = st.sampled_from(
    ["Id", "Name", "Owner.Email", "c.Account.Name", "A__c", "Parent__r.Nick_Name__c"]
).map(lambda text: Path(tuple(text.split("."))))
moments = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))
date_words = st.one_of(
    st.sampled_from(["TODAY", "YESTERDAY", "TOMORROW", "THIS_MONTH", "LAST_MONTH"]).map(DateWord),
    st.builds(DateWord, st.sampled_from(["LAST_N_DAYS", "NEXT_N_DAYS"]), st.integers(0, 4000)),
)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12),
    st.dates(date(1700, 1, 1), date(2200, 1, 1)),
    moments,
    date_words,
)
patterns = st.lists(st.sampled_from(["a", "'", "%", "_", "\\%", "\\_", "\\\\", "é", '"', "\n"])).map("".join)
simple = st.one_of(
    st.builds(Compare, paths, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), literals),
    st.builds(Compare, paths, st.just("like"), patterns),
    st.builds(In, paths, st.lists(literals, min_size=1, max_size=4).map(tuple), st.booleans()),
    st.builds(Includes, paths, st.lists(st.text(), min_size=1, max_size=3).map(tuple), st.booleans()),
)


def _joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


conditions = st.recursive(simple, _joined, max_leaves=8)
queries = st.builds(
    Query,
    items=st.one_of(
        st.just(()),
        st.lists(
            st.one_of(paths, st.sampled_from(["ALL", "STANDARD"]).map(FieldsOf)), min_size=1, max_size=4
        ).map(tuple),
    ),
    sobject=st.sampled_from(["Account", "Thing__c"]),
    where=st.none() | conditions,
    order=st.lists(st.builds(Order, paths, st.booleans(), st.booleans()), max_size=3).map(tuple),
    limit=st.none() | st.integers(0, 10**6),
    offset=st.none() | st.integers(0, 2000),
    alias=st.sampled_from([None, "c"]),
)


@settings(max_examples=250, deadline=None)
@given(queries)
def test_what_is_printed_parses_back_to_the_same_tree(query: Query) -> None:
    assert parse(to_text(query)) == query


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_either_a_query_or_refused_in_an_orderly_way(text: str) -> None:
    with pytest.raises(MalformedError):
        parse(text)


@settings(max_examples=250, deadline=None)
@given(queries, st.data())
def test_a_query_with_a_piece_cut_out_is_parsed_or_refused_in_an_orderly_way(
    query: Query, data: st.DataObject
) -> None:
    text = to_text(query)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 6)))
    try:
        parse(text[:start] + text[end:])
    except (MalformedError, NotSpokenError) as refused:
        assert 0 <= refused.at <= len(text)


def test_keywords_do_not_mind_the_case_and_whitespace_may_be_anything() -> None:
    assert parse("select\tId\nfrom Account where Name = null order by Id desc limit 1") == parse(
        "SELECT Id FROM Account WHERE Name = NULL ORDER BY Id DESC LIMIT 1"
    )


def test_nulls_stand_first_unless_said_otherwise() -> None:
    (ascending, descending) = parse("SELECT Id FROM A ORDER BY X, Y DESC NULLS LAST").order
    assert (ascending.nulls_last, descending.nulls_last) == (False, True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T05:30:00+05:30", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-02-28T16:00:00-0800", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00.250z", datetime(2026, 3, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01", date(2026, 3, 1)),
        ("-12.5", Decimal("-12.5")),
        ("1e3", Decimal(1000)),
        (r"'it\'s \"q\" \\ \n\té\_'", 'it\'s "q" \\ \n\té_'),
        ("LAST_N_DAYS:7", DateWord("LAST_N_DAYS", 7)),
        ("true", True),
        ("NULL", None),
    ],
)
def test_literals_mean_what_they_say(written: str, meant: object) -> None:
    where = parse(f"SELECT Id FROM A WHERE X = {written}").where
    assert isinstance(where, Compare)
    assert where.value == meant
    assert type(where.value) is type(meant)


def test_backslashes_of_a_pattern_stay_apart_from_its_wildcards() -> None:
    where = parse(r"SELECT Id FROM A WHERE X LIKE 'a\\%\_\''").where
    assert where == Compare(Path(("X",)), "like", r"a\\%\_'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT Id",
        "SELECT FROM Account",
        "SELECT Id FROM",
        "SELECT Id, FROM Account",
        "SELECT Id FROM Account WHERE",
        "SELECT Id FROM Account WHERE Name",
        "SELECT Id FROM Account WHERE Name = ",
        "SELECT Id FROM Account WHERE Name = 'open",
        "SELECT Id FROM Account WHERE Name == 'x'",
        "SELECT Id FROM Account WHERE Name = Other",
        "SELECT Id FROM Account WHERE Name = '\\q'",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account WHERE Name IN :names",
        "SELECT Id FROM Account WHERE (Name = 'x'",
        "SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3",
        "SELECT Id FROM Account WHERE X = 2026-03-01T00:00:00",
        "SELECT Id FROM Account WHERE X = 2026-13-01",
        "SELECT Id FROM Account WHERE X = 2026-02-30T00:00:00Z",
        "SELECT Id FROM Account WHERE X = LAST_N_DAYS",
        "SELECT Id FROM Account LIMIT -1",
        "SELECT Id FROM Account LIMIT 1.5",
        "SELECT Id FROM Account LIMIT",
        "SELECT Id FROM Account ALL ROWS",
        "SELECT Id FROM Account; DROP",
        "SELECT FIELDS(SOME) FROM Account",
        "SELECT * FROM Account",
        "SELECT COUNT(), Id FROM Account",
        "SELECT Id FROM Account WHERE " + "(" * 60 + "A = 1" + ")" * 60,
        "SELECT Id FROM Account WHERE " + "NOT " * 60 + "A = 1",
    ],
)
def test_what_is_not_soql_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(text)
    assert 0 <= refused.value.at <= len(text)


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("SELECT COUNT(Id) FROM Account", "aggregate functions"),
        ("SELECT MAX(CreatedDate) FROM Account", "aggregate functions"),
        ("SELECT toLabel(Type) FROM Account", "functions"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "sub-queries"),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Event", "TYPEOF"),
        ("SELECT Name FROM Account GROUP BY Name", "GROUP BY"),
        ("SELECT Id FROM Account USING SCOPE mine", "USING SCOPE"),
        ("SELECT Id FROM Account WITH SECURITY_ENFORCED", "WITH"),
        ("SELECT Id FROM Account LIMIT 1 FOR VIEW", "FOR VIEW"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "semi-joins"),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = 2026", "functions"),
        ("SELECT a.Id FROM Account a, a.Owner o", "several objects in FROM"),
    ],
)
def test_soql_that_is_not_evaluated_is_named(text: str, feature: str) -> None:
    with pytest.raises(NotSpokenError) as refused:
        parse(text)
    assert refused.value.feature == feature
