"""Marketo's readers at the gate: what one run used, the next one knows; nothing is asked for that isn't left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from source_benches import DAY, NIGHT, START, Bench, MarketoBench

from muster.errors import QuotaExhausted
from muster.state import QuotaGate
from muster.windows import Window

Make = Callable[..., MarketoBench]
Start = Callable[[Bench], Bench]
NOON = START + timedelta(hours=12)
USAGE = "stats/usage.json"


def gate_of(bench: Bench, settings: object) -> QuotaGate:
    config = settings.platform.source(bench.id)  # type: ignore[attr-defined]
    return bench.gates(settings).source(config)  # type: ignore[arg-type]


def counted(bench: Bench) -> int:
    """Calls that count, as the simulator saw them."""
    return bench.calls() - bench.calls("/identity/")


def test_the_gate_counts_what_the_source_counts(marketo: Make, start: Start) -> None:
    bench = start(marketo())
    settings = bench.settings()
    bench.extract(settings)
    report = gate_of(bench, settings).report()
    assert report.today.calls == counted(bench) > 0
    assert report.today.day == "2026-03-01", "by the source's clock, in US Central time"
    assert (report.calls_in_flight, report.today.calls_by_others) == (0, 0)
    assert bench.stats.to_dict()["violations"] == {}


def test_what_others_used_is_learned_once_per_run_and_stops_it_in_time(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.source_settings["limits"] = {"calls_per_day": 1000}
    bench.fault("status", USAGE, {"status": 200, "body": {
        "success": True, "requestId": "a#1", "result": [{"date": "2026-03-01", "total": 960, "users": []}],
    }})  # fmt: skip
    settings = start(bench).settings()
    with pytest.raises(
        QuotaExhausted, match=r"of the day's 1,000 calls are used, 959 of them by others, the rest is kept"
    ):
        bench.extract(settings)
    assert counted(bench) == bench.calls(USAGE) == 1
    with pytest.raises(QuotaExhausted):
        bench.extract(settings)
    assert counted(bench) == 1


def test_a_run_that_the_day_ends_goes_on_after_midnight_us_central(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    bench.source_settings["limits"] = {"calls_per_day": 30}
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match=r"2026-03-02T06:00:00\+00:00, midnight US Central"):
        bench.extract(settings)
    calls = counted(bench)
    assert 20 < calls <= 30
    with pytest.raises(QuotaExhausted):
        bench.extract(settings)
    assert counted(bench) == calls
    bench.clock.advance(86_400)
    bench.extract(settings)
    assert bench.names(settings) == {"1": "Lee"}
    assert bench.stats.to_dict()["violations"] == {}


def test_the_five_minute_path_may_use_what_is_kept_for_it(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("activities", "leads")
    bench.source_settings["limits"] = {"calls_per_day": 60, "bulk_share": 0.5}
    settings = start(bench).settings()
    bench.extract(settings)
    gate = gate_of(bench, settings)
    while gate.spent("calls") < 30:
        with gate.call():
            pass
    with pytest.raises(QuotaExhausted, match="the rest is kept"):
        bench.extract(settings, Window(START - 2 * DAY, START - DAY), "backfill")
    bench.clock.advance(300)
    assert len(bench.deltas(settings)) == 2


def test_export_bytes_are_set_aside_before_a_job_and_counted_after_it(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    settings = start(bench).settings()
    gate = gate_of(bench, settings)
    with bench.open(settings) as source:
        ticket = source.begin("leads", NIGHT)
        assert gate.report().reserved_bytes == 50_000_000
        while not source.ready(ticket):  # type: ignore[arg-type]
            bench.clock.advance(60)
    report = gate.report()
    assert (report.reserved_bytes, report.jobs_queued) == (0, 0)
    assert 0 < report.today.export_bytes < 5_000


def test_a_day_whose_bytes_are_used_makes_no_job(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.source_settings["limits"] = {"export_bytes_per_day": 100}
    bench.person(1, NOON)
    settings = start(bench).settings()
    gate_of(bench, settings).reserve_export(95).name("of another run")
    with pytest.raises(QuotaExhausted, match="export bytes"):
        bench.extract(settings)
    assert bench.calls("create.json") == 0


def test_a_job_waits_for_its_place_in_the_queue(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.source_settings["limits"] = {"export_jobs_queued": 1}
    bench.person(1, NOON)
    settings = start(bench).settings()
    gate = gate_of(bench, settings)
    gate.reserve_export(1).name("of another run")
    assert gate.job_slot("of another run")
    with bench.open(settings) as source:
        ticket = source.begin("leads", NIGHT)
        assert not source.ready(ticket)  # type: ignore[arg-type]
        assert bench.calls("enqueue.json") == 0
        gate.job_gone("of another run")
        for _ in range(5):
            if source.ready(ticket):  # type: ignore[arg-type]
                break
            bench.clock.advance(60)
        assert source.ready(ticket)  # type: ignore[arg-type]


def test_a_failed_job_gives_its_place_and_bytes_back(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    bench.fault("job_failed", "leads")
    settings = start(bench).settings()
    bench.extract(settings)
    report = gate_of(bench, settings).report()
    assert (report.reserved_bytes, report.jobs_queued, report.jobs_waiting) == (0, 0, 0)


def test_two_sandboxes_of_one_marketo_share_its_quota(marketo: Make, start: Start) -> None:
    """B5: several sandboxes of one platform may read the same Marketo."""
    from dataclasses import replace

    bench = start(marketo())
    prod = bench.settings()
    dev = replace(prod, home=replace(prod.home, sandbox="dev"))
    bench.extract(prod)
    first = counted(bench)
    bench.extract(dev)
    assert gate_of(bench, dev).report().today.calls == counted(bench) > first
