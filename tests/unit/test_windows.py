"""Windows tile time: nothing lost, nothing twice, whatever is committed already (F5, F37, F62, F63)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.windows import Window, gaps, tile, to_extract

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return DAY + timedelta(hours=hours)


windows = st.tuples(st.integers(0, 2000), st.integers(1, 400)).map(
    lambda t: Window(at(t[0]), at(t[0] + t[1]))
)


@given(wanted=windows, committed=st.lists(windows, max_size=8), longest=st.integers(1, 31 * 24))
def test_what_is_extracted_and_what_is_committed_cover_the_wanted_range_once(
    wanted: Window, committed: list[Window], longest: int
) -> None:
    pieces = to_extract(wanted, committed, timedelta(hours=longest))
    hours = [
        (wanted.start + timedelta(hours=h), wanted.start + timedelta(hours=h + 1))
        for h in range(int((wanted.end - wanted.start).total_seconds() // 3600))
    ]
    for start, end in hours:
        hour = Window(start, end)
        covered = any(c.overlaps(hour) for c in committed)
        assert sum(p.overlaps(hour) for p in pieces) == (0 if covered else 1)
    assert all(p.end - p.start <= timedelta(hours=longest) for p in pieces)
    assert all(wanted.start <= p.start and p.end <= wanted.end for p in pieces)


@given(wanted=windows, longest=st.integers(1, 31 * 24))
def test_tiles_touch_and_never_overlap(wanted: Window, longest: int) -> None:
    tiles = tile(wanted, timedelta(hours=longest))
    assert (tiles[0].start, tiles[-1].end) == (wanted.start, wanted.end)
    assert all(a.end == b.start for a, b in itertools.pairwise(tiles))


@given(wanted=windows)
def test_a_committed_window_leaves_nothing_to_do(wanted: Window) -> None:
    assert gaps(wanted, [wanted]) == []


@given(window=windows)
def test_the_text_of_a_window_reads_back(window: Window) -> None:
    assert Window.parse(str(window)) == window


def test_neighbours_do_not_overlap_because_windows_are_half_open() -> None:
    assert not Window(at(0), at(1)).overlaps(Window(at(1), at(2)))


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        Window(datetime(2026, 1, 1), datetime(2026, 1, 2))


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="ends at"):
        Window(at(1), at(1))


def test_an_offset_is_turned_into_utc() -> None:
    offset = datetime.fromisoformat("2026-01-01T02:00:00+02:00")
    assert Window(offset, at(5)).start == DAY
