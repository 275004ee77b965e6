"""What is left out of `make test-fast`: whole rooms that start servers or build warehouses, and a few heavy modules."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SLOW_ROOMS = ("compose", "contracts", "dbt", "e2e", "kill", "simulators", "unit/warehouse")
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS).as_posix()
        if place in SLOW_MODULES or place.startswith(tuple(f"{room}/" for room in SLOW_ROOMS)):
            item.add_marker(pytest.mark.slow)
