"""Wait for a night of DAG runs and tell what happens meanwhile, task by task."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from demo.airflow_api import Airflow, Run, Task, just_now
from demo.processes import tail
from demo.stack import Stack, StackError
from muster.activation.ledger import load as load_ledger
from muster.config import Settings
from muster.lake import Lake
from muster.naming import BUILD_DAG, activate_dag, extract_dag
from muster.warehouse import current_snapshot

NIGHT_SECONDS = 900.0
Say = Callable[[str], None]


@dataclass
class Watch:
    """Reports every task that ends, once; raises StackError when one fails for good or a component dies."""

    stack: Stack
    airflow: Airflow
    say: Say
    since: datetime = field(default_factory=just_now)
    _seen: set[tuple[str, str, str, int, int]] = field(default_factory=set)

    def until(self, done: Callable[[], bool], *, what: str, seconds: float = NIGHT_SECONDS) -> None:
        """Poll until `done`."""
        deadline = time.monotonic() + seconds
        while True:
            self._report()
            if done():
                self._report()
                return
            if time.monotonic() > deadline:
                raise StackError(
                    f"{what} took longer than {seconds:.0f} s; logs are in {self.stack.folder / 'logs'}"
                )
            time.sleep(1.0)

    def _report(self) -> None:
        for dead in self.stack.dead():
            raise StackError(
                f"{dead.name} ended by itself; the end of its log:\n{tail(self.stack.folder / 'logs' / f'{dead.name}.log')}"
            )
        for task in self.airflow.ended_tasks(self.since):
            if task.key in self._seen:
                continue
            self._seen.add(task.key)
            if task.state in ("success", "failed"):
                self.say(f"{_mark(task)} {task.dag_id:<26} {_name(task):<46} {task.seconds:5.1f} s")
            if task.state == "failed":
                raise StackError(
                    f"{task.dag_id} failed in {_name(task)}; the end of its log:\n{self.airflow.log(task)}"
                )


def _mark(task: Task) -> str:
    return "ok  " if task.state == "success" else "FAIL"


def _name(task: Task) -> str:
    note = (
        "(with the wait for the sources' clock)"
        if task.task_id == "plan" and task.seconds > 15
        else task.label
    )
    return f"{task.task_id} {note}".rstrip()


def is_night_over(settings: Settings, airflow: Airflow, end: datetime) -> bool:
    """The snapshot of this evaluation time is published and every destination has acknowledged it."""
    snapshot = current_snapshot(settings)
    return (
        snapshot is not None
        and snapshot.as_of == end
        and is_quiet(settings, airflow)
        and acknowledged(settings)
    )


def acknowledged(settings: Settings) -> bool:
    """Whether the last run of every activation was for the snapshot in force, and ended."""
    snapshot = current_snapshot(settings)
    lake = Lake(settings.home.lake)
    for activation in settings.platform.activations:
        completed = load_ledger(lake, activation.destination, activation.audience).completed()
        if snapshot is None or completed is None or completed["snapshot_id"] != snapshot.id:
            return False
    return True


def is_quiet(settings: Settings, airflow: Airflow) -> bool:
    """No build and no activation is queued or running."""
    watched = {BUILD_DAG, *(activate_dag(destination.name) for destination in settings.platform.destinations)}
    return not any(run.dag_id in watched and run.state in ("queued", "running") for run in airflow.runs())


def has_run(runs: Iterable[Run], run_ids: Iterable[str]) -> bool:
    states = {run.run_id: run.state for run in runs}
    return all(states.get(run_id) == "success" for run_id in run_ids)


def again(settings: Settings, watch: Watch) -> None:
    """Run every extract once more by hand, and wait for the build and the activations that follow from it."""
    before = {(run.dag_id, run.run_id) for run in watch.airflow.runs()}
    manual = [watch.airflow.trigger(extract_dag(source.connection)) for source in settings.platform.sources]
    watched = {BUILD_DAG, *(activate_dag(destination.name) for destination in settings.platform.destinations)}

    def done() -> bool:
        runs = watch.airflow.runs()
        fresh = {
            run.dag_id for run in runs if (run.dag_id, run.run_id) not in before and run.state == "success"
        }
        return has_run(runs, manual) and watched <= fresh and is_quiet(settings, watch.airflow)

    watch.until(done, what="the run with nothing new")
