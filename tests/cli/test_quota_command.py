"""muster quota: what is used of each subscription, from the file alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from muster.cli import app
from muster.config import Settings, load
from muster.state import Gates

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(ROOT / "include" / "config", home=tmp_path)


def quota(settings: Settings, *more: str) -> str:
    given = ["--config", str(settings.config_dir), "--home", str(settings.home.root), "quota", *more]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    return done.output


def test_nothing_is_used_before_the_first_call_and_no_file_is_made(settings: Settings) -> None:
    text = quota(settings)
    assert "Marketo 123-EMA-001: renewed in" in text
    assert "Marketo 456-AMR-002" in text
    assert "50,000" in text
    assert "Salesforce 00D" in text
    assert "100,000" in text
    assert list(settings.home.root.iterdir()) == []


def test_both_forms_hold_what_was_used(settings: Settings) -> None:
    gate = Gates.of(settings).source(settings.platform.source("marketo__emea"))  # type: ignore[arg-type]
    with gate.transaction() as db:
        gate._add(db, gate._today(db), "calls", ours=1234)
    gate.learn(gate.usage_due(600), {gate.report().today.day: 2001})  # type: ignore[arg-type]
    gate.reserve_export(5_000_000).name("a")
    gate.job_slot("a")
    gate.job_done("a", 4_321_000)
    gate.reserve_export(777).name("b")
    text = quota(settings)
    for shown in ("2,000", "766 by others, asked", "4,321,000", "777 reserved"):
        assert shown in text
    one, other, org = json.loads(quota(settings, "--json"))
    assert one["calls"]["used"] == 2000
    assert one["calls"]["limit"] == 50_000
    assert one["export_bytes"] == {"used": 4_321_000, "reserved": 777, "limit": 500_000_000}
    assert len(one["history"]) == 7
    assert datetime.fromisoformat(one["resets_at"]) > datetime.now(UTC)
    assert 0 < one["resets_in_seconds"] <= 25 * 3600
    assert (other["subscription"], other["calls"]["used"]) == ("456-AMR-002", 0)
    assert (org["organisation"][:3], org["calls"]["used"]) == ("00D", 0)


def test_a_salesforce_shows_what_it_said_and_what_was_ours(settings: Settings) -> None:
    gate = Gates.of(settings).source(settings.platform.source("salesforce__main"))  # type: ignore[arg-type]
    with gate.call() as slot:
        slot.usage = (4_321, 150_000)
    gate.query_job()
    org = json.loads(quota(settings, "--json"))[-1]
    assert (org["calls"]["used"], org["calls"]["ours"], org["calls"]["limit"]) == (4_321, 1, 150_000)
    assert (org["query_jobs"]["used"], org["query_jobs"]["limit"]) == (1, 10_000)
    text = quota(settings)
    for shown in ("Salesforce", "4,321", "150,000", "1 of them ours, told", "bulk query jobs in 24 h"):
        assert shown in text
