"""`kill -9` of a build's dbt, of the build itself and of its publication; after the retry the right content is in force.

The first night is in force and the second one is built, again and again. MUSTER_KILLS sets how often (30 by default).
"""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from kill_kit import KILLS, Ended, Nursery, assert_listed_and_whole, assert_readable, itself
from kill_world import Small

from muster.errors import WarehouseError
from muster.lake import Lake
from muster.warehouse import Snapshot, current_snapshot, last_build, query, rollback

NIGHTS = ("2026-03-03", "2026-03-04")
KILLED_CHILD = WarehouseError.exit_code
PATIENCE = 5
RESULT = re.compile(r"^build: (\d+)/(\d+) ", re.M)
COUNTS = (
    "select count(*) as objects, count(*) filter (where is_reconciled) as reconciled from rpt_reconciliation"
)


@pytest.fixture
def nursery(small: Small, tmp_path: Path) -> Iterator[Nursery]:
    found = Nursery("work_build", tmp_path / "log.txt", variables=small.simulators.connections())
    yield found
    found.close()


@dataclass(frozen=True)
class Calm:
    """What each night publishes where nobody disturbs it, and how long the second one takes."""

    first: Snapshot
    second: Snapshot
    build_seconds: float
    publish_seconds: float
    results: int


class Warehouse:
    """A home whose lake is that of the first night, then that of the second."""

    def __init__(self, small: Small, nursery: Nursery) -> None:
        self.small, self.nursery = small, nursery
        self.settings = small.settings("built")
        self.settings.home.lake.parent.mkdir(parents=True)
        for night in NIGHTS:
            nursery.finish(*small.command(f"night {night}", "extract", "--interval", night))

    def lake(self, night: str) -> Lake:
        return Lake(self.small.settings(f"night {night}").home.lake)

    def turn_to(self, night: str) -> None:
        self.settings.home.lake.unlink(missing_ok=True)
        self.settings.home.lake.symlink_to(self.lake(night).root)

    def command(self, name: str) -> list[str]:
        return self.small.command("built", name)

    def finish(self, name: str) -> float:
        """One command to its good end; the seconds it took."""
        began = time.monotonic()
        self.nursery.finish(*self.command(name))
        return time.monotonic() - began

    def go_back(self, calm: Calm) -> None:
        """To the evening before the second publication."""
        rollback(self.settings, calm.first.id)
        shutil.rmtree(calm.second.folder)

    def published(self) -> Snapshot:
        snapshot = current_snapshot(self.settings)
        assert snapshot is not None
        return snapshot


@pytest.fixture
def warehouse(small: Small, nursery: Nursery) -> Warehouse:
    return Warehouse(small, nursery)


@pytest.fixture
def calm(warehouse: Warehouse) -> Calm:
    snapshots, seconds = [], (0.0, 0.0)
    for night in NIGHTS:
        warehouse.turn_to(night)
        seconds = warehouse.finish("build"), warehouse.finish("publish")
        snapshots.append(warehouse.published())
    assert content(snapshots[0]) != content(snapshots[1])
    built = last_build(warehouse.settings)
    return Calm(*snapshots, *seconds, results=built.models + built.tests)


def content(snapshot: Snapshot) -> dict[str, str]:
    """The hash of every table but the reports: they tell when something ran."""
    return {name: facts["sha256"] for name, facts in snapshot.tables.items() if not name.startswith("rpt_")}


def dbt_of(pid: int) -> int | None:
    """The dbt process of a build; None before it is there."""
    try:
        found = [
            one.pid for one in psutil.Process(pid).children() if "dbt_child.py" in " ".join(one.cmdline())
        ]
    except psutil.NoSuchProcess:
        return None
    return found[0] if found else None


@dataclass(frozen=True)
class Moment:
    """So many seconds after a command began, and not before dbt has told so many results."""

    seconds: float
    results: int = 0

    def has_come(self, nursery: Nursery) -> bool:
        return self.results == 0 or len(RESULT.findall(nursery.said())) >= self.results


def a_moment(rng: random.Random, calm: Calm) -> Moment:
    """By time, or by progress: half of the time of a small build goes by before its first result."""
    if rng.random() < 0.5:
        return Moment(rng.uniform(0, calm.build_seconds))
    return Moment(0, rng.randint(1, calm.results))


class Orphan:
    """Strikes the build and remembers its dbt, which must not outlive it."""

    def __init__(self, nursery: Nursery, moment: Moment) -> None:
        self.nursery, self.moment = nursery, moment
        self.dbt: psutil.Process | None = None

    def __call__(self, pid: int) -> int | None:
        if not self.moment.has_come(self.nursery):
            return None
        child = dbt_of(pid)
        self.dbt = psutil.Process(child) if child else None
        return pid

    def assert_gone(self) -> None:
        if self.dbt is not None:
            self.dbt.wait(PATIENCE)


