"""Real processes at one gate, against the simulated Marketo that counts what is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from quota_hammer import gate_of
from quota_kit import NOON

from muster.state import Limits
from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo import MarketoOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import Stats, running

HERE = Path(__file__).resolve().parent
SOURCE = "marketo__emea"
SPEED = 40.0  # the simulator's 20 seconds are half a second


class Site:
    """A simulated Marketo on a socket, its window of calls `SPEED` times as fast."""

    def __init__(self, stack: ExitStack, **options: Any) -> None:
        self.faults, self.stats = FaultPlan(), Stats()
        clock = SimClock(NOON)
        app = create_app(
            Store(SOURCE, [], clock),
            clock=clock,
            faults=self.faults,
            clients={"client": "secret"},
            options=MarketoOptions(enforce_rate=True, rate_clock=lambda: time.monotonic() * SPEED, **options),
            stats=self.stats,
        )
        self.url = stack.enter_context(running(app)).url

    @property
    def violations(self) -> dict[str, int]:
        found: dict[str, int] = self.stats.to_dict()["violations"].get(SOURCE, {})
        return found

    def calls(self) -> int:
        counts: dict[str, int] = self.stats.to_dict()["calls"].get(SOURCE, {})
        return sum(count for path, count in counts.items() if "/identity/" not in path)


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    with ExitStack() as stack:
        yield lambda **options: Site(stack, **options)


def started(url: str, path: Path, limits: dict[str, int], threads: int = 1) -> subprocess.Popen[bytes]:
    arguments = [url, str(path), str(SPEED), json.dumps(limits), str(threads)]
    paths = os.pathsep.join(dict.fromkeys([str(HERE), *filter(None, sys.path)]))
    return subprocess.Popen(
        [sys.executable, str(HERE / "quota_hammer.py"), *arguments], env={**os.environ, "PYTHONPATH": paths}
    )


@pytest.mark.slow
def test_eight_processes_never_exceed_what_the_subscription_allows(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    """Sixteen callers, and the gate's limits are the simulator's own: no call to spare."""
    limits = {"calls_per_20_seconds": 40, "in_flight": 4, "calls_per_day": 400}
    options = {"calls_per_window": 40, "calls_in_flight": 4, "calls_per_day": 400}
    there, path = site(**options), tmp_path / "quota.db"
    processes = [started(there.url, path, limits, threads=2) for _ in range(8)]
    assert [process.wait(timeout=240) for process in processes] == [0] * 8
    assert there.violations == {}
    assert 390 <= there.calls() <= 400, "what is called while others are counted may be taken for theirs"
    report = gate_of(path, SPEED, Limits(**limits)).report()
    assert (report.calls, report.calls_in_flight, report.calls_waiting) == (400, 0, 0)


@pytest.mark.slow
def test_a_process_killed_in_flight_costs_its_place_until_its_lease_ends(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    limits = {"calls_per_20_seconds": 100, "in_flight": 2, "calls_per_day": 200}
    there, path = site(calls_in_flight=2), tmp_path / "quota.db"
    at_work = 6.0  # real seconds that the source goes on with it: less than the lease of 300 s, 7.5 s here
    there.faults.add(Fault(SOURCE, "slow", "lists.json", at_work, times=1))
    gate = gate_of(path, SPEED, Limits(**limits))
    victim = started(there.url, path, limits)
    deadline = time.monotonic() + 60
    while not there.stats.to_dict()["calls"].get(SOURCE, {}).get("GET /rest/v1/lists.json"):
        assert victim.poll() is None and time.monotonic() < deadline
    victim.kill()
    victim.wait()
    assert gate.report().calls_in_flight == 1
    others = [started(there.url, path, limits) for _ in range(3)]
    assert [process.wait(timeout=240) for process in others] == [0] * 3
    assert there.violations == {}
    while gate.report().calls_in_flight:
        assert time.monotonic() < deadline + 60
    assert gate.report().calls == 200
