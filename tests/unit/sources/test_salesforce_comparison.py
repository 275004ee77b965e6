"""Which ids are gone: the set work in parts gives what a plain reading of all versions gives."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.config import SalesforceSource
from muster.lake import Lake
from muster.sources.salesforce import comparison
from muster.sources.salesforce.comparison import compare
from muster.sources.salesforce.deletions import weekly
from muster.windows import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = SalesforceSource.model_validate(
    {
        "type": "salesforce",
        "connection": "salesforce__main",
        "feeds": ["acme/prod"],
        "org_id": "00D5e000000MAIN",
        "objects": ["contacts", "deleted_records"],
    }
)
LETTERS = "0aZ9"
Version = tuple[int, int, bool]  # record, second of its stamp, deleted


def key(number: int) -> str:
    return f"0035e00000000{number:01d}{LETTERS[number % 4]}AAA"


def stamp(second: int, zone: str = "Z") -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000") + zone


def commit(
    lake: Lake, name: str, number: int, rows: Sequence[dict[str, str]], columns: Sequence[str]
) -> None:
    window = Window(START + number * DAY, START + (number + 1) * DAY)
    with lake.begin(
        system="salesforce", instance="main", object=name, kind="window", window=window,
        read_from=window.start, run_id="r", run_kind="nightly", extracted_at=window.end,
    ) as writer:  # fmt: skip
        writer.write_arrow(pa.table({column: pa.array([], pa.string()) for column in columns}))
        writer.write(rows)
        writer.commit(len(rows), {})


def plain(
    windows: list[list[Version]], deletions: list[tuple[int, int]], there: set[int], before: int
) -> tuple[int, list[str]]:
    """The same by reading everything, one by one."""
    newest: dict[int, tuple[int, bool]] = {}
    for record, second, is_gone in [version for rows in windows for version in rows]:
        newest[record] = max(newest.get(record, (-1, False)), (second, is_gone))
    for record, second in deletions:
        newest[record] = max(newest.get(record, (-1, False)), (second, True))
    alive = [record for record, (second, is_gone) in newest.items() if not is_gone and second < before]
    return len(alive), sorted(key(record) for record in alive if record not in there)


RECORDS, SECONDS = st.integers(0, 5), st.integers(0, 4)  # few: equal stamps are what is difficult


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(RECORDS, SECONDS, st.booleans()), max_size=12), min_size=1, max_size=3),
    st.lists(st.tuples(RECORDS, SECONDS), max_size=5),
    st.sets(RECORDS),
    st.integers(0, 5),
    st.sampled_from([1, 3, 1_000_000]),
)
def test_parts_give_what_reading_everything_gives(
    windows: list[list[Version]],
    deletions: list[tuple[int, int]],
    there: set[int],
    before: int,
    part_rows: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparison, "PART_ROWS", part_rows)
        lake = Lake(Path(folder) / "lake")
        for number, versions in enumerate(windows):
            rows = [
                {"Id": key(one), "SystemModstamp": stamp(at, "Z" if one % 2 else "+0000"), "IsDeleted": str(gone).lower()}
                for one, at, gone in versions
            ]  # fmt: skip
            commit(lake, "contacts", number, rows, ("Id", "SystemModstamp", "IsDeleted"))
        kept, told = deletions[::2], deletions[1::2]
        rows = [{"object": "contacts", "id": key(one), "deletedDate": stamp(at)} for one, at in kept]
        others = [{"object": "leads", "id": key(one), "deletedDate": stamp(99)} for one in range(10)]
        commit(lake, "deleted_records", 0, rows + others, ("object", "id", "deletedDate"))
        ids = Path(folder) / "ids.parquet"
        pq.write_table(pa.table({"Id": pa.array([key(one) for one in there], pa.string())}), ids)
        found = compare(
            lake, SOURCE, "contacts", [ids], stamp(before), [(key(one), stamp(at)) for one, at in told]
        )
        assert (found.alive, list(found.missing)) == plain(windows, deletions, there, before)


@pytest.mark.parametrize(
    ("window", "now", "is_due"),
    [
        (("2026-03-01", "2026-03-02"), "2026-03-02T00:10", True),  # the night that ends Sunday
        (("2026-02-28", "2026-03-01"), "2026-03-01T00:10", False),
        (("2026-03-02", "2026-03-03"), "2026-03-03T00:10", False),
        (("2026-03-01T02:00", "2026-03-02T02:00"), "2026-03-02T02:10", True),
        (("2026-02-26", "2026-03-04"), "2026-03-04T00:10", True),  # some nights had failed
        (("2026-03-01", "2026-03-02"), "2026-03-08T23:00", True),  # read late: still the newest Sunday
        (("2026-03-01", "2026-03-02"), "2026-03-09T00:10", False),  # a newer one is there
        (("2026-01-01", "2026-02-01"), "2026-03-02T00:10", False),  # history
    ],
)
def test_one_window_of_all_is_due_each_week(window: tuple[str, str], now: str, is_due: bool) -> None:
    start, end, at = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (*window, now))
    assert weekly(Window(start, end), at, "sunday") is is_due


def test_every_week_has_exactly_one_due_night_whatever_the_day() -> None:
    nights = [Window(START + number * DAY, START + (number + 1) * DAY) for number in range(28)]
    for day in ("monday", "wednesday", "saturday", "sunday"):
        due = [night for night in nights if weekly(night, night.end + timedelta(hours=1), day)]
        assert len(due) == 4
        assert {f"{night.start:%A}".lower() for night in due} == {day}
