"""Pauses are noted, not slept."""

from __future__ import annotations

import pytest


@pytest.fixture
def pauses() -> list[float]:
    return []
