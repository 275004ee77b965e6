"""The DAGs are exactly those of platform.yml, and reading their files touches neither network nor disk."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from muster.config import load
from muster.naming import WAREHOUSE_POOL, published_asset, raw_asset

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = load(ROOT / "include" / "config").platform
SOURCES = [source.connection for source in PLATFORM.sources]
EXPECTED = {
    "backfill_sources",
    "build_profiles",
    *(f"extract_{name}" for name in SOURCES),
    *(f"activate_{destination.name}" for destination in PLATFORM.destinations),
}


def test_the_dag_ids_are_exactly_the_expected_ones(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert set(parsed["dags"]) == EXPECTED
    assert len(EXPECTED) == 7


def test_reading_the_dag_files_writes_nothing_and_connects_to_nothing(parsed: dict[str, Any]) -> None:
    assert parsed["connected"] == []
    assert [
        path for path in parsed["opened"] if not path.endswith(".pyc") and "__pycache__" not in path
    ] == []


def test_every_task_has_a_known_pool_retries_a_time_limit_and_a_policy(parsed: dict[str, Any]) -> None:
    from muster_airflow.pools import pools_of

    known = {pool.name for pool in pools_of(load(ROOT / "include" / "config"))}
    for dag_id, dag in parsed["dags"].items():
        for task_id, task in dag["tasks"].items():
            where = f"{dag_id}.{task_id}"
            assert task["pool"] in known, where
            assert task["retries"] >= 1, where
            assert task["timeout"], where
            assert task["policy"], where


def test_every_dag_explains_itself_and_can_not_run_for_ever(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        assert dag["doc"], dag_id
        assert dag["tags"], dag_id
        assert dag["timeout"], dag_id
        assert dag["max_active_runs"] == 1, dag_id


def test_extract_dags_have_data_intervals_and_catch_up(parsed: dict[str, Any]) -> None:
    for name in SOURCES:
        dag = parsed["dags"][f"extract_{name}"]
        assert dag["catchup"]
        assert dag["timetable"] == "CronDataIntervalTimetable"
        assert list(dag["tasks"]) == ["plan", "extract", "finish"]


def test_the_assets_tie_extract_build_and_activation_together(parsed: dict[str, Any]) -> None:
    place = (PLATFORM.platform, PLATFORM.sandbox)
    for name in SOURCES:
        assert parsed["dags"][f"extract_{name}"]["tasks"]["finish"]["outlets"] == [raw_asset(*place, name)]
    build = parsed["dags"]["build_profiles"]["tasks"]
    assert build["publish"]["outlets"] == [published_asset(*place)]
    assert {task["pool"] for task in build.values()} == {WAREHOUSE_POOL}


def test_a_finish_task_runs_although_no_window_was_missing(parsed: dict[str, Any]) -> None:
    for name in SOURCES:
        assert "none_failed" in parsed["dags"][f"extract_{name}"]["tasks"]["finish"]["trigger_rule"].lower()


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_airflow_discovers_each_dag_file(path: Path) -> None:
    """Airflow's safe mode passes over files that don't hold both words."""
    text = path.read_text()
    assert "DAG" in text
    assert "airflow" in text


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.name)
def test_heavy_rooms_are_imported_inside_tasks_only(path: Path) -> None:
    """Sources, the warehouse, activation and quality cost seconds: a DAG file must not pay for them (web pages may)."""
    if "web" in path.relative_to(ROOT).parts:
        return
    heavy = (
        "muster.sources",
        "muster.warehouse",
        "muster.activation",
        "muster.quality",
        "muster.lake",
        "great_expectations",
        "duckdb",
    )
    for node in ast.parse(path.read_text()).body:
        names = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in getattr(node, "names", [])]
        )
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert not any(name.startswith(heavy) for name in names), f"{path.name}:{node.lineno}"
