"""Who is who: the companies and people before any system knows them, and what the systems call them."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from muster_simulators.world import names
from muster_simulators.world.ids import Counter
from muster_simulators.world.model import EMEA, record_key
from muster_simulators.world.tape import Tape

GIANTS = 4
GIANT_SHARE = 0.018


@dataclass
class Company:
    """A company as it is. `accounts`: its Salesforce ids, the main one first; `amer_id`, `external`: its amer record."""

    number: int
    name: str
    domain: str
    website: str | None
    industry: str
    place: tuple[str, str]
    revenue: float
    employees: int
    accounts: list[str] = field(default_factory=list)
    parent: Company | None = None
    amer_id: int | None = None
    external: str | None = None
    people: list[Person] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    is_amer: bool = False

    @property
    def account(self) -> str | None:
        return self.accounts[0] if self.accounts else None


@dataclass
class Person:
    """A human being and the ids of their records. `is_taken`: a special event has them, no other may."""

    number: int
    first: str
    last: str
    company: Company | None
    place: tuple[str, str]
    department: str
    title: str
    email: str
    phone: str
    born: datetime
    recipe: str
    score: int
    ecid: str | None = None
    account: str | None = None
    contacts: list[str] = field(default_factory=list)
    sf_leads: list[str] = field(default_factory=list)
    emea: list[int] = field(default_factory=list)
    amer: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    synced: bool = False
    is_taken: bool = False
    is_unsubscribed: bool = False

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def label(self) -> str:
        return person_id(self.number)

    @property
    def marketo(self) -> tuple[str, int] | None:
        """The (source, lead id) that the person's web visits are logged on."""
        if self.emea:
            return EMEA, self.emea[0]
        return ("marketo__amer", self.amer[0]) if self.amer else None


@dataclass
class Scene:
    """Everything that the parts of the generator share while a world is made."""

    size: int
    seed: int
    tape: Tape = field(default_factory=Tape)
    ids: Counter = field(default_factory=Counter)
    companies: list[Company] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unlinkable: dict[str, datetime | None] = field(default_factory=dict)
    mails: Tally[str] = field(default_factory=Tally)

    def random(self, topic: str) -> Random:
        """Each topic has its own stream, so that a change in one leaves the others as they were."""
        return Random(f"{self.seed}/{self.size}/{topic}")

    def note(self, label: str, *who: str) -> None:
        """Remember who shows a case."""
        self.labels[label].extend(who)

    def key(self, person: Person, record_id: str | int, source: str) -> str:
        """The record belongs to the person from now on."""
        name = record_key(record_id, source)
        person.keys.append(name)
        return name

    def mail(self, first: str, last: str, domain: str) -> str:
        """An address nobody else has."""
        stem = f"{names.mail_name(first) or 'p'}.{names.mail_name(last) or 'x'}"
        self.mails[f"{stem}@{domain}"] += 1
        count = self.mails[f"{stem}@{domain}"]
        return f"{stem}{count if count > 1 else ''}@{domain}"


def person_id(number: int) -> str:
    return f"P{number:06d}"


def company_id(number: int) -> str:
    return f"C{number:05d}"


