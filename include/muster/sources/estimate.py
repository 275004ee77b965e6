"""What reading the past will cost, told before it is read: bytes, calls, hours and days of quota (B8, F6).

Costs follow from rates (`Rate`: what an object gives per day, and how we know) and from the numbers of one source
(`Terms`). Nothing here makes a call or looks at a clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from muster.config import MarketoSource, SalesforceSource
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.lake import Manifest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEASURED = timedelta(days=31)  # a rate is taken from this much of what was read last
SHARE_OF_A_DAY = 8  # a window is cut so that its file takes at most this part of a day's quota
JOB_SECONDS, BYTES_PER_SECOND = 120.0, 250_000.0  # of a bulk job: in the queue, then at work
JOB_CALLS = 5  # create, enqueue, the last look, the file, and a token
REST_CALLS, REST_ROWS, REST_SECONDS = 2, 300, 0.5  # token and last page, rows of a page, seconds of a call
ROW_BYTES: Mapping[str, int] = {"leads": 900, "activities": 300}
OTHER_ROW_BYTES = 400
ASSUMED_ROWS: Mapping[str, int] = {
    "leads": 10_000,
    "activities": 50_000,
}  # per day, where nothing was measured
OTHER_ASSUMED_ROWS = 2_000

Basis = Literal["manifests", "probe", "assumed"]


@dataclass(frozen=True)
class Limits:
    """What the past may take of one subscription. `export_bytes_per_day` is None where exports aren't counted in bytes."""

    calls_per_day: int = 45_000
    export_bytes_per_day: int | None = 500_000_000
    export_jobs_running: int = 2


USUAL_CALLS = 100_000  # a day, where the settings leave it to the organisation, or the source counts no days


def limits_of(config: SourceConfig) -> Limits:
    """`limits:` of the source, less the share of its calls that is kept for what is urgent."""
    if isinstance(config, SalesforceSource):
        most = config.limits.calls_per_day or USUAL_CALLS
        share = max(int(most * config.limits.bulk_share), 1)
        return Limits(share, None, config.limits.query_jobs_running)
    if not isinstance(config, MarketoSource):
        return Limits(USUAL_CALLS, None, 1)
    given = config.limits
    calls = max(int(given.calls_per_day * given.bulk_share), 1)
    return Limits(calls, given.export_bytes_per_day, given.export_jobs_running)


@dataclass(frozen=True)
class Rate:
    """What one object gives per day of its history. `days`: how much history that was measured on."""

    object: str
    bytes_per_day: float
    rows_per_day: float
    basis: Basis
    days: float = 0.0


def measured(name: str, manifests: Iterable[Manifest], *, is_probe: bool = False) -> Rate | None:
    """The rate of the windows that end last, up to 31 days of them; None where none is committed.

    A file's size is what the source said (that is what its quota counts), else rows times a usual row.
    """
    windows = [one for one in manifests if one.kind == "window" and one.run_kind != "delta"]
    sized = [one for one in windows if file_bytes(one) is not None] or windows
    span, rows, size = timedelta(0), 0, 0.0
    for one in sorted(sized, key=lambda one: one.window.end, reverse=True):
        if span >= MEASURED:
            break
        span += one.window.end - one.read_from
        rows += one.source_rows
        known = file_bytes(one)
        size += one.source_rows * row_bytes(name) if known is None else known
    if not span:
        return None
    days = span / DAY
    return Rate(name, size / days, rows / days, "probe" if is_probe else "manifests", days)


def file_bytes(manifest: Manifest) -> int | None:
    """The size of the export files it came from, as the source counts them; None where it came from none."""
    evidence = manifest.evidence
    sizes = [one["fileSize"] for one in (evidence, *evidence.get("jobs", ())) if "fileSize" in one]
    return sum(map(int, sizes)) if sizes else None


def assumed(name: str) -> Rate:
    """Where nothing was read yet and nothing may be: a busy instance's usual numbers."""
    rows = ASSUMED_ROWS.get(name, OTHER_ASSUMED_ROWS)
    return Rate(name, float(rows * row_bytes(name)), float(rows), "assumed")


def row_bytes(name: str) -> int:
    return ROW_BYTES.get(name, OTHER_ROW_BYTES)


