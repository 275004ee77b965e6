"""Intervals are those that Airflow's CronDataIntervalTimetable cuts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from muster.config import Schedule, interval_at, latest_interval, parse_interval
from muster.config.intervals import IntervalError
from muster.windows import Window

NIGHTLY = Schedule.model_validate({"cron": "0 0 * * *", "start": "2026-03-02", "end": "2026-03-04"})
HALF_HOURS = Schedule.model_validate({"cron": "*/30 * * * *", "start": "2026-03-02"})


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, number, hour, minute, tzinfo=UTC)


def test_an_interval_goes_from_one_moment_of_the_schedule_to_the_next():
    assert interval_at(NIGHTLY, day(2)) == Window(day(2), day(3))
    assert interval_at(HALF_HOURS, day(2, 1)) == Window(day(2, 1), day(2, 1, 30))


def test_a_time_between_two_moments_begins_no_interval():
    with pytest.raises(IntervalError, match="no interval of '0 0"):
        interval_at(NIGHTLY, day(2, 5))


@pytest.mark.parametrize(
    ("now", "start"),
    [(day(3), day(2)), (day(3, 23), day(2)), (day(5), day(4)), (day(9, 7), day(4))],
)
def test_the_latest_interval_is_over_and_not_after_the_end(now, start):
    assert latest_interval(NIGHTLY, now) == Window(start, start + timedelta(days=1))


def test_before_the_first_interval_is_over_there_is_none():
    with pytest.raises(IntervalError, match="the first interval, from 2026-03-02"):
        latest_interval(NIGHTLY, day(2, 23))


def test_an_interval_may_be_written_by_its_start_or_by_both_ends():
    assert parse_interval(NIGHTLY, "2026-03-03") == Window(day(3), day(4))
    assert parse_interval(NIGHTLY, "2026-03-02T05:00:00+01:00/2026-03-03T00:00:00Z") == Window(
        day(2, 4), day(3)
    )


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-03-03/2026-03-02", "2026-03-02T00:00:00", "1/2/3", "2026-03-02/"]
)
def test_other_texts_are_refused_with_an_example(text):
    with pytest.raises(IntervalError, match="what to do: write 2026-03-02"):
        parse_interval(NIGHTLY, text)


@pytest.mark.slow
@pytest.mark.parametrize("cron", ["0 0 * * *", "*/30 * * * *", "0 6 * * 1-5", "15 3 1 * *", "0 0 29 2 *"])
def test_intervals_are_those_of_airflow(cron, airflow_home):
    """Also over the nights when local clocks change: Muster's schedules are UTC (F64)."""
    from airflow.timetables.interval import CronDataIntervalTimetable
    from pendulum import UTC as PENDULUM_UTC
    from pendulum import instance

    theirs = CronDataIntervalTimetable(cron, timezone=PENDULUM_UTC)
    schedule = Schedule.model_validate({"cron": cron, "start": "2000-01-01"})
    for hours in range(0, 24 * 60, 7):
        now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
        interval = theirs.infer_manual_data_interval(run_after=instance(now))
        ours = latest_interval(schedule, now)
        assert (ours.start, ours.end) == (interval.start, interval.end), now
        assert interval_at(schedule, ours.start) == ours
