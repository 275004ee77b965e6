"""One build per kind of input, shared by all tests here: dbt takes seconds to start."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cases import hand_written
from raw_warehouse import Built, Raw, build
from world_rows import rows_of

from muster_simulators.world.build import build_world
from muster_simulators.world.model import World


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Everything built, all tests and unit tests run, over raw tables without a row."""
    return build(Raw(), tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The hand-written records of cases.py."""
    return build(hand_written(), tmp_path_factory.mktemp("cases"), unit_tests=False)


@dataclass(frozen=True)
class BuiltWorld:
    world: World
    built: Built


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> BuiltWorld:
    """A generated world as it stands after the third night."""
    world = build_world(people=1500)
    return BuiltWorld(world, build(rows_of(world, 3), tmp_path_factory.mktemp("night"), unit_tests=False))
