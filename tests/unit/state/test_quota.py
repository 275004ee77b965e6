"""The quota gate of one subscription: never more calls, bytes or jobs than it allows, by days of US Central time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from quota_kit import KEY, NOON, Clock, gate_at

from muster.errors import QuotaExhausted, SourceError
from muster.state import QuotaGate
from muster.state.central import central_day, next_reset


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "quota.db"


def calls(gate: QuotaGate, count: int, seconds: float = 0.0) -> None:
    for _ in range(count):
        with gate.call():
            gate.clock.pass_by(seconds)  # type: ignore[attr-defined]


# ---- the sliding window --------------------------------------------------------------------------------------


def test_never_more_calls_than_allowed_within_20_seconds_of_their_answers(path: Path, clock: Clock) -> None:
    gate, begun, ended = gate_at(path, clock, calls_per_20_seconds=5), [], []
    for number in range(40):
        with gate.call():
            begun.append(clock.now)
            clock.pass_by((number % 3) * 0.7)
        ended.append(clock.now)
    for start in begun:
        around = [
            b for b, e in zip(begun, ended, strict=True) if e > start - timedelta(seconds=20) and b <= start
        ]
        assert len(around) <= 5
    assert (begun[-1] - begun[0]).total_seconds() < 9 * 20


def test_the_window_is_shared_by_gates_of_one_subscription_only(path: Path, clock: Clock) -> None:
    calls(gate_at(path, clock, calls_per_20_seconds=5), 5)
    calls(gate_at(path, clock, key="456-DEF-789", calls_per_20_seconds=5), 5)
    assert clock.pauses == []
    calls(gate_at(path, clock, calls_per_20_seconds=5), 1)
    assert 20 <= sum(clock.pauses) <= 22


def test_a_clock_that_was_set_back_blocks_nobody_for_longer_than_the_window(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, calls_per_20_seconds=2)
    calls(gate, 2)
    clock.pass_by(-7200)
    calls(gate, 1)
    assert sum(clock.pauses) <= 22


# ---- in flight -----------------------------------------------------------------------------------------------


def test_calls_in_flight_are_bounded_and_waiting_for_a_place_ends(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, in_flight=2)
    gate.patience = 30
    with gate.call(), gate.call():
        assert gate.report().calls_in_flight == 2
        with pytest.raises(SourceError, match="no place for a call within 30 s"), gate.call():
            pass
        assert gate.report().calls_waiting == 0
    with gate.call():
        assert gate.report().calls_in_flight == 1


def test_the_place_of_a_killed_process_is_free_when_its_lease_ends(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, in_flight=1)
    gate._wait()  # and never heard of again
    again = gate_at(path, clock, in_flight=1)
    clock.pass_by(250)
    assert again.report().calls_in_flight == 1
    calls(again, 1)
    assert 49 <= sum(clock.pauses) <= 52


def test_a_call_that_timed_out_keeps_its_place_until_its_lease_ends(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, in_flight=2)
    with gate.call() as slot:
        slot.leave()
    assert gate.report().calls_in_flight == 1
    clock.pass_by(301)
    assert gate.report().calls_in_flight == 0


def test_a_long_download_keeps_its_place_as_long_as_it_goes_on(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, in_flight=1)
    with gate.call() as slot:
        for _ in range(20):
            clock.pass_by(100)
            slot.keep()
        assert gate.report().calls_in_flight == 1
    assert gate.report().calls_in_flight == 0


def test_an_error_gives_the_place_back(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, in_flight=1)
    with pytest.raises(ZeroDivisionError), gate.call():
        raise ZeroDivisionError
    assert gate.report().calls_in_flight == 0


# ---- the day -------------------------------------------------------------------------------------------------


def test_a_used_up_day_is_an_error_that_names_the_reset_and_ends_with_it(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, calls_per_day=3)
    calls(gate, 3)
    with (
        pytest.raises(QuotaExhausted, match=r"3 of the day's 3 calls are used.*2026-03-04T06:00:00\+00:00"),
        gate.call(),
    ):
        pass
    assert clock.pauses == []
    clock.now = datetime(2026, 3, 4, 6, 0, 6, tzinfo=UTC)
    calls(gate, 3)


def test_a_share_of_the_day_is_kept_for_what_is_urgent(path: Path, clock: Clock) -> None:
    nightly, urgent = (
        gate_at(path, clock, calls_per_day=10, share=0.8),
        gate_at(path, clock, calls_per_day=10),
    )
    calls(nightly, 8)
    with pytest.raises(QuotaExhausted, match="kept for activation and the five-minute path"), nightly.call():
        pass
    calls(urgent, 2)
    with pytest.raises(QuotaExhausted, match="10 of the day's 10"), urgent.call():
        pass


def test_a_token_counts_against_nothing(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, calls_per_day=1, in_flight=1, calls_per_20_seconds=1)
    for _ in range(5):
        with gate.call(is_counted=False):
            pass
    assert gate.spent("calls") == 0


def test_the_state_survives_a_restart(path: Path, clock: Clock) -> None:
    first = gate_at(path, clock, calls_per_day=5)
    calls(first, 4)
    first.reserve_export(1000, family="leads", seconds=60).name("job-1")
    assert first.job_slot("job-1")
    first.close()
    again = gate_at(path, clock, calls_per_day=5)
    assert (again.spent("calls"), again.report().reserved_bytes, again.report().jobs_queued) == (4, 1000, 1)
    calls(again, 1)
    with pytest.raises(QuotaExhausted), again.call():
        pass


@pytest.mark.parametrize(
    ("before", "hours"),
    [
        (datetime(2026, 3, 8, 5, 59, 50, tzinfo=UTC), 23),  # clocks go forward on 8 March: CST, then CDT
        (datetime(2026, 11, 1, 4, 59, 50, tzinfo=UTC), 25),  # and back on 1 November
        (datetime(2026, 6, 10, 4, 59, 50, tzinfo=UTC), 24),
    ],
)
def test_a_day_ends_at_midnight_us_central_in_both_changes_of_daylight_saving(
    path: Path, before: datetime, hours: int
) -> None:
    clock = Clock(before)
    gate = gate_at(path, clock, calls_per_day=3)
    calls(gate, 3)
    with pytest.raises(QuotaExhausted), gate.call():
        pass
    clock.pass_by(16)  # 00:00:06
    first = next_reset(before)
    assert first == before + timedelta(seconds=10)
    assert next_reset(clock.now) - first == timedelta(hours=hours)
    calls(gate, 3)
    clock.now = first + timedelta(hours=hours) - timedelta(seconds=6)
    with pytest.raises(QuotaExhausted), gate.call():
        pass
    clock.pass_by(12)
    calls(gate, 1)


def test_a_call_around_midnight_is_counted_in_both_days(path: Path) -> None:
    """Nobody knows in which of them the source counts it."""
    midnight = datetime(2026, 3, 4, 6, tzinfo=UTC)
    for seconds in (-3, 3):
        clock = Clock(midnight + timedelta(seconds=seconds))
        gate = gate_at(path, clock, key=f"{100 + seconds}-ABC-456")
        calls(gate, 1)
        clock.pass_by(60)
        days = gate.report()
        assert (days.today.day, days.today.calls, days.history[0].calls) == ("2026-03-04", 1, 1)


def test_a_call_that_goes_on_past_midnight_is_counted_in_both_days(path: Path) -> None:
    clock = Clock(datetime(2026, 3, 4, 5, 59, tzinfo=UTC))
    gate = gate_at(path, clock)
    calls(gate, 1, seconds=90)
    assert (gate.report().today.calls, gate.report().history[0].calls) == (1, 1)


def test_days_go_by_the_sources_clock_for_every_process(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, calls_per_day=3)
    calls(gate, 2)
    there = NOON + timedelta(days=30)
    with gate.call(is_counted=False) as slot:
        slot.answered(there)
    other = gate_at(path, clock, calls_per_day=3)
    assert other.report().today.day == central_day(there).isoformat()
    calls(other, 3)
    with pytest.raises(QuotaExhausted, match=r"2026-04-03T05:00:00\+00:00"), other.call():
        pass


def test_the_first_answer_corrects_the_day_of_its_own_call(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock)
    with gate.call() as slot:
        slot.answered(NOON + timedelta(days=5))
    assert gate.spent("calls") == 1


# ---- what the source counts ----------------------------------------------------------------------------------


def test_what_others_used_counts_too(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, calls_per_day=100)
    calls(gate, 10)
    mark = gate.usage_due(600)
    assert mark is not None
    calls(gate, 1)  # the one that asks
    gate.learn(mark, {"2026-03-03": 97})
    assert (gate.report().today.calls, gate.report().today.calls_by_others) == (11, 86)
    calls(gate, 3)
    with (
        pytest.raises(QuotaExhausted, match="100 of the day's 100 calls are used, 86 of them by others"),
        gate.call(),
    ):
        pass


def test_the_source_is_asked_once_per_ten_minutes_over_all_processes(path: Path, clock: Clock) -> None:
    assert gate_at(path, clock).usage_due(600) is not None
    assert gate_at(path, clock).usage_due(600) is None
    clock.pass_by(601)
    assert gate_at(path, clock).usage_due(600) is not None


def test_calls_that_the_source_has_not_counted_yet_are_not_taken_for_counted(
    path: Path, clock: Clock
) -> None:
    gate = gate_at(path, clock)
    calls(gate, 4)
    with gate.call(), gate.call():
        mark = gate.usage_due(600)
    assert mark is not None and mark.ours == {"2026-03-03": 5}, "and the one that asks"


def test_a_source_that_counted_less_refunds_nothing(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock)
    calls(gate, 10)
    gate.learn(gate.usage_due(600), {"2026-03-03": 7})  # type: ignore[arg-type]
    assert gate.spent("calls") == 10


@pytest.mark.parametrize("kind", ["calls", "export_bytes"])
def test_a_quota_the_source_calls_used_up_stops_everybody_without_a_call(
    path: Path, clock: Clock, kind: str
) -> None:
    gate_at(path, clock).exhausted(kind, NOON)  # type: ignore[arg-type]
    other = gate_at(path, clock)
    with pytest.raises(QuotaExhausted, match=f"{kind.replace('_', ' ')} are used"):
        if kind == "calls":
            calls(other, 1)
        else:
            other.reserve_export(1)
    clock.pass_by(86_400)
    calls(other, 1)
    other.reserve_export(1)


def test_a_refusal_right_after_midnight_means_the_day_before(path: Path) -> None:
    clock = Clock(datetime(2026, 3, 4, 6, 0, 2, tzinfo=UTC))
    gate = gate_at(path, clock)
    gate.exhausted("calls", clock.now)
    clock.pass_by(10)
    calls(gate, 1)


# ---- exports -------------------------------------------------------------------------------------------------


def test_reserved_and_finished_bytes_never_exceed_the_day(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_bytes_per_day=1000)
    gate.reserve_export(400).name("a")
    gate.reserve_export(400).name("b")
    with pytest.raises(
        QuotaExhausted, match="0 of the day's 1,000 export bytes are used, 800 more are reserved"
    ):
        gate.reserve_export(300)
    gate.job_done("a", 100, clock.now)
    gate.job_done("a", 100, clock.now)
    gate.reserve_export(300).name("c")
    gate.job_done("b", 500, clock.now)
    gate.job_done("c", 400, clock.now)
    with pytest.raises(QuotaExhausted, match=r"1,000 of the day's 1,000 export bytes.*2026-03-04T06:00:00"):
        gate.reserve_export(1)
    clock.pass_by(86_400)
    gate.reserve_export(1000)


def test_a_job_larger_than_a_day_may_begin_on_a_fresh_day_only(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_bytes_per_day=1000)
    gate.reserve_export(5000).name("huge")
    with pytest.raises(QuotaExhausted):
        gate.reserve_export(1)


def test_bytes_count_on_the_day_the_job_finished(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock)
    gate.reserve_export(10).name("a")
    clock.pass_by(86_400)
    gate.job_done("a", 77, NOON)
    assert (gate.spent("export_bytes"), gate.report().history[0].export_bytes) == (0, 77)


def test_what_was_not_made_or_failed_costs_nothing(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock)
    gate.reserve_export(10).cancel()
    gate.reserve_export(10).name("a")
    assert gate.job_slot("a")
    gate.job_gone("a")
    assert (gate.report().reserved_bytes, gate.report().jobs_queued, gate.spent("export_bytes")) == (0, 0, 0)


def test_an_estimate_follows_the_last_jobs_together(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_bytes_per_day=1000)
    assert (gate.expected_bytes("leads", 60), gate.expected_bytes("program_members", 60)) == (100, 1)
    for name, size in (("a", 50), ("b", 90), ("c", 10)):
        gate.reserve_export(1, family="leads", seconds=60).name(name)
        gate.job_done(name, size, clock.now)
    assert gate.expected_bytes("leads", 120) == 120  # 50 a minute, two minutes, a fifth more


def test_the_queue_is_never_longer_than_allowed_and_goes_by_age(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_jobs_queued=2)
    for name in "abcd":
        gate.reserve_export(1).name(name)
    assert [gate.job_slot(name) for name in "abcd"] == [True, True, False, False]
    assert gate.job_slot("a"), "a place is kept"
    gate.job_done("a", 1)
    assert [gate.job_slot(name) for name in "dc"] == [False, True]
    gate.job_gone("b")
    assert gate.job_slot("d")


def test_a_job_that_is_not_asked_about_loses_its_turn(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_jobs_queued=1)
    for name in "abc":
        gate.reserve_export(1).name(name)
        gate.job_slot(name)
    gate.job_done("a", 1)
    clock.pass_by(301)
    assert gate.job_slot("c")


def test_a_place_that_others_took_is_waited_for_again(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_jobs_queued=1)
    gate.reserve_export(1).name("a")
    assert gate.job_slot("a")
    gate.job_refused("a")
    assert (gate.report().jobs_queued, gate.report().jobs_waiting) == (0, 1)
    assert gate.job_slot("a")


def test_jobs_of_a_killed_process_are_let_go_and_their_estimate_is_counted(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock, export_jobs_queued=1)
    gate.reserve_export(500)  # killed before the job was made
    gate.reserve_export(70).name("queued")
    assert gate.job_slot("queued")
    clock.pass_by(7201)
    assert (gate.report().reserved_bytes, gate.report().jobs_queued, gate.spent("export_bytes")) == (0, 0, 70)
    gate.job_done("queued", 90, clock.now)
    assert gate.spent("export_bytes") == 70, "it was counted already"


# ---- the report ----------------------------------------------------------------------------------------------


def test_a_report_before_the_first_call_makes_no_file(path: Path, clock: Clock) -> None:
    report = gate_at(path, clock).report()
    assert (report.subscription, report.calls, report.history) == (KEY, 0, ())
    assert report.resets_in == timedelta(hours=12)
    assert not path.exists()


def test_a_report_holds_the_last_seven_days(path: Path, clock: Clock) -> None:
    gate = gate_at(path, clock)
    for day in range(10):
        calls(gate, day + 1)
        clock.pass_by(86_400)
    report = gate.report()
    assert [one.calls for one in report.history] == [10, 9, 8, 7, 6, 5, 4]
    assert report.today.calls == 0


def test_what_is_old_is_forgotten(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.state.quota.FORGET_EVERY", 1)
    gate = gate_at(path, clock)
    calls(gate, 1)
    clock.pass_by(40 * 86_400)
    calls(gate, 1)
    with gate.transaction() as db:
        assert db.execute("select count(*) from days").fetchone() == (1,)
        assert db.execute("select count(*) from calls").fetchone() == (1,)


def test_a_file_that_was_taken_away_is_made_anew_by_gates_that_are_open(path: Path, clock: Clock) -> None:
    gate, other = gate_at(path, clock), gate_at(path, clock)
    calls(gate, 1)
    calls(other, 1)
    for name in (path, path.with_name("quota.db-wal"), path.with_name("quota.db-shm")):
        name.unlink(missing_ok=True)
    calls(gate, 1)
    calls(other, 1)
    assert (gate.spent("calls"), other.spent("calls")) == (2, 2)
