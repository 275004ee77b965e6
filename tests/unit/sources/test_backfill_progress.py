"""What is left is asked of the manifests: whatever was committed in between, by whom, and in which order."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from backfill_sandbox import CONNECTION, HOUR, MB, NOON, START, commit, days, exported, gates, sandbox
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.sources.backfill import BackfillRequestError, plan_backfill, remaining, requested
from muster.sources.backfill_plan import save
from muster.sources.estimate import DAY
from muster.sources.progress import all_progress, progress_of
from muster.windows import Window, gaps

WANTED = days(0, 95)


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.integers(0, 19), max_size=6),
    st.lists(st.tuples(st.integers(0, 2200), st.integers(1, 300)), max_size=4),
)
def test_what_is_left_is_what_no_manifest_covers_after_any_subset_of_windows(
    done: set[int], foreign: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = sandbox(Path(folder), ["leads", "deleted_leads"])
        plan = plan_backfill(place, CONNECTION, [], WANTED.start, WANTED.end, now=NOON)
        assert len(plan.windows) == 20
        committed: dict[str, list[Window]] = {"leads": [], "deleted_leads": []}
        for number in done:
            one = plan.windows[number]
            commit(place, one.object, one.window)
            committed[one.object].append(one.window)
        for first, length in foreign:  # what nightly runs commit beside it
            window = Window(START + first * HOUR, START + (first + length) * HOUR)
            for gap in gaps(window, committed["leads"]):  # windows of one object never overlap
                commit(place, "leads", gap, kind="nightly")
                committed["leads"].append(gap)
        left = remaining(place, plan)
        for name, windows in committed.items():
            tasks = [task.window for task in left if task.object == name]
            assert gaps(WANTED, [*windows, *tasks]) == []
            assert tasks == sorted(tasks, reverse=True)
            assert not any(task.overlaps(window) for task in tasks for window in windows)
        for task in left:
            commit(place, task.object, task.window)
        assert remaining(place, plan) == []
        again = plan_backfill(place, CONNECTION, [], WANTED.start, WANTED.end, now=NOON)
        assert (again.windows, again.estimate.days) == ((), 0)


def test_progress_counts_windows_bytes_and_rows_and_tells_when_it_ends(tmp_path: Path) -> None:
    place = sandbox(tmp_path, ["leads"])
    commit(place, "leads", days(95, 10), fileSize=1000 * MB, at=NOON - 3 * DAY)
    plan = plan_backfill(place, CONNECTION, [], WANTED.start, WANTED.end, now=NOON, limit_days=100)
    save(place, plan)
    before = progress_of(place, plan, now=NOON, gates=gates(place))
    assert (before.state, before.windows_done, before.rows_done) == ("planned", 0, 0)
    assert before.bytes_left == plan.estimate.bytes
    assert before.quota_left_bytes == 500 * MB
    assert not before.is_measured
    assert before.expected_end is not None
    assert before.expected_end > NOON + 15 * DAY
    at = NOON
    for one in plan.windows[:3]:
        at += timedelta(minutes=10)
        commit(place, "leads", one.window, rows=5, at=at, fileSize=one.bytes)
        exported(place, one.bytes, at)
    after = all_progress(place, now=at, gates=gates(place, at))[0]
    assert (after.state, after.windows_done, after.rows_done) == ("running", 3, 15)
    assert after.bytes_done == sum(one.bytes for one in plan.windows[:3])
    assert after.bytes_left == plan.estimate.bytes - after.bytes_done
    assert after.quota_left_bytes == max(0, 500 * MB - after.bytes_done)
    assert after.is_measured
    assert f"3 windows done, {len(plan.windows) - 3} left" in str(after)
    for task in remaining(place, plan):
        commit(place, "leads", task.window, at=at)
    done = progress_of(place, plan, now=at)
    assert (done.state, done.windows_left, done.expected_end, done.share) == ("done", 0, None, 1.0)


def test_the_expected_end_goes_by_the_measured_speed_and_leaves_pauses_out(tmp_path: Path) -> None:
    place = sandbox(tmp_path, ["leads"])
    commit(place, "leads", days(95, 10), fileSize=1000, at=NOON - 3 * DAY)
    plan = plan_backfill(place, CONNECTION, [], WANTED.start, WANTED.end, now=NOON)
    assert [one.window.end - one.window.start for one in plan.windows] == [30 * DAY] * 3 + [5 * DAY]
    commit(place, "leads", plan.windows[0].window, at=NOON + 5 * HOUR)
    commit(place, "leads", plan.windows[1].window, at=NOON + 5 * HOUR + timedelta(minutes=20))
    now = NOON + 30 * HOUR
    found = progress_of(place, plan, now=now)
    assert found.expected_end is not None
    assert found.is_measured
    assert abs((found.expected_end - now) / timedelta(minutes=40) - 1) < 0.01
    commit(place, "leads", plan.windows[2].window, at=NOON + 40 * HOUR)
    later = progress_of(place, plan, now=NOON + 40 * HOUR)
    assert later.expected_end is not None
    assert abs((later.expected_end - (NOON + 40 * HOUR)) / timedelta(minutes=20) - 1) < 0.01


def test_what_the_gate_has_counted_today_is_not_there_for_the_plan(tmp_path: Path) -> None:
    place = sandbox(tmp_path, ["leads"])
    commit(place, "leads", days(95, 10), fileSize=100 * MB, at=NOON - 3 * DAY)
    first = plan_backfill(
        place, CONNECTION, [], days(0, 40).start, days(0, 40).end, gates=gates(place), now=NOON
    )
    assert (first.spent_bytes, first.estimate.days) == (0, 1)
    exported(place, 300 * MB, NOON)
    second = plan_backfill(
        place, CONNECTION, [], days(0, 40).start, days(0, 40).end, gates=gates(place), now=NOON
    )
    assert (second.spent_bytes, second.estimate.days) == (300 * MB, 2)
    assert "300 MB are spent today" in "".join(second.summary())
    gate = gates(place).source(place.platform.source(CONNECTION))  # type: ignore[arg-type]
    gate.reserve_export(150 * MB, family="leads", seconds=86_400.0).name("running")
    assert progress_of(place, second, now=NOON, gates=gates(place)).quota_left_bytes == 50 * MB


@pytest.mark.parametrize(
    ("connection", "objects", "length", "told"),
    [
        ("marketo__emae", [], 1, "did you mean 'marketo__emea'?"),
        (CONNECTION, ["lead"], 1, "did you mean 'leads'?"),
        (CONNECTION, ["static_lists"], 1, "it is read whole each night"),
        (CONNECTION, ["leads"], 0, "before or when it starts"),
        ("../../etc", [], 1, "there is no source"),
        (CONNECTION, ["leads; rm -rf /"], 1, "there is no object"),
    ],
)
def test_a_request_that_can_not_be_meant_is_refused_with_a_hint(
    tmp_path: Path, connection: str, objects: list[str], length: int, told: str
) -> None:
    with pytest.raises(BackfillRequestError) as refused:
        requested(sandbox(tmp_path), connection, objects, START, START + length * DAY)
    assert refused.value.exit_code == 2
    assert told in str(refused.value)


def test_a_request_has_one_id_whatever_the_order_of_its_objects(tmp_path: Path) -> None:
    place = sandbox(tmp_path)
    ids = {
        requested(place, CONNECTION, names, START, START + DAY).id
        for names in (["leads", "activities"], ["activities", "leads"])
    }
    assert len(ids) == 1
    assert requested(place, CONNECTION, ["leads"], START, START + DAY).id not in ids
    assert requested(place, CONNECTION, [], START, START + DAY).objects == (
        "leads",
        "activities",
        "deleted_leads",
    )
