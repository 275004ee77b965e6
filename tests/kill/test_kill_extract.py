"""`kill -9` of `muster extract` at any moment; after the retry the lake is the one of a run that nobody disturbed.

MUSTER_KILLS sets how often (30 by default).
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from kill_kit import KILLS, Nursery, assert_listed_and_whole, assert_readable, windows_of
from kill_world import Small

from muster.lake import Lake, Manifest
from muster.warehouse import BuildResult, build, engine

INTERVAL = "2026-03-04"
KILLS_OF_A_HOME = 5
COUNTS = "select is_reconciled, count(*), sum(source_rows) from {table} group by is_reconciled"
OURS = ("_extracted_at", "_run_id")
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Calm:
    """What an undisturbed run gives, and how long it takes."""

    rows: dict[Place, Counter[Any]]
    seconds: float


@pytest.fixture
def nursery(small: Small, tmp_path: Path) -> Iterator[Nursery]:
    found = Nursery("work_command", tmp_path / "log.txt", variables=small.simulators.connections())
    yield found
    found.close()


@pytest.fixture
def calm(small: Small, nursery: Nursery) -> Calm:
    began = time.monotonic()
    nursery.finish(*extract(small, "calm"))
    seconds = time.monotonic() - began
    lake = Lake(small.settings("calm").home.lake)
    assert sum(one.rows for one in lake.manifests()) > 1_000
    return Calm(rows_of(lake), seconds)


def extract(small: Small, home: str) -> list[str]:
    return small.command(home, "extract", "--interval", INTERVAL)


def rows_of(lake: Lake) -> dict[Place, Counter[Any]]:
    """How often each raw row is in each commit, whoever read it when."""
    return {place(one): rows_in(lake, one) for one in lake.manifests()}


def place(manifest: Manifest) -> Place:
    return manifest.source_instance, manifest.object, str(manifest.window)


def rows_in(lake: Lake, manifest: Manifest) -> Counter[Any]:
    tables = [
        pq.read_table(lake.root / file.path, partitioning=None).drop_columns(OURS) for file in manifest.files
    ]
    rows = (tuple(sorted(row.items())) for table in tables for row in table.to_pylist())
    return Counter(rows)


def unfinished(lake: Lake) -> set[Path]:
    return {path for path in lake.incoming.rglob("*") if path.is_file()}


def stage(said: str, is_writing: bool) -> str:
    """Where the kill struck: by the last word, and by what lay unfinished."""
    source, _, event = said.strip().rpartition("\n")[2].removeprefix("extract ").partition(": ")
    if not source:
        return "at the start"
    kind = "asking" if "asking" in event else "committing" if event.endswith("rows") else "between"
    return f"{source} {kind}{', writing a file' if is_writing else ''}"


@pytest.mark.kill
def test_a_killed_extract_ends_with_the_lake_of_an_undisturbed_run(
    small: Small, nursery: Nursery, calm: Calm, seed: int
) -> None:
    rng, judge = random.Random(seed), Judge(small)
    stages: Counter[str] = Counter()
    homes = 0
    while stages.total() < KILLS:
        homes += 1
        home = f"killed{homes}"
        lake = Lake(small.settings(home).home.lake)
        for _ in range(rng.randint(1, KILLS_OF_A_HOME)):
            before = unfinished(lake)
            ended = nursery.run(*extract(small, home), kill_after=rng.uniform(0.0, calm.seconds))
            check_part(lake, calm)
            if ended.code == 0:
                break
            assert ended.code == -9, ended.said
            stages[stage(ended.said, bool(unfinished(lake) - before))] += 1
        nursery.finish(*extract(small, home))
        check_all(lake, calm)
        judge.check(home)
        assert "0 windows, 0 rows" in nursery.finish(*extract(small, home))
    print(f"{stages.total()} kills over {homes} homes:", dict(stages))
    assert len(stages) >= min(5, KILLS // 2)
    assert small.simulators.stats()["violations"] == {}


def check_part(lake: Lake, calm: Calm) -> None:
    """After a kill: whole commits of the undisturbed run, and nothing else."""
    assert_listed_and_whole(lake)
    assert_readable(lake.quarantined, least=1)
    for name, rows in rows_of(lake).items():
        assert rows == calm.rows[name], name


def check_all(lake: Lake, calm: Calm) -> None:
    """After the retry: all of it, each row as often as there, windows that tile."""
    check_part(lake, calm)
    assert {place(one) for one in lake.manifests()} == set(calm.rows)
    for name, windows in windows_of(lake).items():
        assert all(a.end == b.start for a, b in itertools.pairwise(windows)), name


class Judge:
    """Reconciles a home's lake by the project's own report, on a build that is made once."""

    def __init__(self, small: Small) -> None:
        self.small, self.settings = small, small.settings("judge")
        self.lake = self.settings.home.lake
        self.lake.parent.mkdir(parents=True)
        self.look_at("calm")
        self.reconciled(build(self.settings))

    def look_at(self, home: str) -> None:
        self.lake.unlink(missing_ok=True)
        self.lake.symlink_to(self.small.settings(home).home.lake)

    def check(self, home: str) -> None:
        self.look_at(home)
        built = build(self.settings, select="+rpt_reconciliation")
        self.reconciled(built)
        for file in (built.path, built.record):
            file.unlink()

    def reconciled(self, built: BuildResult) -> None:
        report = next(table for table in built.tables if table.name == "rpt_reconciliation")
        with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
            found = opened.execute(COUNTS.format(table=report.place)).fetchall()
        assert [(is_right, count) for is_right, count, _ in found] == [(True, 17)], found
        assert found[0][2] > 1_000
