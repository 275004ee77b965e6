"""The marker of what runs for minutes: `pytest -m soak tests`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: thirty simulated days, some minutes (make test-soak)")
