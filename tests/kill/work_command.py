"""One `muster` command line. What it needs is imported before the fork, so that a kill meets the work and not the imports."""

from __future__ import annotations

import httpx  # noqa: F401
import pyarrow.parquet  # noqa: F401

import muster.http.marketo
import muster.quality
import muster.sources
import muster.warehouse
from muster.cli import app

muster.http.marketo.CALLS = 100_000  # the pace of real seconds has its own test


def work(*arguments: str) -> None:
    app(list(arguments))
