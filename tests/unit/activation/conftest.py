from __future__ import annotations

from pathlib import Path

import pytest
from activation_sandbox import FakeList, Sandbox, settings_in, with_leads


@pytest.fixture
def fake() -> FakeList:
    """A system with leads 101 to 112 of people 1 to 12."""
    return with_leads(*range(1, 13))


@pytest.fixture
def sandbox(tmp_path: Path, fake: FakeList) -> Sandbox:
    return Sandbox(tmp_path, settings_in(tmp_path), fake.open)
