"""A small lake, a small dbt project, and a sandbox that knows both."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from muster.config import Settings, load
from muster.lake import Lake, Manifest
from muster.quality import Finding
from muster.warehouse import AuditResult, BuildResult, engine
from muster.warehouse.results import PublishedTable
from muster.windows import Window

PROJECT = Path(__file__).with_name("mini_project")
DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 2, tzinfo=UTC)

PLATFORM = """\
platform: acme
sandbox: test
schedule: {cron: "0 0 * * *", start: 2026-03-02}
history_start: 2026-03-02
sources:
  - {type: marketo, connection: marketo__emea, munchkin_id: 123-EMA-001, feeds: [acme/test], objects: [leads]}
"""
GUARDRAILS = """\
guardrails:
  - id: rows_built
    title: No profile table is empty
    measured_by: build
    measure: rows of the table
    scope: named
    scopes: [dim_people]
    severity: fail
    fail: {min: 1}
    default_from: test
    advice: look at staging
  - id: volume_change
    title: The profile does not jump
    measured_by: audit
    measure: share
    scope: named
    scopes: [dim_people]
    severity: fail
    fail: {min: -0.2, max: 1}
    default_from: test
    advice: look at the sources
"""


class Sandbox:
    """One sandbox with ways to fill its lake and to change its dbt project."""

    def __init__(self, settings: Settings, project: Path) -> None:
        self.settings, self.project = settings, project
        self.lake = Lake(settings.home.lake)

    def night(
        self, number: int, rows: Sequence[Mapping[str, str | None]], run_kind: Any = "nightly"
    ) -> Manifest:
        """Commit the leads of night `number`, counted from 0."""
        window = Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)
        with self.lake.begin(
            system="marketo",
            instance="emea",
            object="leads",
            kind="window",
            window=window,
            read_from=window.start,
            run_id=f"night {number}",
            run_kind=run_kind,
            extracted_at=window.end,
        ) as writer:
            writer.write(rows)
            return writer.commit(len(rows), {})

    def model(self, path: str, text: str) -> Path:
        target = self.project / "models" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def guardrails(self, text: str) -> None:
        self.settings.guardrails_file.write_text(text)

    def built(self, tables: Mapping[str, str], as_of: datetime = FIRST + DAY) -> BuildResult:
        """A build that no dbt made: `tables` maps `<layer>/<name>` to the select that fills it."""
        folder = self.settings.home.warehouse
        folder.mkdir(parents=True, exist_ok=True)
        self._builds = getattr(self, "_builds", 0) + 1
        path = folder / f"build-{self._builds:06d}.duckdb"
        listed = []
        with engine.attached(path, folder / engine.SPILL, writable=True) as opened:
            for place, select in tables.items():
                layer, name = place.split("/")
                opened.execute(f"create table {name} as {select}")
                listed.append(PublishedTable(name, "main", layer))
        made = BuildResult(path.stem, path, as_of, folder, 0.0, tuple(listed))
        made.save()
        return made


def passed(built: BuildResult, *findings: Finding) -> AuditResult:
    return AuditResult(built.id, built.fingerprint, findings, 0, built.path.parent)


def people(*names: str) -> list[dict[str, str | None]]:
    return [
        {"id": str(number), "firstName": name, "email": f"{name}@example.com"}
        for number, name in enumerate(names)
    ]


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    config, project = tmp_path / "config", tmp_path / "project"
    (config / "audiences").mkdir(parents=True)
    (config / "platform.yml").write_text(PLATFORM)
    (config / "guardrails.yml").write_text(GUARDRAILS)
    shutil.copytree(PROJECT, project)
    monkeypatch.setenv("MUSTER_DBT_PROJECT", str(project))
    monkeypatch.setenv("MUSTER_DBT_THREADS", "1")
    return Sandbox(load(config, home=tmp_path / "home"), project)