def plan_companies(scene: Scene) -> None:
    """Companies with their names, domains and parents. The first few are giants; chains of parents are 4 deep."""
    random = scene.random("companies")
    count = max(30, scene.size // 8)
    for number in range(count):
        industry = "Technology" if number == 1 else names.INDUSTRIES[number % len(names.INDUSTRIES)]
        front = random.choice(names.COMPANY_FRONT)
        back = random.choice(names.COMPANY_BACK[industry])
        domain = f"{front}{back}{number}.example".lower().replace(" ", "-")
        in_salesforce = number < 20 or random.random() < 0.85
        company = Company(
            number=number,
            name=f"{front} {back}{random.choice(names.LEGAL)}",
            domain=domain,
            website=_website(random, domain),
            industry=industry,
            place=random.choice(names.PLACES),
            revenue=round(random.lognormvariate(17, 1.5), 2),
            employees=int(random.lognormvariate(5, 1.2)) + 1,
            is_amer=not in_salesforce or random.random() < 0.45,
        )
        if in_salesforce:
            company.accounts.append(scene.ids.salesforce("accounts"))
        scene.companies.append(company)
    _plan_parents(scene)


def _plan_parents(scene: Scene) -> None:
    known = [company for company in scene.companies[5:] if company.account]
    for start in range(0, len(known) - 5, 25):
        for depth in range(1, 5):
            known[start + depth].parent = known[start + depth - 1]
            scene.note("account_hierarchy", company_id(known[start + depth].number))
        scene.note("account_hierarchy_4_deep", company_id(known[start + 4].number))


def _website(random: Random, domain: str) -> str | None:
    roll = random.random()
    if roll < 0.06:
        return None
    if roll < 0.09:
        return random.choice(names.HOSTING).format(domain.split(".")[0])
    return website(random, domain)


def website(random: Random, domain: str) -> str:
    """One of the ways a company's home page is written down."""
    forms = (
        "https://www.{}",
        "http://{}/",
        "{}",
        "HTTPS://WWW.{}/en/about",
        "www.{}",
        "https://{}/?utm_source=crm",
    )
    form = random.choice(forms)
    return form.format(domain.upper() if form.isupper() or "WWW" in form else domain)


def has_domain(company: Company) -> bool:
    """Whether the website as written names the company's own domain."""
    return company.website is not None and company.domain in company.website.lower()


RECIPES = {
    "C": 15, "CE": 24, "E": 12, "A": 8, "L": 5, "LE": 6, "X": 2, "XE": 4, "CA": 6, "CEA": 7, "EA": 5, "EE": 2,
    "CEE": 1, "CC": 2, "EAA": 1,
}  # fmt: skip
"""Where people stand: C contact, L Salesforce lead, X lead converted to a contact, E emea lead, A amer lead."""
OUTSIDE = {"A": 45, "E": 25, "EA": 26, "EE": 2, "EAA": 2}
"""The same for people of companies that no Salesforce account stands for."""


def new_person(scene: Scene, random: Random, born: datetime, company: Company | None, recipe: str) -> Person:
    """One more human being, with an address nobody else has."""
    number = len(scene.people) + 1
    first, last = names.person_name(random)
    if number % 251 == 7:
        first, last = names.STRANGE[number // 251 % len(names.STRANGE)]
        scene.note("strange_text", person_id(number))
    is_free = company is None or random.random() < 0.1
    domain = random.choice(names.FREE_MAIL) if is_free else company.domain  # type: ignore[union-attr]
    department = random.choice(names.DEPARTMENTS)
    person = Person(
        number=number,
        first=first,
        last=last,
        company=company,
        place=company.place if company and random.random() < 0.8 else random.choice(names.PLACES),
        department=department,
        title=random.choice(names.TITLES[department]),
        email=scene.mail(first, last, domain),
        phone=f"+{random.randrange(1, 99)} {random.randrange(100, 999)} {random.randrange(10**5, 10**6)}",
        born=born,
        recipe=recipe,
        score=random.randrange(0, 120),
    )
    if is_free:
        scene.note("free_mail", person.label)
    if company:
        company.people.append(person)
        if company.accounts:
            person.account = company.accounts[number % 3 // 2 if len(company.accounts) > 1 else 0]
    scene.people.append(person)
    return person


def choose_company(scene: Scene, random: Random) -> Company | None:
    """Giants take a fixed share each; a few people work nowhere."""
    roll = random.random()
    if roll < GIANTS * GIANT_SHARE:
        return scene.companies[int(roll / GIANT_SHARE)]
    return None if roll > 0.97 else random.choice(scene.companies)


def choose_recipe(random: Random, company: Company | None) -> str:
    table = RECIPES if company is not None and company.account else OUTSIDE
    return random.choices(tuple(table), tuple(table.values()))[0]
