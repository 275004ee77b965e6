"""`stream_<connection>`: there for the sources that set it, and what its task commits."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from muster.config import Settings, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def streaming(tmp_path: Path) -> Settings:
    """The shipped configuration with one Marketo read every five minutes."""
    shutil.copytree(ROOT / "include" / "config", tmp_path / "config")
    platform = tmp_path / "config" / "platform.yml"
    line = "    connection: marketo__amer\n"
    platform.write_text(platform.read_text().replace(line, f"{line}    stream_minutes: 5\n", 1))
    return load(tmp_path / "config", home=tmp_path / "home")


def test_nobody_is_read_between_nights_who_was_not_set_to() -> None:
    from muster_airflow.dag_factory import streamed

    assert streamed(load(ROOT / "include" / "config")) == []


def test_a_stream_runs_every_so_many_minutes_alone_and_never_catches_up(streaming: Settings) -> None:
    from muster_airflow.dag_factory import stream, streamed
    from muster_airflow.pools import pools_of

    (source,) = streamed(streaming)
    dag: Any = stream(streaming, source)
    assert dag.dag_id == "stream_marketo__amer"
    assert dag.timetable.delta == timedelta(minutes=5)
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    (task,) = dag.tasks
    assert task.pool in {pool.name for pool in pools_of(streaming)}
    assert task.pool != "marketo__amer"
    assert "muster extract marketo__amer --deltas" in dag.doc_md


def test_its_task_reads_until_now_under_the_runs_name_and_logs_counts(
    streaming: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from muster import sources
    from muster_airflow.dag_factory import stream, streamed
    from muster_airflow.operators import stream as operators

    asked: list[tuple[Any, ...]] = []

    def reads(
        settings: Settings, connection_id: str, resolver: Any, *, run_id: str, on_progress: Any
    ) -> list:
        asked.append((connection_id, run_id))
        on_progress("leads: 1 rows")
        return []

    monkeypatch.setattr(sources, "extract_deltas", reads)
    monkeypatch.setattr(operators, "settings_now", lambda: streaming)
    (task,) = stream(streaming, streamed(streaming)[0]).tasks
    run = type("Run", (), {"run_id": "scheduled__1"})()
    summary = task.execute({"dag_run": run})
    assert (summary["windows"], summary["rows"]) == (0, 0)
    assert asked == [("marketo__amer", "scheduled__1")]
