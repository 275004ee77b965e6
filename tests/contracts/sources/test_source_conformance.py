"""The conformance suite: what is true of every source. A new source adds a bench, not a test."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import DAY, HOLD_BACK, NEXT, NIGHT, SECRET, START, Bench

from muster.errors import MusterError, SourceError
from muster.lake import Manifest
from muster.sources import JobLost, extract_window
from muster.sources.run import begin_missing

Start = Callable[[Bench], Bench]
NOON = START + timedelta(hours=12)
ODD_NAMES = (
    "NA", "N/A", "None", "NULL", "nan", "NaN", "True", "1e5", "00123", "  two  spaces ", "中文名字, 山田太郎", "Ünïcödé 🎉",
    "line\nbreak", "carriage\r\nreturn", '"quoted"', 'a "b" c', "comma, comma", "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)",
    "\ttab", "semi;colon", "\\N", "\\", "'", "''", '""', "x" * 131_072,
)  # fmt: skip


# ---- check and clock ---------------------------------------------------------------------------------------


def test_its_clock_is_the_sources_own(bench: Bench, start: Start) -> None:
    with start(bench).open(bench.settings()) as source:
        assert source.server_time() == NIGHT.end + timedelta(minutes=30)
        bench.clock.advance(600)
        assert source.server_time() == NIGHT.end + timedelta(minutes=40)


def test_wrong_credentials_are_told_without_the_secret(bench: Bench, start: Start) -> None:
    wrong = "another-secret"
    with start(bench).open(bench.settings(), wrong) as source, pytest.raises(SourceError) as caught:
        source.server_time()
    said = "".join(traceback.format_exception(caught.value))
    assert "login and password" in said
    assert bench.id in said
    assert wrong not in said
    assert bench.pauses == []


def test_a_window_is_read_only_when_the_sources_clock_has_passed_it_and_the_hold_back(
    bench: Bench, start: Start
) -> None:
    bench.clock.set(NIGHT.end + HOLD_BACK - timedelta(seconds=5))
    settings = start(bench).settings()
    bench.extract(settings)
    assert sum(bench.pauses[:5]) >= 5
    assert "waiting for" in bench.events[0]
    assert bench.committed(settings)


def test_an_interval_that_is_not_over_ends_at_once_in_a_clear_error_and_no_read(
    bench: Bench, start: Start
) -> None:
    bench.clock.set(NIGHT.start)
    settings = start(bench).settings()
    with pytest.raises(
        SourceError, match=r"its clock says 2026-03-01T00:0.*can be read from 2026-03-02T00:10"
    ):
        bench.extract(settings, clock_patience=timedelta(seconds=30))
    assert sum(bench.pauses) == 0
    assert bench.committed(settings) == []
    assert bench.calls("jobs") + bench.calls("bulk") == 0


# ---- full and incremental reads ----------------------------------------------------------------------------


def test_every_configured_object_is_committed_and_its_counts_agree(bench: Bench, start: Start) -> None:
    for number in range(1, 8):
        bench.person(number, NOON)
    settings = start(bench).settings()
    manifests = bench.extract(settings)
    assert sorted(one.object for one in manifests) == sorted(settings.platform.source(bench.id).all_objects)
    for one in manifests:
        assert one.source_rows == one.rows + one.quarantined_rows
        assert one.run_id.startswith("cli__")
        assert one.evidence
        assert SECRET not in one.to_json()
    assert set(bench.names(settings)) == {bench.key_of(number) for number in range(1, 8)}


def test_two_full_reads_are_equal(bench: Bench, start: Start) -> None:
    for number in range(1, 30):
        bench.person(number, NOON + timedelta(seconds=number % 3))
    start(bench)
    read = []
    for _ in range(2):
        settings = bench.settings()
        bench.extract(settings, run_id="same")
        rows = [{k: v for k, v in row.items() if k != "_extracted_at"} for row in bench.rows(settings)]
        read.append(sorted(rows, key=lambda row: row[bench.key]))
    assert read[0] == read[1]
    assert len(read[0]) == 29


def test_reading_it_again_makes_no_call_and_changes_nothing(bench: Bench, start: Start) -> None:
    bench.person(1, NOON)
    settings = start(bench).settings()
    first = bench.extract(settings)
    before, calls = bench.rows(settings), bench.calls()
    assert first
    assert bench.extract(settings) == []
    assert bench.calls() == calls
    assert bench.rows(settings) == before


def test_a_committed_window_gives_its_manifest_without_a_call(bench: Bench, start: Start) -> None:
    bench.person(1, NOON)
    settings = start(bench).settings()
    task, config = bench.task(settings), settings.platform.source(bench.id)
    first = next(one for one in bench.extract(settings) if one.object == bench.people)
    calls = bench.calls()
    with bench.open(settings) as source:
        assert begin_missing(settings, config, source, [task]) == [None]
        assert extract_window(settings, config, source, task, None, run_id="again") == [first]
    assert bench.calls() == calls


def test_the_next_night_brings_what_changed_since(bench: Bench, start: Start) -> None:
    bench.person(1, NOON, "Lee")
    bench.person(2, NOON, "Kim")
    bench.person(1, NOON + DAY, "Lee-Park")
    bench.person(3, NOON + DAY, "Ito")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {bench.key_of(1): "Lee", bench.key_of(2): "Kim"}
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert bench.names(settings) == {
        bench.key_of(1): "Lee-Park",
        bench.key_of(2): "Kim",
        bench.key_of(3): "Ito",
    }
    newest = bench.committed(settings)[-1]
    assert (newest.window, newest.rows) == (NEXT, 2)


def test_a_change_that_became_visible_late_is_caught_by_the_overlap(bench: Bench, start: Start) -> None:
    bench.person(1, NIGHT.end - timedelta(minutes=5), "Late", late=timedelta(minutes=50))
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {}
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert bench.names(settings) == {bench.key_of(1): "Late"}
    assert bench.committed(settings)[-1].read_from == NEXT.start - timedelta(hours=1)


def test_windows_are_half_open(bench: Bench, start: Start) -> None:
    """The last second belongs to the night, the first of the next one does not."""
    bench.source_settings["overlap_minutes"] = 0
    bench.person(1, NIGHT.end - timedelta(seconds=1))
    bench.person(2, NIGHT.end)
    settings = start(bench).settings()
    bench.extract(settings)
    assert set(bench.names(settings)) == {bench.key_of(1)}
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert [one.rows for one in bench.committed(settings)] == [1, 1]


def test_an_empty_window_is_committed_with_its_columns(bench: Bench, start: Start) -> None:
    settings = start(bench).settings()
    bench.extract(settings)
    (manifest,) = bench.committed(settings)
    assert (manifest.rows, manifest.source_rows) == (0, 0)
    assert {bench.key, bench.last_name} <= set(manifest.columns)


def test_deletes_reach_the_lake(bench: Bench, start: Start) -> None:
    bench.person(1, NOON)
    bench.person(2, NOON)
    bench.remove(2, NOON + DAY)
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.removed(settings) == set()
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    assert bench.removed(settings) == {bench.key_of(2)}


def test_many_records_with_one_time_stamp_are_all_there(bench: Bench, start: Start) -> None:
    for number in range(1, 2_501):
        bench.person(number, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.names(settings)) == len(bench.rows(settings)) == 2_500


# ---- poison ------------------------------------------------------------------------------------------------


def test_odd_values_come_back_as_they_went_in(bench: Bench, start: Start) -> None:
    for number, name in enumerate(ODD_NAMES, start=1):
        bench.person(number, NOON, name)
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {bench.key_of(n): name for n, name in enumerate(ODD_NAMES, start=1)}
    assert bench.aside(settings) == []


def test_a_poison_row_is_put_aside_and_the_others_load(poison_bench: Bench, start: Start) -> None:
    bench = poison_bench
    bench.person(1, NOON, "before")
    bench.person(2, NOON, "nul\0byte")
    bench.person(3, NOON, "after")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {bench.key_of(1): "before", bench.key_of(3): "after"}
    (row,) = bench.aside(settings)
    assert row["reason"] == "a NUL byte"
    assert bench.key_of(2) in row["raw"]
    (manifest,) = bench.committed(settings)
    assert (manifest.source_rows, manifest.rows, manifest.quarantined_rows) == (3, 2, 1)


# ---- faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("kind", ["status", "drop"])
def test_a_passing_fault_of_any_call_of_the_job_cycle_loses_nothing(
    bench: Bench, start: Start, place: int, kind: str
) -> None:
    for number in range(1, 20):
        bench.person(number, NOON)
    fault = bench.fault(kind, bench.job_calls[place], 503 if kind == "status" else None, times=2)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 2
    assert len(bench.rows(settings)) == 19


@pytest.mark.parametrize("place", range(5))
def test_a_lasting_fault_of_any_call_commits_nothing_and_says_which_call(
    bench: Bench, start: Start, place: int
) -> None:
    bench.person(1, NOON, "Secretname")
    bench.fault("status", bench.job_calls[place], 503, times=None)
    settings = start(bench).settings()
    with pytest.raises(SourceError) as caught:
        bench.extract(settings)
    assert bench.committed(settings) == []
    assert bench.lasting in str(caught.value)
    assert bench.id in str(caught.value)
    bench.faults.clear()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1


@pytest.mark.parametrize("at", [0, 1, 57, 500])
def test_a_download_that_is_cut_is_completed(bench: Bench, start: Start, at: int) -> None:
    for number in range(1, 50):
        bench.person(number, NOON)
    fault = bench.fault("cut", bench.file_call, at, times=2)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 2
    assert len(bench.rows(settings)) == 49


def test_a_job_that_failed_is_made_anew(job_bench: Bench, start: Start) -> None:
    bench = job_bench
    bench.person(1, NOON)
    fault = bench.fault("failed_job", bench.failed_job)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 1
    assert len(bench.rows(settings)) == 1
    assert any("asking for it anew" in event for event in bench.events)


def test_a_job_that_fails_every_time_is_given_up(job_bench: Bench, start: Start) -> None:
    bench = job_bench
    bench.fault("failed_job", bench.failed_job, times=None)
    settings = start(bench).settings()
    with pytest.raises(JobLost):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_a_failed_job_is_told_to_whoever_waits_for_it(job_bench: Bench, start: Start) -> None:
    bench = job_bench
    bench.fault("failed_job", bench.failed_job, "no answer for ann@acme.example")
    settings = start(bench).settings()
    with bench.open(settings) as source:
        ticket = bench.through_json(source.begin(bench.people, NIGHT))
        with pytest.raises(SourceError, match="Failed") as caught:
            _wait(bench, source, ticket)
    assert "ann@" not in str(caught.value)


def test_a_ticket_is_good_in_another_process(bench: Bench, start: Start) -> None:
    """The worker asks, the triggerer looks, another worker collects."""
    bench.person(1, NOON)
    settings = start(bench).settings()
    task, config = bench.task(settings), settings.platform.source(bench.id)
    with bench.open(settings) as worker:
        ticket = bench.through_json(worker.begin(task.object, task.window))
    with bench.open(settings) as triggerer:
        _wait(bench, triggerer, bench.through_json(ticket))
    with bench.open(settings) as other:
        (manifest,) = extract_window(settings, config, other, task, bench.through_json(ticket), run_id="r1")
    assert (manifest.rows, manifest.run_id) == (1, "r1")


def test_two_attempts_at_once_are_harmless(bench: Bench, start: Start) -> None:
    for number in range(1, 40):
        bench.person(number, NOON)
    settings = start(bench).settings()
    task, config = bench.task(settings), settings.platform.source(bench.id)
    both, made = threading.Barrier(2), list[Manifest]()

    def attempt(name: str) -> None:
        with bench.open(settings) as source:
            ticket = source.begin(task.object, task.window)
            _wait(bench, source, ticket)
            both.wait(timeout=20)
            made.extend(extract_window(settings, config, source, task, ticket, run_id=name))

    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(made) == 2
    assert made[0] == made[1]
    assert len(bench.rows(settings)) == 39


def test_a_bulk_window_without_a_ticket_is_refused(job_bench: Bench, start: Start) -> None:
    bench = job_bench
    settings = start(bench).settings()
    config = settings.platform.source(bench.id)
    with bench.open(settings) as source, pytest.raises(JobLost, match="no bulk job"):
        extract_window(settings, config, source, bench.task(settings), None, run_id="r")


def test_nothing_said_holds_a_secret_a_token_or_a_person(
    bench: Bench, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.person(1, NOON, "Secretname")
    for place in range(5):
        bench.fault("status", bench.job_calls[place], 503)
    bench.fault("cut", bench.file_call, 100)
    settings = start(bench).settings()
    bench.extract(settings)
    bench.fault("status", bench.job_calls[2], 400, times=None)
    with pytest.raises(MusterError) as caught:
        bench.extract(bench.settings())
    said = caplog.text + "".join(bench.events) + "".join(traceback.format_exception(caught.value))
    for hidden in (SECRET, "Secretname", "p1@acme", "Bearer "):
        assert hidden not in said


def test_nothing_is_left_behind(bench: Bench, start: Start) -> None:
    bench.person(1, NOON)
    bench.fault("status", bench.job_calls[4], 400, times=1)
    settings = start(bench).settings()
    with pytest.raises(SourceError):
        bench.extract(settings)
    bench.extract(settings)
    assert list((settings.home.lake / ".incoming").rglob("*")) == []


def _wait(bench: Bench, source: Any, ticket: Any) -> None:
    for _ in range(50):
        if ticket is None or source.ready(ticket):
            return
        bench.sleep(1)
    raise AssertionError("never ready")
