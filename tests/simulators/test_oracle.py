"""The oracle on worlds of a few records, each written by hand with the answer beside it."""

from __future__ import annotations

import pytest
from demo.oracle import FINANCE, LEADERLESS, compare, pairwise
from small_world import END, HOUR, START, Small, bank_deal, person

from muster_simulators.world.model import (
    AMER,
    EMEA,
)

# ---- what is known -----------------------------------------------------------------------------------------


def test_a_record_changed_after_the_windows_end_is_known_as_it_was_the_night_before() -> None:
    world = Small()
    key = world.contact("Ann", "003A", Title="first")
    world.contact("Ann", "003A", Title="second", at=END + 24 * HOUR + HOUR / 4)
    oracle = world.oracle
    assert person(oracle.night(1), key).title == "first"
    assert person(oracle.night(2), key).title == "first"
    assert person(oracle.night(3), key).title == "second"


def test_a_record_changed_before_its_first_reading_but_after_the_end_is_not_known_yet() -> None:
    world = Small()
    key = world.contact("Ann", "003A")
    world.contact("Ann", "003A", Title="second", at=END + HOUR / 4)
    assert key not in world.night(1).person_of
    assert person(world.night(2), key).title == "second"


def test_a_late_change_is_known_the_night_after() -> None:
    world = Small()
    key = world.contact("Ann", "003A", Title="first")
    world.contact("Ann", "003A", Title="late", at=END - HOUR / 60, seen=END + HOUR * 3 / 4)
    assert person(world.night(1), key).title == "first"
    assert person(world.night(2), key).title == "late"


def test_snapshot_objects_are_known_as_they_stand_at_the_clock() -> None:
    world = Small()
    world.amer_company("Acme", 7, "X1")
    world.marketo("Ann", AMER, 1, externalCompanyId="X1")
    deal = {"externalOpportunityId": "O1", "externalCompanyId": "X1", "amount": 1.0}
    world.put(AMER, "opportunities", "g1", **deal, isClosed=True)
    world.put(AMER, "opportunities", "g1", at=END + HOUR / 4, **deal, isClosed=False)
    assert world.night(1).members[LEADERLESS] == {frozenset({"7.mkto_org@amer.marketo"})}


def test_a_lead_that_was_deleted_before_it_was_read_is_not_known_and_one_that_was_read_is_dead() -> None:
    world = Small()
    early = world.marketo("Ann", EMEA, 1)
    world.marketo("Ann", EMEA, 1, gone=True, at=START + HOUR)
    later = world.marketo("Bob", EMEA, 2)
    world.marketo("Bob", EMEA, 2, gone=True, at=END + HOUR)
    assert early not in world.night(1).person_of
    assert person(world.night(1), later).is_live
    assert not person(world.night(2), later).is_live


# ---- the golden record -------------------------------------------------------------------------------------


def test_contact_then_salesforce_lead_then_emea_then_amer_and_empty_values_are_passed_over() -> None:
    world = Small()
    world.marketo("Ann", AMER, 1, title="amer", email="amer@x.example")
    world.marketo("Ann", EMEA, 1, title="emea", at=START + HOUR)
    world.lead("Ann", "00QA", Title="lead")
    world.contact("Ann", "003A", Title="")
    assert [(p.title, p.email) for p in world.night().people.values()] == [("lead", "amer@x.example")]
    world.contact("Ann", "003B", Title="contact")
    assert [p.title for p in world.night().people.values()] == ["contact"]


def test_within_one_object_the_newest_wins_and_the_smallest_key_among_equals() -> None:
    world = Small()
    world.marketo("Ann", EMEA, 3, title="three")
    world.marketo("Ann", EMEA, 2, title="two")
    assert [p.title for p in world.night().people.values()] == ["two"]
    world.marketo("Ann", EMEA, 4, title="newest", at=START + HOUR)
    assert [p.title for p in world.night().people.values()] == ["newest"]


