"""The incidents of the 60 days before the nights. Each takes people whom no other incident has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from muster_simulators.world import incidents, names, records
from muster_simulators.world.cast import Person, Scene
from muster_simulators.world.deals import Deal, relation
from muster_simulators.world.model import AMER, EMEA, MAIN
from muster_simulators.world.moments import BIN, CLOSING, DAY, after, between

HOUR = timedelta(hours=1)


def share_mailboxes(scene: Scene) -> None:
    """An ordinary looking mailbox that a whole office uses: six people with six last names."""
    left = max(3, scene.size // 1500)
    for company in scene.companies:
        alone = [p for p in company.people if len(p.recipe) == 1 and not p.is_taken]
        distinct = list({p.last.lower(): p for p in alone}.values())
        if len(distinct) < 6 or not left:
            continue
        left -= 1
        mailbox = f"projekt.{company.number}@{company.domain}"
        for person in distinct[:6]:
            person.is_taken = True
            _set_mail(scene, person, mailbox)
            scene.note("shared_mailbox", person.label)


def _set_mail(scene: Scene, person: Person, email: str) -> None:
    at = person.born + HOUR
    if person.emea:
        scene.tape.edit(EMEA, "leads", str(person.emea[0]), at, {"email": email})
    elif person.amer:
        scene.tape.edit(AMER, "leads", str(person.amer[0]), at, {"email": email})
    else:
        kind, key = ("contacts", person.contacts[0]) if person.contacts else ("leads", person.sf_leads[0])
        scene.tape.edit(MAIN, kind, key, at, {"Email": email})


def share_devices(scene: Scene) -> None:
    """Two people of different names on one device: the same ECID must not join them."""
    for first, second in _pairs(
        scene, lambda p: p.recipe == "E" and p.ecid is not None, scene.size // 300 + 2
    ):
        if first.last.lower() == second.last.lower():
            continue
        first.is_taken = second.is_taken = True
        fields = {"ecid": first.ecid}
        scene.tape.edit(EMEA, "leads", str(second.emea[0]), second.born + HOUR, fields)
        scene.note("shared_device", first.label, second.label)


def befall(scene: Scene, deals: list[Deal]) -> None:
    """Merges, deletes, opt-outs, bounces and new addresses, a fixed share of the people each."""
    random = scene.random("incidents")
    share = scene.size / 1000
    for person in take(
        scene, random, lambda p: p.recipe in ("E", "CE", "A", "CA") and _early(p), int(6 * share) + 2
    ):
        _merge_marketo(scene, random, person)
    for person in take(scene, random, lambda p: p.recipe == "EE", int(4 * share) + 1):
        at = after(random, person.born + HOUR)
        incidents.merge_leads(scene, person, EMEA, person.emea[0], person.emea[1:], at)
    for person in take(scene, random, lambda p: p.recipe == "EE", scene.size):
        scene.note("ambiguous_in_emea", person.label)
    for person in take(scene, random, lambda p: p.recipe == "E", int(3 * share) + 1):
        incidents.delete_lead(scene, person, EMEA, person.emea[0], after(random, person.born + HOUR))
    for person in take(scene, random, lambda p: p.recipe == "CC" and _early(p), int(6 * share) + 1):
        incidents.merge_contacts(scene, person, between(random, BIN, CLOSING), deals)
    for person in take(scene, random, lambda p: p.recipe == "L" and _early(p), int(3 * share) + 1):
        _merge_leads_of_salesforce(scene, random, person)
    for person in take(scene, random, lambda p: p.recipe in ("C", "CE") and _early(p), int(4 * share) + 1):
        incidents.delete_contact(scene, person, between(random, BIN, CLOSING), deals)
    for person in take(scene, random, lambda p: p.recipe == "CE" and p.synced, int(4 * share) + 1):
        incidents.change_email(scene, person, after(random, person.born + HOUR), _new_mail(scene, person))
    for person in take(scene, random, _ordinary, int(35 * share) + 2, keep=True):
        where = random.choice(
            [s for s, has in ((EMEA, person.emea), (AMER, person.amer), (MAIN, person.contacts)) if has]
        )
        incidents.unsubscribe(scene, person, after(random, person.born + HOUR), where)
    for person in take(scene, random, _ordinary, int(15 * share) + 2, keep=True):
        incidents.bounce(scene, person, after(random, person.born + HOUR))
    for company in [c for c in scene.companies if len(c.accounts) > 1][::3]:
        incidents.merge_accounts(scene, company, between(random, CLOSING - DAY, CLOSING), deals)


def take(
    scene: Scene, random: Random, suits: Callable[[Person], bool], count: int, *, keep: bool = False
) -> Iterator[Person]:
    """Up to `count` free people that suit, spread over everybody; they are taken then, unless `keep`."""
    found = [person for person in scene.people if not person.is_taken and suits(person)]
    for person in random.sample(found, min(count, len(found))):
        person.is_taken = person.is_taken or not keep
        yield person


def _pairs(scene: Scene, suits: Callable[[Person], bool], count: int) -> list[tuple[Person, Person]]:
    found = [person for person in scene.people if not person.is_taken and suits(person)]
    return list(zip(found[0::2], found[1::2], strict=False))[:count]


def _early(person: Person) -> bool:
    return person.born < BIN - timedelta(days=2)


def _ordinary(person: Person) -> bool:
    return bool(person.emea or person.amer or person.contacts) and not person.is_unsubscribed


def _new_mail(scene: Scene, person: Person) -> str:
    domain = person.company.domain if person.company else names.FREE_MAIL[0]
    return scene.mail(f"{person.first}new", person.last, domain)


def add_marketo_double(scene: Scene, random: Random, person: Person, source: str) -> int:
    """A second lead of the person that nothing ties to the first: another address, no ids."""
    lead = scene.ids.marketo(source, 1001)
    at = person.born + 2 * HOUR
    email = scene.mail(person.first, person.last, names.FREE_MAIL[person.number % 6])
    values = records.marketo_lead(random, person, source, lead, at, email=email, ecid=None)
    scene.tape.create(source, "leads", str(lead), at, values)
    (person.emea if source == EMEA else person.amer).append(lead)
    scene.key(person, lead, source)
    return lead


def _merge_marketo(scene: Scene, random: Random, person: Person) -> None:
    """One or two doubles, merged later: only the merge says whose activities theirs are."""
    source = EMEA if person.emea else AMER
    losers = [add_marketo_double(scene, random, person, source) for _ in range(1 + (person.number % 4 == 0))]
    winner = (person.emea or person.amer)[0]
    incidents.merge_leads(scene, person, source, winner, losers, after(random, person.born + 5 * HOUR))


def _merge_leads_of_salesforce(scene: Scene, random: Random, person: Person) -> None:
    key = scene.ids.salesforce("leads")
    at = person.born + 2 * HOUR
    email = scene.mail(person.first, person.last, names.FREE_MAIL[0])
    scene.tape.create(MAIN, "leads", key, at, records.sf_lead(random, person, key, at, Email=email))
    person.sf_leads.append(key)
    scene.key(person, key, MAIN)
    incidents.merge_sf_leads(scene, person, between(random, BIN, CLOSING))


def give_executives(scene: Scene) -> None:
    """A third of the companies has a marketing or information chief from the start."""
    random = scene.random("executives")
    for company in scene.companies:
        staff = [p for p in company.people if not p.is_taken and len(p.recipe) <= 2]
        if not staff or random.random() > 0.36:
            continue
        chief = random.choice(staff)
        at = chief.born + HOUR
        incidents.retitle(scene, chief, random.choice(names.EXECUTIVE), at)
        scene.note("executive", chief.label)
        if chief.contacts and chief.account and random.random() < 0.1:
            former = random.choice([c for c in scene.companies if c.account and c is not company])
            assert former.account
            relation(scene, chief, former.account, at + HOUR, is_direct=False, is_active=False)
            scene.note("executive_elsewhere_before", chief.label)
