"""The same with Great Expectations imported: it takes longer than a build of a small world."""

from __future__ import annotations

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations  # noqa: F401
from work_command import work

__all__ = ["work"]
