"""What the three nights' days bring: every audience gains and loses somebody, moderately."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from muster_simulators.world import deals as d
from muster_simulators.world import incidents, names
from muster_simulators.world.cast import Person, Scene, choose_company, choose_recipe, company_id, new_person
from muster_simulators.world.deals import Deal
from muster_simulators.world.history import take
from muster_simulators.world.model import AMER, EMEA, MAIN, record_key
from muster_simulators.world.moments import in_gap, in_morning, late_on_night, night_end, on_night
from muster_simulators.world.people import convert, enter, score_change
from muster_simulators.world.records import contact

NIGHT_NUMBERS = (1, 2, 3)


def live(scene: Scene, deals: list[Deal]) -> None:
    """The days of the three nights, in order."""
    for night in NIGHT_NUMBERS:
        random = scene.random(f"night {night}")
        _newcomers(scene, random, night)
        _finance(scene, random, night, deals)
        _executives(scene, random, night, deals)
        _conversions(scene, random, night)
        _merges(scene, random, night, deals)
        _in_the_gap(scene, random, night, deals)
        _late(scene, random, night, deals)


def _newcomers(scene: Scene, random: Random, night: int) -> None:
    for _ in range(max(3, scene.size // 250)):
        company = choose_company(scene, random)
        recipe = choose_recipe(random, company)
        if company and company.is_amer and not company.amer_id and "A" in recipe:
            company = None
            recipe = "A"
        person = new_person(scene, random, in_morning(random, night), company, recipe)
        person.account = company.account if company else None
        enter(scene, random, person)
        person.is_taken = True
        if person.contacts and person.account:
            d.relation(scene, person, person.account, person.born + timedelta(minutes=20), is_direct=True)
        scene.note("newcomer", person.label)


# ---- finance decision makers -------------------------------------------------------------------------------


def _qualifies(deal: Deal) -> bool:
    return (
        deal.is_open and not deal.is_taken and deal.company.industry == "Finance" and deal.amount >= d.LARGE
        and deal.has(d.DECISION_MAKER)
    )  # fmt: skip


def _pick(random: Random, deals: list[Deal], suits: Callable[[Deal], bool], count: int) -> list[Deal]:
    found = [deal for deal in deals if suits(deal)]
    chosen = random.sample(found, min(count, len(found)))
    for deal in chosen:
        deal.is_taken = True
    return chosen


def _finance(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    few = max(1, sum(1 for deal in deals if _qualifies(deal)) // 30)
    for number, deal in enumerate(_pick(random, deals, _qualifies, few)):
        d.close(scene, deal, on_night(random, night), won=number % 2 == 0)
        scene.note("deal_closed_on_night", company_id(deal.company.number))
    for _ in range(few):
        _finance_deal(scene, random, night, deals)
    for deal in _pick(random, deals, lambda x: x.is_open and not x.is_taken and x.amount < d.LARGE
                      and x.company.industry == "Finance" and x.has(d.DECISION_MAKER), max(1, few // 2)):  # fmt: skip
        d.change_amount(scene, deal, on_night(random, night), d.LARGE + 0.25)
    for deal in _pick(random, deals, _qualifies, few // 4 if night != 3 else max(1, few // 4)):
        part = next(p for p in deal.parts if p.role == d.DECISION_MAKER)
        d.change_role(scene, deal, part, "Influencer", on_night(random, night))
        scene.note("role_changed", part.person.label)
    if night == 2:
        _delete_a_maker(scene, random, night, deals)
    _unsubscribe_a_maker(scene, random, night, deals)


def _finance_deal(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    """A new large deal whose decision maker is nobody special."""
    homes = {c.number for c in scene.companies if c.industry == "Finance" and c.account}
    for maker in take(
        scene,
        random,
        lambda p: p.recipe in ("C", "CE", "CA") and p.company is not None and p.company.number in homes,
        1,
    ):
        assert maker.company
        amount = round(random.uniform(150_000, 900_000), 2)
        at = in_morning(random, night)
        deal = d.new_deal(scene, random, maker.company, MAIN, is_open=True, at=at, amount=amount, maker=maker)
        deal.is_taken = True
        deals.append(deal)
        scene.note("new_decision_maker", maker.label)


def _makers(deals: list[Deal], suits: Callable[[Person], bool]) -> list[Person]:
    found = {
        part.person.number: part.person
        for deal in deals
        if _qualifies(deal) and deal.source == MAIN
        for part in deal.parts
        if part.role == d.DECISION_MAKER and suits(part.person) and not part.person.is_taken
    }
    return [found[number] for number in sorted(found)]


def _delete_a_maker(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    """A decision maker's only record is deleted."""
    for person in _makers(deals, lambda p: p.recipe == "C" and not p.is_unsubscribed)[:1]:
        person.is_taken = True
        incidents.delete_contact(scene, person, on_night(random, night), deals)
        scene.note("deleted_on_night", person.label)


