"""What to do when a backfill is too long: which objects to leave out, which range fits, how much quota would do.

Every choice is computed by making the smaller plan and looking at its days, so each of them holds when it is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from muster.sources.estimate import DAY, Estimate, PlannedWindow, Terms, estimate, packed
from muster.sources.planner import backfill_windows
from muster.windows import Window

MEGABYTE = 1_000_000
MOST_PARTS = 500
MOST_TIMES_THE_QUOTA = 1000


@dataclass(frozen=True)
class Forecast:
    """What is missing of a span, by object, and the terms to read it on."""

    terms: Terms
    wanted: Window
    missing: Mapping[str, Sequence[Window]]

    @cached_property
    def windows(self) -> list[PlannedWindow]:
        """All that is to be read, the most recent window first, each with its cost and its day."""
        lengths = {name: self.terms.window_length(name) for name in self.missing}
        cut = backfill_windows(self.missing, lengths)
        return packed([self.terms.cost(name, window) for name, window in cut], self.terms)

    @cached_property
    def estimate(self) -> Estimate:
        return estimate(self.windows, self.terms)

    def only(self, objects: Sequence[str]) -> Forecast:
        return replace(self, missing={name: spans for name, spans in self.missing.items() if name in objects})

    def within(self, span: Window) -> Forecast:
        """The same for a shorter range."""
        cut = {
            name: [
                Window(max(one.start, span.start), min(one.end, span.end))
                for one in spans
                if one.overlaps(span)
            ]
            for name, spans in self.missing.items()
        }
        return replace(self, wanted=span, missing=cut)

    def with_quota(self, megabytes: int) -> Forecast:
        limits = replace(self.terms.limits, export_bytes_per_day=megabytes * MEGABYTE)
        return replace(self, terms=replace(self.terms, limits=limits))

    def on_a_new_day(self) -> Forecast:
        """With nothing of the day's quota used yet."""
        return replace(self, terms=replace(self.terms, spent_bytes=0, spent_calls=0))


@dataclass(frozen=True)
class Choices:
    """Ways out of a refusal, each with the days it would take; empty or None where there is no such way."""

    leave_out: tuple[str, ...] = ()
    leave_out_bytes: int = 0
    leave_out_days: int = 0
    range: str | None = None
    range_days: int = 0
    megabytes_per_day: int | None = None
    parts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def choices(forecast: Forecast, limit_days: int) -> Choices:
    """All ways to keep within `limit_days`."""
    found = Choices(parts=tuple(map(str, parts(forecast, limit_days))))
    if dropped := fewer_objects(forecast, limit_days):
        rest = forecast.only([name for name in forecast.missing if name not in dropped])
        size = sum(forecast.estimate.by_object.get(name, 0) for name in dropped)
        found = replace(found, leave_out=dropped, leave_out_bytes=size, leave_out_days=rest.estimate.days)
    if shorter := shorter_range(forecast, limit_days):
        found = replace(found, range=str(shorter), range_days=forecast.within(shorter).estimate.days)
    return replace(found, megabytes_per_day=more_quota(forecast, limit_days))


def fewer_objects(forecast: Forecast, limit_days: int) -> tuple[str, ...]:
    """The objects to leave out so that the rest fits: what takes longest by itself first, and none that could stay."""
    alone = {name: forecast.only([name]).estimate for name in forecast.missing}
    dropped: list[str] = []
    for name in sorted(alone, key=lambda one: (alone[one].days, alone[one].bytes), reverse=True)[:-1]:
        dropped.append(name)
        if _rest_fits(forecast, dropped, limit_days):
            break
    else:
        return ()
    for name in dropped[-2::-1]:
        if _rest_fits(forecast, [one for one in dropped if one != name], limit_days):
            dropped.remove(name)
    return tuple(dropped)


def _rest_fits(forecast: Forecast, dropped: Sequence[str], limit_days: int) -> bool:
    rest = [name for name in forecast.missing if name not in dropped]
    return forecast.only(rest).estimate.days <= limit_days


def shorter_range(forecast: Forecast, limit_days: int) -> Window | None:
    """The longest range with the same end, in whole days, that fits; None where not even a day does."""
    end, whole = forecast.wanted.end, forecast.wanted

    def span(days: int) -> Window:
        return Window(max(whole.start, end - days * DAY), end)

    def fits(count: int) -> bool:
        return forecast.within(span(count)).estimate.days <= limit_days

    longest, reach = math.ceil((end - whole.start) / DAY), 1
    while reach < longest and fits(reach):
        reach *= 2
    days = _largest(1, min(reach, longest), fits)
    return span(days) if days else None


def parts(forecast: Forecast, limit_days: int) -> list[Window]:
    """The range cut into ranges that fit, the most recent first; empty where a day of it is already too much."""
    found: list[Window] = []
    left: Window | None = forecast.wanted
    rest = forecast
    while left is not None and len(found) < MOST_PARTS:
        rest = rest.within(left)
        part = shorter_range(rest, limit_days)
        if part is None:
            return []
        found.append(part)
        rest = rest.on_a_new_day()
        left = Window(left.start, part.start) if part.start > left.start else None
    return found if left is None else []


def more_quota(forecast: Forecast, limit_days: int) -> int | None:
    """The megabytes of export a day that would do; None where calls or time, not bytes, are what is short."""
    limit = forecast.terms.limits.export_bytes_per_day
    if limit is None:
        return None
    low = math.ceil(limit / MEGABYTE)
    high = low * MOST_TIMES_THE_QUOTA
    beaten = _largest(low, high, lambda size: forecast.with_quota(size).estimate.days > limit_days)
    return beaten + 1 if beaten is not None and beaten < high else None


def _largest(low: int, high: int, holds: Callable[[int], bool]) -> int | None:
    """The largest number for which it holds, given that it holds up to some number and not beyond."""
    if not holds(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def told(found: Choices) -> Iterator[str]:
    """A line for each choice."""
    if found.leave_out:
        yield (
            f"fewer objects: without {', '.join(found.leave_out)} ({megabytes(found.leave_out_bytes)}) "
            f"it takes {days(found.leave_out_days)}"
        )
    if found.range:
        yield f"shorter range: {dates(Window.parse(found.range))} takes {days(found.range_days)}"
    if found.megabytes_per_day:
        yield f"more quota: {found.megabytes_per_day:,} MB of export a day would do"
    if found.parts:
        ranges = "; ".join(dates(Window.parse(part)) for part in found.parts[:3])
        more = f"; and {len(found.parts) - 3} more" if len(found.parts) > 3 else ""
        yield f"in {len(found.parts)} parts that fit, one after the other (--split writes them): {ranges}{more}"
    if not (found.leave_out or found.range or found.megabytes_per_day):
        yield "none fits: the calls or the job time of a single day are already too much"


def days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"


def megabytes(size: float) -> str:
    return f"{size / MEGABYTE:,.1f} MB" if size < 10 * MEGABYTE else f"{size / MEGABYTE:,.0f} MB"


def dates(window: Window) -> str:
    """`2025-01-01 to 2025-02-01`, half-open as every range; times where the bounds aren't midnights."""
    bounds = (window.start, window.end)
    is_whole = all(bound.hour == bound.minute == bound.second == 0 for bound in bounds)
    return " to ".join(bound.strftime("%Y-%m-%d" if is_whole else "%Y-%m-%dT%H:%M:%SZ") for bound in bounds)
