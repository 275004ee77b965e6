"""Rows of a table in order of their stamp and key (F22), and the proof that the pages did not end too early (F24, F25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from muster.errors import IntegrityError
from muster.sources.dynamics.api import PAGED, PLAIN, DynamicsApi, Page, odata_time
from muster.sources.dynamics.tables import STAMP, Table
from muster.windows import Window


@dataclass
class _Tally:
    """What came: all rows, the last stamp, and how many rows had it."""

    rows: int = 0
    last: str = ""
    at_last: int = 0

    def add(self, page: Page) -> None:
        self.rows += len(page.rows)
        for row in page.rows:
            stamp = str(row.get(STAMP))
            self.at_last = self.at_last + 1 if stamp == self.last else 1
            self.last = stamp


def window_pages(api: DynamicsApi, table: Table, read: Window) -> Iterator[Page]:
    """Every column of every row whose stamp lies in [start, end)."""
    yield from _pages(api, table, table.select, odata_time(read.start), odata_time(read.end))


def key_pages(api: DynamicsApi, table: Table) -> Iterator[Page]:
    """Key and stamp of every row."""
    yield from _pages(api, table, {"$select": f"{table.key},{STAMP}"}, "", "")


def _pages(api: DynamicsApi, table: Table, select: dict[str, str], start: str, end: str) -> Iterator[Page]:
    asked = {**select, **_filtered(start, end), "$orderby": f"{STAMP},{table.key}", "$count": "true"}
    first: Page | None = None
    tally = _Tally()
    for page in api.pages(table.path, asked, prefer=PAGED):
        first = first or page
        tally.add(page)
        yield page
    if first is not None:
        _require_all(api, table, first, tally, end)


def _require_all(api: DynamicsApi, table: Table, first: Page, tally: _Tally, end: str) -> None:
    """Raise IntegrityError where rows are missing.

    A single page must hold what it counts. Of more pages, or of more than the 5,000 that the service counts, it is
    asked how many rows there are from the last stamp on: fewer than came is a change meanwhile, more is a loss.
    """
    if first.has_next or first.is_count_cut or first.count is None:
        asked = {"$select": table.key, **_filtered(tally.last, end), "$count": "true", "$top": "1"}
        expected, seen = int(api.get(table.path, asked, prefer=PLAIN).get("@odata.count") or 0), tally.at_last
        is_short = expected > seen
    else:
        expected, seen = first.count, tally.rows
        is_short = expected != seen
    if is_short:
        raise IntegrityError(
            f"{table.path}: {expected:,} rows were announced and {seen:,} came; nothing was committed",
            where=api.where,
            hint="run it again; if it stays so, the organisation's pages end too early",
        )


def _filtered(start: str, end: str) -> dict[str, str]:
    bounds = [f"{STAMP} {sign} {at}" for sign, at in (("ge", start), ("lt", end)) if at]
    return {"$filter": " and ".join(bounds)} if bounds else {}
