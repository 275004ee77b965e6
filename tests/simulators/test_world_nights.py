"""The three nights move every audience, moderately, at small and at larger sizes."""

from __future__ import annotations

from functools import lru_cache

import pytest
from demo.oracle import FINANCE, LEADERLESS, PRICING, Night, Oracle

from muster_simulators.world import build_world

AUDIENCES = (FINANCE, PRICING, LEADERLESS)
SIZES = [(1500, 7), (5000, 7), (5000, 3)]


@lru_cache(maxsize=4)
def told(people: int, seed: int) -> Oracle:
    return Oracle(build_world(people, seed))


def moved(before: Night, after: Night, audience: str) -> tuple[int, int]:
    """(left, entered): a member whose name changed because a record was added or merged hasn't moved."""
    names = ("account_of", "account_of") if audience == LEADERLESS else ("person_of", "person_of")

    def gone(earlier: Night, later: Night) -> int:
        places = getattr(later, names[0])
        stay = later.members[audience]
        return sum(not any(places.get(key) in stay for key in member) for member in earlier.members[audience])

    return gone(before, after), gone(after, before)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_every_night_people_enter_and_leave_but_never_many(people: int, seed: int, audience: str) -> None:
    oracle = told(people, seed)
    for number in (2, 3):
        before, after = oracle.night(number - 1), oracle.night(number)
        left, entered = moved(before, after, audience)
        assert 0 < left <= 0.15 * len(before.members[audience])
        assert 0 < entered < len(before.members[audience])


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize(("people", "seed"), [(1500, 7), (1500, 1), (1500, 2), (5000, 7)])
def test_audiences_are_large_enough_to_mean_something(people: int, seed: int, audience: str) -> None:
    for number in (1, 2, 3):
        assert len(told(people, seed).night(number).members[audience]) >= 15


@pytest.mark.parametrize("audience", [FINANCE, PRICING])
def test_emea_matches_some_members_and_misses_others_every_night(audience: str) -> None:
    for number in (1, 2, 3):
        night = told(5000, 7).night(number)
        found = night.match(audience)
        assert len(found.leads) >= 15
        assert found.unmatched
        parts = [
            set(found.leads),
            found.ambiguous,
            found.unmatched,
            found.suppressed,
            found.without_identifier,
        ]
        assert sum(len(part) for part in parts) == len(night.members[audience])
        assert len(set(found.leads.values())) == len(found.leads)


def test_planned_pricing_visitors_are_members_exactly_when_planned() -> None:
    oracle = told(5000, 7)
    truth = oracle.world.truth

    def member(label: str, number: int) -> set[bool]:
        night = oracle.night(number)
        names = [[night.person_of.get(key) for key in truth.people[p]] for p in truth.labels[label]]
        return {any(name in night.members[PRICING] for name in person) for person in names}

    expected = {
        "pricing_steady": (True, True, True),
        "pricing_leaves_2": (True, False, False),
        "pricing_leaves_3": (True, True, False),
        "pricing_enters_2": (False, True, True),
        "pricing_enters_3": (False, False, True),
        "pricing_through_merge": (True, True, True),
        "merged_on_night": (False, True, True),
        "pricing_edge_first_second": (True, True, False),
        "pricing_edge_too_early": (True, False, False),
        "pricing_edge_last_second": (False, True, True),
        "pricing_edge_at_end": (False, False, True),
    }
    for label, nights in expected.items():
        for number, is_member in enumerate(nights, start=1):
            assert member(label, number) == {is_member}, (label, number)
