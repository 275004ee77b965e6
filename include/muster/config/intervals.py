"""The data intervals of a schedule, as Airflow's CronDataIntervalTimetable cuts them: in UTC, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime

from croniter import croniter  # the parser Airflow itself uses

from muster.config.models import Schedule, instant
from muster.errors import MusterError
from muster.windows import Window, utc


class IntervalError(MusterError):
    """A text that names no interval of the schedule."""

    exit_code = 2


def interval_at(schedule: Schedule, start: datetime) -> Window:
    """The interval that begins at `start`. Raises IntervalError where the schedule has no moment there."""
    start = utc(start)
    if not croniter.match(schedule.cron, start):
        raise IntervalError(
            f"no interval of '{schedule.cron}' begins at {start.isoformat()}",
            hint="give both ends: --interval <start>/<end>",
        )
    return Window(start, croniter(schedule.cron, start).get_next(datetime))


def latest_interval(schedule: Schedule, now: datetime) -> Window:
    """The last interval that is over at `now` and not after the schedule's end. Raises IntervalError before the first."""
    now = utc(now)
    if schedule.end is not None:
        now = min(now, croniter(schedule.cron, schedule.end).get_next(datetime))
    end = now if croniter.match(schedule.cron, now) else croniter(schedule.cron, now).get_prev(datetime)
    start = croniter(schedule.cron, end).get_prev(datetime)
    if start < schedule.start:
        raise IntervalError(f"the first interval, from {schedule.start.isoformat()}, is not over yet")
    return Window(start.astimezone(UTC), end.astimezone(UTC))


def parse_interval(schedule: Schedule, text: str) -> Window:
    """`2026-03-02` (the schedule's interval that begins there) or `<start>/<end>` (half-open, UTC).

    Raises IntervalError.
    """
    try:
        bounds = [instant(part) for part in text.split("/")]
        if len(bounds) == 1:
            return interval_at(schedule, bounds[0])
        start, end = bounds
        return Window(start, end)
    except ValueError as error:
        hint = "write 2026-03-02, or 2026-03-02T00:00:00Z/2026-03-03T00:00:00Z"
        raise IntervalError(f"'{text}' names no interval: {error}", hint=hint) from None
