"""Puts people into the systems: which records they have, how these are spelt, and what ties them together.

Every two records of a person are tied by evidence (a usable e-mail, a CRM id, a conversion, a merge, an ECID with
the same last name), or the odd one is named in `Scene.unlinkable`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world import names, records
from muster_simulators.world.cast import Person, Scene, choose_company, choose_recipe, new_person
from muster_simulators.world.ids import ecid
from muster_simulators.world.model import AMER, EMEA, MAIN
from muster_simulators.world.moments import after, in_history

Mail = str | None


def populate(scene: Scene) -> None:
    """Everybody who is there before the nights."""
    random = scene.random("people")
    for _ in range(scene.size):
        company = choose_company(scene, random)
        person = new_person(scene, random, in_history(random), company, choose_recipe(random, company))
        enter(scene, random, person)


def enter(scene: Scene, random: Random, person: Person, *, plainly: bool = False) -> None:
    """Create the person's records, the first at `born`, the others within minutes.

    `plainly`: an ordinary e-mail everywhere, nothing odd; for people that a planned event needs.
    """
    if ("E" in person.recipe or "A" in person.recipe) and random.random() < 0.45:
        person.ecid = ecid(random)
    at = person.born
    writers = {"C": _contact, "X": _converted, "L": _lead, "E": _emea, "A": _amer}
    mails = _mails(scene, random, person, plainly)
    for place, letter in enumerate(person.recipe):
        writers[letter](scene, random, person, at + place * timedelta(minutes=7), mails[place])


def _mails(scene: Scene, random: Random, person: Person, plainly: bool) -> list[Mail]:
    """The e-mail on each record of the recipe."""
    main: list[Mail] = [person.email] * len(person.recipe)
    if plainly:
        return main
    roll = random.random()
    if len(person.recipe) == 1:
        return [_only_mail(scene, person, roll)]
    if person.recipe in ("CE", "LE", "XE") and roll < 0.2:
        return _tied_by_crm_id(scene, random, person, roll)
    if person.recipe in ("CA", "EA", "CEA") and roll < 0.06:
        odd = None if random.random() < 0.5 else _private(scene, random, person)
        scene.unlinkable[f"{person.number}/A"] = None
        return [*main[:-1], odd]
    if person.recipe in ("EA", "CEA", "EE") and roll < 0.25:
        person.ecid = person.ecid or ecid(random)
        scene.note("tied_by_ecid", person.label)
        return [*main[:-1], None if random.random() < 0.5 else _private(scene, random, person)]
    return [main[0], *(_same(random, person.email) for _ in main[1:])]


def _only_mail(scene: Scene, person: Person, roll: float) -> Mail:
    if roll < 0.05:
        scene.note("missing_email", person.label)
        return None
    if roll < 0.08 and person.company:
        scene.note("role_mailbox", person.label)
        return f"{names.ROLE_MAILBOXES[person.number % 2]}@{person.company.domain}"
    if roll < 0.11:
        scene.note("placeholder_email", person.label)
        return names.PLACEHOLDERS[person.number % (2 if scene.size >= 1500 else 1)]
    return person.email


def _tied_by_crm_id(scene: Scene, random: Random, person: Person, roll: float) -> list[Mail]:
    """The CRM and Marketo hold different e-mails; the CRM id ties them."""
    person.synced = True
    scene.note("different_emails_one_crm_id", person.label)
    if roll < 0.07:
        local, domain = person.email.split("@")
        return [person.email, f"{local}+news@{domain}"]
    if roll < 0.13:
        return [person.email, _private(scene, random, person)]
    if roll < 0.17:
        return [None, person.email]
    odd = f"info@{person.company.domain}" if person.company else None
    return [odd or names.PLACEHOLDERS[0], person.email]


def _private(scene: Scene, random: Random, person: Person) -> str:
    return scene.mail(person.first, person.last, random.choice(names.FREE_MAIL))


def _same(random: Random, email: str) -> str:
    """The same address in another spelling."""
    roll = random.random()
    if roll < 0.08:
        return email.upper()
    return email.title() if roll < 0.16 else email


def _spelling(scene: Scene, random: Random, person: Person, source: str) -> dict[str, Any]:
    """First and last name as this system has them. Where an ECID must tie, the last name stays."""
    first, last = person.first, person.last
    if len(person.recipe) > 1 and person.number % 251 != 7 and random.random() < 0.25:
        first = names.other_first(random, first)
        if not person.ecid and random.random() < 0.4:
            last = names.other_last(random, last)
        scene.note("other_spelling", person.label)
    if source == MAIN:
        return {"FirstName": first, "LastName": last, "Name": f"{first} {last}"}
    return {"firstName": first, "lastName": last}


def _contact(scene: Scene, random: Random, person: Person, at: datetime, mail: Mail) -> str:
    key = scene.ids.salesforce("contacts")
    title = None if random.random() < 0.05 and len(person.recipe) > 1 else person.title
    spelt = {} if not person.contacts else _spelling(scene, random, person, MAIN)
    values = records.contact(random, person, key, at, Email=mail, Title=title, **spelt)
    scene.tape.create(MAIN, "contacts", key, at, values)
    person.contacts.append(key)
    scene.key(person, key, MAIN)
    return key


def _lead(scene: Scene, random: Random, person: Person, at: datetime, mail: Mail) -> str:
    key = scene.ids.salesforce("leads")
    scene.tape.create(MAIN, "leads", key, at, records.sf_lead(random, person, key, at, Email=mail))
    person.sf_leads.append(key)
    scene.key(person, key, MAIN)
    return key


def _converted(scene: Scene, random: Random, person: Person, at: datetime, mail: Mail) -> None:
    """A lead that became a contact some time later; the contact stands from then on."""
    lead = _lead(scene, random, person, at, mail)
    moment = at + timedelta(minutes=2)
    key = _contact(scene, random, person, moment, person.email)
    convert(scene, lead, key, person, moment)


def convert(scene: Scene, lead: str, key: str, person: Person, at: datetime) -> None:
    """The Salesforce lead is converted into the contact `key`."""
    fields = {
        "IsConverted": True,
        "ConvertedDate": at.date(),
        "ConvertedContactId": key,
        "ConvertedAccountId": person.account,
        "Status": "Closed - Converted",
    }
    scene.tape.edit(MAIN, "leads", lead, at, fields)
    scene.note("converted_lead", person.label)


def _emea(scene: Scene, random: Random, person: Person, at: datetime, mail: Mail) -> None:
    lead_id = scene.ids.marketo(EMEA, 1001)
    fields: dict[str, Any] = _spelling(scene, random, person, EMEA)
    is_first = not person.emea
    if is_first and (person.contacts or person.sf_leads) and (person.synced or random.random() < 0.9):
        fields.update(sync_fields(person))
        person.synced = True
    fields["title"] = _other_title(scene, random, person)
    if random.random() < 0.03:
        fields["address"] = f'{lead_id} Rue de la Paix,\n"Bât. {lead_id % 9}"'
    values = records.marketo_lead(random, person, EMEA, lead_id, at, email=mail, **fields)
    scene.tape.create(EMEA, "leads", str(lead_id), at, values)
    person.emea.append(lead_id)
    scene.key(person, lead_id, EMEA)


def sync_fields(person: Person) -> dict[str, Any]:
    """What the native CRM sync writes on the emea lead."""
    if person.contacts:
        return {"sfdcContactId": person.contacts[0], "sfdcAccountId": person.account, "sfdcType": "Contact"}
    return {"sfdcLeadId": person.sf_leads[0], "sfdcType": "Lead"}


def _amer(scene: Scene, random: Random, person: Person, at: datetime, mail: Mail) -> None:
    lead_id = scene.ids.marketo(AMER, 1001)
    odd = f"{person.number}/A"
    fields: dict[str, Any] = _spelling(scene, random, person, AMER)
    is_odd = odd in scene.unlinkable
    if is_odd:
        fields["ecid"] = None
    if mail and random.random() < 0.02:
        mail = f" {mail} "
    fields["title"] = _other_title(scene, random, person)
    values = records.marketo_lead(random, person, AMER, lead_id, at, email=mail, **fields)
    scene.tape.create(AMER, "leads", str(lead_id), at, values)
    person.amer.append(lead_id)
    name = scene.key(person, lead_id, AMER)
    if is_odd:
        scene.unlinkable[name] = scene.unlinkable.pop(odd)


def _other_title(scene: Scene, random: Random, person: Person) -> str | None:
    roll = random.random()
    if len(person.recipe) == 1 or roll < 0.85:
        return person.title
    scene.note("conflicting_titles", person.label)
    return None if roll < 0.9 else random.choice(names.TITLES[person.department])


def small_changes(scene: Scene) -> None:
    """Phone, score, city: what changes on some records in the course of the history, with its log lines."""
    random = scene.random("small changes")
    for person in scene.people:
        if random.random() > 0.4:
            continue
        at = after(random, person.born + timedelta(hours=1))
        late = timedelta(minutes=random.randrange(5, 50)) if random.random() < 0.04 else timedelta(0)
        if late:
            scene.note("late_update", person.label)
        place = random.choice(names.PLACES)
        for source, leads in ((EMEA, person.emea), (AMER, person.amer)):
            if leads:
                score_change(scene, random, person, source, leads[0], at, late)
        if person.contacts:
            fields = {"Phone": person.phone[:-2] + "00", "MailingCity": place[0], "MailingCountry": place[1]}
            scene.tape.edit(MAIN, "contacts", person.contacts[0], at, fields, late)
        elif person.sf_leads and "X" not in person.recipe:
            scene.tape.edit(MAIN, "leads", person.sf_leads[0], at, {"Status": "Working - Contacted"}, late)


def score_change(
    scene: Scene,
    random: Random,
    person: Person,
    source: str,
    lead: int,
    at: datetime,
    late: timedelta = timedelta(0),
) -> None:
    """The lead's score rises: the record and its two log lines."""
    step = random.choice((1, 5, 10))
    old, person.score = person.score, person.score + step
    scene.tape.edit(source, "leads", str(lead), at, {"leadScore": person.score}, late)
    attributes = {
        "Change Value": f"+{step}",
        "New Value": person.score,
        "Old Value": old,
        "Reason": "Changed by rule",
    }
    scene.tape.activity(source, lead, 22, at, (62, "Lead Score"), attributes, late)
    if random.random() < 0.3:
        changed = {"New Value": str(person.score), "Old Value": str(old), "Source": "Marketo Flow Action"}
        scene.tape.activity(source, lead, 13, at, (62, "Lead Score"), changed, late)
