"""The three audiences, each on worlds of a few records with the answer beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from demo.oracle import FINANCE, LEADERLESS, PRICING
from small_world import END, HOUR, START, Small, bank_deal

from muster_simulators.world.model import (
    AMER,
    EMEA,
    MAIN,
)

# ---- finance decision makers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deal", "role", "is_member"),
    [
        ({"amount": 100_000.0}, "Decision Maker", True),
        ({"amount": 99_999.99}, "Decision Maker", False),
        ({"closed": True}, "Decision Maker", False),
        ({}, "Influencer", False),
    ],
)
def test_a_decision_maker_of_a_large_open_deal_with_a_bank_is_a_member(
    deal: Any, role: str, is_member: bool
) -> None:
    world = bank_deal(**deal)
    world.role("00KA", "006A", "003A", role)
    assert bool(world.night().members[FINANCE]) is is_member


def test_the_industry_is_that_of_the_deals_own_account() -> None:
    world = bank_deal()
    world.account("Shop", "001B", Industry="Retail")
    world.contact("Bob", "003B", AccountId="001A")
    world.deal("006B", "001B")
    world.role("00KB", "006B", "003B")
    assert not world.night().members[FINANCE]


def test_a_deleted_role_a_deleted_deal_and_a_dead_person_do_not_count() -> None:
    world = bank_deal()
    world.role("00KA", "006A", "003A", deleted=True)
    world.deal("006B", "001A")
    world.put(MAIN, "opportunities", "006B", at=START + HOUR, Id="006B", AccountId="001A", Amount=5e5, IsClosed=False, IsDeleted=True)  # fmt: skip
    world.role("00KB", "006B", "003A")
    world.contact("Bob", "003B", IsDeleted=True)
    world.role("00KC", "006A", "003B")
    assert not world.night().members[FINANCE]


def test_amers_deals_count_through_the_company_that_is_the_same_account() -> None:
    world = bank_deal(closed=True)
    world.amer_company("Bank", 7, "001A", industry="Retail")
    ann = world.marketo("Ann", AMER, 1, externalCompanyId="001A")
    world.put(AMER, "opportunities", "g", externalOpportunityId="O", externalCompanyId="001A", amount=2e5, isClosed=False)  # fmt: skip
    world.put(AMER, "opportunity_roles", "r", externalOpportunityId="O", leadId=1, role="Decision Maker")
    night = world.night()
    assert night.members[FINANCE] == {night.person_of[ann]}


def test_an_unsubscribed_decision_maker_is_a_member_but_suppressed() -> None:
    world = bank_deal()
    world.role("00KA", "006A", "003A")
    world.marketo("Ann", EMEA, 1, unsubscribed=True, email="ann@x.example")
    found = world.night().match(FINANCE)
    assert (len(found.suppressed), found.leads) == (1, {})


# ---- pricing page intent -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("third", "is_member"),
    [
        (END - 168 * HOUR, True),
        (END - 168 * HOUR - timedelta(seconds=1), False),
        (END - timedelta(seconds=1), True),
        (END, False),
    ],
)
def test_the_seven_days_hold_their_first_second_and_not_their_end(third: datetime, is_member: bool) -> None:
    world = Small()
    world.marketo("Ann", EMEA, 1)
    world.visits(EMEA, 1, END - HOUR, END - 2 * HOUR, third)
    assert bool(world.night().members[PRICING]) is is_member


def test_visits_add_up_over_both_marketos_and_over_merged_leads() -> None:
    world = Small()
    ann = world.marketo("Ann", EMEA, 1)
    world.marketo("Ann", AMER, 1)
    world.visits(EMEA, 8, END - HOUR)
    world.visits(EMEA, 9, END - HOUR)
    world.visits(AMER, 1, END - HOUR)
    assert not world.night().members[PRICING]
    world.activity(EMEA, 9, 32, END - 3 * HOUR, attributes={"Merge IDs": "[8, 7]"})
    world.activity(EMEA, 1, 32, END - 2 * HOUR, attributes={"Merge IDs": "[9]"})
    night = world.night()
    assert night.members[PRICING] == {night.person_of[ann]}


def test_other_pages_other_kinds_and_withdrawn_or_dead_people_do_not_count() -> None:
    world = Small()
    times = (END - HOUR, END - 2 * HOUR, END - 3 * HOUR)
    world.marketo("Ann", EMEA, 1)
    world.visits(EMEA, 1, *times, page="acme.example/pricelist")
    for at in times:
        world.activity(EMEA, 1, 11, at, "acme.example/pricing")
    world.marketo("Bob", EMEA, 2, unsubscribed=True)
    world.visits(EMEA, 2, *times)
    world.marketo("Cid", EMEA, 3)
    world.marketo("Cid", EMEA, 3, gone=True, at=END - HOUR)
    world.visits(EMEA, 3, *times)
    world.visits(EMEA, 4, *times)
    assert not world.night().members[PRICING]


def test_a_visit_seen_late_counts_the_night_after() -> None:
    world = Small()
    world.marketo("Ann", EMEA, 1)
    world.visits(EMEA, 1, END - HOUR, END - 2 * HOUR)
    world.activity(EMEA, 1, 1, END - HOUR / 60, "acme.example/en/pricing", seen=END + HOUR * 3 / 4)
    assert [len(world.night(number).members[PRICING]) for number in (1, 2)] == [0, 1]


# ---- open deals without an executive -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "is_led"),
    [
        ("CMO", True),
        ("CIO", True),
        ("deputy chief MARKETING officer", True),
        ("Chief Information Officer", True),
        ("CMO Assistant", False),
        ("CFO", False),
        (None, False),
    ],
)
def test_a_marketing_or_information_chief_among_the_active_people_rules_the_account_out(
    title: str | None, is_led: bool
) -> None:
    world = Small()
    world.account("Acme", "001A")
    world.deal("006A", "001A", amount=1)
    world.contact("Ann", "003A", Title=title, AccountId="001A")
    assert bool(world.night().members[LEADERLESS]) is not is_led


def test_the_chief_may_be_related_in_any_way_but_not_inactive_or_dead() -> None:
    def world(**relation: Any) -> Small:
        small = Small()
        small.account("Acme", "001A")
        small.deal("006A", "001A")
        small.contact("Ann", "003A", Title="CIO")
        if relation:
            values = {"AccountId": "001A", "ContactId": "003A", "IsDeleted": False, **relation}
            small.put(MAIN, "account_contact_relations", "07kA", **values)
        return small

    assert world().night().members[LEADERLESS]
    assert not world(IsActive=True).night().members[LEADERLESS]
    assert world(IsActive=False).night().members[LEADERLESS]
    assert world(IsActive=True, IsDeleted=True).night().members[LEADERLESS]
    synced = world()
    synced.marketo("Ann", EMEA, 1, sfdcAccountId="001A")
    assert not synced.night().members[LEADERLESS]
    through_amer = world()
    through_amer.amer_company("Acme", 7, "X7")
    through_amer.marketo("Ann", AMER, 1, externalCompanyId="X7")
    assert not through_amer.night().members[LEADERLESS]


def test_an_account_is_named_by_its_live_records() -> None:
    world = Small()
    kept = world.account("Acme", "001A")
    merged = world.account("Acme", "001B", IsDeleted=True)
    world.deal("006A", "001B")
    night = world.night()
    assert night.members[LEADERLESS] == {frozenset({kept})}
    assert night.name_account({kept, merged, "elsewhere"}) == frozenset({kept})