@dataclass(frozen=True)
class Terms:
    """The numbers of one source that a plan is made with. `nightly_bytes`: what its nightly run takes of each day."""

    limits: Limits
    rates: Mapping[str, Rate]
    bulk: frozenset[str]
    overlap: timedelta
    longest: timedelta
    poll_seconds: float
    nightly_bytes: int = 0
    spent_bytes: int = 0
    spent_calls: int = 0

    @property
    def bytes_per_day(self) -> float:
        """What a day leaves for the past. A hundredth at least, so that every number stays finite."""
        limit = self.limits.export_bytes_per_day
        return math.inf if limit is None else max(limit - self.nightly_bytes, limit / 100)

    def window_length(self, name: str) -> timedelta:
        """As long as its file stays small beside a day's quota: whole days, below one whole hours."""
        rate, limit = self.rates[name].bytes_per_day, self.limits.export_bytes_per_day
        if limit is None or name not in self.bulk or rate * (self.longest / DAY) <= limit / SHARE_OF_A_DAY:
            length = self.longest
        else:
            length = min(self.longest, timedelta(days=limit / SHARE_OF_A_DAY / rate))
        return length // DAY * DAY or max(length // HOUR, 1) * HOUR

    def cost(self, name: str, window: Window) -> PlannedWindow:
        """Of one window, the overlap that is read again included."""
        days, rate = (window.end - window.read_from(self.overlap)) / DAY, self.rates[name]
        rows = math.ceil(rate.rows_per_day * days)
        if name not in self.bulk:
            calls = REST_CALLS + math.ceil(rows / REST_ROWS)
            return PlannedWindow(name, window, rows, 0, calls, calls * REST_SECONDS)
        size = math.ceil(rate.bytes_per_day * days)
        seconds = JOB_SECONDS + size / BYTES_PER_SECOND
        calls = JOB_CALLS + math.ceil(seconds / self.poll_seconds)
        return PlannedWindow(name, window, rows, size, calls, seconds)


@dataclass(frozen=True)
class PlannedWindow:
    """One window of one object, with what it will cost by estimate. `day`: on which day of quota it is read."""

    object: str
    window: Window
    rows: int
    bytes: int
    calls: int
    seconds: float
    day: int = 1

    def to_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "window": str(self.window)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> PlannedWindow:
        return cls(**{**given, "window": Window.parse(given["window"])})


@dataclass(frozen=True)
class Estimate:
    """Of a whole plan. `days` of quota are calendar days in US Central time, the running one included."""

    windows: int = 0
    rows: int = 0
    bytes: int = 0
    calls: int = 0
    hours: float = 0.0
    days: int = 0
    by_object: Mapping[str, int] = field(default_factory=dict)  # bytes


def packed(windows: Sequence[PlannedWindow], terms: Terms) -> list[PlannedWindow]:
    """The windows with their days, in order: a day takes what bytes, calls and time allow, the rest waits."""
    return _pack(windows, terms)[0]


def estimate(windows: Sequence[PlannedWindow], terms: Terms) -> Estimate:
    """What these windows cost together, read in this order."""
    dated, last_seconds = _pack(windows, terms)
    if not dated:
        return Estimate()
    days = dated[-1].day
    by_object: dict[str, int] = {}
    for one in windows:
        by_object[one.object] = by_object.get(one.object, 0) + one.bytes
    return Estimate(
        len(windows),
        sum(one.rows for one in windows),
        sum(one.bytes for one in windows),
        sum(one.calls for one in windows),
        round((days - 1) * 24 + last_seconds / terms.limits.export_jobs_running / 3600, 2),
        days,
        by_object,
    )


def _pack(windows: Sequence[PlannedWindow], terms: Terms) -> tuple[list[PlannedWindow], float]:
    """(the windows with their days, job seconds of the last day).

    What fits into a day waits for one with room; what is longer than a day begins at once. So one more window, or a
    larger one, never makes it end earlier.
    """
    room = (terms.bytes_per_day, terms.limits.calls_per_day, 86_400.0 * terms.limits.export_jobs_running)
    day, used, dated = 1, [float(terms.spent_bytes), float(terms.spent_calls), 0.0], []
    for one in windows:
        costs = (one.bytes, one.calls, one.seconds)
        is_a_day = any(cost > limit for cost, limit in zip(costs, room, strict=True))
        if not is_a_day and any(
            have + cost > limit for have, cost, limit in zip(used, costs, room, strict=True)
        ):
            day, used = day + 1, [0.0, 0.0, 0.0]
        used = [have + cost for have, cost in zip(used, costs, strict=True)]
        while any(
            have > limit for have, limit in zip(used, room, strict=True)
        ):  # longer than a day by itself
            day, used = day + 1, [max(have - limit, 0.0) for have, limit in zip(used, room, strict=True)]
        dated.append(replace(one, day=day))
    return dated, used[2]
