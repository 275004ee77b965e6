"""The oracle's three audiences, and the relations between people, accounts and opportunities they stand on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from demo.oracle_records import Name, Night, Row, by_trust, first_filled, live_rows
from muster_simulators.world.model import AMER, EMEA, MAIN, record_key

# ---- relations ---------------------------------------------------------------------------------------------


def _account(night: Night, salesforce_id: str | None) -> Name | None:
    return night.account_of.get(record_key(salesforce_id, MAIN)) or None if salesforce_id else None


def _by_external_id(night: Night) -> dict[str, Name]:
    companies = night.known[AMER, "companies"].values()
    return {row.values["externalCompanyId"]: night.account_of.get(row.key, frozenset()) for row in companies}


def _open_deals(night: Night) -> Iterator[tuple[str, Name, float]]:
    """(opportunity, account, amount) of every open opportunity whose account is known."""
    for row in live_rows(night, MAIN, "opportunities"):
        account = _account(night, row.values["AccountId"])
        if account and not row.values["IsClosed"]:
            yield record_key(row.values["Id"], MAIN), account, row.values["Amount"] or 0
    externals = _by_external_id(night)
    for row in night.known[AMER, "opportunities"].values():
        account = externals.get(row.values["externalCompanyId"])
        if account and not row.values["isClosed"]:
            yield record_key(row.values["externalOpportunityId"], AMER), account, row.values["amount"] or 0


def _roles(night: Night) -> Iterator[tuple[str, Name | None, str]]:
    """(opportunity, person, role)."""
    for row in live_rows(night, MAIN, "opportunity_contact_roles"):
        contact = record_key(row.values["ContactId"], MAIN)
        yield record_key(row.values["OpportunityId"], MAIN), night.person_of.get(contact), row.values["Role"]
    for row in night.known[AMER, "opportunity_roles"].values():
        lead = record_key(row.values["leadId"], AMER)
        deal = record_key(row.values["externalOpportunityId"], AMER)
        yield deal, night.person_of.get(lead), row.values["role"]


def _active_people(night: Night) -> Iterator[tuple[Name | None, Name]]:
    """(account, person) for everybody who works there now."""
    contacts = {row.values["Id"]: row for row in live_rows(night, MAIN, "contacts")}
    for row in contacts.values():
        yield _account(night, row.values["AccountId"]), night.person_of[row.key]
    for row in live_rows(night, MAIN, "account_contact_relations"):
        contact = contacts.get(row.values["ContactId"])
        if contact and row.values["IsActive"]:
            yield _account(night, row.values["AccountId"]), night.person_of[contact.key]
    for row in live_rows(night, EMEA, "leads"):
        yield _account(night, row.values.get("sfdcAccountId")), night.person_of[row.key]
    externals = _by_external_id(night)
    for row in live_rows(night, AMER, "leads"):
        yield externals.get(row.values.get("externalCompanyId") or ""), night.person_of[row.key]


def _industries(night: Night) -> dict[Name, str]:
    rows: dict[Name, list[Row]] = defaultdict(list)
    for place in ((MAIN, "accounts"), (AMER, "companies")):
        for row in live_rows(night, *place):
            rows[night.account_of[row.key]].append(row)
    found = {name: first_filled(by_trust(group), "Industry", "industry") for name, group in rows.items()}
    return {name: industry for name, industry in found.items() if industry}


# ---- the three audiences -----------------------------------------------------------------------------------


def finance(night: Night) -> Iterator[Name]:
    """Decision makers of open opportunities of 100,000 or more at companies of the finance industry."""
    industries = _industries(night)
    deals = {
        d
        for d, account, amount in _open_deals(night)
        if amount >= 100_000 and industries.get(account) == "Finance"
    }
    for deal, person, role in _roles(night):
        if deal in deals and role == "Decision Maker" and person and night.people[person].is_live:
            yield person


def pricing(night: Night, activities: Iterable[Any]) -> Iterator[Name]:
    """Three visits of a pricing page in the seven days before the evaluation, and not unsubscribed."""
    winners: dict[str, str] = {}
    visits: Counter[str] = Counter()
    for change in activities:
        values, lead = change.values, record_key(change.values["leadId"], change.source)
        if values["activityTypeId"] == 32:
            losers = values["attributes"]["Merge IDs"].strip("[]").split(",")
            winners.update({record_key(loser.strip(), change.source): lead for loser in losers})
        elif values["activityTypeId"] == 1 and change.at >= night.as_of - timedelta(days=7):
            page = f"{values['primaryAttributeValue']} {values['attributes'].get('Webpage URL')}"
            visits[lead] += "/pricing" in page
    counts: Counter[Name] = Counter()
    for lead, count in visits.items():
        while lead in winners:
            lead = winners[lead]
        if lead in night.person_of:
            counts[night.person_of[lead]] += count
    for name, count in counts.items():
        if count >= 3 and not night.people[name].is_suppressed:
            yield name


def leaderless(night: Night) -> Iterator[Name]:
    """Accounts with an open opportunity and no active marketing or information chief."""
    led = {
        account
        for account, person in _active_people(night)
        if account and _is_executive(night.people[person].title)
    }
    return (account for _, account, _ in _open_deals(night) if account not in led)


def _is_executive(title: str | None) -> bool:
    text = (title or "").lower()
    return title in ("CMO", "CIO") or "chief marketing officer" in text or "chief information officer" in text
