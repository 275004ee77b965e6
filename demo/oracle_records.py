"""What the oracle knows of one night: records as they are known, people, accounts and members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from muster_simulators.world.model import AMER, EMEA, MAIN

Name = frozenset[str]
Rows = dict[str, "Row"]

FINANCE = "finance_decision_makers"
PRICING = "pricing_page_intent"
LEADERLESS = "open_deals_without_executive"

PEOPLE = ((MAIN, "contacts"), (MAIN, "leads"), (EMEA, "leads"), (AMER, "leads"))
"""Objects of people in the order of trust."""
WINDOWED = (
    *PEOPLE,
    (MAIN, "accounts"),
    (MAIN, "opportunities"),
    (MAIN, "opportunity_contact_roles"),
    (MAIN, "account_contact_relations"),
)
SNAPSHOT = ((AMER, "companies"), (AMER, "opportunities"), (AMER, "opportunity_roles"))


@dataclass(frozen=True)
class Row:
    """A record as it is known."""

    key: str
    rank: int
    updated: datetime
    values: Mapping[str, Any]
    is_dead: bool

    def get(self, *names: str) -> Any:
        """The first of the fields that isn't empty (the vendors name the same thing differently)."""
        return next((self.values[n] for n in names if self.values.get(n) not in (None, "")), None)


@dataclass(frozen=True)
class Person:
    """The golden record, as far as the audiences need it."""

    name: Name
    email: str | None
    ecid: str | None
    title: str | None
    is_live: bool
    is_unsubscribed: bool

    @property
    def is_suppressed(self) -> bool:
        return self.is_unsubscribed or not self.is_live


@dataclass(frozen=True)
class Matched:
    """What the emea Marketo can do with an audience's members: each is in exactly one of these.

    without_identifier: not suppressed, but with neither e-mail nor ECID, so there is nothing to look for.
    """

    leads: Mapping[Name, int]
    ambiguous: frozenset[Name]
    unmatched: frozenset[Name]
    suppressed: frozenset[Name]
    without_identifier: frozenset[Name]


@dataclass
class Night:
    """Everything that is right at one reading."""

    clock: datetime
    as_of: datetime
    known: dict[tuple[str, str], Rows]
    people: dict[Name, Person] = field(default_factory=dict)
    person_of: dict[str, Name] = field(default_factory=dict)
    account_of: dict[str, Name] = field(default_factory=dict)
    members: dict[str, set[Name]] = field(default_factory=dict)
    leads_by: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def truth(self) -> set[Name]:
        """The deterministic truth: persons as the sets of their known records."""
        return set(self.people)

    @property
    def accounts(self) -> set[Name]:
        return {name for name in self.account_of.values() if name}

    def name_person(self, keys: Iterable[str]) -> Name:
        """A person found elsewhere, named the way this module does (what isn't known here doesn't count)."""
        return frozenset(key for key in keys if key in self.person_of)

    def name_account(self, keys: Iterable[str]) -> Name:
        return frozenset(key for key in keys if key in self.account_of and key in self.account_of[key])

    def match(self, audience: str) -> Matched:
        """Which members of an audience of people the emea Marketo knows, by e-mail or else by ECID."""
        leads: dict[Name, int] = {}
        others: dict[str, set[Name]] = {
            "ambiguous": set(),
            "unmatched": set(),
            "suppressed": set(),
            "none": set(),
        }
        for name in self.members[audience]:
            person = self.people[name]
            found = self.leads_by.get(person.email or "") or self.leads_by.get(person.ecid or "") or []
            if person.is_suppressed:
                others["suppressed"].add(name)
            elif len(found) == 1:
                leads[name] = found[0]
            elif not person.email and not person.ecid:
                others["none"].add(name)
            else:
                others["ambiguous" if found else "unmatched"].add(name)
        ambiguous, unmatched, suppressed, nothing = (frozenset(names) for names in others.values())
        return Matched(leads, ambiguous, unmatched, suppressed, nothing)


def by_trust(rows: Iterable[Row]) -> list[Row]:
    """Most trusted object first, in it the most recently updated, then the smallest key."""
    return sorted(rows, key=lambda row: (row.rank, -row.updated.timestamp(), row.key))


def first_filled(rows: Iterable[Row], *names: str) -> Any:
    """The first value that isn't empty."""
    return next((row.get(*names) for row in rows if row.get(*names)), None)


def live_rows(night: Night, source: str, object_name: str) -> Iterator[Row]:
    return (row for row in night.known[source, object_name].values() if not row.is_dead)
