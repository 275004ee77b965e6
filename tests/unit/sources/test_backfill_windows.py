"""Whatever is asked for and whatever is committed: a plan tiles what is missing, in order, at a price that only grows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from backfill_sandbox import HOUR, MB, START, days, forecast, terms
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from muster.sources.choices import Forecast
from muster.sources.estimate import DAY, Limits, PlannedWindow, estimate, packed
from muster.windows import Window, gaps

NAMES = ("leads", "activities", "program_members", "deleted_leads")
RATES = st.dictionaries(
    st.sampled_from(NAMES),
    st.floats(0, 700, allow_nan=False) | st.sampled_from([0.0, 0.001, 2.0, 3000.0]),
    min_size=1,
)
SPANS = st.lists(st.tuples(st.integers(0, 2400), st.integers(1, 900)), max_size=6)
FEW = settings(max_examples=100, deadline=None)


def hours(windows: list[Window]) -> list[int]:
    found = []
    for window in windows:
        at = int((window.start - START) / HOUR)
        found += range(at, at + int((window.end - window.start) / HOUR))
    return found


def missing(wanted: Window, committed: list[tuple[int, int]], rates: dict[str, float]) -> Forecast:
    done = [Window(START + first * HOUR, START + (first + length) * HOUR) for first, length in committed]
    return Forecast(terms(rates), wanted, {name: gaps(wanted, done) for name in rates})


@FEW
@given(RATES, SPANS, st.integers(0, 100), st.integers(1, 2400))
def test_the_windows_cover_what_is_missing_once_and_nothing_else(
    rates: dict[str, float], committed: list[tuple[int, int]], first: int, length: int
) -> None:
    wanted = Window(START + first * HOUR, START + (first + length) * HOUR)
    plan = missing(wanted, committed, rates)
    for name in rates:
        planned = [one.window for one in plan.windows if one.object == name]
        assert sorted(hours(planned)) == sorted(hours(list(plan.missing[name])))


@FEW
@given(RATES, SPANS, st.integers(1, 2400))
def test_no_window_spans_more_than_31_days_with_its_overlap_and_the_most_recent_come_first(
    rates: dict[str, float], committed: list[tuple[int, int]], length: int
) -> None:
    plan = missing(Window(START, START + length * HOUR), committed, rates)
    ends = [one.window.end for one in plan.windows]
    assert ends == sorted(ends, reverse=True)
    assert all(one.window.end - one.window.read_from(HOUR) <= 31 * DAY for one in plan.windows)
    days_of_quota = [one.day for one in plan.windows]
    assert days_of_quota == sorted(days_of_quota)


@FEW
@given(st.floats(0.001, 1400), st.integers(31, 400))
def test_the_file_of_a_window_stays_small_beside_the_quota_of_a_day(rate: float, length: int) -> None:
    plan = forecast({"activities": rate}, days(0, length))
    for one in plan.windows:
        assert one.bytes <= 500 * MB / 8 + 2 * rate * MB / 24 or one.window.end - one.window.start == HOUR


@FEW
@given(RATES, st.integers(1, 300), st.integers(1, 60), st.sampled_from(NAMES), st.floats(0, 3000))
def test_a_longer_range_or_one_more_object_never_costs_less(
    rates: dict[str, float], length: int, more: int, name: str, rate: float
) -> None:
    wanted, longer = days(100 - length, length), days(100 - length - more, length + more)
    base = forecast(rates, wanted).estimate
    others = [forecast(rates, longer).estimate]
    if name not in rates:
        others.append(forecast({name: rate, **rates}, wanted).estimate)
    for other in others:
        assert other.bytes >= base.bytes
        assert other.calls >= base.calls
        assert other.windows >= base.windows
        assert other.days >= base.days


@FEW
@given(RATES, st.integers(1, 200), st.sampled_from(NAMES), st.floats(0, 100))
def test_more_data_a_day_never_costs_fewer_bytes_or_windows(
    rates: dict[str, float], length: int, name: str, more: float
) -> None:
    denser = {one: rate + (more if one == name else 0) for one, rate in rates.items()}
    base, other = (forecast(each, days(0, length)).estimate for each in (rates, denser))
    assert other.bytes >= base.bytes
    assert other.windows >= base.windows


@FEW
@given(RATES, st.integers(1, 100), st.integers(1, 2000), st.integers(0, 600), st.integers(0, 400))
def test_no_day_takes_more_than_its_bytes_calls_and_time(
    rates: dict[str, float], length: int, calls: int, spent: int, nightly: int
) -> None:
    tight = replace(
        terms(rates, limits=Limits(calls_per_day=calls)), spent_bytes=spent * MB, nightly_bytes=nightly * MB
    )
    windows = Forecast(tight, days(0, length), {name: [days(0, length)] for name in rates}).windows
    room = (tight.bytes_per_day, calls, 2 * 86_400)
    assume(not any(cost > limit for one in windows for cost, limit in zip(_costs([one]), room, strict=True)))
    for day in {one.day for one in windows}:
        taken = _costs([one for one in windows if one.day == day])
        before = spent * MB if day == 1 else 0
        assert taken[0] + before <= room[0]
        assert taken[1] <= room[1]
        assert taken[2] <= room[2]


def _costs(windows: list[PlannedWindow]) -> tuple[float, ...]:
    return tuple(sum(getattr(one, name) for one in windows) for name in ("bytes", "calls", "seconds"))


def test_a_day_is_filled_in_order_and_the_rest_waits() -> None:
    plan = forecast({"activities": 10.0}, days(0, 90))
    assert plan.estimate.days == 2
    assert plan.estimate.by_object == {"activities": plan.estimate.bytes}
    assert 900 * MB < plan.estimate.bytes < 920 * MB
    first = [one for one in plan.windows if one.day == 1]
    assert sum(one.bytes for one in first) <= 500 * MB
    assert first == plan.windows[: len(first)]
    assert 24 < plan.estimate.hours < 26


def test_what_is_longer_than_a_day_begins_at_once() -> None:
    small, large = (PlannedWindow("leads", days(0, 1), 1, size * MB, 1, 1.0) for size in (10, 550))
    for order in ([small, large], [large, small]):
        assert estimate(order, terms({"leads": 1.0})).days == 2


def test_what_is_spent_today_and_what_the_night_takes_is_not_there_for_the_past() -> None:
    wanted, rates = days(0, 45), {"activities": 10.0}
    assert forecast(rates, wanted).estimate.days == 1
    assert forecast(rates, wanted, spent_bytes=400 * MB).estimate.days == 2
    assert forecast(rates, wanted, nightly_bytes=300 * MB).estimate.days == 3


def test_nothing_missing_costs_nothing() -> None:
    nothing = Forecast(terms({"leads": 1.0}), days(0, 1), {"leads": []})
    assert (nothing.windows, nothing.estimate.days, nothing.estimate.hours) == ([], 0, 0.0)
    assert packed([], nothing.terms) == []
    assert estimate([], nothing.terms).calls == 0


@pytest.mark.parametrize("rate", [0.0, 1e-9])
def test_an_object_that_gives_next_to_nothing_takes_the_longest_whole_days(rate: float) -> None:
    lengths = [one.window.end - one.window.start for one in forecast({"leads": rate}, days(0, 100)).windows]
    assert lengths == [30 * DAY] * 3 + [10 * DAY]
