"""Further objects of the Salesforce organisation: campaigns and their members, tasks, events, and `Contract__c`.

Made after the rest of the world from streams of their own, of people to whom nothing else happens, so that no other
record depends on them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world.cast import Person, Scene
from muster_simulators.world.model import HISTORY_START, MAIN, NIGHTS
from muster_simulators.world.moments import SECOND, after, between, on_night
from muster_simulators.world.records import USERS

CONTRACT = "custom__contract_c"
LAST_BIRTH = NIGHTS[0] - timedelta(days=3)
CAMPAIGNS = (
    "Spring Webinar",
    'Trade Fair "Hannover"',
    "Newsletter",
    "Partner Day, Madrid",
    "統一 Launch",
    "NA",
)
KINDS = ("Webinar", "Conference", "Email", "Partners", "Other", None)
SUBJECTS = ("Call", "Send quote", 'Ask about "pricing"', "Follow up\nafter the fair", "=1+1", "商談")
PRODUCTS = ("Core", "Add-on", 'Premium "24/7"')
NOTES = (None, None, "signed, then\nrenewed", '=SUM("x")', "統一 契約", "NA")


def sell_and_sign(scene: Scene) -> None:
    """Campaigns with members, what owners did and planned with people, who signed contracts."""
    people = [one for one in scene.people if _is_quiet(one)]
    _campaigns(scene, people)
    _activities(scene, people)
    _contracts(scene, people)


def _is_quiet(person: Person) -> bool:
    """Somebody whose records stay what they are: not merged, deleted or converted."""
    has_record = bool(person.contacts) or bool(person.sf_leads)
    return has_record and not person.is_taken and person.recipe[0] != "X" and person.born < LAST_BIRTH


def _create(scene: Scene, random: Random, name: str, at: datetime, **values: Any) -> str:
    key, owner = scene.ids.salesforce(name), random.choice(USERS)[0]
    system = {"Id": key, "IsDeleted": False, "CreatedById": owner, "LastModifiedById": owner}
    if name != "campaign_members":
        system["OwnerId"] = owner
    scene.tape.create(MAIN, name, key, at, {**system, **values})
    return key


def _who(person: Person) -> dict[str, str | None]:
    """The person as a contact or, where there is none, as a lead."""
    contact = person.contacts[0] if person.contacts else None
    return {"ContactId": contact, "LeadId": None if contact else person.sf_leads[0]}


def _campaigns(scene: Scene, people: list[Person]) -> None:
    random = scene.random("campaigns of salesforce")
    keys: list[str] = []
    for number, name in enumerate(CAMPAIGNS):
        at = HISTORY_START + timedelta(hours=1, seconds=number)
        start = at.date()
        values = {
            "Name": name, "ParentId": keys[0] if number == 5 else None, "Type": KINDS[number], "Status": "In Progress",
            "StartDate": start, "EndDate": start + timedelta(days=90), "IsActive": True,
            "BudgetedCost": random.choice((None, 5_000.0, 12_345.0)), "Description": None,
            **{f"NumberOf{what}": 0 for what in ("Leads", "Contacts", "Responses", "Opportunities")},
        }  # fmt: skip
        keys.append(_create(scene, random, "campaigns", at, **values))
    scene.tape.edit(
        MAIN, "campaigns", keys[-1], on_night(random, 1), {"Status": "Completed", "IsActive": False}
    )
    members: list[tuple[str, datetime]] = []
    for person in random.sample(people, len(people) // 6 + 3):
        for campaign in random.sample(keys, random.choice((1, 1, 2))):
            at = after(random, person.born + timedelta(hours=2))
            members.append((_member(scene, random, campaign, person, at), at))
    for night in (1, 2, 3):
        for key, _ in random.sample(members, 3):
            responded = {"Status": "Responded", "HasResponded": True}
            scene.tape.edit(MAIN, "campaign_members", key, on_night(random, night), responded)
    for key, _ in random.sample(members, 2):
        scene.tape.edit(MAIN, "campaign_members", key, on_night(random, 3), {"IsDeleted": True})


def _member(scene: Scene, random: Random, campaign: str, person: Person, at: datetime) -> str:
    who, responded = _who(person), random.random() < 0.3
    values = {
        "CampaignId": campaign, **who, "LeadOrContactId": who["ContactId"] or who["LeadId"],
        "Status": "Responded" if responded else "Sent", "HasResponded": responded,
        "FirstRespondedDate": at.date() if responded else None, "Type": "Contact" if who["ContactId"] else "Lead",
        "FirstName": person.first, "LastName": person.last, "Email": person.email, "Title": person.title,
        "CompanyOrAccount": person.company.name if person.company else None,
    }  # fmt: skip
    return _create(scene, random, "campaign_members", at, **values)


def _activities(scene: Scene, people: list[Person]) -> None:
    """Tasks, every tenth of them archived, and events."""
    random = scene.random("tasks and events")
    for person in random.sample(people, len(people) // 8 + 3):
        at = after(random, person.born + timedelta(hours=2))
        is_closed = random.random() < 0.6
        _create(
            scene, random, "tasks", at, **_about(random, person), ActivityDate=at.date() + timedelta(days=3),
            Status="Completed" if is_closed else "Not Started", Priority="Normal", IsClosed=is_closed,
            TaskSubtype=random.choice(("Task", "Call", "Email")), IsArchived=is_closed and random.random() < 0.15,
            CallDurationInSeconds=random.choice((None, 0, 340)),
        )  # fmt: skip
    for person in random.sample(people, len(people) // 20 + 3):
        at = after(random, person.born + timedelta(hours=2))
        begin = at + timedelta(days=2)
        _create(
            scene, random, "events", at, **_about(random, person), ActivityDateTime=begin, ActivityDate=begin.date(),
            StartDateTime=begin, EndDateTime=begin + 1800 * SECOND, DurationInMinutes=30, IsAllDayEvent=False, IsArchived=False,
            EventSubtype="Event", ShowAs="Busy", Location=random.choice((None, "Room 7", "")),
        )  # fmt: skip


def _about(random: Random, person: Person) -> dict[str, Any]:
    who = _who(person)
    account = person.account if who["ContactId"] else None
    return {
        "WhoId": who["ContactId"] or who["LeadId"],
        "WhatId": account if random.random() < 0.5 else None,
        "AccountId": account,
        "Subject": random.choice(SUBJECTS),
        "Description": None,
    }


def _contracts(scene: Scene, people: list[Person]) -> None:
    random = scene.random("contracts of salesforce")
    signers = [one for one in people if one.contacts]
    keys: list[str] = []
    for number, person in enumerate(random.sample(signers, len(signers) // 20 + 3), start=1):
        at = between(random, person.born + timedelta(hours=2), NIGHTS[0])
        values = {
            "Name": f"Contract {number}", "Account__c": person.account, "Contact__c": person.contacts[0],
            "Contract_Number__c": f"C-{number:06d}", "Product__c": random.choice(PRODUCTS), "Signed_On__c": at.date(),
            "Amount__c": round(random.uniform(100, 90_000), 2), "Seats__c": float(random.randrange(1, 500)),
            "Renews_On__c": at.date() + timedelta(days=365) if random.random() < 0.8 else None,
            "Is_Active__c": True, "Notes__c": random.choice(NOTES),
        }  # fmt: skip
        keys.append(_create(scene, random, CONTRACT, at, **values))
    for night in (1, 2, 3):
        scene.tape.edit(MAIN, CONTRACT, random.choice(keys), on_night(random, night), {"Is_Active__c": False})
