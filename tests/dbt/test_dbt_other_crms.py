"""One generated world, read from Salesforce, from Dynamics 365 and from HubSpot with their shipped mappings: one profile.

Dynamics and HubSpot are read over HTTP from their simulators, which tell the same people, companies and deals in their
own words; the shipped mappings have to bring these words back.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from raw_warehouse import EXPECTED, MAIN, PROJECT, START, Built, Raw, build
from world_rows import rows_of

from muster.config.mapping_files import Listed, load_mappings
from muster.lake import Lake
from muster.mapping import write_mappings
from muster.sources import extract
from muster.windows import Window
from muster_simulators.world.build import build_world

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contracts" / "sources"))

pytestmark = pytest.mark.slow

NIGHT = 3


@pytest.fixture(scope="module")
def world() -> Any:
    return build_world(people=350)


def compiled(folder: Path, connection: str, objects: tuple[str, ...]) -> Path:
    """The project with the staging of this source alone, from its shipped mapping."""
    project = folder / "dbt_project"
    shutil.copytree(PROJECT, project)
    write_mappings(load_mappings([Listed(connection, objects)], folder / "nothing"), project)
    return project


def read_by(bench: Any, changes: list[Any], world: Any, folder: Path, **options: Any) -> Built:
    """What the source tells in three nights, through its reader and the lake, as a profile."""
    bench.changes = changes
    bench.more = {**bench.more, **options}
    settings, start = bench.settings(), START
    with ExitStack() as stack:
        bench.clock.set(START)
        bench.serve(stack)
        for end, clock in list(zip(world.notes["window_ends"], world.notes["clocks"], strict=True))[:NIGHT]:
            bench.clock.set(clock)
            extract(
                settings,
                bench.id,
                Window(start, end),
                "backfill",
                lambda _: bench.connection(),
                sleep=bench.sleep,
                gates=bench.gates(settings),
            )
            start = end
    lake, raw = Lake(settings.home.lake), Raw(as_of=end, expected={bench.id: bench.objects})
    for name in bench.objects:
        for file in lake.raw_files(bench.system, name):
            raw.rows.setdefault((bench.id, name), []).extend(
                pq.read_table(file, partitioning=None).to_pylist()
            )
    return build(raw, folder, unit_tests=False, project=compiled(folder, bench.id, bench.objects))


@pytest.fixture(scope="module")
def profiles(world: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    from bench_dynamics import DynamicsBench
    from bench_hubspot import HubSpotBench

    from muster_simulators.dynamics import from_salesforce
    from muster_simulators.hubspot.world import hubspot_changes, pipelines_of

    org = world.changes[MAIN]
    everything, folder = rows_of(world, NIGHT), tmp_path_factory.mktemp("salesforce")
    raw = Raw(as_of=everything.as_of, expected={MAIN: EXPECTED[MAIN]})
    raw.rows = {place: rows for place, rows in everything.rows.items() if place[0] == MAIN}
    found = {"dynamics twin": build(raw, folder, unit_tests=False)}
    del raw.rows[MAIN, "leads"]  # a portal has contacts only
    found["hubspot twin"] = build(raw, tmp_path_factory.mktemp("contacts"), unit_tests=False)
    folder = tmp_path_factory.mktemp("dynamics")
    found["dynamics"] = read_by(DynamicsBench(folder), from_salesforce(org), world, folder)
    folder = tmp_path_factory.mktemp("hubspot")
    found["hubspot"] = read_by(
        HubSpotBench(folder), hubspot_changes(org), world, folder, pipelines=pipelines_of(org)
    )
    return found


def same(profiles: dict[str, Built], system: str, sql: str) -> tuple[list[Any], list[Any]]:
    """What both give, each as a sorted list."""
    mine, theirs = (sorted(map(repr, profiles[name].rows(sql))) for name in (system, f"{system} twin"))
    assert len(theirs) > 20
    return mine, theirs


@pytest.mark.parametrize("system", ["dynamics", "hubspot"])
def test_the_people_are_the_same(profiles: dict[str, Built], system: str) -> None:
    mine, theirs = same(
        profiles, system,
        "select p.email, p.last_name, p.title, p.is_unsubscribed, a.name as account"
        " from dim_people as p left join dim_accounts as a using (account_key)",
    )  # fmt: skip
    assert mine == theirs, sorted(set(mine) ^ set(theirs))


@pytest.mark.parametrize("system", ["dynamics", "hubspot"])
def test_the_accounts_are_the_same(profiles: dict[str, Built], system: str) -> None:
    mine, theirs = same(
        profiles, system,
        "select a.name, a.domain, a.industry, a.employee_count, p.name as parent"
        " from dim_accounts as a left join dim_accounts as p on p.account_key = a.parent_account_key",
    )  # fmt: skip
    assert mine == theirs, sorted(set(mine) ^ set(theirs))


@pytest.mark.parametrize("system", ["dynamics", "hubspot"])
def test_the_opportunities_and_who_is_on_them_are_the_same(profiles: dict[str, Built], system: str) -> None:
    mine, theirs = same(
        profiles, system,
        "select o.name, o.stage_name, o.amount, o.is_closed, o.is_won, a.name as account"
        " from dim_opportunities as o left join dim_accounts as a using (account_key)",
    )  # fmt: skip
    assert mine == theirs, sorted(set(mine) ^ set(theirs))
    mine, theirs = same(
        profiles, system,
        "select o.name, p.email, b.role from bridge_opportunity_people as b"
        " inner join dim_opportunities as o using (opportunity_key) inner join dim_people as p using (person_key)",
    )  # fmt: skip
    assert mine == theirs, sorted(set(mine) ^ set(theirs))
