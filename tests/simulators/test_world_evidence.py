"""The truth is provable: evidence alone, followed record by record, leads to exactly the persons of the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

import pytest
from demo.oracle import Night, Oracle, pairwise

from muster_simulators.world import World, build_world
from muster_simulators.world.model import AMER, EMEA, MAIN, record_key

PLACES = ((MAIN, "contacts"), (MAIN, "leads"), (EMEA, "leads"), (AMER, "leads"))


@lru_cache(maxsize=4)
def told(people: int, seed: int) -> Oracle:
    return Oracle(build_world(people, seed))


def merges(world: World, night: Night) -> Iterator[tuple[str, str]]:
    """(loser, winner) that the activity logs tell of."""
    for source in (EMEA, AMER):
        for change in world.changes[source]:
            if change.object != "activities" or change.values["activityTypeId"] != 32:
                continue
            if change.at < night.as_of and change.visible_at <= night.clock:
                for loser in change.values["attributes"]["Merge IDs"].strip("[]").split(","):
                    yield record_key(loser.strip(), source), record_key(change.values["leadId"], source)


def evidence(world: World, night: Night) -> Iterator[tuple[str, str]]:
    """Pairs (record, token): records of one token are one person."""
    names: dict[str, set[str]] = defaultdict(set)
    people = [(key, row.values) for place in PLACES for key, row in night.known[place].items()]
    for _, values in people:
        email = (values.get("Email") or values.get("email") or "").strip().lower()
        names[email].add((values.get("LastName") or values.get("lastName") or "").lower())
    for key, values in people:
        email = (values.get("Email") or values.get("email") or "").strip().lower()
        is_role = email.split("@")[0] in ("info", "sales") or email in (
            "noemail@noemail.com",
            "none@none.com",
        )
        if email and not is_role and len(names[email]) < 4:
            yield key, f"mail {email}"
        if values.get("ecid"):
            yield key, f"ecid {values['ecid']} {values['lastName'].lower()}"
        for field in ("sfdcContactId", "sfdcLeadId", "ConvertedContactId", "MasterRecordId"):
            if values.get(field):
                yield key, f"record {record_key(values[field], MAIN)}"
        yield key, f"record {key}"
    for loser, winner in merges(world, night):
        yield loser, f"record {winner}"
        yield loser, f"record {loser}"


def closure(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for key, token in pairs:
        parent[root(f"key {key}")] = root(token)
    groups: dict[str, set[str]] = defaultdict(set)
    for node in list(parent):
        if node.startswith("key "):
            groups[root(node)].add(node[4:])
    return list(groups.values())


@pytest.mark.parametrize(("people", "seed"), [(300, 1), (1500, 7), (1500, 8), (5000, 7)])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_following_the_evidence_gives_exactly_the_deterministic_truth(
    people: int, seed: int, number: int
) -> None:
    oracle = told(people, seed)
    night = oracle.night(number)
    found = {night.name_person(keys) for keys in closure(evidence(oracle.world, night))} - {frozenset()}
    assert found == night.truth
    scores = pairwise(night.truth, found)
    assert (scores.precision, scores.recall) == (1.0, 1.0)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_account_is_tied_by_external_id_or_domain_to_its_own_company_only(number: int) -> None:
    oracle = told(5000, 7)
    night = oracle.night(number)
    pairs = []
    for key, row in night.known[MAIN, "accounts"].items():
        pairs += [(key, f"record {key}"), (key, domain(row.values["Website"]) or key)]
        if row.values["MasterRecordId"]:
            pairs.append((key, f"record {record_key(row.values['MasterRecordId'], MAIN)}"))
    for key, row in night.known[AMER, "companies"].items():
        pairs.append((key, f"record {record_key(row.values['externalCompanyId'], MAIN)}"))
        pairs.append((key, domain(row.values["website"]) or key))
    found = {night.name_account(keys) for keys in closure(pairs)} - {frozenset()}
    assert found == night.accounts


def domain(website: str | None) -> str | None:
    """The host without `www.`, unless it is one that many companies share."""
    if not website:
        return None
    host = website.lower().split("://")[-1].split("/")[0].split("?")[0].removeprefix("www.")
    return None if host in ("facebook.com", "linkedin.com", "sites.google.com") else f"domain {host}"
