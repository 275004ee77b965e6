"""Marketo's days: its daily quotas are renewed at 00:00 US Central, so a day of quota has 23, 24 or 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CENTRAL = ZoneInfo("America/Chicago")


def central_day(moment: datetime) -> date:
    """The day of quota that a moment belongs to."""
    return moment.astimezone(CENTRAL).date()


def begin_of(day: date) -> datetime:
    """When a day of quota begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CENTRAL).astimezone(UTC)


def next_reset(now: datetime) -> datetime:
    """When the daily quotas are renewed next, in UTC."""
    return begin_of(central_day(now) + timedelta(days=1))
