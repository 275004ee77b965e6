"""A lake in a folder of its own, and short ways to commit to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from muster.lake import Lake, Manifest, WindowWriter
from muster.windows import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: int) -> Window:
    return Window(START + number * DAY, START + (number + 1) * DAY)


def begin(lake: Lake, number: int = 0, **changes: Any) -> WindowWriter:
    window = day(number)
    task: dict[str, Any] = {
        "system": "marketo",
        "instance": "emea",
        "object": "leads",
        "kind": "window",
        "window": window,
        "read_from": window.start - timedelta(hours=1),
        "run_id": "run 1",
        "run_kind": "nightly",
        "extracted_at": window.end,
    }
    return lake.begin(**{**task, **changes})


def commit(lake: Lake, rows: Sequence[Mapping[str, str | None]], number: int = 0, **changes: Any) -> Manifest:
    with begin(lake, number, **changes) as writer:
        writer.write(rows)
        return writer.commit(len(rows), {"job_id": "1"})


def leads(count: int, start: int = 0) -> list[dict[str, str | None]]:
    return [{"id": str(start + number), "email": f"p{number}@example.com"} for number in range(count)]


def read(lake: Lake) -> list[dict[str, Any]]:
    """Every row that a reader of marketo leads sees."""
    return [row for path in lake.raw_files("marketo", "leads") for row in pq.read_table(path).to_pylist()]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")
