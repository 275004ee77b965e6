"""How far a backfill is: asked of the manifests, so it is true whoever read the windows (DAG, command, nightly run)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from muster.lake import Lake, Manifest
from muster.sources.backfill_plan import BackfillPlan, saved
from muster.sources.choices import days, megabytes
from muster.sources.planner import missing
from muster.sources.quota import left_today
from muster.state import Gates
from muster.state.central import next_reset
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Settings, SourceConfig

IDLE = timedelta(hours=1)  # a longer pause between two commits is waiting, not work


@dataclass(frozen=True)
class BackfillProgress:
    """One plan: what is done and left, when it should end, and what today's quota still allows."""

    id: str
    connection: str
    objects: tuple[str, ...]
    window: str
    state: str  # refused, planned, running, done
    windows_done: int
    windows_left: int
    rows_done: int
    bytes_done: int
    bytes_left: int
    expected_end: datetime | None
    is_measured: bool
    quota_left_bytes: int | None
    days: int
    text: str = ""

    @property
    def share(self) -> float:
        """Of the windows, 0 to 1."""
        return self.windows_done / whole if (whole := self.windows_done + self.windows_left) else 1.0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "share": round(self.share, 4)}

    def __str__(self) -> str:
        if self.state == "refused":
            return f"{self.id}: refused, it needs {days(self.days)}"
        end = f", expected end {self.expected_end:%Y-%m-%d %H:%M} UTC" if self.expected_end else ""
        quota = (
            ""
            if self.quota_left_bytes is None
            else f", {megabytes(self.quota_left_bytes)} of today's quota left"
        )
        return (
            f"{self.id}: {self.windows_done:,} windows done, {self.windows_left:,} left "
            f"({megabytes(self.bytes_left)}){end}{quota}"
        )


def all_progress(
    settings: Settings, *, now: datetime | None = None, gates: Gates | None = None
) -> list[BackfillProgress]:
    """Every plan of a source that is still configured, the latest first."""
    known = {source.connection for source in settings.platform.sources}
    plans = [plan for plan in saved(settings) if plan.request.connection in known]
    return [progress_of(settings, plan, now=now, gates=gates) for plan in plans]


def progress_of(
    settings: Settings, plan: BackfillPlan, *, now: datetime | None = None, gates: Gates | None = None
) -> BackfillProgress:
    """Where this plan stands."""
    moment = now or datetime.now(UTC)
    config, lake = settings.platform.source(plan.request.connection), Lake(settings.home.lake)
    left = {
        number: _share(one.window, missing(lake, config, one.object, one.window))
        for number, one in enumerate(plan.windows)
    }
    commits = _commits(lake, config, plan)
    quota_left = left_today(config, gates or Gates.of(settings))
    seconds = sum(plan.windows[number].seconds * share for number, share in left.items())
    size = sum(plan.windows[number].bytes * share for number, share in left.items())
    speed = _speed(plan, commits)
    open_windows = sum(share > 0 for share in left.values())
    return BackfillProgress(
        plan.id, plan.request.connection, plan.request.objects, str(plan.request.window),
        _state(plan, open_windows, commits),
        len(plan.windows) - open_windows, open_windows,
        sum(one.rows for one in commits), round(sum(one.bytes for one in plan.windows) - size), round(size),
        None if plan.is_refused or not open_windows
        else _expected_end(plan, seconds, size, speed, quota_left, moment),
        speed is not None, quota_left, plan.estimate.days,
        plan.refusal() if plan.is_refused else "",
    )  # fmt: skip


def _share(window: Window, gaps: list[Window]) -> float:
    """How much of a window is still missing, 0 to 1."""
    return sum((gap.end - gap.start) / (window.end - window.start) for gap in gaps)


def _commits(lake: Lake, config: SourceConfig, plan: BackfillPlan) -> list[Manifest]:
    """What was committed of the plan's windows since the request was planned first, in order of time."""
    found = [
        manifest
        for name in plan.request.objects
        for manifest in lake.committed(config.system, config.instance, name)
        if manifest.kind == "window"
        and manifest.committed_at >= plan.began_at
        and manifest.window.overlaps(plan.request.window)
    ]
    return sorted(found, key=lambda manifest: manifest.committed_at)


def _state(plan: BackfillPlan, open_windows: int, commits: list[Manifest]) -> str:
    if plan.is_refused:
        return "refused"
    if not open_windows:
        return "done"
    return "running" if any(one.committed_at >= plan.created_at for one in commits) else "planned"


def _speed(plan: BackfillPlan, commits: list[Manifest]) -> float | None:
    """Estimated job seconds that were done in a real second of work; None before the second commit.

    Pauses (the quota's reset, a night without a run) are left out.
    """
    done, worked = 0.0, timedelta(0)
    for before, one in pairwise(commits):
        pause = one.committed_at - before.committed_at
        worked += pause if pause <= IDLE else timedelta(0)
        done += sum(
            planned.seconds * _overlap(planned.window, one.window)
            for planned in plan.windows
            if planned.object == one.object and pause <= IDLE
        )
    return done / worked.total_seconds() if done and worked else None


def _overlap(whole: Window, part: Window) -> float:
    """Which share of `whole` lies in `part`."""
    if not whole.overlaps(part):
        return 0.0
    return (min(whole.end, part.end) - max(whole.start, part.start)) / (whole.end - whole.start)


def _expected_end(
    plan: BackfillPlan,
    seconds: float,
    size: float,
    speed: float | None,
    quota_left: int | None,
    now: datetime,
) -> datetime:
    """Not before the work is done at the measured speed (else the estimated one), nor before the quota allows it."""
    by_work = now + timedelta(seconds=seconds / (speed or plan.limits.export_jobs_running))
    limit, moment = plan.limits.export_bytes_per_day, now
    if quota_left is None or limit is None:
        return by_work
    per_day, size = max(limit - plan.nightly_bytes, limit / 100), size - quota_left
    while size > 0:
        moment, size = next_reset(moment), size - per_day
    return max(by_work, moment)
