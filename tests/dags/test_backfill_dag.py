"""`backfill_sources`: what its form lets through, and a whole run of it against simulated sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo.processes import stop
from demo.simulators import Simulators, start_simulators, wait_for_simulators

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "connection": "marketo__amer",
    "start": "2026-01-01",
    "end": "2026-02-11",
    "objects": ["leads"],
    "dry_run": False,
}
BAD: list[tuple[str, Any]] = [
    *(
        (name, value)
        for name in ("connection", "start", "end")
        for value in (
            "$(touch /tmp/x)",
            "'; drop table leads; --",
            "{{ var.value.secret }}",
            "../../etc/passwd",
            "marketo__amer\n",
            "2026-01-01\n",
            "2026-01-01; id",
            "2026-13-01",
            "2026-1-1",
            "",
            None,
            7,
            ["marketo__amer"],
        )
    ),
    ("objects", "leads"),
    ("objects", ["leads; id"]),
    ("objects", ["{{ conf }}"]),
    ("objects", [["leads"]]),
    ("objects", ["leads", "leads"]),
    ("objects", None),
    ("dry_run", "no"),
    ("dry_run", None),
    ("dry_run", 1),
]


def form() -> Any:
    from airflow.sdk.definitions.param import ParamsDict

    from muster.config import load
    from muster_airflow.dag_factory import backfill_form

    return ParamsDict(dict(backfill_form(load(ROOT / "include" / "config"))))


def test_the_form_takes_what_a_person_fills_in() -> None:
    filled = form()
    filled.update(GOOD)
    assert filled.validate() == GOOD


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda value: repr(value)[:30])
def test_nothing_but_names_dates_and_a_yes_reaches_a_task(name: str, value: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    filled = form()
    with pytest.raises(ParamValidationError):
        filled.update({**GOOD, name: value})


@pytest.mark.parametrize("name", ["connection", "start", "end"])
def test_source_and_range_have_no_default_that_could_run_by_mistake(name: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    filled = form()
    filled.update({key: value for key, value in GOOD.items() if key != name})
    with pytest.raises(ParamValidationError):
        filled.validate()


def test_a_backfill_has_a_schema_on_every_parameter_and_reads_two_windows_at_a_time(
    parsed: dict[str, Any],
) -> None:
    dag = parsed["dags"]["backfill_sources"]
    assert all(schema.get("type") for schema in dag["params"].values())
    assert list(dag["params"]) == ["connection", "start", "end", "objects", "dry_run"]
    assert (list(dag["tasks"]), dag["catchup"]) == (["plan", "extract", "finish"], False)
    assert (
        dag["timetable"] in ("NullTimetable", "PartitionAtRuntime", "OnceTimetable")
        or "Null" in dag["timetable"]
    )
    assert dag["tasks"]["extract"]["at_once"] == 2
    assert {task["pool"] for task in dag["tasks"].values()} == {"backfill"}
    assert dag["tasks"]["finish"]["outlets"] == ["raw/backfilled"]


@pytest.mark.parametrize(
    ("connection", "minutes"),
    [("marketo__emea", 30), ("salesforce__main", 60)],  # midnight in Chicago; a rolling day
)
def test_a_used_up_day_defers_until_the_source_is_worth_another_try(connection: str, minutes: int) -> None:
    """Half past eleven at night in Chicago; and five minutes more."""
    from datetime import UTC, datetime, timedelta

    from airflow.sdk.exceptions import TaskDeferred

    from muster.config import Connection, load
    from muster.errors import QuotaExhausted, SourceError
    from muster.sources import open_source
    from muster.state import Gates
    from muster_airflow.operators.backfill import FinishBackfill

    settings = load(ROOT / "include" / "config")
    nowhere = Connection(connection, "http://127.0.0.1:9", "client", "secret")
    source = open_source(settings.platform.source(connection), nowhere, gates=Gates.of(settings))
    source.now = lambda: datetime(2026, 3, 3, 5, 30, tzinfo=UTC)  # type: ignore[method-assign]
    task = FinishBackfill(task_id="finish")
    with pytest.raises(TaskDeferred) as deferred, task.until_reset(source):
        raise QuotaExhausted("the day's bytes are used up")
    path, arguments = deferred.value.trigger.serialize()
    assert path == "muster_airflow.triggers.source.MomentTrigger"
    pause = datetime.fromisoformat(arguments["until"]) - datetime.now(UTC)
    assert timedelta(minutes=minutes + 4) < pause <= timedelta(minutes=minutes + 5)
    assert deferred.value.method_name == "execute"
    with pytest.raises(SourceError), task.until_reset(source):
        raise SourceError("another error is not waited out")


def test_a_moment_trigger_ends_when_its_moment_is_there() -> None:
    import asyncio

    from muster_airflow.triggers.source import MomentTrigger

    async def first() -> Any:
        return await anext(MomentTrigger("2026-01-01T00:00:00+00:00").run())

    assert asyncio.run(first()).payload == {}


def test_a_refusal_is_not_tried_again() -> None:
    from airflow.sdk import RetryAction

    from muster.errors import PlanRefused
    from muster.sources import BackfillRequestError
    from muster_airflow.dag_factory import RETRIES

    for error in (PlanRefused("too long"), BackfillRequestError("no such object")):
        assert RETRIES.evaluate(error, 1, 3).action == RetryAction.FAIL


def test_more_windows_than_airflow_maps_share_tasks() -> None:
    from muster_airflow.operators.backfill import MOST_MAPPED, _few

    few = [[{"number": number}] for number in range(7)]
    assert _few(few) == few
    many = [[{"number": number}] for number in range(2 * MOST_MAPPED + 1)]
    packed = _few(many)
    assert len(packed) <= MOST_MAPPED
    assert [one for some in packed for one in some] == [one for some in many for one in some]
    assert _few([]) == []


# ---- a whole run -------------------------------------------------------------------------------------------

RUN = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.session import create_session
from sqlalchemy import text

dag = DagBag(sys.argv[1]).dags["backfill_sources"]
for conf in json.loads(sys.argv[2]):
    run = dag.test(run_conf=conf)
    with create_session() as session:
        tasks = [list(row) for row in session.execute(text(
            "select task_id, map_index, state, rendered_map_index from task_instance where run_id = :run order by 1, 2"), {"run": run.run_id})]
        events = [row[0] for row in session.execute(text(
            "select asset.uri from asset_event join asset on asset.id = asset_event.asset_id where source_run_id = :run"), {"run": run.run_id})]
    print("RESULT " + json.dumps({"state": str(run.state), "tasks": tasks, "events": events}), flush=True)
"""


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    folder = tmp_path_factory.mktemp("simulators")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "include", ROOT / "plugins", ROOT))),
    }
    process, ports = start_simulators(folder, environment, 300, 7, "2026-03-03T00:30:00Z")
    yield wait_for_simulators(process, ports)
    stop((process,))


