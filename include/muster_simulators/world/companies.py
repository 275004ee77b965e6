"""Puts companies into Salesforce and into the amer Marketo, some of them twice, and moves them about."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from muster_simulators.world import records
from muster_simulators.world.cast import Company, Scene, company_id, has_domain, website
from muster_simulators.world.model import AMER, HISTORY_START, MAIN, company_key, record_key
from muster_simulators.world.moments import SECOND, after

FOUNDED = HISTORY_START + timedelta(minutes=5)


def tie_companies(scene: Scene) -> None:
    """Decide, before people come, who stands twice in Salesforce, and what ties an amer company to its account:
    the account's id or the domain.
    """
    random = scene.random("externals")
    is_missing = True
    for company in scene.companies:
        suits = company.number > 20 and company.account is not None and has_domain(company)
        if suits and (is_missing or random.random() < 0.05):
            is_missing = False
            company.accounts.append(scene.ids.salesforce("accounts"))
        if not company.is_amer:
            continue
        if company.account and (not has_domain(company) or random.random() < 0.6):
            company.external = company.account
            scene.note("account_in_both", company_id(company.number))
        else:
            company.external = f"AMR-{company.number:05d}"


def found(scene: Scene) -> None:
    """Write all accounts and companies; parents come before their children."""
    random = scene.random("accounts")
    for number, (user, name) in enumerate(records.USERS):
        at = HISTORY_START + number * SECOND
        fields = {"Id": user, "Username": f"owner{number}@acme.example", "Name": name, "IsActive": True}
        scene.tape.create(MAIN, "users", user, at, fields)
    for company in scene.companies:
        at = FOUNDED + company.number * SECOND / 2
        at = at.replace(microsecond=0)
        if company.account:
            _account(scene, random, company, at)
        if company.is_amer and any(person.amer for person in company.people):
            _amer(scene, random, company, at)
        elif not company.account:
            company.is_amer = False
        if company.number < 4:
            scene.note("giant_account", company_id(company.number))


def _account(scene: Scene, random: Random, company: Company, at: datetime) -> None:
    key = company.accounts[0]
    hidden = company.is_amer and company.external == key and random.random() < 0.15
    values = records.account(random, company, key, at)
    scene.tape.create(MAIN, "accounts", key, at, {**values, "Industry": None} if hidden else values)
    company.keys.append(record_key(key, MAIN))
    if hidden:
        scene.note("industry_from_amer_company", company_id(company.number))
    if random.random() < 0.3:
        more = company.employees + random.randrange(50)
        scene.tape.edit(MAIN, "accounts", key, after(random, at), {"NumberOfEmployees": more})
    for second in company.accounts[1:]:
        _double(scene, random, company, second, at + SECOND)


def _double(scene: Scene, random: Random, company: Company, key: str, at: datetime) -> None:
    """A second account of the same company, with the same domain and another name and industry."""
    fields = {
        "Name": f"{company.name} (new)",
        "Website": website(random, company.domain),
        "Industry": random.choice((None, company.industry, "Other")),
        "ParentId": None,
    }
    scene.tape.create(MAIN, "accounts", key, at, records.account(random, company, key, at, **fields))
    company.keys.append(record_key(key, MAIN))
    scene.note("duplicate_accounts", company_id(company.number))


def _amer(scene: Scene, random: Random, company: Company, at: datetime) -> None:
    company.amer_id = scene.ids.marketo("amer companies")
    fields = {}
    if company.external != company.account and company.account:
        fields = {"website": website(random, company.domain)}
        scene.note("account_in_both_by_domain", company_id(company.number))
    elif random.random() < 0.1:
        fields = {"industry": "Financial Services"}
    values = records.amer_company(random, company, at, **fields)
    scene.tape.create(AMER, "companies", str(company.amer_id), at, values)
    company.keys.append(company_key(company.amer_id, AMER))
