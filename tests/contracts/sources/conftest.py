"""Each source on a simulator of its own; nobody waits, and nothing is called but loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bench_dynamics import DynamicsBench
from bench_hubspot import HubSpotBench
from source_benches import Bench, MarketoBench, SalesforceBench

from muster_simulators.web import running

BENCHES: dict[str, type[Any]] = {
    "marketo": MarketoBench,
    "salesforce": SalesforceBench,
    "dynamics": DynamicsBench,
    "hubspot": HubSpotBench,
}


@pytest.fixture
def start() -> Iterator[Callable[[Bench], Bench]]:
    """Put a bench's simulator on a socket, once its world is made."""
    with ExitStack() as stack:

        def started(bench: Bench) -> Bench:
            bench.url = stack.enter_context(running(bench.app(bench.store()))).url
            return bench

        yield started


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One of the sources, its world still empty and its simulator not started."""
    return BENCHES[request.param](tmp_path)


@pytest.fixture(params=sorted(name for name, kind in BENCHES.items() if kind.has_jobs))
def job_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One of the sources that are read through bulk jobs."""
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
