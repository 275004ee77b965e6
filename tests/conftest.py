"""What is left out of `make test-fast`: whole rooms that start servers or build warehouses, and a few heavy modules.

`make test` gives whole files to its workers, the longest first, so that no worker waits for another one's last file.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
OPENAPI = Path(
    os.environ.get("MUSTER_MARKETO_OPENAPI", TESTS.parents[1] / "shared/protocols/marketo-openapi")
)
SLOW_ROOMS = (
    "compose",
    "contracts",
    "dbt",
    "e2e",
    "fidelity",
    "histories",
    "kill",
    "simulators",
    "unit/warehouse",
)
SLOW_MODULES = (
    "audiences/test_injection.py",
    "audiences/test_semantics.py",
    "unit/activation/test_activation_breaker.py",
    "unit/activation/test_activation_faults.py",
    "unit/activation/test_activation_loop.py",
    "unit/config/test_config_topology.py",
    "unit/lake/test_lake_damage.py",
    "unit/lake/test_lake_kill.py",
)
LONGEST_FIRST = ("e2e/test_demo.py", "e2e/", "histories/", "dbt/", "audiences/test_semantics.py", "fidelity/")


def pytest_report_header() -> list[str]:
    """Say it where Marketo's own description isn't at hand, so that nobody takes silence for agreement."""
    if OPENAPI.is_dir():
        return []
    return [
        f"left out: the tests that hold the simulator against Marketo's OpenAPI files, which are not in {OPENAPI}"
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS).as_posix()
        if place in SLOW_MODULES or place.startswith(tuple(f"{room}/" for room in SLOW_ROOMS)):
            item.add_marker(pytest.mark.slow)
    items.sort(key=place_in_line)


def place_in_line(item: pytest.Item) -> int:
    """Files stay whole and in order: sorting is stable."""
    place = item.path.relative_to(TESTS).as_posix()
    ranks = (rank for rank, start in enumerate(LONGEST_FIRST) if place.startswith(start))
    return next(ranks, len(LONGEST_FIRST))
