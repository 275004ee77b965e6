"""One coherent universe: people, companies and deals, and what three systems know of them."""

from __future__ import annotations

from muster_simulators.world import (
    companies,
    crm,
    deals,
    history,
    intent,
    lists,
    log,
    marketing,
    nights,
    objects,
)
from muster_simulators.world import people as crowd
from muster_simulators.world.cast import Scene, company_id, plan_companies
from muster_simulators.world.model import NIGHTS, Truth, World
from muster_simulators.world.moments import night_clock, night_end

SMALLEST = 300
"""Below this some of the cases that the world promises would be missing."""


def build_world(people: int = 20000, seed: int = 7) -> World:
    """The world of `people` people; the same numbers always give the same world. Raises ValueError below 300.

    Records hold the vendor's field names; a field that is absent is empty. Stamps are whole seconds in UTC.
    """
    if people < SMALLEST:
        raise ValueError(f"a world of {people} people lacks some of its cases; take {SMALLEST} or more")
    scene = Scene(people, seed)
    plan_companies(scene)
    companies.tie_companies(scene)
    crowd.populate(scene)
    history.share_mailboxes(scene)
    history.share_devices(scene)
    history.give_executives(scene)
    companies.found(scene)
    agreed = deals.open_deals(scene)
    deals.relate(scene)
    history.befall(scene, agreed)
    crowd.small_changes(scene)
    nights.live(scene, agreed)
    intent.browse(scene)
    log.ordinary(scene)
    lists.keep_lists(scene)
    deals.label_deals(scene, agreed)
    marketing.run_programs(scene)
    objects.own_and_sign(scene)
    crm.sell_and_sign(scene)
    changes = scene.tape.changes()
    notes = {
        "clocks": tuple(night_clock(night + 1) for night in range(len(NIGHTS))),
        "window_ends": tuple(night_end(night + 1) for night in range(len(NIGHTS))),
        "change_counts": {source: len(rows) for source, rows in changes.items()},
    }
    return World(people, seed, changes, _truth(scene), notes)


def _truth(scene: Scene) -> Truth:
    labels = {name: tuple(dict.fromkeys(who)) for name, who in sorted(scene.labels.items())}
    return Truth(
        people={person.label: tuple(person.keys) for person in scene.people},
        labels=labels,
        accounts={company_id(c.number): tuple(c.keys) for c in scene.companies if c.keys},
        unlinkable=dict(scene.unlinkable),
    )
