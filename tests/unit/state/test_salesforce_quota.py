"""The gate of one Salesforce organisation: what it said, what was ours since, and a day that rolls."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from quota_kit import Clock, gate_at

from muster.config import SalesforceLimits
from muster.errors import QuotaExhausted, SourceError
from muster.state import SalesforceGate

ORG = "00D5e000000MAIN"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "quota.db"


def org_gate(
    path: Path, clock: Clock, *, org: str = ORG, share: float = 1.0, **limits: Any
) -> SalesforceGate:
    return SalesforceGate(
        path, org, SalesforceLimits(**limits), clock=clock, sleep=clock.sleep, share=share, jitter=lambda: 0.5
    )


def call(gate: SalesforceGate, usage: tuple[int, int] | None = None) -> None:
    with gate.call() as slot:
        slot.usage = usage


def test_nothing_is_used_before_the_first_call_and_no_file_is_made(path: Path, clock: Clock) -> None:
    report = org_gate(path, clock).report()
    assert (report.calls, report.calls_limit, report.query_jobs_limit) == (0, 100_000, 10_000)
    assert not path.exists()


def test_before_anything_is_said_our_own_calls_are_counted(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock, calls_per_day=5)
    for _ in range(5):
        call(gate)
    with pytest.raises(QuotaExhausted, match="5 of the 5 API calls of 24 hours are used, 5 of them by us"):
        call(gate)


def test_what_the_organisation_says_counts_and_ours_since_are_added(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock)
    call(gate, (97, 100))
    assert gate.report().calls == 97
    call(gate)
    call(gate)
    assert (gate.report().calls, gate.report().calls_limit) == (99, 100)
    call(gate)
    with pytest.raises(QuotaExhausted, match="100 of the 100"):
        call(gate)


def test_calls_in_flight_that_it_may_not_have_counted_yet_are_added(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock)
    with gate.call(), gate.call():
        call(gate, (10, 100))
        assert gate.report().calls == 12


def test_what_is_used_up_is_asked_again_after_a_quarter_of_an_hour(path: Path, clock: Clock) -> None:
    """Nobody else tells that calls have freed themselves."""
    gate = org_gate(path, clock)
    call(gate)
    gate.exhausted("calls")
    with pytest.raises(QuotaExhausted):
        call(gate)
    clock.pass_by(899)
    with pytest.raises(QuotaExhausted):
        call(gate)
    clock.pass_by(1)
    call(gate, (100_000, 100_000))
    with pytest.raises(QuotaExhausted):
        call(gate)


def test_our_calls_free_themselves_hour_by_hour(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock, calls_per_day=2)
    call(gate)
    clock.pass_by(12 * 3600)
    call(gate)
    with pytest.raises(QuotaExhausted):
        call(gate)
    clock.pass_by(13 * 3600)
    call(gate)
    with pytest.raises(QuotaExhausted):
        call(gate)


def test_nightly_runs_leave_a_share_to_what_is_urgent(path: Path, clock: Clock) -> None:
    nightly, urgent = org_gate(path, clock, share=0.9), org_gate(path, clock)
    call(nightly, (90, 100))
    with pytest.raises(QuotaExhausted, match="the rest is kept for what is urgent"):
        call(nightly)
    call(urgent)


def test_a_setting_may_allow_less_than_the_organisation_never_more(path: Path, clock: Clock) -> None:
    call(org_gate(path, clock), (0, 1_000))
    assert org_gate(path, clock, calls_per_day=50).report().calls_limit == 50
    assert org_gate(path, clock, calls_per_day=5_000).report().calls_limit == 1_000


def test_query_jobs_are_counted_with_those_of_others(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock)
    gate.learn("query_jobs", 8, 10)
    gate.query_job()
    gate.query_job()
    with pytest.raises(QuotaExhausted, match="10 of the 10 bulk query jobs of 24 hours are used, 2 of them"):
        gate.query_job()
    report = gate.report()
    assert (report.query_jobs, report.query_jobs_ours, report.query_jobs_limit) == (10, 2, 10)


def test_limits_are_asked_by_one_of_all_and_only_so_often(path: Path, clock: Clock) -> None:
    one, other = org_gate(path, clock), org_gate(path, clock)
    assert one.limits_due()
    assert not other.limits_due()
    clock.pass_by(900)
    assert other.limits_due()
    assert not one.limits_due()


def test_15_and_18_characters_are_one_organisation_and_another_one_is_not(path: Path, clock: Clock) -> None:
    call(org_gate(path, clock, org=ORG + "EAQ"), (7, 100))
    assert org_gate(path, clock).report().calls == 7
    assert org_gate(path, clock, org="00D5e000000ELSE").report().calls == 0


def test_calls_in_flight_are_bounded_and_waiting_for_a_place_ends(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock, in_flight=2)
    gate.patience = 30
    with gate.call(), gate.call():
        with pytest.raises(SourceError, match="Salesforce 00D5e000000MAIN: no place for a call"), gate.call():
            pass
        assert (gate.report().calls_in_flight, gate.report().calls_waiting) == (2, 0)
    call(gate)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_file_is_shared_with_marketos_whoever_makes_it(path: Path, clock: Clock, is_first: bool) -> None:
    for is_org in (is_first, not is_first):
        if is_org:
            call(org_gate(path, clock), (3, 100))
        else:
            with gate_at(path, clock).call():
                pass
    assert org_gate(path, clock).report().calls == 3
    assert gate_at(path, clock).report().calls == 1


def test_threads_together_never_take_more_than_the_day(path: Path) -> None:
    done, refused = list[int](), list[int]()
    lock = threading.Lock()

    def run() -> None:
        gate = SalesforceGate(path, ORG, SalesforceLimits(calls_per_day=30, in_flight=3))
        for number in range(10):
            try:
                with gate.call():
                    pass
            except QuotaExhausted:
                with lock:
                    refused.append(number)
            else:
                with lock:
                    done.append(number)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (len(done), len(refused)) == (30, 10)


def test_the_history_holds_seven_days_without_a_gap(path: Path, clock: Clock) -> None:
    gate = org_gate(path, clock)
    call(gate)
    gate.query_job()
    clock.pass_by(2 * 24 * 3600)
    history = gate.report().history
    assert [(day.day, day.calls, day.query_jobs) for day in history[:3]] == [
        ("2026-03-04", 0, 0),
        ("2026-03-03", 1, 1),
        ("2026-03-02", 0, 0),
    ]
    assert len(history) == 7
