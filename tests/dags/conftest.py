"""The shipped DAG files, parsed as Airflow's DAG processor parses them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An Airflow of its own: settings by environment, metadata in a new SQLite file."""
    home = tmp_path_factory.mktemp("airflow")
    wanted = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "MUSTER_HOME": str(home / "muster"),
        "MUSTER_CONFIG": str(ROOT / "include" / "config"),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    yield home
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


PARSE = """
import json, socket, sys
from pathlib import Path

opened, connected = [], []

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, Path)):
        path, mode = str(arguments[0]), arguments[1] or "r"
        if any(letter in mode for letter in "wax+"):
            opened.append(path)
    if event in ("socket.connect", "socket.getaddrinfo"):
        connected.append(str(arguments[-1] if event == "socket.connect" else arguments[0]))

import airflow
from airflow.dag_processing.dagbag import DagBag
import muster_airflow.dag_factory
sys.addaudithook(watch)
bag = DagBag(sys.argv[1])
shown = {}
for dag_id, dag in bag.dags.items():
    shown[dag_id] = {
        "catchup": dag.catchup, "max_active_runs": dag.max_active_runs, "doc": bool(dag.doc_md), "tags": sorted(dag.tags),
        "timeout": dag.dagrun_timeout is not None, "timetable": type(dag.timetable).__name__, "file": dag.fileloc,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {
            task.task_id: {
                "pool": task.pool, "retries": task.retries, "timeout": task.execution_timeout is not None,
                "type": task.task_type, "outlets": [getattr(outlet, "uri", outlet.name) for outlet in task.outlets],
                "policy": task.retry_policy is not None, "trigger_rule": str(task.trigger_rule),
                "at_once": getattr(task, "max_active_tis_per_dagrun", None),
            }
            for task in dag.tasks
        },
    }
print("RESULT " + json.dumps({"dags": shown, "errors": bag.import_errors, "opened": opened, "connected": connected}))
"""


@pytest.fixture(scope="session")
def parsed(airflow_home: Path) -> dict[str, Any]:
    """What the DAG files gave, what they wrote and where they connected, in a process of their own."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(ROOT / "dags")],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        cwd=airflow_home,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert lines, done.stderr[-3000:]
    return dict(json.loads(lines[-1].removeprefix("RESULT ")))
