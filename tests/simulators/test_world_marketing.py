"""Programs, members, channels, campaigns, sales persons, named accounts and contracts of the generated world."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from muster_simulators.world import Change, World, build_world
from muster_simulators.world.model import AMER, EMEA, NIGHTS
from muster_simulators.world.moments import night_clock, night_end

SIZES = [(300, 3), (1500, 7), (5000, 7)]
NEW_OBJECTS = {
    *("channels", "tag_types", "smart_campaigns", "program_members", "sales_persons", "named_accounts"),
    "custom__contract_c",
}


@lru_cache(maxsize=3)
def built(people: int = 1500, seed: int = 7) -> World:
    return build_world(people, seed)


def rows(world: World, source: str, name: str) -> list[Change]:
    return [change for change in world.changes[source] if change.object == name]


def last(world: World, source: str, name: str) -> dict[str, dict[str, Any]]:
    """The records at the end of the world."""
    found: dict[str, dict[str, Any]] = {}
    for change in rows(world, source, name):
        found.pop(change.key, None)
        if change.op == "upsert":
            found[change.key] = change.values
    return found


def status_changes(world: World, source: str) -> list[Change]:
    return [c for c in rows(world, source, "activities") if c.values["activityTypeId"] == 104]


@pytest.mark.parametrize(("people", "seed"), SIZES)
@pytest.mark.parametrize("source", [EMEA, AMER])
def test_activities_104_and_memberships_tell_the_same(people: int, seed: int, source: str) -> None:
    world = built(people, seed)
    states: dict[tuple[int, datetime], dict[str, Any]] = {}
    for change in rows(world, source, "program_members"):
        if change.op == "upsert":
            states[change.values["id"], change.at] = change.values
    told = {(c.values["attributes"]["Program Member ID"], c.at): c for c in status_changes(world, source)}
    assert set(states) == set(told)
    for key, change in told.items():
        attributes, member = change.values["attributes"], states[key]
        assert change.values["primaryAttributeValueId"] == member["programId"]
        assert change.values["primaryAttributeValue"] == member["program"]
        assert change.values["leadId"] == member["leadId"]
        assert attributes["New Status"] == member["statusName"]
        assert attributes["Acquired By"] == member["acquiredBy"]
        assert member["reachedSuccess"] == (member["reachedSuccessDate"] is not None)
        assert not attributes["Success"] or member["reachedSuccess"]


@pytest.mark.parametrize(("people", "seed"), SIZES)
@pytest.mark.parametrize("source", [EMEA, AMER])
def test_a_members_steps_follow_its_channel_and_each_other(people: int, seed: int, source: str) -> None:
    world = built(people, seed)
    programs, channels = last(world, source, "programs"), last(world, source, "channels").values()
    steps = {
        c["name"]: {s["name"]: (s["step"], s["success"]) for s in c["progressionStatuses"]} for c in channels
    }
    before: dict[int, tuple[str, int]] = {}
    for change in sorted(status_changes(world, source), key=lambda c: c.at):
        told = change.values["attributes"]
        known = steps[programs[str(change.values["primaryAttributeValueId"])]["channel"]]
        assert known[told["New Status"]] == (told["New Status ID"], told["Success"])
        old = before.get(told["Program Member ID"], ("Not in Program", 0))
        assert (told["Old Status"], told["Old Status ID"]) == old
        assert told["New Status ID"] > told["Old Status ID"]
        before[told["Program Member ID"]] = (told["New Status"], told["New Status ID"])


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_every_reference_of_marketing_and_contracts_leads_to_a_record(people: int, seed: int) -> None:
    world = built(people, seed)
    for source in (EMEA, AMER):
        programs, leads = set(last(world, source, "programs")), set(last(world, source, "leads"))
        assert {str(m["programId"]) for m in last(world, source, "program_members").values()} <= programs
        for key, member in last(world, source, "program_members").items():
            assert key == f"{member['programId']}:{member['leadId']}"
            assert str(member["leadId"]) in leads
        assert {str(c["leadId"]) for c in last(world, source, "custom__contract_c").values()} <= leads
        channels = {channel["name"] for channel in last(world, source, "channels").values()}
        assert {program["channel"] for program in last(world, source, "programs").values()} <= channels
        campaigns = last(world, source, "smart_campaigns").values()
        assert {str(c["programId"]) for c in campaigns if c["programId"]} <= programs
        used = {str(c.values["campaignId"]) for c in rows(world, source, "activities")}
        assert len(used & set(last(world, source, "smart_campaigns"))) >= 3
    owners = {lead.get("externalSalesPersonId") for lead in last(world, AMER, "leads").values()} - {None}
    persons = {person["externalSalesPersonId"] for person in last(world, AMER, "sales_persons").values()}
    assert owners == persons - {"SP-1005"}
    assert not rows(world, EMEA, "sales_persons")


@pytest.mark.parametrize("source", [EMEA, AMER])
def test_there_is_some_of_everything(source: str) -> None:
    world = built()
    assert len(last(world, source, "programs")) == 10
    assert len(last(world, source, "smart_campaigns")) == 5
    members = last(world, source, "program_members").values()
    assert len({member["programId"] for member in members}) == 10
    for field in ("acquiredBy", "reachedSuccess", "isExhausted"):
        assert {member[field] for member in members} == {True, False}, field
    assert {member["nurtureCadence"] for member in members} == {None, "norm", "pause"}
    assert len({member["statusName"] for member in members}) >= 8
    contracts = last(world, source, "custom__contract_c").values()
    assert {contract["isActive"] for contract in contracts} == {True, False}
    assert any("\n" in (contract["notes"] or "") for contract in contracts)
    assert len({contract["contractNumber"] for contract in contracts}) == len(contracts)
    names = [account["name"] for account in last(world, source, "named_accounts").values()]
    employers = {lead["company"] for lead in last(world, source, "leads").values()}
    assert len(set(names)) == len(names) > 5
    assert set(names) & employers
    assert set(names) - employers


def test_memberships_go_with_a_lead_that_is_deleted() -> None:
    world = built(5000, 7)
    gone = {c.key: c.at for c in rows(world, EMEA, "leads") if c.op == "delete"}
    removed = [c for c in rows(world, EMEA, "program_members") if c.op == "delete"]
    assert removed
    for change in removed:
        assert gone[change.key.split(":")[1]] == change.at


@pytest.mark.parametrize(("people", "seed"), SIZES)
@pytest.mark.parametrize("source", [EMEA, AMER])
def test_each_night_brings_new_members_other_statuses_and_late_ones(
    people: int, seed: int, source: str
) -> None:
    world = built(people, seed)
    seen: dict[str, list[Change]] = defaultdict(list)
    for change in rows(world, source, "program_members"):
        seen[change.key].append(change)
    for night in (1, 2, 3):
        start, end = NIGHTS[night - 1], night_end(night)
        joined = [key for key, states in seen.items() if start <= states[0].at < end]
        moved = [key for key, states in seen.items() for state in states[1:] if start <= state.at < end]
        assert min(len(joined), len(moved)) >= 5
        everything = [state for states in seen.values() for state in states]
        assert [c for c in everything if c.at < end and c.visible_at > night_clock(night)]
        assert [c for c in everything if end < c.at < night_clock(night)]


def test_the_rest_of_the_world_does_not_depend_on_them() -> None:
    """Activities 104 are numbered on their own: no other activity has an id that counts them."""
    for source in (EMEA, AMER):
        others = [c for c in rows(built(), source, "activities") if c.values["activityTypeId"] != 104]
        numbers = sorted(c.values["id"] for c in others)
        assert numbers == list(range(783_000_001, 783_000_001 + len(numbers)))
        marketing = sorted(c.values["id"] for c in status_changes(built(), source))
        assert marketing == list(range(733_000_001, 733_000_001 + len(marketing)))


def test_they_are_made_in_a_fraction_of_the_time_of_the_whole() -> None:
    before = time.process_time()
    world = build_world(5000, 11)
    spent = time.process_time() - before
    changes = sum(len(found) for found in world.changes.values())
    new = sum(c.object in NEW_OBJECTS for found in world.changes.values() for c in found)
    assert new < changes / 10
    assert spent < 4


def test_programs_come_and_change_in_the_nights() -> None:
    for source in (EMEA, AMER):
        states = rows(built(), source, "programs")
        assert [c.key for c in states if c.at >= NIGHTS[0]] == ["1116", "1113"]
        assert timedelta(0) < states[-1].at - NIGHTS[1] < timedelta(days=1)
