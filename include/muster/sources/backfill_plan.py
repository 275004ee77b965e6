"""A backfill's plan: what was wanted, in which windows, at what price; and its file in the sandbox's reports."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from muster.errors import PlanRefused
from muster.sources import choices as ways
from muster.sources.estimate import Estimate, Limits, PlannedWindow, Rate
from muster.windows import Window

if TYPE_CHECKING:
    from pathlib import Path

    from muster.config import Settings

LIMIT_DAYS = 7  # B8
VERSION = 1


@dataclass(frozen=True)
class BackfillRequest:
    """What is wanted: these objects of this source, in [start, end)."""

    connection: str
    objects: tuple[str, ...]
    window: Window

    @property
    def id(self) -> str:
        """The same for the same wish; safe as a file name."""
        digest = hashlib.sha256("\n".join([*sorted(self.objects), str(self.window)]).encode()).hexdigest()
        return f"{self.connection}_{self.window.start:%Y%m%d}_{self.window.end:%Y%m%d}_{digest[:6]}"

    def to_dict(self) -> dict[str, Any]:
        return {"connection": self.connection, "objects": list(self.objects), "window": str(self.window)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> BackfillRequest:
        return cls(given["connection"], tuple(given["objects"]), Window.parse(given["window"]))


@dataclass(frozen=True)
class BackfillPlan:
    """A request with its windows and its price. `began_at`: when the same request was planned first."""

    request: BackfillRequest
    created_at: datetime
    began_at: datetime
    limits: Limits
    nightly_bytes: int
    spent_bytes: int
    spent_calls: int
    rates: tuple[Rate, ...]
    windows: tuple[PlannedWindow, ...]
    estimate: Estimate
    limit_days: int = LIMIT_DAYS
    choices: ways.Choices | None = None

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def is_refused(self) -> bool:
        return self.estimate.days > self.limit_days

    def require_fits(self) -> None:
        """Raises PlanRefused: nothing but the probe was read, and nothing will be."""
        if self.is_refused:
            raise PlanRefused(self.refusal(), where=self.request.connection)

    def refusal(self) -> str:
        """Why this plan is refused and what could be done instead, in numbers."""
        objects, needed = ", ".join(self.request.objects), ways.days(self.estimate.days)
        lines = [
            f"the backfill of {objects} from {ways.dates(self.request.window)} needs {needed} of quota; "
            f"{self.limit_days} are allowed (B8). Nothing was read beyond the probe",
            *self.summary(),
            "choices:",
            *(f"  {line}" for line in ways.told(self.choices or ways.Choices())),
        ]
        return "\n  ".join(lines)

    def summary(self) -> list[str]:
        """The price in a few lines."""
        cost, quota = self.estimate, self.limits.export_bytes_per_day
        lines = [
            f"estimate: {ways.megabytes(cost.bytes)} in {cost.windows:,} windows, {cost.rows:,} rows, "
            f"{cost.calls:,} calls, {cost.hours:,.1f} hours, {ways.days(cost.days)} of quota"
        ]
        if quota is not None:
            lines.append(
                f"quota: {ways.megabytes(quota)} a day, of which the nightly run takes "
                f"{ways.megabytes(self.nightly_bytes)}; {ways.megabytes(self.spent_bytes)} are spent today; "
                f"{self.limits.calls_per_day:,} calls a day, {self.spent_calls:,} spent today; {self.limits.export_jobs_running} jobs at a time"
            )
        return [*lines, *(f"  {line}" for line in map(_told, self.rates))]

    def to_json(self) -> str:
        facts = {
            "version": VERSION,
            "id": self.id,
            "request": self.request.to_dict(),
            "created_at": self.created_at.isoformat(),
            "began_at": self.began_at.isoformat(),
            "is_refused": self.is_refused,
            "limit_days": self.limit_days,
            "estimate": asdict(self.estimate),
            "choices": self.choices.to_dict() if self.choices else None,
            "limits": asdict(self.limits),
            "nightly_bytes": self.nightly_bytes,
            "spent_bytes": self.spent_bytes,
            "spent_calls": self.spent_calls,
            "rates": [asdict(rate) for rate in self.rates],
            "windows": [window.to_dict() for window in self.windows],
        }
        return json.dumps(facts, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> BackfillPlan:
        """Raises ValueError, KeyError or TypeError where the text is no plan."""
        facts = json.loads(text)
        if facts["version"] != VERSION:
            raise ValueError("a plan of another version")
        found = facts["choices"]
        return cls(
            BackfillRequest.from_dict(facts["request"]),
            datetime.fromisoformat(facts["created_at"]),
            datetime.fromisoformat(facts["began_at"]),
            Limits(**facts["limits"]),
            facts["nightly_bytes"],
            facts["spent_bytes"],
            facts["spent_calls"],
            tuple(Rate(**rate) for rate in facts["rates"]),
            tuple(PlannedWindow.from_dict(window) for window in facts["windows"]),
            Estimate(**facts["estimate"]),
            facts["limit_days"],
            ways.Choices(**{**found, "leave_out": tuple(found["leave_out"]), "parts": tuple(found["parts"])})
            if found
            else None,
        )


def _told(rate: Rate) -> str:
    how = {
        "manifests": f"measured on {rate.days:.1f} committed days",
        "probe": f"measured by a probe of {rate.days:.1f} days",
        "assumed": "assumed, nothing was read yet",
    }
    return (
        f"{rate.object}: {ways.megabytes(rate.bytes_per_day)} and {rate.rows_per_day:,.0f} rows a day, "
        f"{how[rate.basis]}"
    )


# ---- the file ----------------------------------------------------------------------------------------------


def folder(settings: Settings) -> Path:
    return settings.home.reports / "backfills"


def save(settings: Settings, plan: BackfillPlan) -> Path:
    """Write it beside the other reports, whole or not at all; the same request replaces its earlier plan."""
    path = folder(settings) / f"{plan.id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{time.monotonic_ns()}")
    fresh.write_text(plan.to_json())
    fresh.replace(path)
    return path


def load(settings: Settings, plan_id: str) -> BackfillPlan | None:
    """The plan of that id; None where there is none that can be read."""
    return next((plan for plan in saved(settings) if plan.id == plan_id), None)


def saved(settings: Settings) -> list[BackfillPlan]:
    """Every plan, the latest first; a damaged file is no plan."""
    found = []
    for path in folder(settings).glob("*.json"):
        try:
            found.append(BackfillPlan.from_json(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda plan: (plan.created_at, plan.request.window), reverse=True)
