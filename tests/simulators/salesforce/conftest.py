"""Fixtures of the Salesforce simulator's tests."""

from __future__ import annotations

import pytest
from salesforce_kit import Kit, contacts


@pytest.fixture
def kit() -> Kit:
    """Five contacts, a minute apart from 2026-03-01T00:01Z on."""
    return Kit(contacts(5))
