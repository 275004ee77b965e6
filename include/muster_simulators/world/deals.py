"""Opportunities, who plays which part in them, and who else belongs to an account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world.cast import Company, Person, Scene, company_id
from muster_simulators.world.model import AMER, HISTORY_START, MAIN
from muster_simulators.world.moments import BIN, CLOSING, DAY, between
from muster_simulators.world.records import USERS

STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review")
ROLES = ("Decision Maker", "Economic Buyer", "Influencer", "Evaluator")
DECISION_MAKER = ROLES[0]
LARGE = 100_000.0
SETTLED = timedelta(hours=1)
"""All records of a person are there so long after the first."""


@dataclass
class Part:
    """One person's role in a deal; `key` is the Salesforce id or the amer marketoGUID."""

    key: str
    person: Person
    role: str


@dataclass
class Deal:
    """An opportunity in Salesforce or in the amer Marketo."""

    source: str
    key: str
    account: str | None
    external: str
    name: str
    company: Company
    amount: float
    is_open: bool
    born: datetime
    parts: list[Part] = field(default_factory=list)
    is_taken: bool = False

    def has(self, role: str) -> bool:
        return any(part.role == role for part in self.parts)


def open_deals(scene: Scene) -> list[Deal]:
    """Every company's deals of the history."""
    random = scene.random("deals")
    deals: list[Deal] = []
    for company in scene.companies:
        if company.account:
            for _ in range(random.choice((0, 1, 1, 2, 2, 3)) + 4 * (company.number < 4)):
                deals.append(new_deal(scene, random, company, MAIN, is_open=random.random() < 0.55))
        has_lead = any(person.amer and not person.is_taken for person in company.people)
        if company.amer_id and has_lead and random.random() < 0.6:
            deals.append(new_deal(scene, random, company, AMER, is_open=random.random() < 0.6))
    return deals


def new_deal(
    scene: Scene, random: Random, company: Company, source: str, *, is_open: bool, at: datetime | None = None,
    amount: float | None = None, maker: Person | None = None,
) -> Deal:  # fmt: skip
    """One opportunity with its roles. `maker` decides in it, whoever else takes part."""
    amount = amount if amount is not None else _amount(random)
    number = scene.ids.marketo("deals")
    at = at or between(random, _earliest(company, source), BIN - DAY if source == MAIN else CLOSING - DAY)
    accounts = company.accounts
    account = accounts[-1 if random.random() < 0.4 else 0] if accounts and source == MAIN else None
    name = f"{company.name} - {number}"
    deal = Deal(source, "", account, f"AMR-OPP-{number:05d}", name, company, amount, is_open, at)
    if source == MAIN:
        deal.key = scene.ids.salesforce("opportunities")
        scene.tape.create(MAIN, "opportunities", deal.key, at, _salesforce(random, deal))
    else:
        deal.key = scene.ids.guid("opportunities")
        scene.tape.create(AMER, "opportunities", deal.key, at, _amer(random, deal))
    for person, role in _players(random, deal, maker):
        add_part(scene, deal, person, role, at + timedelta(minutes=3))
    return deal


def _earliest(company: Company, source: str) -> datetime:
    """An amer deal needs a lead that is there already: without a role nobody could find it."""
    first = HISTORY_START + timedelta(days=6)
    if source == MAIN:
        return first
    return max(first, min(p.born for p in company.people if p.amer and not p.is_taken) + 3 * SETTLED)


def _amount(random: Random) -> float:
    roll = random.random()
    if roll < 0.04:
        return random.choice((LARGE, LARGE - 0.01, LARGE + 0.01, 0.0))
    return round(random.uniform(100_500, 2_500_000) if roll < 0.65 else random.uniform(500, 99_000), 2)


