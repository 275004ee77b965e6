"""`muster backfill`: its price before any call, its refusal by exit code, its progress without a call."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_cli import Listener, config, listener, muster
from typer.testing import CliRunner

from muster.cli import app

__all__ = ["config", "listener"]  # fixtures of this module too
LONG = ["backfill", "plan", "marketo__emea", "--start", "2024-01-01", "--end", "2026-01-01", "--no-probe"]
SHORT = [*LONG[:3], "--start", "2025-12-01", "--end", "2026-01-01", "--no-probe", "--object", "leads"]


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "home" / "acme" / "prod" / "reports" / "backfills").glob("*.json"))


def test_a_plan_that_fits_is_a_file_with_its_price(config: Path, tmp_path: Path, listener: Listener) -> None:
    done = muster(config, tmp_path, *SHORT)
    assert done.exit_code == 0, done.output
    (path,) = files(tmp_path)
    assert f"run it: muster backfill run {path.stem}" in done.output
    assert "assumed, nothing was read yet" in done.output
    plan = json.loads(path.read_text())
    assert (plan["is_refused"], plan["request"]["objects"]) == (False, ["leads"])
    assert plan["estimate"]["bytes"] == sum(window["bytes"] for window in plan["windows"]) > 0
    assert json.loads(muster(config, tmp_path, *SHORT, "--json").output)["id"] == plan["id"]
    assert listener.visitors == 0


def test_a_plan_that_is_too_long_ends_with_exit_6_the_numbers_and_the_choices(
    config: Path, tmp_path: Path, listener: Listener
) -> None:
    done = muster(config, tmp_path, *LONG)
    assert done.exit_code == 6
    for text in (
        "7 are allowed (B8)",
        "fewer objects: without",
        "shorter range: 2025-",
        "more quota:",
        "parts that fit",
    ):
        assert text in done.output
    shown = muster(config, tmp_path, "backfill", "status")
    assert "refused" in shown.output
    assert muster(config, tmp_path, "backfill", "run", files(tmp_path)[0].stem).exit_code == 6
    assert muster(config, tmp_path, "backfill", "run").exit_code == 2
    assert listener.visitors == 0


def test_split_writes_the_parts_and_a_run_begins_with_the_most_recent(
    config: Path, tmp_path: Path, listener: Listener
) -> None:
    done = muster(config, tmp_path, *LONG, "--split")
    assert done.exit_code == 0, done.output
    parts = re.findall(r"run it: muster backfill run (\S+)", done.output)
    assert len(parts) > 2
    assert {path.stem for path in files(tmp_path)} > set(parts)
    assert parts[0].split("_")[-2] == "20260101"
    found = json.loads(muster(config, tmp_path, "backfill", "status", "--json").output)
    assert [one["id"] for one in found if one["state"] == "planned"] == parts
    assert listener.visitors == 0
    begun = muster(config, tmp_path, "backfill", "run")
    assert begun.exit_code == 3
    assert listener.visitors > 0


def test_status_of_nothing_says_what_to_do(config: Path, tmp_path: Path) -> None:
    assert "muster backfill plan" in muster(config, tmp_path, "backfill", "status").output


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_every_part_of_it_has_a_help_text_and_an_example(command: str) -> None:
    done = CliRunner().invoke(app, ["backfill", command, "--help"])
    assert done.exit_code == 0
    assert "Example: muster backfill" in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["plan", "marketo__emae", "--start", "2026-01-01", "--end", "2026-02-01"],
            "did you mean 'marketo__emea'?",
        ),
        (["plan", "marketo__emea", "--start", "yesterday", "--end", "2026-02-01"], "is not a date"),
        (
            ["plan", "marketo__emea", "--start", "2026-02-01", "--end", "2026-01-01"],
            "before or when it starts",
        ),
        (["plan", "marketo__emea", "--start", "2026-01-01T00:00:00", "--end", "2026-02-01"], "has no offset"),
        (["run", "../../etc/passwd"], "there is no plan"),
    ],
)
def test_a_wrong_wish_ends_with_exit_2_and_makes_no_call(
    config: Path, tmp_path: Path, listener: Listener, arguments: list[str], told: str
) -> None:
    done = muster(config, tmp_path, "backfill", *arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert listener.visitors == 0
