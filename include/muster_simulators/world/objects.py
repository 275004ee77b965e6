"""Further lead-database objects: sales persons of amer, named accounts, and the custom object `contract_c`.

Made after the rest of the world from streams of their own, as the programs are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from muster_simulators.world.cast import Scene, has_domain
from muster_simulators.world.model import AMER, EMEA, HISTORY_START, NIGHTS, record_key
from muster_simulators.world.moments import SECOND, after, on_night

SALES_PERSONS = (
    ("SP-1001", "Ada", "Owens", "Account Executive"),
    ("SP-1002", "Björn", "Åström", "Account Executive"),
    ("SP-1003", "Chiara", "D'Angelo", "Sales Director"),
    ("SP-1004", "Dai", "統一", "Account Executive"),
    ("SP-1005", "Eve", "Nobody", "Inside Sales"),
)
"""Their key in the CRM, names, title; the last one owns nobody."""
CONTRACT = "custom__contract_c"
PRODUCTS = ("Core", "Add-on", 'Premium "24/7"')
NOTES = (None, None, "signed, then\nrenewed", '=SUM("x")', "統一 契約", "NA")


def own_and_sign(scene: Scene) -> None:
    """Who owns amer's leads, which accounts are named, who signed contracts."""
    _sales_persons(scene)
    for source in (EMEA, AMER):
        _named_accounts(scene, source)
        _contracts(scene, source)


def _sales_persons(scene: Scene) -> None:
    random = scene.random("sales persons")
    for number, (external, first, last, title) in enumerate(SALES_PERSONS, start=1):
        values = {
            "id": number, "externalSalesPersonId": external, "firstName": first, "lastName": last, "title": title,
            "email": f"sales{number}@acme.example", "phone": f"+1 555 02{number:02d}",
        }  # fmt: skip
        scene.tape.create(AMER, "sales_persons", str(number), HISTORY_START + number * SECOND, values)
    scene.tape.edit(AMER, "sales_persons", "3", on_night(random, 2), {"title": "VP Sales"})
    owners = [external for external, *_ in SALES_PERSONS[:-1]]
    for person in scene.people:
        for lead in person.amer:
            if random.random() < 0.35:
                scene.tape.add_field(AMER, "leads", str(lead), "externalSalesPersonId", random.choice(owners))


def _named_accounts(scene: Scene, source: str) -> None:
    """The giants and every 40th company under their own name, and one called as nobody's employer is."""
    random = scene.random(f"named accounts of {source}")
    names: set[str] = set()
    for company in scene.companies:
        if company.name in names or (company.number > 8 and company.number % 40):
            continue
        names.add(company.name)
        key = scene.ids.guid(f"named accounts of {source}")
        values = {
            "marketoGUID": key, "name": company.name, "industry": company.industry, "city": company.place[0],
            "domainName": company.domain if has_domain(company) else None, "state": None,
            "country": company.place[1], "annualRevenue": company.revenue, "sicCode": None, "logoUrl": None,
            "numberOfEmployees": company.employees, "membershipCount": len(company.people), "opptyCount": 0,
            "opptyAmount": 0.0, "score1": random.randrange(100), "score2": None,
        }  # fmt: skip
        at = HISTORY_START + timedelta(minutes=10, seconds=company.number)
        scene.tape.create(source, "named_accounts", key, at, values)
        if random.random() < 0.3:
            scene.tape.edit(source, "named_accounts", key, after(random, at), {"score1": 100})
    key = scene.ids.guid(f"named accounts of {source}")
    scene.tape.create(
        source, "named_accounts", key, HISTORY_START + timedelta(minutes=9),
        {"marketoGUID": key, "name": "Key account, nobody's employer", "membershipCount": 0},
    )  # fmt: skip


def _contracts(scene: Scene, source: str) -> None:
    """A twentieth of the leads has one or two contracts; they outlive nobody's lead."""
    random = scene.random(f"contracts of {source}")
    losers = set(scene.labels["merged_lead_loser"])
    where = "emea" if source == EMEA else "amer"

    def suits(number: int) -> bool:
        return record_key(number, source) not in losers and scene.tape.gone_at(source, number) is None

    signers = [
        (found[0], person.born + timedelta(hours=2))
        for person in scene.people
        if (found := getattr(person, where))
        and person.born < NIGHTS[0] - timedelta(days=3)
        and suits(found[0])
    ]
    keys: list[str] = []
    for lead, start in random.sample(signers, len(signers) // 20 + 3):
        for _ in range(random.choice((1, 1, 2))):
            keys.append(_contract(scene, random, source, lead, after(random, start)))
    for night in (1, 2, 3):
        for key in random.sample(keys, 3):
            scene.tape.edit(source, CONTRACT, key, on_night(random, night), {"isActive": False})


def _contract(scene: Scene, random: Random, source: str, lead: int, at: datetime) -> str:
    key = scene.ids.guid(f"contracts of {source}")
    number = scene.ids.marketo(f"contract numbers of {source}", 1)
    signed = at.date()
    values = {
        "marketoGUID": key, "contractNumber": f"C-{number:06d}", "leadId": lead, "product": random.choice(PRODUCTS),
        "amount": round(random.uniform(100, 90_000), 2), "signedOn": signed,
        "renewsOn": signed + timedelta(days=365) if random.random() < 0.8 else None,
        "seats": random.randrange(1, 500), "isActive": True, "notes": random.choice(NOTES),
    }  # fmt: skip
    scene.tape.create(source, CONTRACT, key, at, values)
    return key
