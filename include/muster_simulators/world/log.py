"""Ordinary Marketo activity: mailings, web visits, forms. Attributes come from small pools and are shared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world.cast import Person, Scene
from muster_simulators.world.model import AMER, EMEA, HISTORY_START, NIGHTS
from muster_simulators.world.moments import SECOND, between

SITE = "acme.example"
PAGES = (
    "/", "/product", "/product/tour", "/blog", "/blog/pricelist-news", "/customers", "/jobs", "/docs", "/contact",
    "/webinars", "/about",
)  # fmt: skip
PRICING = ("/pricing", "/pricing/enterprise", "/en/pricing", "/blog/pricing-strategies")
"""Pages whose name contains `/pricing`. `/blog/pricelist-news` does not."""
AGENTS = (
    "Mozilla/5.0 (X11; Linux)",
    'Mozilla/5.0 (Macintosh; "Intel")',
    "Mozilla/5.0 (iPhone; CPU, like Mac)",
)
LAST = NIGHTS[-1] + timedelta(days=1)

Primary = tuple[int | None, str | None]
Visit = tuple[Primary, Mapping[str, Any]]


def visits(random: Random, pages: tuple[str, ...], first_id: int, count: int) -> list[Visit]:
    """A pool of visits to pages; a search for `/pricing` in the query parameters is no visit of it."""
    pool: list[Visit] = []
    for number in range(count):
        place = number % len(pages)
        attributes = {
            "Client IP Address": f"10.{random.randrange(256)}.{random.randrange(256)}.7",
            "Query Parameters": random.choice(
                ("", "utm_source=mail&next=/pricing", "q=a%2Cb", "lang=ja&q=料金")
            ),
            "Referrer URL": random.choice(("https://www.google.com/", f"https://{SITE}/pricing", "")),
            "User Agent": random.choice(AGENTS),
            "Webpage URL": pages[place],
        }
        pool.append(((first_id + place, SITE + pages[place]), attributes))
    return pool


class Mailing:
    """One e-mail to many: its send time and the attributes all its log lines share."""

    def __init__(self, number: int, random: Random) -> None:
        self.at = between(random, HISTORY_START + timedelta(days=2), LAST - timedelta(hours=5))
        name = ("Monthly Letter", 'Spring "Webinar", invitation', "Product News")[number % 3]
        self.primary = (501 + number, f"{name} {number}")
        self.sent = {"Campaign Run ID": 70 + number, "Choice Number": 0, "Step ID": 11, "Test Variant": 0}
        self.opened = {
            "Campaign Run ID": 70 + number, "Choice Number": 0, "Device": "iPhone", "Is Mobile Device": True,
            "Platform": "iOS", "Step ID": 11, "User Agent": AGENTS[2],
        }  # fmt: skip
        self.clicked = {**self.opened, "Link": f"https://{SITE}/product?a=1&b=2", "Link ID": f"L{number}"}


def ordinary(scene: Scene) -> None:
    """Activities of every lead: new lead, and a handful of the rest."""
    random = scene.random("activities")
    mailings = {source: [Mailing(number, random) for number in range(24)] for source in (EMEA, AMER)}
    pool = visits(random, PAGES, 71, 220) + visits(random, PRICING, 90, 8)
    created = {
        "Lead Source": "Web",
        "Source Type": "Web form fillout",
        "SFDC Type": "",
        "Form Name": "Contact us",
    }
    for person in scene.people:
        for source, leads in ((EMEA, person.emea), (AMER, person.amer)):
            for lead in leads:
                born = person.born + timedelta(hours=2)
                scene.tape.activity(source, lead, 12, person.born + 30 * SECOND, (None, "Web"), created)
                _mails(scene, random, source, lead, born, mailings[source])
                _visits(scene, random, person, source, lead, born, pool)


def _mails(
    scene: Scene, random: Random, source: str, lead: int, born: datetime, mailings: list[Mailing]
) -> None:
    for mailing in random.sample(mailings, 2):
        if mailing.at < born:
            continue
        at = mailing.at + random.randrange(3600) * SECOND
        scene.tape.activity(source, lead, 6, at, mailing.primary, mailing.sent)
        scene.tape.activity(source, lead, 7, at + 4 * SECOND, mailing.primary, mailing.sent)
        roll = random.random()
        if roll < 0.35:
            opened = at + random.randrange(30, 9000) * SECOND
            scene.tape.activity(source, lead, 10, opened, mailing.primary, mailing.opened)
            if roll < 0.1:
                scene.tape.activity(source, lead, 11, opened + 9 * SECOND, mailing.primary, mailing.clicked)


def _visits(
    scene: Scene, random: Random, person: Person, source: str, lead: int, born: datetime, pool: list[Visit]
) -> None:
    roll = random.random()
    if roll < 0.45 or born >= LAST:
        return
    span = (LAST - born).total_seconds()
    for _ in range(1 + int((roll - 0.45) * 9)):
        primary, attributes = pool[int(random.random() * len(pool))]
        at = born + timedelta(seconds=int(random.random() * span))
        late = timedelta(minutes=random.randrange(5, 50)) if random.random() < 0.02 else timedelta(0)
        scene.tape.activity(source, lead, 1, at, primary, attributes, late)
    if roll > 0.85:
        at = born + timedelta(seconds=int(random.random() * span))
        form = {
            "Client IP Address": "10.1.1.1",
            "Form Fields": 'a:1:{s:5:"Email";}',
            "Webpage ID": 9,
            "User Agent": AGENTS[0],
        }
        scene.tape.activity(source, lead, 2, at, (12, "Contact us"), form)
