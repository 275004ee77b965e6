"""What befalls records: merges, deletes, opt-outs, bounces. Each works in the history and on a night alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.world.cast import Company, Person, Scene, company_id
from muster_simulators.world.deals import Deal, end_part
from muster_simulators.world.model import AMER, EMEA, MAIN, record_key


def unsubscribe(scene: Scene, person: Person, at: datetime, where: str) -> None:
    """The person withdraws in one system: `where` is a source."""
    person.is_unsubscribed = True
    if where == MAIN:
        kind, key = ("contacts", person.contacts[-1]) if person.contacts else ("leads", person.sf_leads[0])
        scene.tape.edit(MAIN, kind, key, at, {"HasOptedOutOfEmail": True})
        scene.note("opted_out", person.label)
        return
    lead = (person.emea if where == EMEA else person.amer)[0]
    fields = {"unsubscribed": True, "unsubscribedReason": "clicked the link"}
    scene.tape.edit(where, "leads", str(lead), at, fields)
    scene.tape.activity(where, lead, 9, at, (501, "Monthly Letter"), {"Client IP Address": "10.0.0.9"})
    scene.note("unsubscribed", person.label)


def bounce(scene: Scene, person: Person, at: datetime) -> None:
    """Their e-mail can't be delivered."""
    scene.note("bounced_email", person.label)
    if person.marketo:
        source, lead = person.marketo
        fields = {"emailInvalid": True, "emailInvalidCause": "550 no such user"}
        scene.tape.edit(source, "leads", str(lead), at, fields)
        details = {"Category": "1", "Details": '550 5.1.1 "no such user", sorry', "Subcategory": "3000"}
        scene.tape.activity(source, lead, 8, at, (501, "Monthly Letter"), details)
    elif person.contacts:
        fields = {"IsEmailBounced": True, "EmailBouncedDate": at, "EmailBouncedReason": "550 no such user"}
        scene.tape.edit(MAIN, "contacts", person.contacts[0], at, fields)


def delete_lead(scene: Scene, person: Person, source: str, lead: int, at: datetime) -> None:
    """A Marketo lead is deleted: it can't be read any more, only the log tells."""
    scene.tape.remove(source, "leads", str(lead), at)
    scene.tape.activity(
        source, lead, 37, at, (lead, person.name), {"Campaign": "Clean up", "Remove From CRM": False}
    )
    scene.note("deleted_lead", record_key(lead, source))


def merge_leads(
    scene: Scene, person: Person, source: str, winner: int, losers: list[int], at: datetime
) -> None:
    """Marketo merges: the winner lives on, the losers are deleted, activity 32 names them."""
    attributes = {
        "Master Updated": False,
        "Merge IDs": f"[{', '.join(str(lead) for lead in losers)}]",
        "Merge Source": "manual",
        "Merged in Sales": False,
    }
    scene.tape.activity(source, winner, 32, at, (winner, person.name), attributes)
    scene.tape.edit(source, "leads", str(winner), at, {"leadStatus": "Merged"})
    for lead in losers:
        scene.tape.remove(source, "leads", str(lead), at)
        gone = {"Campaign": None, "Remove From CRM": False}
        scene.tape.activity(source, lead, 37, at, (lead, person.name), gone)
        scene.note("merged_lead_loser", record_key(lead, source))
    scene.note("merged_leads", person.label)


def delete_contact(scene: Scene, person: Person, at: datetime, deals: Iterable[Deal]) -> None:
    """A Salesforce contact goes to the bin, and its roles and relations with it."""
    scene.tape.edit(MAIN, "contacts", person.contacts[0], at, {"IsDeleted": True})
    for deal in deals:
        for part in [p for p in deal.parts if p.person is person and deal.source == MAIN]:
            end_part(scene, deal, part, at)
    for key in person.relations:
        scene.tape.edit(MAIN, "account_contact_relations", key, at, {"IsDeleted": True})
    scene.note("deleted_contact", person.label)


