"""The commands over a source: deltas, what was put aside, what drifted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from source_benches import NIGHT, SECRET, START, Bench, MarketoBench
from typer.testing import CliRunner, Result

from muster.cli import app

ROOT = Path(__file__).resolve().parents[3]
NOON = START + timedelta(hours=12)
Start = Callable[[Bench], Bench]
PLATFORM = """\
platform: acme
sandbox: prod
schedule: {cron: "0 0 * * *", start: 2026-03-01, end: 2026-03-01}
history_start: 2026-03-01
sources:
  - type: marketo
    connection: marketo__amer
    munchkin_id: 456-AMR-002
    feeds: [acme/prod]
    objects: [leads, activities, deleted_leads]
    poll_seconds: 0.01
"""


@pytest.fixture
def muster(
    marketo: Callable[..., MarketoBench], start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """The command line over a Marketo with one good lead and one with a NUL byte; `bench` is its attribute."""
    bench = marketo()
    bench.person(1, NOON, "Lee")
    bench.person(2, NOON, "nul\0byte")
    bench.activity("10", NIGHT.end + timedelta(minutes=31), 1, 1)
    start(bench)
    config = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "config", config)
    (config / "platform.yml").write_text(PLATFORM)
    value = {"host": bench.url, "login": "client", "password": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_MARKETO__AMER", json.dumps(value))
    advance = bench.clock.advance
    monkeypatch.setattr("time.sleep", advance)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(
            app, ["--config", str(config), "--home", str(tmp_path / "home"), *arguments]
        )

    run.bench = bench  # type: ignore[attr-defined]
    return run


def test_deltas_follow_a_night(muster: Callable[..., Result]) -> None:
    early = muster("extract", "--deltas")
    assert early.exit_code == 3
    assert "run `muster extract marketo__amer` first" in " ".join(early.output.split())
    assert muster("extract", "marketo__amer", "--interval", "2026-03-01").exit_code == 0
    muster.bench.clock.set(NIGHT.end + timedelta(minutes=40))  # type: ignore[attr-defined]
    done = muster("extract", "--deltas")
    assert done.exit_code == 0, done.output
    assert "extract marketo__amer: 3 windows, 2 rows" in done.output


@pytest.mark.parametrize("more", [["--backfill"], ["--interval", "2026-03-01"], ["salesforce__main"]])
def test_deltas_take_no_interval_and_only_sources_that_have_them(
    muster: Callable[..., Result], more: list[str]
) -> None:
    assert muster("extract", "--deltas", *more).exit_code == 2


def test_what_was_put_aside_is_listed_without_values_and_comes_back(muster: Callable[..., Result]) -> None:
    muster("extract", "marketo__amer", "--interval", "2026-03-01")
    listed = muster("quarantine", "list")
    assert "a NUL byte" in " ".join(listed.output.split())
    assert "p2@acme" not in listed.output
    plain = muster("quarantine", "replay")
    assert "0 rows came back; 1 still aside: a NUL byte" in plain.output
    done = muster("quarantine", "replay", "marketo__amer", "--object", "leads", "--drop-nul")
    assert "1 rows came back" in done.output
    assert "nothing is in quarantine" in muster("quarantine").output
    rows = json.loads(muster("status", "--json").output)["sources"]
    leads = next(row for row in rows if row["object"] == "leads")
    assert (leads["rows"], leads["quarantined_rows"], leads["drift_events"]) == (2, 0, 0)
