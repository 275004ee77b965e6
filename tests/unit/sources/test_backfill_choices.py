"""A plan that is too long is refused with the numbers, and every way out that it names holds when it is taken."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from backfill_sandbox import CONNECTION, MB, NOON, OBJECTS, START, commit, days, forecast, sandbox
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.errors import GuardrailHeld, PlanRefused
from muster.sources.backfill import plan_backfill, split
from muster.sources.backfill_plan import BackfillPlan, load, save, saved
from muster.sources.choices import choices
from muster.sources.estimate import DAY, Limits
from muster.windows import Window

RATES = st.dictionaries(st.sampled_from(OBJECTS), st.floats(0.1, 100), min_size=1)


def too_long(folder: Path, **more: object) -> BackfillPlan:
    """Two years of 20 MB of activities and 2 MB of leads a day."""
    place = sandbox(folder)
    commit(place, "leads", days(730, 7), rows=7, fileSize=int(14 * MB * 169 / 168))
    commit(place, "activities", days(730, 7), rows=70, fileSize=int(140 * MB * 169 / 168))
    commit(place, "deleted_leads", days(730, 7), rows=7)
    return plan_backfill(place, CONNECTION, [], START, START + 730 * DAY, now=NOON + DAY, **more)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(RATES, st.integers(30, 300), st.integers(1, 7))
def test_every_choice_fits_when_it_is_taken(rates: dict[str, float], length: int, limit: int) -> None:
    plan = forecast(rates, days(0, length))
    found = choices(plan, limit)
    if plan.estimate.days <= limit:
        return
    if found.leave_out:
        rest = [name for name in rates if name not in found.leave_out]
        assert plan.only(rest).estimate.days == found.leave_out_days <= limit
    if found.range:
        shorter = Window.parse(found.range)
        assert plan.within(shorter).estimate.days == found.range_days <= limit
        longer = Window(max(shorter.start - DAY, plan.wanted.start), shorter.end)
        assert plan.within(longer).estimate.days > limit
    if found.megabytes_per_day:
        assert plan.with_quota(found.megabytes_per_day).estimate.days <= limit
    parts = [Window.parse(text) for text in found.parts]
    if parts:
        assert (parts[0].end, parts[-1].start) == (plan.wanted.end, plan.wanted.start)
        assert all(newer.start == older.end for newer, older in pairwise(parts))
        assert all(plan.within(part).estimate.days <= limit for part in parts)


def test_the_refusal_tells_the_numbers_and_the_choices(tmp_path: Path) -> None:
    plan = too_long(tmp_path)
    with pytest.raises(PlanRefused) as refused:
        plan.require_fits()
    assert isinstance(refused.value, GuardrailHeld)
    assert refused.value.exit_code == 6
    told = str(refused.value)
    for text in (
        "marketo__emea: the backfill of leads, activities, deleted_leads from 2025-01-01 to 2027-01-01 needs",
        "7 are allowed (B8)",
        "of which the nightly run takes 23 MB",
        "0.0 MB are spent today",
        "activities: 20 MB and 10 rows a day, measured on 7.0 committed days",
        "fewer objects: without activities (",
        "shorter range: 2026-",
        "more quota: 2,",
        "parts that fit, one after the other (--split writes them): 2026-",
    ):
        assert text in told
    assert plan.choices is not None
    assert plan.choices.leave_out == ("activities",)


def test_a_plan_that_fits_is_not_refused_and_holds_no_choices(tmp_path: Path) -> None:
    place = sandbox(tmp_path)
    commit(place, "leads", days(40, 7), fileSize=7 * MB)
    plan = plan_backfill(place, CONNECTION, ["leads"], START, START + 40 * DAY, now=NOON)
    plan.require_fits()
    assert plan.choices is None
    assert {one.object for one in plan.windows} == {"leads"}


def test_where_a_single_day_is_too_much_no_range_and_no_parts_are_offered() -> None:
    plan = forecast({"leads": 1.0}, days(0, 10), limits=Limits(calls_per_day=1))
    found = choices(plan, 7)
    assert (found.range, found.parts, found.megabytes_per_day, found.leave_out) == (None, (), None, ())


def test_more_quota_is_not_offered_where_calls_are_what_is_short() -> None:
    plan = forecast({"activities": 5.0}, days(0, 200), limits=Limits(calls_per_day=10))
    assert plan.estimate.days > 7
    assert choices(plan, 7).megabytes_per_day is None


def test_the_object_to_leave_out_is_the_one_whose_calls_are_too_many() -> None:
    """Bytes are not what is short: what is read by REST has none."""
    found = choices(forecast({"activities": 10.0, "deleted_leads": 900.0}, days(0, 180)), 7)
    assert (found.leave_out, found.leave_out_bytes) == (("deleted_leads",), 0)
    assert found.megabytes_per_day is None


def test_no_object_is_left_out_that_could_stay() -> None:
    """The largest is tried first and is not enough; with the second one left out it fits beside the third."""
    rates = {"activities": 17.0, "deleted_leads": 430.0, "lead_changes": 430.0}
    plan = forecast(rates, days(0, 180))
    alone = {name: plan.only([name]).estimate.days for name in rates}
    assert max(alone, key=lambda name: alone[name]) == "activities"
    assert plan.only(["deleted_leads", "lead_changes"]).estimate.days > 7
    assert choices(plan, 7).leave_out == ("deleted_leads",)


def test_only_the_first_part_begins_on_a_day_that_is_partly_used() -> None:
    plan = forecast({"activities": 10.0}, days(0, 200), spent_bytes=400 * MB)
    first, second, *_ = (Window.parse(part) for part in choices(plan, 1).parts)
    assert (first.end - first.start) / DAY < 10
    assert (second.end - second.start) / DAY > 40


def test_the_parts_are_plans_that_fit_and_tile_the_request(tmp_path: Path) -> None:
    plan, place = too_long(tmp_path), sandbox(tmp_path)
    found = split(place, plan)
    assert len(found) > 2
    assert all(not part.is_refused for part in found)
    for name in OBJECTS:
        spans = [one.window for part in found for one in part.windows if one.object == name]
        assert sum((one.end - one.start for one in spans), timedelta()) == 730 * DAY
    starts = [part.request.window.start for part in found]
    assert starts == sorted(starts, reverse=True)
    for part in found:
        save(place, part)
    assert saved(place)[0].id == found[0].id


def test_a_plan_is_the_same_after_its_file(tmp_path: Path) -> None:
    plan, place = too_long(tmp_path), sandbox(tmp_path)
    path = save(place, plan)
    assert path == place.home.reports / "backfills" / f"{plan.id}.json"
    assert load(place, plan.id) == plan
    path.write_text('{"version": 1')
    assert load(place, plan.id) is None


def test_the_same_request_planned_again_keeps_when_it_began(tmp_path: Path) -> None:
    place = sandbox(tmp_path)
    first = plan_backfill(place, CONNECTION, ["leads"], START, START + DAY, now=NOON)
    save(place, first)
    again = plan_backfill(place, CONNECTION, ["leads"], START, START + DAY, now=NOON + DAY)
    assert (again.id, again.began_at, again.created_at) == (first.id, NOON, NOON + DAY)
    assert again.rates[0].basis == "assumed"
