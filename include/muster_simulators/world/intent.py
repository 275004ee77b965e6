"""Who looks at prices: planned so that on each night some come into the seven days and some fall out of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from muster_simulators.world import incidents
from muster_simulators.world.cast import Person, Scene
from muster_simulators.world.history import add_marketo_double, take
from muster_simulators.world.log import PRICING, Visit, visits
from muster_simulators.world.model import AMER, EMEA, NIGHTS, record_key
from muster_simulators.world.moments import DAY, SECOND, between, late_on_night, night_end, on_night

WEEK = timedelta(days=7)
STEADY = (NIGHTS[0] - 4 * DAY, NIGHTS[0] - DAY)
"""Visits in here lie in the seven days of every night."""


def browse(scene: Scene) -> None:
    """Plan everybody's visits to the pricing pages."""
    random = scene.random("intent")
    pool = visits(random, PRICING, 90, 60)
    size = max(20, scene.size // 40)
    for person in take(scene, random, _can, size):
        _visit(
            scene,
            random,
            person,
            pool,
            [between(random, *STEADY) for _ in range(random.choice((3, 3, 4, 6)))],
        )
        scene.note("pricing_steady", person.label)
    few = max(1, size // 20)
    for night in (2, 3):
        _leave(scene, random, pool, night, few)
        _enter(scene, random, pool, night, few + 1)
        _withdraw(scene, random, pool, night, max(1, few // 3))
    _edges(scene, random, pool)
    _through_a_merge(scene, random, pool, max(1, few // 2))


def _can(person: Person) -> bool:
    """Free, with one or two records that no gap may hide, and early enough to have browsed."""
    return person.marketo is not None and not person.is_unsubscribed and person.born < NIGHTS[0] - 12 * DAY


def _visit(
    scene: Scene,
    random: Random,
    person: Person,
    pool: list[Visit],
    times: list[datetime],
    lead: tuple[str, int] | None = None,
) -> None:
    """One visit at each time, on the person's lead or (where they have two) on either."""
    for number, at in enumerate(times):
        source, lead_id = lead or person.marketo or (EMEA, 0)
        if lead is None and number % 2 and _is_twice(scene, person):
            source, lead_id = AMER, person.amer[0]
        primary, attributes = random.choice(pool)
        scene.tape.activity(source, lead_id, 1, at, primary, attributes)


def _is_twice(scene: Scene, person: Person) -> bool:
    """Whether the person has leads in both Marketos which evidence ties."""
    return bool(person.emea and person.amer) and record_key(person.amer[0], AMER) not in scene.unlinkable


def _day(random: Random, start: datetime) -> datetime:
    return start + timedelta(hours=1, seconds=random.randrange(20 * 3600))


def _leave(scene: Scene, random: Random, pool: list[Visit], night: int, count: int) -> None:
    """Three visits, one of them on the day that falls out of the seven on this night."""
    for person in take(scene, random, _single, count):
        times = [_day(random, night_end(night) - WEEK - DAY), *(between(random, *STEADY) for _ in range(2))]
        _visit(scene, random, person, pool, times)
        scene.note(f"pricing_leaves_{night}", person.label)


def _enter(scene: Scene, random: Random, pool: list[Visit], night: int, count: int) -> None:
    """The third visit comes on this night's day; one person's only becomes visible after the reading."""
    for number, person in enumerate(take(scene, random, _single, count)):
        _visit(scene, random, person, pool, [between(random, *STEADY) for _ in range(2)])
        if number == 0:
            at, visible = late_on_night(random, night)
            primary, attributes = random.choice(pool)
            assert person.marketo
            source, lead = person.marketo
            scene.tape.activity(source, lead, 1, at, primary, attributes, visible - at)
            scene.note("pricing_visit_seen_late", person.label)
        else:
            _visit(scene, random, person, pool, [on_night(random, night)])
            scene.note(f"pricing_enters_{night}", person.label)


def _withdraw(scene: Scene, random: Random, pool: list[Visit], night: int, count: int) -> None:
    """Some unsubscribe, and somebody's only lead is deleted: both leave the audience."""
    for person in take(scene, random, _single, count):
        _visit(scene, random, person, pool, [between(random, *STEADY) for _ in range(4)])
        assert person.marketo
        incidents.unsubscribe(scene, person, on_night(random, night), person.marketo[0])
        scene.note("unsubscribes_on_night", person.label)
    for person in take(scene, random, lambda p: _can(p) and p.recipe == "E", 1):
        _visit(scene, random, person, pool, [between(random, *STEADY) for _ in range(4)])
        incidents.delete_lead(scene, person, EMEA, person.emea[0], on_night(random, night))
        scene.note("deleted_on_night", person.label)


def _single(person: Person) -> bool:
    return _can(person) and person.recipe in ("E", "A", "CE", "LE", "CA")


def _edges(scene: Scene, random: Random, pool: list[Visit]) -> None:
    """The very ends of the seven days: the first second counts, the end itself does not."""
    end = night_end(2)
    for label, third in (
        ("pricing_edge_first_second", end - WEEK),
        ("pricing_edge_too_early", end - WEEK - SECOND),
        ("pricing_edge_last_second", end - SECOND),
        ("pricing_edge_at_end", end),
    ):
        for person in take(scene, random, lambda p: _can(p) and p.recipe in ("E", "A"), 1):
            _visit(scene, random, person, pool, [*(between(random, *STEADY) for _ in range(2)), third])
            scene.note(label, person.label)


def _through_a_merge(scene: Scene, random: Random, pool: list[Visit], count: int) -> None:
    """Two visits on one lead and two on its double: only the merge makes one interested person of them."""
    for number, person in enumerate(
        take(scene, random, lambda p: _can(p) and p.recipe in ("E", "A"), 2 * count)
    ):
        source = EMEA if person.emea else AMER
        winner = (person.emea or person.amer)[0]
        double = add_marketo_double(scene, random, person, source)
        for lead in (winner, double):
            _visit(scene, random, person, pool, [between(random, *STEADY) for _ in range(2)], (source, lead))
        on = number % 2
        at = on_night(random, 2) if on else NIGHTS[0] - timedelta(hours=5)
        if on:
            scene.unlinkable[person.keys[-1]] = at
            scene.note("merged_on_night", person.label)
        else:
            scene.note("pricing_through_merge", person.label)
        incidents.merge_leads(scene, person, source, winner, [double], at)