@pytest.mark.slow
def test_a_run_plans_reads_announces_and_goes_on_from_the_manifests(
    simulators: Simulators, airflow_home: Path, tmp_path: Path
) -> None:
    """One process: a dry run, a run, the same once more, and one that is refused by its request."""
    environment = {
        **os.environ,
        **simulators.connections(),
        "MUSTER_HOME": str(tmp_path / "home"),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "include", ROOT / "plugins", ROOT))),
    }
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
    )
    wish = {**GOOD, "objects": ["leads", "deleted_leads"]}
    runs = [{**wish, "dry_run": True}, wish, wish, {**wish, "objects": ["static_lists"]}]
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "dags"), json.dumps(runs)],
        env=environment, cwd=airflow_home, capture_output=True, text=True,
    )  # fmt: skip
    found = [
        json.loads(line.removeprefix("RESULT "))
        for line in done.stdout.splitlines()
        if line.startswith("RESULT ")
    ]
    assert len(found) == 4, done.stderr[-4000:] + done.stdout[-4000:]
    dry, first, again, refused = found
    assert states(dry) == {"plan": ["success"], "extract": ["skipped"], "finish": ["success"]}
    assert (dry["state"], dry["events"]) == ("success", [])
    assert states(first) == {"plan": ["success"], "extract": ["success", "success"], "finish": ["success"]}
    assert [row[3] for row in first["tasks"] if row[0] == "extract"] == [
        "leads 2026-01-11 to 2026-02-09",
        "leads 2026-01-01 to 2026-01-10",
    ]
    assert first["events"] == ["muster://acme/prod/raw/marketo__amer"]
    assert states(again) == {"plan": ["success"], "extract": ["skipped"], "finish": ["success"]}
    assert again["events"] == []
    assert states(refused)["plan"] == ["failed"]
    check_the_lake(tmp_path / "home", first)


def states(run: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task_id, _, state, _ in run["tasks"]:
        found.setdefault(task_id, []).append(state)
    return found


def check_the_lake(home: Path, run: dict[str, Any]) -> None:
    """All of the range is there, once, marked as a backfill's; the plan's file knows it is done."""
    from muster.config import load
    from muster.config.models import instant
    from muster.lake import Lake
    from muster.sources.progress import all_progress
    from muster.windows import Window, gaps

    settings = load(ROOT / "include" / "config", home=home)
    wanted = Window(instant(GOOD["start"]), instant(GOOD["end"]))
    for name in ("leads", "deleted_leads"):
        committed = Lake(settings.home.lake).committed("marketo", "amer", name)
        assert gaps(wanted, [one.window for one in committed]) == []
        assert (
            sum((one.window.end - one.window.start for one in committed), wanted.end - wanted.end)
            == wanted.end - wanted.start
        )
        assert {one.run_kind for one in committed} == {"backfill"}
    (progress,) = all_progress(settings)
    assert progress.windows_left == 0