def _players(random: Random, deal: Deal, maker: Person | None) -> list[tuple[Person, str]]:
    """Two or three people of the company (seldom of another), the first most often the decision maker."""
    wanted = "contacts" if deal.source == MAIN else "amer"
    pool = [
        p
        for p in deal.company.people
        if getattr(p, wanted) and not p.is_taken and p.born + SETTLED < deal.born
    ]
    if not pool and maker is None:
        return []
    chosen = random.sample(pool, min(len(pool), random.choice((1, 2, 2, 3))))
    roles = [random.choice(ROLES) for _ in chosen]
    if roles and random.random() < 0.85:
        roles[0] = DECISION_MAKER
    players = list(zip(chosen, roles, strict=True))
    if maker is not None:
        players = [(maker, DECISION_MAKER), *((p, r) for p, r in players[1:] if p is not maker)]
    return players


def add_part(scene: Scene, deal: Deal, person: Person, role: str, at: datetime) -> Part:
    """The person gets a role in the deal."""
    is_primary = not deal.parts
    if deal.source == MAIN:
        key = scene.ids.salesforce("opportunity_contact_roles")
        values: dict[str, Any] = {
            "Id": key, "IsDeleted": False, "OpportunityId": deal.key, "ContactId": person.contacts[0],
            "Role": role, "IsPrimary": is_primary,
        }  # fmt: skip
        scene.tape.create(MAIN, "opportunity_contact_roles", key, at, values)
    else:
        key = scene.ids.guid("opportunity_roles")
        values = {
            "marketoGUID": key, "externalOpportunityId": deal.external, "leadId": person.amer[0],
            "role": role, "isPrimary": is_primary, "externalCreatedDate": at,
        }  # fmt: skip
        scene.tape.create(AMER, "opportunity_roles", key, at, values)
        attributes = {"Is Primary": is_primary, "Role": role}
        scene.tape.activity(AMER, person.amer[0], 34, at, (_number(deal), deal.name), attributes)
    part = Part(key, person, role)
    deal.parts.append(part)
    return part


def _number(deal: Deal) -> int:
    return int(deal.external.rsplit("-", 1)[1])


def edit_deal(scene: Scene, deal: Deal, at: datetime, **fields: Any) -> None:
    """Change the opportunity itself (fields in the source's own names); amer's log tells of it."""
    scene.tape.edit(deal.source, "opportunities", deal.key, at, fields)
    if deal.source == AMER and deal.parts:
        name, value = next(iter(fields.items()))
        attributes = {"Attribute Name": name, "New Value": str(value), "Old Value": None}
        scene.tape.activity(
            AMER, deal.parts[0].person.amer[0], 36, at, (_number(deal), deal.name), attributes
        )


def close(scene: Scene, deal: Deal, at: datetime, *, won: bool) -> None:
    """The deal is won or lost."""
    stage = "Closed Won" if won else "Closed Lost"
    deal.is_open = False
    if deal.source == MAIN:
        edit_deal(
            scene, deal, at, StageName=stage, IsClosed=True, IsWon=won, Probability=100.0 if won else 0.0,
            CloseDate=at.date(), ForecastCategory="Closed" if won else "Omitted",
        )  # fmt: skip
    else:
        edit_deal(scene, deal, at, stage=stage, isClosed=True, isWon=won, closeDate=at.date())


def change_amount(scene: Scene, deal: Deal, at: datetime, amount: float) -> None:
    deal.amount = amount
    edit_deal(scene, deal, at, **{"Amount" if deal.source == MAIN else "amount": amount})


def change_role(scene: Scene, deal: Deal, part: Part, role: str, at: datetime) -> None:
    """The person plays another part. In Marketo the role is part of the key: the old one goes, a new one comes."""
    if deal.source == MAIN:
        part.role = role
        scene.tape.edit(MAIN, "opportunity_contact_roles", part.key, at, {"Role": role})
        return
    scene.tape.remove(AMER, "opportunity_roles", part.key, at)
    deal.parts.remove(part)
    add_part(scene, deal, part.person, role, at)


def end_part(scene: Scene, deal: Deal, part: Part, at: datetime) -> None:
    """The role is gone."""
    deal.parts.remove(part)
    if deal.source == MAIN:
        scene.tape.edit(MAIN, "opportunity_contact_roles", part.key, at, {"IsDeleted": True})
    else:
        scene.tape.remove(AMER, "opportunity_roles", part.key, at)


