"""A sandbox with one Marketo, and a lake into which windows are put without any source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from muster.config import Platform, Settings
from muster.lake import Lake, Manifest
from muster.naming import Home
from muster.sources.choices import Forecast
from muster.sources.estimate import DAY, Limits, Rate, Terms
from muster.state import Gates
from muster.windows import Window

CONNECTION = "marketo__emea"
START = datetime(2025, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # noon in US Central time
HOUR = timedelta(hours=1)
OBJECTS = ("leads", "activities", "deleted_leads")
MB = 1_000_000


def sandbox(folder: Path, objects: Sequence[str] = OBJECTS) -> Settings:
    source = {
        "type": "marketo",
        "connection": CONNECTION,
        "munchkin_id": "123-EMA-001",
        "feeds": ["acme/prod"],
        "objects": [*objects, "static_lists"],
    }
    facts = {
        "platform": "acme",
        "sandbox": "prod",
        "schedule": {"cron": "0 0 * * *", "start": "2026-03-01"},
        "history_start": "2026-03-01",
        "sources": [source],
    }
    return Settings(Platform.model_validate(facts), Home(folder, "acme", "prod"), folder)


def commit(
    settings: Settings,
    name: str,
    window: Window,
    *,
    rows: int = 2,
    at: datetime = NOON,
    kind: Any = "backfill",
    **evidence: Any,
) -> Manifest:
    """One committed window."""
    lake = Lake(settings.home.lake, clock=lambda: at)
    with lake.begin(
        system="marketo",
        instance="emea",
        object=name,
        kind="window",
        window=window,
        read_from=window.start - HOUR,
        run_id="test",
        run_kind=kind,
        extracted_at=at,
    ) as writer:
        writer.write([{"id": str(number)} for number in range(rows)])
        return writer.commit(rows, evidence)


def days(first: int, length: int) -> Window:
    return Window(START + first * DAY, START + (first + length) * DAY)


def terms(rates: Mapping[str, float], *, limits: Limits | None = None, **more: Any) -> Terms:
    """Megabytes a day for each object."""
    found = {name: Rate(name, size * MB, size * 1000, "manifests", 7.0) for name, size in rates.items()}
    bulk = frozenset(found) - {"deleted_leads", "lead_changes"}
    return Terms(limits or Limits(), found, bulk, HOUR, 31 * DAY - HOUR, 60.0, **more)


def forecast(rates: Mapping[str, float], wanted: Window, **more: Any) -> Forecast:
    """Nothing is read yet."""
    return Forecast(terms(rates, **more), wanted, {name: [wanted] for name in rates})


def gates(settings: Settings, now: datetime = NOON) -> Gates:
    return Gates(settings.home.root / "quota.db", clock=lambda: now, sleep=lambda _: None)


def exported(settings: Settings, size: int, at: datetime) -> None:
    """A bulk job of this size that ended at this moment: the gate has counted it."""
    gate = gates(settings, at).source(settings.platform.source(CONNECTION))  # type: ignore[arg-type]
    job = f"job-{size}-{at:%H%M%S}"
    gate.reserve_export(size, family="leads", seconds=86_400.0).name(job)
    gate.job_slot(job)
    gate.job_done(job, size, at)