@pytest.mark.kill
def test_a_killed_build_or_publication_leaves_the_old_snapshot_and_its_retry_brings_the_new_one(
    warehouse: Warehouse, calm: Calm, seed: int
) -> None:
    rng, killed = random.Random(seed), Kills()
    lake, before = warehouse.lake(NIGHTS[1]), calm.first
    files = fingerprint(lake)
    while killed.count < KILLS:
        warehouse.go_back(calm)
        killed.dbt(warehouse, a_moment(rng, calm))
        check_old(warehouse, before)
        killed.build(warehouse, a_moment(rng, calm))
        check_old(warehouse, before)
        warehouse.finish("build")
        check_old(warehouse, before)
        killed.publication(warehouse, Moment(rng.uniform(0, calm.publish_seconds)))
        check_old_or_new(warehouse, calm)
        warehouse.finish("publish")
        check_new(warehouse, calm)
        assert fingerprint(lake) == files
    assert_listed_and_whole(lake)
    print(f"{killed.count} kills:", {name: dict(stages) for name, stages in killed.stages.items()})
    assert all(stages.total() >= KILLS // 10 for stages in killed.stages.values())


class Kills:
    """Strikes one step each, and counts those that met it, by how far it had come."""

    def __init__(self) -> None:
        self.stages = {name: Counter[str]() for name in ("dbt", "build", "publication")}

    @property
    def count(self) -> int:
        return sum(stages.total() for stages in self.stages.values())

    def dbt(self, warehouse: Warehouse, moment: Moment) -> None:
        """Where it was met, the build itself ends by saying so."""
        nursery = warehouse.nursery
        ended = nursery.run(
            *warehouse.command("build"),
            kill_after=moment.seconds,
            victim=lambda pid: dbt_of(pid) if moment.has_come(nursery) else None,
        )
        assert (ended.code, ended.struck) in ((0, False), (KILLED_CHILD, True)), ended.said
        if ended.struck:
            assert "dbt was killed before it was done" in ended.said
            self.stages["dbt"][reached(ended.said)] += 1

    def build(self, warehouse: Warehouse, moment: Moment) -> None:
        orphan = Orphan(warehouse.nursery, moment)
        ended = warehouse.nursery.run(*warehouse.command("build"), kill_after=moment.seconds, victim=orphan)
        orphan.assert_gone()
        self._count("build", ended)

    def publication(self, warehouse: Warehouse, moment: Moment) -> None:
        ended = warehouse.nursery.run(*warehouse.command("publish"), kill_after=moment.seconds, victim=itself)
        self._count("publication", ended)

    def _count(self, name: str, ended: Ended) -> None:
        assert ended.code in (0, -9), ended.said
        if ended.code:
            self.stages[name][reached(ended.said)] += 1


def reached(said: str) -> str:
    """How far a command had come when it was struck."""
    if re.search(r"^audit .*: nothing held$", said, re.M):
        return "after the audit"
    done = RESULT.findall(said)
    if not done:
        return "before the first result"
    number, total = (int(count) for count in done[-1])
    return "in the second half" if 2 * number > total else "in the first half"


def check_old(warehouse: Warehouse, before: Snapshot) -> None:
    """What was in force still is, whole; and every build that has a record opens, half ones have none."""
    assert warehouse.published() == before
    check_whole(warehouse)


def check_old_or_new(warehouse: Warehouse, calm: Calm) -> None:
    snapshot = warehouse.published()
    assert snapshot == calm.first or content(snapshot) == content(calm.second)
    check_whole(warehouse)


def check_new(warehouse: Warehouse, calm: Calm) -> None:
    snapshot = warehouse.published()
    assert (snapshot.id, content(snapshot)) == (calm.second.id, content(calm.second))
    check_whole(warehouse)
    (counts,) = query(warehouse.settings, COUNTS, {}).to_pylist()
    assert counts == {"objects": 17, "reconciled": 17}


def check_whole(warehouse: Warehouse) -> None:
    home, snapshot = warehouse.settings.home, warehouse.published()
    assert_readable(home.published)
    for name, facts in snapshot.tables.items():
        assert pq.read_metadata(snapshot.folder / f"{name}.parquet").num_rows == facts["rows"]
    for record in home.warehouse.glob("build-*.json"):
        assert record.with_name(f"{record.name.split('.')[0]}.duckdb").is_file()
    assert last_build(warehouse.settings).models > 50


def fingerprint(lake: Lake) -> dict[str, str]:
    """Of every file of a lake: a build only reads it."""
    files = [path for path in lake.root.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
