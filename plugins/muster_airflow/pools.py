"""The pools that DAGs name: one per source, one per destination, and the warehouse's single slot."""

from __future__ import annotations

from dataclasses import dataclass

from muster.config import Settings
from muster.naming import BACKFILL_POOL, STREAM_POOL, WAREHOUSE_POOL, destination_pool, source_pool

SOURCE_SLOTS = 2  # a Marketo runs two bulk extracts at once
DESTINATION_SLOTS = 2
BACKFILL_SLOTS = 2
STREAM_SLOTS = 4


@dataclass(frozen=True)
class PoolSpec:
    name: str
    slots: int
    description: str


def pools_of(settings: Settings) -> list[PoolSpec]:
    """Every pool that the DAGs of this configuration use."""
    platform = settings.platform
    return [
        PoolSpec(WAREHOUSE_POOL, 1, "The warehouse has one writer at a time"),
        PoolSpec(BACKFILL_POOL, BACKFILL_SLOTS, "Loading the past, beside the nightly runs"),
        PoolSpec(STREAM_POOL, STREAM_SLOTS, "Changes between nights, never behind a night or a backfill"),
        *(
            PoolSpec(source_pool(s.system, s.instance), SOURCE_SLOTS, f"Calls to {s.connection}")
            for s in platform.sources
        ),
        *(
            PoolSpec(destination_pool(d.name), DESTINATION_SLOTS, f"Calls to {d.name}")
            for d in platform.destinations
        ),
    ]


def ensure_pools() -> list[tuple[str, int]]:
    """Create what is missing, straight in Airflow's database; (name, slots) of each. Existing sizes stay.

    For the start of an installation only: tasks and DAG files have no access to that database.
    """
    from airflow.models.pool import Pool  # type: ignore[attr-defined, unused-ignore]

    from muster_airflow.runtime import settings_now

    result = []
    for wanted in pools_of(settings_now()):
        present = Pool.get_pool(wanted.name)
        if present is None:
            Pool.create_or_update_pool(wanted.name, wanted.slots, wanted.description, include_deferred=False)
        result.append((wanted.name, wanted.slots if present is None else int(present.slots)))
    return result
