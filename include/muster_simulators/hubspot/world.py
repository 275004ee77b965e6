"""The generated world's CRM, told as HubSpot tells it: the same contacts, companies and deals under numbers of its own.

Leads are left out: HubSpot has none beside its contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from muster_simulators.world.model import Change

HUBSPOT = "hubspot__main"
FIRST_NUMBER = 1_001
OBJECTS = {"contacts": "contacts", "accounts": "companies", "opportunities": "deals"}
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "contacts": {
        "email": "Email", "firstname": "FirstName", "lastname": "LastName", "phone": "Phone", "jobtitle": "Title",
        "mobilephone": "MobilePhone", "city": "MailingCity", "country": "MailingCountry",
        "hs_email_optout": "HasOptedOutOfEmail", "hs_email_bad_address": "IsEmailBounced",
    },
    "companies": {
        "name": "Name", "website": "Website", "annualrevenue": "AnnualRevenue",
        "numberofemployees": "NumberOfEmployees", "city": "BillingCity", "country": "BillingCountry",
        "industry": "Industry", "phone": "Phone",
    },
    "deals": {
        "dealname": "Name", "amount": "Amount", "closedate": "CloseDate", "dealtype": "Type",
        "dealstage": "StageName", "hs_is_closed": "IsClosed", "hs_is_closed_won": "IsWon",
    },
}  # fmt: skip
LINKS = {
    "account_contact_relations": ("contacts__companies", "ContactId", "AccountId", "Roles"),
    "opportunity_contact_roles": ("deals__contacts", "OpportunityId", "ContactId", "Role"),
}


def hubspot_changes(changes: Iterable[Change]) -> list[Change]:
    """Changes of a Salesforce org as those of a HubSpot portal, in the order of becoming visible."""
    told = _Telling()
    for change in sorted(changes, key=lambda one: one.visible_at):
        if change.object in OBJECTS:
            told.record(change)
        elif change.object in LINKS:
            told.link(change)
    return told.found


def pipelines_of(changes: Iterable[Change]) -> tuple[Any, ...]:
    """The one pipeline of the portal, with every stage that its deals have."""
    names = sorted({str(one.values["StageName"]) for one in changes if one.values.get("StageName")})
    chances = {"Closed Won": "1.0", "Closed Lost": "0.0"}
    stages = tuple((stage_of(name), name, chances.get(name, "0.5")) for name in names)
    return (("default", "Sales Pipeline", stages),)


def stage_of(name: str) -> str:
    """`Closed Won` is `closedwon`, as HubSpot calls its stages."""
    return "".join(one for one in name.lower() if one.isalnum())


class _Telling:
    """Numbers that were given so far, and the state of each record: a merge changes its winner once more."""

    def __init__(self) -> None:
        self.found: list[Change] = []
        self._numbers: dict[str, str] = {}
        self._now: dict[tuple[str, str], dict[str, Any]] = {}
        self._linked: dict[str, tuple[str, str]] = {}

    def number(self, key: str) -> str:
        """The same for the 15 and the 18 characters of an id."""
        return self._numbers.setdefault(key[:15], str(FIRST_NUMBER + len(self._numbers)))

    def record(self, change: Change) -> None:
        name, given, key = OBJECTS[change.object], change.values, self.number(change.key)
        if given.get("IsDeleted") and given.get("MasterRecordId"):
            self._merge(change, name, key, self.number(given["MasterRecordId"]))
            return
        stamp = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        values = {one: given.get(other) for one, other in FIELDS[name].items()}
        values |= {"createdate": given.get("CreatedDate"), stamp: change.at}
        merged = self._now.get((name, key), {}).get("hs_merged_object_ids")
        values |= {"hs_merged_object_ids": merged} if merged else {}
        values |= self._references(name, given)
        if given.get("StageName"):
            values |= {"dealstage": stage_of(str(given["StageName"])), "pipeline": "default"}
        if given.get("IsDeleted"):
            values |= {"archived": True, "archivedAt": change.at}
        self._put(change, name, key, values)
        if name == "contacts":
            self._employ(change, key, values["associatedcompanyid"])

    def _employ(self, change: Change, contact: str, company: str | None) -> None:
        """A contact's company is associated with it as the primary one; a company it has left is not."""
        place, name = f"employer of {contact}", "associations__contacts__companies"
        pair = (contact, company) if company else None
        if self._linked.get(place) == pair:
            return
        self._part(change, name, place)
        if pair is not None:
            self._linked[place] = pair
            values = {"from": pair[0], "to": pair[1], "types": [dict(PRIMARY), dict(PLAIN)]}
            self._tell(change, name, ":".join(pair), "upsert", values)

    def _references(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        column = {
            "contacts": ("associatedcompanyid", "AccountId"),
            "companies": ("hs_parent_company_id", "ParentId"),
            "deals": ("hs_primary_associated_company", "AccountId"),
        }
        ours, theirs = column[name]
        return {ours: self.number(given[theirs]) if given.get(theirs) else None}

    def _merge(self, change: Change, name: str, loser: str, winner: str) -> None:
        self._tell(change, name, loser, "delete", {})
        if (state := self._now.get((name, winner))) is not None:
            merged = [*filter(None, str(state.get("hs_merged_object_ids") or "").split(";")), loser]
            stamp = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
            values = {**state, stamp: change.at, "hs_merged_object_ids": ";".join(dict.fromkeys(merged))}
            self._put(change, name, winner, values)

    def link(self, change: Change) -> None:
        """One association; one that now names others takes its former self away."""
        name, first, second, label = LINKS[change.object]
        given = change.values
        pair = (self.number(given[first]), self.number(given[second]))
        if given.get("IsDeleted") or self._linked.get(change.key) != pair:
            self._part(change, f"associations__{name}", change.key)
        if given.get("IsDeleted"):
            return
        is_primary = bool(given.get("IsDirect") or given.get("IsPrimary"))
        types: list[dict[str, Any]] = [dict(PLAIN)] + ([dict(PRIMARY)] if is_primary else [])
        if given.get(label):
            types.append({"category": "USER_DEFINED", "typeId": 1_000, "label": given[label]})
        self._linked[change.key] = pair
        values = {"from": pair[0], "to": pair[1], "types": types}
        self._tell(change, f"associations__{name}", ":".join(pair), "upsert", values)
        self._touch(change, name.partition("__")[0], pair[0])

    def _part(self, change: Change, name: str, place: str) -> None:
        """Take an association away, unless something else still says it."""
        before = self._linked.pop(place, None)
        if before is not None and before not in self._linked.values():
            self._tell(change, name, ":".join(before), "delete", {})
            self._touch(change, name.removeprefix("associations__").partition("__")[0], before[0])

    def _touch(self, change: Change, name: str, key: str) -> None:
        """Who gains or loses an association is counted anew, which moves the stamp."""
        if (state := self._now.get((name, key))) is not None:
            stamp = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
            self._put(change, name, key, {**state, stamp: change.at})

    def _put(self, change: Change, name: str, key: str, values: dict[str, Any]) -> None:
        self._now[name, key] = values
        self._tell(change, name, key, "upsert", values)

    def _tell(self, change: Change, name: str, key: str, op: Any, values: dict[str, Any]) -> None:
        self.found.append(replace(change, source=HUBSPOT, object=name, key=key, op=op, values=values))
