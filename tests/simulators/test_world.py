"""The generated world: the same for the same numbers, sorted, whole, and with every case it promises."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

import pytest

from muster_simulators.world import Change, World, build_world
from muster_simulators.world.ids import Counter as Ids
from muster_simulators.world.ids import checked
from muster_simulators.world.model import (
    AMER,
    EMEA,
    HISTORY_START,
    MAIN,
    NIGHTS,
    SOURCES,
    company_key,
    record_key,
)
from muster_simulators.world.moments import LATEST, QUIET, night_clock, night_end

SIZES = [(300, 3), (1500, 7), (1500, 11), (5000, 7)]
DIGEST = (
    "import hashlib; from muster_simulators.world import build_world; w = build_world(300, 5); "
    "print(hashlib.sha256(repr((w.changes, w.truth)).encode()).hexdigest())"
)


@lru_cache(maxsize=4)
def built(people: int = 1500, seed: int = 7) -> World:
    return build_world(people, seed)


def of(world: World, source: str, object_name: str) -> Iterator[Change]:
    return (change for change in world.changes[source] if change.object == object_name)


def last_states(world: World, source: str, object_name: str) -> dict[str, Change]:
    return {change.key: change for change in of(world, source, object_name)}


def test_the_same_size_and_seed_give_the_same_world_whatever_the_hash_seed() -> None:
    digests = set()
    for hash_seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    world = build_world(300, 5)
    digests.add(hashlib.sha256(repr((world.changes, world.truth)).encode()).hexdigest() + "\n")
    assert len(digests) == 1


def test_another_seed_gives_another_world() -> None:
    assert built(300, 1).changes[EMEA] != built(300, 2).changes[EMEA]


def test_a_world_too_small_for_its_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="300 or more"):
        build_world(299)


def test_a_small_world_is_made_in_under_a_second_of_processor_time() -> None:
    before = time.process_time()
    build_world(1500, 12)
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_changes_are_sorted_by_when_they_can_be_seen_and_never_more_than_50_minutes_late(
    people: int, seed: int
) -> None:
    for source in SOURCES:
        changes = built(people, seed).changes[source]
        assert all(a.visible_at <= b.visible_at for a, b in pairwise(changes))
        assert all(timedelta(0) <= c.visible_at - c.at <= LATEST for c in changes)
        assert all(
            c.source == source and c.at.microsecond == 0 and c.visible_at.microsecond == 0 for c in changes
        )
        assert min(c.at for c in changes) >= HISTORY_START
        assert max(c.at for c in changes) < night_clock(3)


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_a_records_states_follow_each_other_and_carry_their_stamp(people: int, seed: int) -> None:
    for source in SOURCES:
        states: dict[tuple[str, str], Change] = {}
        for change in built(people, seed).changes[source]:
            before = states.get((change.object, change.key))
            if before is not None:
                assert before.at < change.at
                assert before.op == "upsert"
            states[change.object, change.key] = change
            stamp = "SystemModstamp" if source == MAIN else "updatedAt"
            if change.op == "upsert" and change.object not in ("activities", "list_members"):
                assert change.values[stamp] == change.at
            if before is not None and change.op == "upsert":
                assert set(before.values) <= set(change.values)


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_nothing_becomes_visible_while_a_night_reads(people: int, seed: int) -> None:
    for changes in built(people, seed).changes.values():
        for clock in (night_clock(1), night_clock(2), night_clock(3)):
            assert not [c for c in changes if clock <= c.visible_at < clock + QUIET]


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_every_reference_leads_to_a_record(people: int, seed: int) -> None:
    world = built(people, seed)
    keys = {
        name: set(last_states(world, MAIN, name))
        for name in ("accounts", "contacts", "leads", "opportunities", "users")
    }
    references = {
        ("contacts", "AccountId"): "accounts",
        ("contacts", "MasterRecordId"): "contacts",
        ("leads", "MasterRecordId"): "leads",
        ("leads", "ConvertedContactId"): "contacts",
        ("accounts", "ParentId"): "accounts",
        ("accounts", "MasterRecordId"): "accounts",
        ("accounts", "OwnerId"): "users",
        ("opportunities", "AccountId"): "accounts",
        ("opportunity_contact_roles", "OpportunityId"): "opportunities",
        ("opportunity_contact_roles", "ContactId"): "contacts",
        ("account_contact_relations", "AccountId"): "accounts",
        ("account_contact_relations", "ContactId"): "contacts",
    }
    for (name, field), target in references.items():
        found = {c.values[field] for c in of(world, MAIN, name)} - {None}
        assert found, (name, field)
        assert found <= keys[target], (name, field)
    for field, target in (
        ("sfdcContactId", "contacts"),
        ("sfdcLeadId", "leads"),
        ("sfdcAccountId", "accounts"),
    ):
        found = {c.values.get(field) for c in of(world, EMEA, "leads")} - {None}
        assert found
        assert found <= keys[target]


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_amers_companies_and_deals_can_be_found_by_the_keys_that_leads_and_their_log_give(
    people: int, seed: int
) -> None:
    world = built(people, seed)
    named = {c.values.get("externalCompanyId") for c in of(world, AMER, "leads") if c.at < night_end(1)} - {
        None
    }
    companies = {c.values["externalCompanyId"] for c in of(world, AMER, "companies")}
    assert companies == named
    leads = {c.values["id"] for c in of(world, AMER, "leads") if c.op == "upsert"}
    roles = [c.values for c in last_states(world, AMER, "opportunity_roles").values() if c.op == "upsert"]
    deals = {c.values["externalOpportunityId"] for c in of(world, AMER, "opportunities")}
    assert {role["leadId"] for role in roles} <= leads
    assert {role["externalOpportunityId"] for role in roles} == deals
    numbers = {
        c.values["primaryAttributeValueId"]
        for c in of(world, AMER, "activities")
        if c.values["activityTypeId"] == 34
    }
    assert {f"AMR-OPP-{number:05d}" for number in numbers} == deals
    assert {c.values["externalCompanyId"] for c in of(world, AMER, "opportunities")} <= companies


@pytest.mark.parametrize(("people", "seed"), SIZES)
def test_the_truth_names_every_record_once(people: int, seed: int) -> None:
    world = built(people, seed)
    records = {
        record_key(c.key, source)
        for source in SOURCES
        for c in world.changes[source]
        if c.object == "contacts" or c.object == "leads"
    }
    named = [key for keys in world.truth.people.values() for key in keys]
    assert Counter(named) == Counter(records)
    accounts = {record_key(key, MAIN) for key in last_states(world, MAIN, "accounts")}
    accounts |= {company_key(key, AMER) for key in last_states(world, AMER, "companies")}
    assert Counter(key for keys in world.truth.accounts.values() for key in keys) == Counter(accounts)
    assert set(world.truth.unlinkable) <= records


PROMISED = """account_hierarchy account_hierarchy_4_deep account_in_both account_in_both_by_domain ambiguous_in_emea
amer_opportunity bounced_email changed_in_the_gap closed_in_the_gap conflicting_titles converted_lead converted_on_night
created_in_the_gap deal_closed_on_night deleted_contact deleted_lead deleted_on_night different_emails_one_crm_id
duplicate_accounts email_changed executive executive_elsewhere_before first_open_deal foreign_list_member free_mail
giant_account inactive_relation indirect_relation industry_from_amer_company last_open_deal_closed late_at_midnight
late_update merged_accounts merged_contacts merged_lead_loser merged_leads merged_on_night merged_salesforce_leads
missing_email new_decision_maker newcomer opted_out other_spelling placeholder_email pricing_edge_at_end
pricing_edge_first_second pricing_edge_last_second pricing_edge_too_early pricing_enters_2 pricing_enters_3
pricing_leaves_2 pricing_leaves_3 pricing_steady pricing_through_merge pricing_visit_seen_late promoted_on_night
role_changed role_mailbox salesforce_opportunity shared_device shared_mailbox steps_down_on_night strange_text
tied_by_ecid unsubscribed unsubscribes_on_night""".split()  # noqa: SIM905


@pytest.mark.parametrize(("people", "seed"), [(1500, 7), (1500, 11), (5000, 7)])
def test_every_promised_case_is_shown_by_somebody_the_truth_knows(people: int, seed: int) -> None:
    truth = built(people, seed).truth
    assert set(truth.labels) == set(PROMISED)
    known = {*truth.people, *truth.accounts}
    known |= {key for keys in [*truth.people.values(), *truth.accounts.values()] for key in keys}
    for label in set(PROMISED) - {"late_at_midnight", "closed_in_the_gap"}:
        assert truth.labels[label], label
        assert set(truth.labels[label]) <= known, label
    assert any(since is None for since in truth.unlinkable.values())
    assert any(since is not None for since in truth.unlinkable.values())


def test_shared_mailboxes_are_carried_by_at_least_four_last_names() -> None:
    world = built()
    names: dict[str, set[str]] = defaultdict(set)
    for source, name, email, last in ((MAIN, "contacts", "Email", "LastName"), (EMEA, "leads", "email", "lastName"),
                                      (AMER, "leads", "email", "lastName"), (MAIN, "leads", "Email", "LastName")):  # fmt: skip
        for change in last_states(world, source, name).values():
            names[(change.values.get(email) or "").strip().lower()].add(
                (change.values.get(last) or "").lower()
            )
    shared = {email for email, lasts in names.items() if len(lasts) >= 4 and "projekt." in email}
    assert len(shared) >= 3
    assert len(names["noemail@noemail.com"]) >= 4
    odd = {
        e
        for e, lasts in names.items()
        if len(lasts) >= 3 and not e.startswith(("projekt.", "info@", "sales@"))
    }
    assert odd <= {"", "noemail@noemail.com", "none@none.com"}


def test_a_marketo_merge_tells_the_losers_in_text_and_deletes_them_at_once() -> None:
    world = built()
    removed = {(s, c.key): c.at for s in (EMEA, AMER) for c in of(world, s, "leads") if c.op == "delete"}
    told: Counter[tuple[str, str]] = Counter()
    for source in (EMEA, AMER):
        for change in of(world, source, "activities"):
            values = change.values
            if values["activityTypeId"] == 32:
                losers = values["attributes"]["Merge IDs"]
                assert losers.startswith("[")
                for loser in losers.strip("[]").split(", "):
                    assert removed[source, loser] == change.at
            if values["activityTypeId"] == 37:
                told[source, str(values["leadId"])] += 1
                assert removed[source, str(values["leadId"])] == change.at
    assert set(told) == set(removed)
    assert set(told.values()) == {1}


def test_a_lead_that_is_gone_does_nothing_more_and_is_on_no_list() -> None:
    world = built(5000, 7)
    for source in (EMEA, AMER):
        removed = {int(c.key): c.at for c in of(world, source, "leads") if c.op == "delete"}
        assert not [
            c for c in of(world, source, "activities") if c.at > removed.get(c.values["leadId"], c.at)
        ]
        assert not [c for c in of(world, source, "list_members") if c.values["leadId"] in removed]


def test_the_instances_count_alike_so_that_ids_collide() -> None:
    world = built()
    assert {"1001", "1002"} <= set(last_states(world, EMEA, "leads")) & set(last_states(world, AMER, "leads"))
    assert {c.key for c in of(world, EMEA, "activities")} & {c.key for c in of(world, AMER, "activities")}
    contacts = list(last_states(world, MAIN, "contacts"))
    assert (
        len({key[:15].lower() for key in contacts}) < len({key.lower() for key in contacts}) == len(contacts)
    )


def test_salesforce_ids_are_18_characters_with_the_check_that_makes_case_safe() -> None:
    counter = Ids()
    ids = [counter.salesforce("accounts") for _ in range(5000)]
    assert {len(key) for key in ids} == {18}
    assert len({key.lower() for key in ids}) == 5000
    assert checked("001A0000006Vm9r") == "001A0000006Vm9rIAC"


def test_emea_lists_exist_with_members_and_a_folder_for_muster() -> None:
    world = built()
    folders = {c.values["name"] for c in of(world, EMEA, "folders")}
    assert "Muster" in folders
    members = Counter(c.values["listId"] for c in of(world, EMEA, "list_members"))
    assert set(members) == {1021, 1022, 1023}
    assert 1024 in {c.values["id"] for c in of(world, EMEA, "static_lists")}


def test_text_that_trips_readers_is_there() -> None:
    world = built(5000, 7)
    texts = {str(v) for c in of(world, MAIN, "contacts") for v in c.values.values()}
    texts |= {str(v) for s in (EMEA, AMER) for c in of(world, s, "leads") for v in c.values.values()}
    texts |= {str(v) for c in of(world, MAIN, "accounts") for v in c.values.values()}
    assert {"NA", "None", "=1+1", "O'Brien", "Carter, Jr.", "小明"} <= texts
    assert any("\n" in text and '"' in text for text in texts)
    assert max(len(text) for text in texts) > 3000


def test_activities_are_light_and_of_many_kinds() -> None:
    world = built(5000, 7)
    kinds: Counter[int] = Counter()
    for source in (EMEA, AMER):
        kinds.update(c.values["activityTypeId"] for c in of(world, source, "activities"))
    assert {1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 22, 24, 32, 34, 36, 37} <= set(kinds)
    assert 4 < sum(kinds.values()) / world.people < 15


def test_some_records_change_between_a_windows_end_and_its_reading() -> None:
    world = built()
    for night in range(1, len(NIGHTS) + 1):
        end = night_end(night)
        gap = [
            c for s in SOURCES for c in world.changes[s] if end <= c.at and c.visible_at < night_clock(night)
        ]
        late = [
            c for s in SOURCES for c in world.changes[s] if c.at < end and c.visible_at >= night_clock(night)
        ]
        assert len([c for c in gap if c.object != "activities"]) >= 5
        assert len([c for c in late if c.object != "activities"]) >= 3
