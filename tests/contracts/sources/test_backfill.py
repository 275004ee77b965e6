"""A backfill against the simulator: a probe, then the plan, then the windows, wherever it was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from source_benches import DAY, NIGHT, Bench, MarketoBench

from muster.config import Settings
from muster.errors import PlanRefused, QuotaExhausted, SourceError
from muster.lake import Manifest
from muster.sources import BackfillPlan, backfill
from muster.sources.progress import progress_of
from muster.windows import Window, gaps

Start = Callable[[Bench], Bench]
PAST = Window(NIGHT.start - 70 * DAY, NIGHT.start)
CREATE = "POST /bulk/v1/leads/export/create"


def peopled(bench: Bench) -> Bench:
    """Somebody new every other day, each with an activity where there are any."""
    for number in range(1, 36):
        at = PAST.start + timedelta(days=2 * number - 1, hours=3)
        bench.person(number, at)
        if isinstance(bench, MarketoBench):
            bench.activity(str(1000 + number), at, lead=number)
    return bench


def planned(bench: Bench, settings: Settings, objects: list[str], **more: Any) -> BackfillPlan:
    return backfill.plan_backfill(
        settings, bench.id, objects, PAST.start, PAST.end, resolver=lambda _: bench.connection(),
        sleep=bench.sleep, gates=bench.gates(settings), now=bench.clock.now(), **more,
    )  # fmt: skip


def ran(bench: Bench, settings: Settings, plan: BackfillPlan) -> list[Manifest]:
    return backfill.run_backfill(
        settings, plan, lambda _: bench.connection(), sleep=bench.sleep, gates=bench.gates(settings)
    )


def everybody(bench: Bench) -> set[str]:
    return {bench.key_of(number) for number in range(1, 36)}


def test_a_plan_reads_nothing_but_its_probe_and_a_run_reads_the_rest(bench: Bench, start: Start) -> None:
    settings = start(peopled(bench)).settings()
    plan = planned(bench, settings, [bench.people])
    probe = bench.committed(settings)
    assert [one.window for one in probe] == [Window(PAST.end - DAY, PAST.end)]
    assert (probe[0].run_kind, plan.rates[0].basis) == ("backfill", "probe")
    calls = bench.calls()
    plan.require_fits()
    assert bench.calls() == calls
    made = ran(bench, settings, plan)
    assert [one.window.end for one in made] == sorted((one.window.end for one in made), reverse=True)
    assert gaps(PAST, [one.window for one in bench.committed(settings)]) == []
    assert set(bench.names(settings)) == everybody(bench)
    assert progress_of(settings, plan).state == "done"
    calls = bench.calls()
    assert ran(bench, settings, plan) == []
    assert planned(bench, settings, [bench.people]).windows == ()
    assert bench.calls() == calls


def test_a_refused_plan_is_not_run_and_makes_no_call(
    marketo: Callable[..., MarketoBench], start: Start
) -> None:
    bench = start(peopled(marketo()))
    settings = bench.settings()
    plan = planned(bench, settings, ["leads"], limit_days=0)
    calls = bench.calls()
    with pytest.raises(PlanRefused):
        ran(bench, settings, plan)
    assert bench.calls() == calls


@pytest.mark.parametrize("nth", [4, 5, 7, 12])
def test_a_run_that_dies_goes_on_where_it_was(
    marketo: Callable[..., MarketoBench], start: Start, nth: int
) -> None:
    """The n-th job is refused for good; what was committed before is not read again."""
    bench = start(peopled(marketo()))
    bench.source_settings["max_window_days"] = 10
    settings = bench.settings()
    plan = planned(bench, settings, ["leads", "activities"])
    bench.fault("status", "POST /bulk/v1/(leads|activities)/export/create", 403, skip=nth - 1)
    with pytest.raises(SourceError):
        ran(bench, settings, plan)
    before = {(one.object, str(one.window)): one.committed_at for one in bench.committed(settings)}
    left = backfill.remaining(settings, plan)
    assert 0 < len(left) < len(plan.windows)
    made = ran(bench, settings, plan)
    assert len(made) == len(left)
    after = {(one.object, str(one.window)): one.committed_at for one in bench.committed(settings)}
    assert before.items() <= after.items()
    for name in ("leads", "activities"):
        assert gaps(PAST, [one.window for one in bench.committed(settings, name)]) == []
    assert set(bench.names(settings)) == everybody(bench)


def test_a_nightly_run_in_between_is_not_read_again(
    marketo: Callable[..., MarketoBench], start: Start
) -> None:
    bench = start(peopled(marketo()))
    settings = bench.settings()
    plan = planned(bench, settings, ["leads"])
    middle = Window(PAST.start + 30 * DAY, PAST.start + 40 * DAY)
    bench.extract(settings, middle, "backfill")
    ran(bench, settings, plan)
    windows = [one.window for one in bench.committed(settings)]
    assert gaps(PAST, windows) == []
    assert sum((one.end - one.start for one in windows), timedelta()) == PAST.end - PAST.start


def test_a_day_without_quota_ends_the_run_and_the_next_goes_on(
    marketo: Callable[..., MarketoBench], start: Start
) -> None:
    bench = start(peopled(marketo()))
    bench.source_settings["max_window_days"] = 10
    settings = bench.settings()
    plan = planned(bench, settings, ["leads"])
    bench.fault("code", CREATE, ["1029", "Export daily quota exceeded"], skip=2)
    with pytest.raises(QuotaExhausted):
        ran(bench, settings, plan)
    assert progress_of(settings, plan).windows_left > 0
    bench.clock.advance(DAY.total_seconds())
    ran(bench, settings, plan)
    assert progress_of(settings, plan).windows_left == 0


def test_a_range_that_is_not_over_by_the_sources_clock_is_refused(
    marketo: Callable[..., MarketoBench], start: Start
) -> None:
    bench = start(peopled(marketo()))
    settings = bench.settings()
    end: datetime = NIGHT.end + 30 * DAY
    with pytest.raises(SourceError, match="its clock says"):
        backfill.plan_backfill(
            settings, bench.id, ["leads"], PAST.start, end, resolver=lambda _: bench.connection(), sleep=bench.sleep,
            gates=bench.gates(settings),
        )  # fmt: skip
    assert bench.committed(settings) == []
