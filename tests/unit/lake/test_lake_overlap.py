"""Committed windows of one object never overlap, whoever commits when (F62)."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lake.conftest import DAY, START, begin, commit, day, leads, read

from muster.errors import LakeError, WindowOverlap
from muster.lake import Lake
from muster.windows import Window


def span(first: int, last: int) -> Window:
    """From day `first` until day `last` begins."""
    return Window(START + first * DAY, START + last * DAY)


@pytest.mark.parametrize(
    "other",
    [(0, 10), (4, 5), (5, 6), (6, 7), (3, 5), (6, 9), (4, 8)],
    ids=lambda days: f"{days[0]}-{days[1]}",
)
def test_a_window_that_overlaps_another_is_refused_and_leaves_nothing(
    lake: Lake, other: tuple[int, int]
) -> None:
    first = commit(lake, leads(3), window=span(4, 7))
    with begin(lake, window=span(*other)) as task:
        task.write(leads(7))
        task.quarantine(8, "bad", "x")
        with pytest.raises(
            WindowOverlap, match=r"it would overlap 20260105T000000Z_.* \(1 in all\)"
        ) as caught:
            task.commit(8, {})
    assert isinstance(caught.value, LakeError)
    assert caught.value.where == f"marketo__emea leads {span(*other)}"
    assert lake.manifests() == [first]
    assert len(read(lake)) == 3
    assert not list(lake.quarantined.rglob("*.parquet"))
    assert not list(lake.incoming.glob("*"))


def test_windows_that_touch_and_windows_of_other_objects_and_instances_are_not_in_the_way(lake: Lake) -> None:
    commit(lake, leads(1), window=span(4, 7))
    commit(lake, leads(1), window=span(3, 4))
    commit(lake, leads(1), window=span(7, 8))
    commit(lake, leads(1), window=span(0, 10), object="activities")
    commit(lake, leads(1), window=span(0, 10), instance="amer")
    assert len(lake.manifests()) == 5


def test_the_same_window_is_no_overlap_but_gives_the_first_manifest(lake: Lake) -> None:
    first = commit(lake, leads(3), window=span(4, 7))
    assert commit(lake, leads(5), window=span(4, 7)) == first


def test_readings_of_what_is_read_whole_may_overlap(lake: Lake) -> None:
    for window in (span(0, 1), span(0, 3)):
        commit(lake, leads(1), object="static_lists", kind="snapshot", window=window)
    assert [one.window for one in lake.committed("marketo", "emea", "static_lists")] == [
        span(0, 1),
        span(0, 3),
    ]


def test_a_damaged_window_is_not_in_the_way_and_never_comes_back(lake: Lake) -> None:
    """Its manifest may be mended later by a copy of the disk: then two windows would hold the same time."""
    (file,) = commit(lake, leads(3), window=span(4, 5)).files
    path = lake.root / file.path
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    wide = commit(lake, leads(7), window=span(3, 6))
    assert lake.manifests() == [wide]
    assert not path.parent.exists()
    assert len(read(lake)) == 7


@settings(max_examples=60, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), min_size=1, max_size=15))
def test_whatever_is_tried_in_whatever_order_no_two_committed_windows_overlap(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    kept: list[Window] = []
    for start, length in spans:
        window = span(start, start + length)
        is_free = window in kept or not any(window.overlaps(one) for one in kept)
        try:
            commit(lake, leads(1), window=window)
        except WindowOverlap:
            assert not is_free
        else:
            assert is_free
            kept += [window] if window not in kept else []
    assert [one.window for one in lake.manifests()] == sorted(kept)


def test_of_many_writers_at_once_no_two_that_overlap_both_commit(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    windows = [Window(START + n * DAY / 2, START + n * DAY / 2 + DAY) for n in range(8)]
    together, refused = threading.Barrier(len(windows)), list[Window]()

    def attempt(window: Window) -> None:
        with begin(lake, window=window, read_from=window.start - timedelta(hours=1)) as task:
            task.write(leads(1))
            together.wait(timeout=30)
            try:
                task.commit(1, {})
            except WindowOverlap:
                refused.append(window)

    threads = [threading.Thread(target=attempt, args=(window,)) for window in windows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    kept = [one.window for one in lake.manifests()]
    assert sorted([*kept, *refused]) == windows
    assert all(a.end <= b.start for a, b in itertools.pairwise(kept))
    assert kept[0].start <= day(0).end
