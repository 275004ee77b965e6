"""Each source on a simulator of its own; nobody waits, and nothing is called but loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bench_dynamics import DynamicsBench
from bench_files import FilesBench
from bench_hubspot import HubSpotBench
from bench_postgres import PostgresBench
from bench_sql import SqlBench
from source_benches import Bench, MarketoBench, SalesforceBench

BENCHES: dict[str, type[Any]] = {
    "dynamics": DynamicsBench,
    "files": FilesBench,
    "hubspot": HubSpotBench,
    "marketo": MarketoBench,
    "postgres": PostgresBench,
    "salesforce": SalesforceBench,
    "sql": SqlBench,
}
WITH_JOBS = ("marketo", "salesforce")
WITHOUT_NUL = ("postgres",)  # a text there can't hold one


@pytest.fixture
def start() -> Iterator[Callable[[Bench], Bench]]:
    """Put a bench's simulator on a socket, once its world is made."""
    with ExitStack() as stack:

        def started(bench: Bench) -> Bench:
            bench.serve(stack)
            return bench

        yield started


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One of the sources, its world still empty and its simulator not started."""
    return BENCHES[request.param](tmp_path)


@pytest.fixture(params=sorted(set(BENCHES) - set(WITHOUT_NUL)))
def poison_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One of the sources that can hold a value which can't be kept."""
    return BENCHES[request.param](tmp_path)


@pytest.fixture(params=WITH_JOBS)
def job_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One of the sources whose windows go through bulk jobs."""
    return BENCHES[request.param](tmp_path)


@pytest.fixture
def dynamics(tmp_path: Path) -> Callable[..., DynamicsBench]:
    def made(**options: Any) -> DynamicsBench:
        return DynamicsBench(tmp_path, **options)

    return made


@pytest.fixture
def marketo(tmp_path: Path) -> Callable[..., MarketoBench]:
    def made(**options: Any) -> MarketoBench:
        return MarketoBench(tmp_path, **options)

    return made


@pytest.fixture
def salesforce(tmp_path: Path) -> Callable[..., SalesforceBench]:
    def made(**options: Any) -> SalesforceBench:
        return SalesforceBench(tmp_path, **options)

    return made


@pytest.fixture
def hubspot(tmp_path: Path) -> Callable[..., HubSpotBench]:
    def made(**options: Any) -> HubSpotBench:
        return HubSpotBench(tmp_path, **options)

    return made
