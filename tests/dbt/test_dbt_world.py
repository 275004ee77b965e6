"""The generated world after its third night, against an oracle that shares no code with the SQL."""

from __future__ import annotations

from collections import defaultdict

import pytest
from demo.oracle import FINANCE, LEADERLESS, PRICING, Night, Oracle, pairwise

from conftest import BuiltWorld

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def right(night: BuiltWorld) -> Night:
    return Oracle(night.world).night(3)


@pytest.fixture(scope="module")
def records(night: BuiltWorld) -> dict[str, set[str]]:
    """Person or account key -> its record keys."""
    found: dict[str, set[str]] = defaultdict(set)
    for table, key in (("map_person_records", "person_key"), ("map_account_records", "account_key")):
        for row in night.built.rows(f"select {key} as found_key, record_key from {table}"):
            found[row["found_key"]].add(row["record_key"])
    return found


def test_people_and_accounts_are_found_without_one_stranger(
    night: BuiltWorld, right: Night, records: dict[str, set[str]]
) -> None:
    for expected, prefix in ((right.truth, "p_"), (right.accounts, "a_")):
        scores = pairwise(expected, [keys for key, keys in records.items() if key.startswith(prefix)])
        assert scores.precision == 1
        assert scores.recall >= 0.99
        assert scores.expected_pairs > 30


def test_every_golden_record_has_the_values_that_should_survive(
    night: BuiltWorld, right: Night, records: dict[str, set[str]]
) -> None:
    rows = night.built.rows("select person_key, email, ecid, title, is_unsubscribed from dim_people")
    found = {right.name_person(records[row.pop("person_key")]): row for row in rows}
    wanted = {
        name: {
            "email": person.email,
            "ecid": person.ecid,
            "title": person.title,
            "is_unsubscribed": person.is_unsubscribed,
        }
        for name, person in right.people.items()
        if person.is_live
    }
    assert found == wanted


def test_the_suppressed_are_those_who_withdrew_or_are_gone(
    night: BuiltWorld, right: Night, records: dict[str, set[str]]
) -> None:
    keys = night.built.column("select person_key from int_person__suppressed")
    found = {right.name_person(records[key]) for key in keys} - {frozenset()}
    assert found == {name for name, person in right.people.items() if person.is_suppressed}


@pytest.mark.parametrize("audience", [FINANCE, PRICING, LEADERLESS])
def test_every_audience_has_exactly_the_right_members(
    night: BuiltWorld, right: Night, records: dict[str, set[str]], audience: str
) -> None:
    name = right.name_account if audience == LEADERLESS else right.name_person
    members = [name(records[key]) for key in night.built.column(f"select member_key from aud_{audience}")]
    assert len(members) == len(set(members)) > 10
    assert set(members) == right.members[audience]
