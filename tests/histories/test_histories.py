"""What is staged is what happened, whatever happened, in whatever order it was read: random histories against an oracle.

Every batch is one seed; a failure prints it. `HISTORY_SEED=17 pytest tests/histories -k one_seed` runs that one alone,
`HISTORIES` sets how many histories all batches together have.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.histories.rig import Batch, run

SIZE = 25  # histories of one batch
FEW = 2
BATCHES = max(FEW + 1, -(-int(os.environ.get("HISTORIES", "1000")) // SIZE))


def require_right(seed: int, folder: Path) -> None:
    problems = run(Batch(seed, SIZE), folder)
    told = "\n".join(problems[:5])
    assert not problems, f"HISTORY_SEED={seed}: {len(problems)} problems, the first of them:\n{told}"


@pytest.mark.parametrize("seed", range(FEW))
def test_what_is_staged_is_what_happened(seed: int, tmp_path: Path) -> None:
    require_right(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FEW, BATCHES))
def test_what_is_staged_is_what_happened_in_many_histories(seed: int, tmp_path: Path) -> None:
    require_right(seed, tmp_path)


def test_one_seed(tmp_path: Path) -> None:
    """The one that is asked for, or one that nobody asked for yet."""
    require_right(int(os.environ.get("HISTORY_SEED", "1000001")), tmp_path)
