"""The generated world's CRM as a HubSpot portal: the same live records, merges, deletes and associations."""

from __future__ import annotations

import pytest
from hubspot_kit import NOW, Kit

from muster_simulators.hubspot.world import hubspot_changes, pipelines_of
from muster_simulators.serve import CLIENTS, EXTRAS, Simulators, State, parser, start_servers
from muster_simulators.world import build_world
from muster_simulators.world.model import MAIN, Change

OBJECTS = {"contacts": "contacts", "companies": "accounts", "deals": "opportunities"}


@pytest.fixture(scope="module")
def org() -> list[Change]:
    return [one for one in build_world(people=300, seed=3).changes[MAIN] if one.visible_at <= NOW]


@pytest.fixture(scope="module")
def kit(org: list[Change]) -> Kit:
    return Kit(hubspot_changes(org), pipelines=pipelines_of(org))


def last(org: list[Change], name: str) -> dict[str, dict]:
    """The org's own records by their 15 characters."""
    return {one.key[:15]: one.values for one in org if one.object == name}


@pytest.mark.parametrize("name", OBJECTS)
def test_live_and_archived_records_are_those_of_the_org(kit: Kit, org: list[Change], name: str) -> None:
    records = last(org, OBJECTS[name]).values()
    live = [one for one in records if not one["IsDeleted"]]
    deleted = [one for one in records if one["IsDeleted"] and not one.get("MasterRecordId")]
    ours = kit.store.records(name).values()
    assert len([one for one in ours if not one.get("archived")]) == len(live) > 0
    assert len([one for one in ours if one.get("archived")]) == len(deleted)
    column = {"contacts": ("email", "Email"), "companies": ("name", "Name"), "deals": ("dealname", "Name")}[
        name
    ]
    found = sorted(str(one[column[0]]) for one in ours if not one.get("archived"))
    assert found == sorted(str(one[column[1]]) for one in live)


@pytest.mark.parametrize("name", ["contacts", "companies"])
def test_every_loser_of_a_merge_is_named_by_its_winner(kit: Kit, org: list[Change], name: str) -> None:
    records = last(org, OBJECTS[name]).values()
    losers = [one for one in records if one["IsDeleted"] and one.get("MasterRecordId")]
    ours = kit.store.records(name)
    named = [
        key for one in ours.values() for key in str(one.get("hs_merged_object_ids") or "").split(";") if key
    ]
    assert len(named) == len(losers) > 0
    assert not set(named) & set(ours)


def test_associations_lead_from_contacts_to_companies_and_from_deals_to_contacts(kit: Kit) -> None:
    for start, end in (("contacts", "companies"), ("deals", "contacts")):
        pairs = kit.store.records(f"associations__{start}__{end}").values()
        assert pairs
        for one in pairs:
            assert one["types"]
    employed = {
        (key, str(one["associatedcompanyid"]))
        for key, one in kit.store.records("contacts").items()
        if one["associatedcompanyid"]
    }
    pairs = {
        (one["from"], one["to"]) for one in kit.store.records("associations__contacts__companies").values()
    }
    assert employed
    assert employed <= pairs


def test_every_stage_of_a_deal_is_one_of_the_pipeline(kit: Kit) -> None:
    (pipeline,) = kit.get("/crm/v3/pipelines/deals").json()["results"]
    stages = {one["id"] for one in pipeline["stages"]}
    assert {one["dealstage"] for one in kit.store.records("deals").values()} <= stages


# ---- the process -------------------------------------------------------------------------------------------


def test_hubspot_is_served_only_when_it_is_asked_for_and_after_all_others() -> None:
    assert parser().parse_args(["serve"]).extras == ()
    assert parser().parse_args(["serve", "--with", "hubspot"]).extras == ("hubspot",)
    clock, faults, stats = Kit().clock, Kit().faults, Kit().stats
    simulators = Simulators(clock, faults, stats, State(None))
    for source in CLIENTS:
        simulators.add(source, ())
    servers = start_servers(simulators, "127.0.0.1", None)
    for server in servers.values():
        server.stop()
    assert list(servers)[3:] == ["control", *EXTRAS.values()]


def test_a_system_that_can_not_be_served_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", "--with", "nothing"])
    assert "'nothing' is none of dynamics, hubspot" in capsys.readouterr().err