def _close_on(random: Random, deal: Deal) -> date:
    return (deal.born + timedelta(days=random.randrange(20, 200))).date()


def _salesforce(random: Random, deal: Deal) -> dict[str, Any]:
    won = not deal.is_open and random.random() < 0.5
    stage = random.choice(STAGES) if deal.is_open else ("Closed Won" if won else "Closed Lost")
    probability = random.choice((10.0, 25.0, 60.0, 90.0)) if deal.is_open else (100.0 if won else 0.0)
    return {
        "Id": deal.key,
        "IsDeleted": False,
        "AccountId": deal.account,
        "Name": deal.name,
        "Description": None,
        "StageName": stage,
        "Amount": deal.amount if random.random() < 0.97 or deal.is_open else None,
        "Probability": probability,
        "ExpectedRevenue": round(deal.amount * probability / 100, 2),
        "CloseDate": _close_on(random, deal),
        "Type": random.choice(("New Customer", "Existing Customer - Upgrade", None)),
        "NextStep": 'call "them",\nthen wait' if random.random() < 0.02 else None,
        "LeadSource": random.choice(("Web", "Partner", None)),
        "IsClosed": not deal.is_open,
        "IsWon": won,
        "ForecastCategory": "Pipeline" if deal.is_open else "Closed",
        "ForecastCategoryName": "Pipeline" if deal.is_open else "Closed",
        "CampaignId": None,
        "OwnerId": random.choice(USERS)[0],
        "FiscalYear": 2026,
        "FiscalQuarter": 1,
    }


def _amer(random: Random, deal: Deal) -> dict[str, Any]:
    won = not deal.is_open and random.random() < 0.5
    return {
        "marketoGUID": deal.key,
        "externalOpportunityId": deal.external,
        "name": deal.name,
        "description": None,
        "type": random.choice(("New", "Renewal")),
        "stage": random.choice(STAGES) if deal.is_open else ("Closed Won" if won else "Closed Lost"),
        "amount": deal.amount,
        "isClosed": not deal.is_open,
        "isWon": won,
        "closeDate": _close_on(random, deal),
        "probability": random.choice((10, 25, 60, 90)) if deal.is_open else (100 if won else 0),
        "source": None,
        "externalCompanyId": deal.company.external,
    }


def relate(scene: Scene) -> None:
    """Account-contact relations: a direct one for every contact, and for some an indirect one elsewhere."""
    random = scene.random("relations")
    homes = [company for company in scene.companies if company.account]
    for person in scene.people:
        if not person.contacts or not person.account:
            continue
        relation(scene, person, person.account, person.born + timedelta(minutes=10), is_direct=True)
        if random.random() < 0.08:
            other = random.choice(homes)
            if other is person.company or other.account is None:
                continue
            active = random.random() < 0.6
            at = between(random, person.born + SETTLED, max(BIN, person.born + 2 * SETTLED))
            role = random.choice(("Decision Maker", "Executive Sponsor;Economic Buyer", "Other"))
            relation(scene, person, other.account, at, is_direct=False, is_active=active, roles=role)
            scene.note("indirect_relation" if active else "inactive_relation", person.label)


def relation(
    scene: Scene, person: Person, account: str, at: datetime, *, is_direct: bool, is_active: bool = True,
    roles: str | None = None,
) -> str:  # fmt: skip
    key = scene.ids.salesforce("account_contact_relations")
    values = {
        "Id": key, "IsDeleted": False, "AccountId": account, "ContactId": person.contacts[0], "IsDirect": is_direct,
        "IsActive": is_active, "Roles": roles, "StartDate": at.date(), "EndDate": None if is_active else at.date(),
    }  # fmt: skip
    scene.tape.create(MAIN, "account_contact_relations", key, at, values)
    person.relations.append(key)
    return key


def label_deals(scene: Scene, deals: list[Deal]) -> None:
    """Name the companies that show each kind."""
    scene.note(
        "salesforce_opportunity", *sorted({company_id(d.company.number) for d in deals if d.source == MAIN})
    )
    scene.note("amer_opportunity", *sorted({company_id(d.company.number) for d in deals if d.source == AMER}))
