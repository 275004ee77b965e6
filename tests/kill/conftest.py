from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kill_world import Small, small_world

TESTS = Path(__file__).resolve().parents[1]
for folder in ("unit/activation", "contracts/destinations"):
    sys.path.insert(0, str(TESTS / folder))


@pytest.fixture
def seed() -> int:
    """Of the random moments. Set MUSTER_KILL_SEED to meet the same ones again, as far as the machine is the same."""
    chosen = int(os.environ.get("MUSTER_KILL_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"MUSTER_KILL_SEED={chosen}")
    return chosen


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with small_world(tmp_path_factory.mktemp("small")) as found:
        yield found