def test_dead_records_give_nothing_but_keep_their_person() -> None:
    world = Small()
    world.contact("Ann", "003A", Title="dead", HasOptedOutOfEmail=True, IsDeleted=True)
    world.lead("Ann", "00QA", Title="converted", IsConverted=True)
    world.marketo("Ann", EMEA, 1, title="alive")
    (ann,) = world.night().people.values()
    assert (ann.title, ann.is_unsubscribed, ann.is_live, len(ann.name)) == ("alive", False, True, 3)


@pytest.mark.parametrize(
    "email", ["info@x.example", "SALES@x.example", "none@none.com", " ", None, "many@x.example"]
)
def test_a_shared_role_or_placeholder_address_never_is_the_primary_one(email: str | None) -> None:
    world = Small()
    key = world.contact("Ann", "003A", Email=email)
    world.marketo("Ann", EMEA, 1, email=" Ann@X.example ")
    for number, last in enumerate(("Bell", "Cole", "Dean", "Dean")):
        world.marketo(f"other{number}", EMEA, 10 + number, email="many@x.example", lastName=last)
    assert person(world.night(), key).email == "ann@x.example"


def test_three_last_names_in_several_spellings_of_case_are_not_yet_too_many() -> None:
    world = Small()
    key = world.contact("Ann", "003A", Email="ours@x.example", LastName="Ash")
    for number, last in enumerate(("ASH", "Bell", "Cole", "cole")):
        world.marketo(f"other{number}", EMEA, 10 + number, email="ours@x.example", lastName=last)
    assert person(world.night(), key).email == "ours@x.example"


def test_a_record_without_evidence_stands_alone_until_a_merge_ties_it() -> None:
    world = Small()
    a, b, c = (world.marketo("Ann", EMEA, number) for number in (1, 2, 3))
    world.unlinkable = {b: END + HOUR, c: None}
    assert world.night(1).truth == {frozenset({a}), frozenset({b}), frozenset({c})}
    assert world.night(2).truth == {frozenset({a, b}), frozenset({c})}


# ---- matching in emea, comparing, scoring ------------------------------------------------------------------


def test_a_member_matches_one_lead_by_email_or_else_by_ecid() -> None:
    world = bank_deal()
    for number, (who, email) in enumerate((("One", "one@x.example"), ("Two", "two@x.example"), ("Gone", "gone@x.example"),
                                           ("Ecid", "ecid@x.example"), ("Bare", None))):  # fmt: skip
        world.contact(who, f"003{number}", Email=email)
        world.role(f"00K{number}", "006A", f"003{number}")
    world.marketo("One", EMEA, 1, email="ONE@x.example")
    world.marketo("Two", EMEA, 2, email="two@x.example")
    world.marketo("stranger", EMEA, 3, email="two@x.example")
    world.marketo("Gone", EMEA, 4, email="gone@x.example")
    world.marketo("Gone", EMEA, 4, email="gone@x.example", gone=True, at=END + HOUR / 4)
    world.marketo("Ecid", EMEA, 5, email="other@x.example", ecid="9" * 38)
    found = world.night().match(FINANCE)
    assert sorted(found.leads.values()) == [1, 5]
    assert [len(part) for part in (found.ambiguous, found.unmatched, found.without_identifier)] == [1, 1, 1]


def test_comparing_tells_what_is_missing_and_what_is_extra() -> None:
    a, b, c = frozenset("a"), frozenset("b"), frozenset("c")
    assert compare({a, b}, {b, c}) == ({a}, {c})


def test_pairs_are_counted_per_cluster_and_only_over_known_records() -> None:
    scores = pairwise([["a", "b", "c"], ["d", "e"]], [["a", "b", "x"], ["c", "d"], ["e", "y"]])
    assert (scores.true_pairs, scores.expected_pairs, scores.actual_pairs) == (1, 4, 2)
    assert (scores.precision, scores.recall) == (0.5, 0.25)
    assert pairwise([["a"]], []).precision == pairwise([["a"]], []).recall == 1.0


def test_a_giant_cluster_costs_no_more_than_its_records() -> None:
    giant = [str(number) for number in range(200_000)]
    scores = pairwise([giant], [giant[:100_000], giant[100_000:]])
    assert scores.precision == 1.0
    assert 0.499 < scores.recall < 0.5