def _unsubscribe_a_maker(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    """Still a decision maker, but no longer to be written to."""
    for person in _makers(deals, lambda p: not p.is_unsubscribed)[:1]:
        person.is_taken = True
        incidents.unsubscribe(scene, person, on_night(random, night), EMEA if person.emea else MAIN)
        scene.note("unsubscribes_on_night", person.label)


# ---- accounts without an executive -------------------------------------------------------------------------


def _executives(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    chiefs = set(scene.labels["executive"])
    led = {p.company.number for p in scene.people if p.company and p.label in chiefs}
    wanting = {deal.company.number for deal in deals if deal.is_open} - led
    few = max(1, len(wanting) // 45)
    for person in take(scene, random, lambda p: _employed(p) and p.company.number in wanting, few):  # type: ignore[union-attr]
        incidents.retitle(scene, person, random.choice(names.EXECUTIVE), on_night(random, night))
        scene.note("promoted_on_night", person.label)
    for person in take(scene, random, lambda p: _employed(p) and p.label in chiefs, few):
        incidents.retitle(scene, person, "Advisor to the Board", on_night(random, night))
        scene.note("steps_down_on_night", person.label)
    idle = [c for c in scene.companies if c.account and c.number not in wanting | led and c.people]
    for company in random.sample(idle, min(few, len(idle))):
        at = in_morning(random, night)
        deal = d.new_deal(
            scene, random, company, MAIN, is_open=True, at=at, amount=round(random.uniform(1e3, 9e4), 2)
        )
        deal.is_taken = True
        deals.append(deal)
        scene.note("first_open_deal", company_id(company.number))
    counts: dict[int, int] = {}
    for deal in deals:
        counts[deal.company.number] = counts.get(deal.company.number, 0) + deal.is_open
    lone = _pick(random, deals, lambda x: x.is_open and not x.is_taken and x.company.number in wanting
                 and counts[x.company.number] == 1 and x.company.industry != "Finance", few)  # fmt: skip
    for deal in lone:
        d.close(scene, deal, on_night(random, night), won=True)
        scene.note("last_open_deal_closed", company_id(deal.company.number))


def _employed(person: Person) -> bool:
    """A contact at an account or an amer lead at a company, in ordinary circumstances."""
    return person.company is not None and person.recipe in ("C", "CE", "CA", "A") and person.number % 251 != 7


# ---- conversions, merges, gaps, lateness -------------------------------------------------------------------


def _conversions(scene: Scene, random: Random, night: int) -> None:
    """A Salesforce lead becomes a contact; the emea lead follows."""

    def suits(person: Person) -> bool:
        company = person.company
        is_plain = company is not None and len(company.accounts) == 1 and not person.is_unsubscribed
        return is_plain and person.recipe in ("L", "LE")

    for person in take(scene, random, suits, max(1, scene.size // 1500)):
        at = in_morning(random, night)
        key = scene.ids.salesforce("contacts")
        scene.tape.create(MAIN, "contacts", key, at, contact(random, person, key, at))
        convert(scene, person.sf_leads[0], key, person, at)
        person.contacts.append(key)
        scene.key(person, key, MAIN)
        if person.emea and person.synced:
            fields = {"sfdcContactId": key, "sfdcAccountId": person.account, "sfdcType": "Contact"}
            scene.tape.edit(EMEA, "leads", str(person.emea[0]), at + timedelta(minutes=1), fields)
        scene.note("converted_on_night", person.label)


def _merges(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    for person in take(
        scene, random, lambda p: p.recipe == "CC" and len(p.contacts) == 2, max(1, scene.size // 3000)
    ):
        incidents.merge_contacts(scene, person, on_night(random, night), deals)
    doubles = [c for c in scene.companies if len(c.accounts) > 1]
    for company in doubles[: 1 if night > 1 else 0]:
        incidents.merge_accounts(scene, company, on_night(random, night), deals)


def _in_the_gap(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    """Changed once more after the window's end and before it is read: this night can't see them."""
    count = max(2, scene.size // 400)
    for person in take(scene, random, lambda p: p.recipe in ("C", "CE") and len(p.contacts) == 1, count):
        fields = {"Title": person.title, "Phone": "+1 555 0100"}
        scene.tape.edit(MAIN, "contacts", person.contacts[0], in_gap(random, night), fields)
        scene.note("changed_in_the_gap", record_key(person.contacts[0], MAIN))
    for person in take(scene, random, lambda p: p.recipe == "E", count):
        score_change(scene, random, person, EMEA, person.emea[0], in_gap(random, night))
        scene.note("changed_in_the_gap", record_key(person.emea[0], EMEA))
    for person in take(
        scene, random, lambda p: p.recipe == "A" and not (p.company and p.company.is_amer), count
    ):
        score_change(scene, random, person, AMER, person.amer[0], in_gap(random, night))
        scene.note("changed_in_the_gap", record_key(person.amer[0], AMER))
    plain = [c for c in scene.companies if len(c.accounts) == 1 and not c.is_amer and c.number > 4]
    for company in random.sample(plain, min(len(plain), max(1, count // 10))):
        at = in_gap(random, night)
        scene.tape.edit(
            MAIN, "accounts", company.accounts[0], at, {"NumberOfEmployees": company.employees + night}
        )
        scene.note("changed_in_the_gap", record_key(company.accounts[0], MAIN))
    for deal in _pick(random, deals, lambda x: x.is_open and not x.is_taken, max(1, count // 10)):
        d.close(scene, deal, in_gap(random, night), won=False)
        scene.note("closed_in_the_gap", company_id(deal.company.number))
    for _ in range(2):
        person = new_person(scene, random, in_gap(random, night), None, "E")
        person.born = min(person.born, night_end(night) + timedelta(minutes=20))
        enter(scene, random, person, plainly=True)
        person.is_taken = True
        scene.note("created_in_the_gap", person.label)


def _late(scene: Scene, random: Random, night: int, deals: list[Deal]) -> None:
    """Stamped within the window and visible only after it was read: the next night's overlap must catch them."""
    count = max(2, scene.size // 800)
    for person in take(scene, random, lambda p: p.recipe in ("C", "CE") and len(p.contacts) == 1, count):
        at, visible = late_on_night(random, night)
        scene.tape.edit(MAIN, "contacts", person.contacts[0], at, {"Title": "Late Bloomer"}, visible - at)
        scene.note("late_at_midnight", record_key(person.contacts[0], MAIN))
    for person in take(scene, random, lambda p: p.recipe in ("E", "EA"), count):
        at, visible = late_on_night(random, night)
        score_change(scene, random, person, EMEA, person.emea[0], at, visible - at)
        scene.note("late_at_midnight", record_key(person.emea[0], EMEA))
    for deal in _pick(random, deals, lambda x: x.is_open and not x.is_taken and x.source == MAIN, 1):
        at, visible = late_on_night(random, night)
        scene.tape.edit(MAIN, "opportunities", deal.key, at, {"NextStep": "seen late"}, visible - at)
        scene.note("late_at_midnight", record_key(deal.key, MAIN))