def merge_contacts(scene: Scene, person: Person, at: datetime, deals: Iterable[Deal]) -> None:
    """The second contact of a person wins; roles and relations move to it."""
    loser, winner = person.contacts
    scene.tape.edit(MAIN, "contacts", loser, at, {"IsDeleted": True, "MasterRecordId": winner})
    scene.tape.edit(MAIN, "contacts", winner, at, {"Department": person.department})
    for deal in deals:
        for part in deal.parts:
            if part.person is person and deal.source == MAIN:
                scene.tape.edit(MAIN, "opportunity_contact_roles", part.key, at, {"ContactId": winner})
    for key in person.relations:
        scene.tape.edit(MAIN, "account_contact_relations", key, at, {"ContactId": winner})
    scene.note("merged_contacts", person.label)


def merge_sf_leads(scene: Scene, person: Person, at: datetime) -> None:
    """The first Salesforce lead wins over the second."""
    winner, loser = person.sf_leads
    scene.tape.edit(MAIN, "leads", loser, at, {"IsDeleted": True, "MasterRecordId": winner})
    scene.note("merged_salesforce_leads", person.label)


def merge_accounts(scene: Scene, company: Company, at: datetime, deals: Iterable[Deal]) -> None:
    """The main account wins over its double; contacts, relations, deals and synced leads move to it."""
    winner, loser = company.accounts
    scene.tape.edit(MAIN, "accounts", loser, at, {"IsDeleted": True, "MasterRecordId": winner})
    for person in company.people:
        if person.account == loser:
            _move(scene, person, winner, at)
    for deal in deals:
        if deal.company is company and deal.account == loser:
            deal.account = winner
            scene.tape.edit(MAIN, "opportunities", deal.key, at, {"AccountId": winner})
    company.accounts = [winner]
    scene.note("merged_accounts", company_id(company.number))


def _move(scene: Scene, person: Person, account: str, at: datetime) -> None:
    person.account = account
    for contact in person.contacts:
        scene.tape.edit(MAIN, "contacts", contact, at, {"AccountId": account})
    if person.relations:
        scene.tape.edit(MAIN, "account_contact_relations", person.relations[0], at, {"AccountId": account})
    if person.emea and person.synced and person.contacts:
        scene.tape.edit(EMEA, "leads", str(person.emea[0]), at, {"sfdcAccountId": account})


def retitle(scene: Scene, person: Person, title: str, at: datetime) -> None:
    """The person has another job title, everywhere."""
    person.title = title
    for contact in person.contacts:
        scene.tape.edit(MAIN, "contacts", contact, at, {"Title": title})
    for lead in person.sf_leads:
        if "X" not in person.recipe:
            scene.tape.edit(MAIN, "leads", lead, at, {"Title": title})
    for source, leads in ((EMEA, person.emea), (AMER, person.amer)):
        for number in leads:
            scene.tape.edit(source, "leads", str(number), at, {"title": title})
            attributes: dict[str, Any] = {"New Value": title, "Old Value": None, "Source": "Web form fillout"}
            scene.tape.activity(source, number, 13, at, (9, "Job Title"), attributes)


def change_email(scene: Scene, person: Person, at: datetime, email: str) -> None:
    """A new address in the CRM, carried to Marketo by the sync a minute later; the CRM id ties them all the time."""
    scene.tape.edit(MAIN, "contacts", person.contacts[0], at, {"Email": email})
    lead, later = person.emea[0], at + timedelta(minutes=1)
    scene.tape.edit(EMEA, "leads", str(lead), later, {"email": email})
    attributes = {"New Value": email, "Old Value": person.email, "Source": "SFDC Sync"}
    scene.tape.activity(EMEA, lead, 13, later, (7, "Email Address"), attributes)
    person.email = email
    scene.note("email_changed", person.label)
