"""One run of the demo: start the sources and Airflow, let three nights happen, check each, show what came out."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from demo import nights
from demo.airflow_api import Airflow
from demo.show import Screen
from demo.simulators import start_simulators, wait_for_simulators
from demo.stack import (
    COMPONENTS,
    ROOT,
    Stack,
    StackError,
    environment,
    free_port,
    migrate,
    record,
    start_airflow,
    stop_recorded,
    wait_healthy,
    write_private,
)
from muster.naming import BACKFILL_DAG, BUILD_DAG, activate_dag, extract_dag

AFTER_MIDNIGHT = timedelta(minutes=30)
CONFIG = ROOT / "include" / "config"
DAY = timedelta(days=1)
PARSE_SECONDS = 90.0
CONNECTIONS = "connections.env"


class Session:
    """Everything between `make demo` and its exit code. `stop` may be called at any time.

    `home` is what MUSTER_HOME is for this demo; beside it lie Airflow's own files, in `airflow`.
    """

    def __init__(
        self, home: Path, people: int, seed: int, port: int, screen: Screen, config: Path = CONFIG
    ) -> None:
        self.home, self.folder, self.config = home, home / "airflow", config
        self.people, self.seed, self.screen = people, seed, screen
        self.port = free_port(port)
        self._pool = ThreadPoolExecutor(2)
        self.stack: Stack | None = None

    # ---- the whole of it -----------------------------------------------------------------------------------

    def run(self, *, again: bool = True) -> int:
        """0 when every check of every night holds."""
        self.screen.head(
            f"Muster: two Marketo instances and a Salesforce, {self.people:,} people, three nights"
        )
        self.start()
        ends = self.interval_ends()
        code = 0
        if self._is_done(ends[-1]):
            code = self._nothing_new() if again else 0
        else:
            for night, end in enumerate(ends, start=1):
                code = max(code, self._night(night, end))
        code = max(code, self.verifier.show_reconciliation())
        self.screen.head(
            f"{'everything agrees' if code == 0 else 'SOMETHING DIFFERS'} after {self.screen.seconds:.0f} s"
        )
        return code

    def _night(self, number: int, end: datetime) -> int:
        self.screen.head(f"night {number}: {(end - DAY).date()} to {end.date()}")
        self.simulators.set_clock(max(end + AFTER_MIDNIGHT, self.simulators.now()))
        watch = nights.Watch(self.stack, self.airflow, self.screen.say)  # type: ignore[arg-type]
        watch.until(lambda: nights.is_night_over(self.settings, self.airflow, end), what=f"night {number}")
        return self.verifier.check_night(number)

    def _nothing_new(self) -> int:
        self.screen.head("a run with nothing new: every extract once more")
        before = self.verifier.state_of_the_world()
        watch = nights.Watch(self.stack, self.airflow, self.screen.say)  # type: ignore[arg-type]
        nights.again(self.settings, watch)
        return self.verifier.check_nothing_changed(before)

    def welcome(self) -> None:
        """How to get into what is running."""
        assert self.stack is not None
        self.screen.head(f"Airflow is at {self.stack.url}  (user admin, password {self.stack.password})")
        self.screen.say(
            f"Muster's pages: {self.stack.url}/muster/    dbt docs: {self.stack.url}/muster/dbt/index.html"
        )
        self.screen.say(
            f"the command line on the same data: source .venv/bin/activate && source {self.home / CONNECTIONS}"
        )
        self.screen.say("stop it with `make down`")

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        began = time.monotonic()
        stopped = stop_recorded(self.folder)
        if stopped:
            self.screen.say(f"stopped {', '.join(stopped)} in {time.monotonic() - began:.1f} s")

    # ---- starting ------------------------------------------------------------------------------------------

    def start(self, *, only: set[str] | None = None, components: Iterable[str] = tuple(COMPONENTS)) -> None:
        """Sources and these components up, pools made, DAGs known; unpaused, or just `only` these."""
        if left := stop_recorded(self.folder):
            self.screen.say(f"a former run had left {', '.join(left)} running; stopped")
        self.screen.say("starting the simulated sources and Airflow")
        world = self._pool.submit(_build_world, self.people, self.seed)
        base = {"MUSTER_HOME": str(self.home), "MUSTER_CONFIG": str(self.config)}
        plain = environment(self.folder, self.port, base)
        process, ports = start_simulators(self.folder, plain, self.people, self.seed, "2026-03-01T12:00:00Z")
        record(self.folder, (process,))
        if migrate(self.folder, plain, version("apache-airflow")):
            self.screen.say("Airflow's metadata database is made")
        self.simulators = wait_for_simulators(process, ports)
        self.screen.say("the simulated Marketos and the Salesforce answer")
        self._write_environment()
        self.variables = {**plain, **self.simulators.connections()}
        self.start_components(components)
        self.airflow = Airflow(self.stack)
        self._settle(world)
        for dag_id in sorted(self._wait_for_dags(only)):
            self.airflow.set_paused(dag_id, False)

    def _write_environment(self) -> None:
        """What a shell needs so that `muster` meets the same simulators: source it."""
        lines = [
            f"export {name}={shlex.quote(value)}" for name, value in self.simulators.connections().items()
        ]
        write_private(
            self.home / CONNECTIONS,
            "\n".join([f"export MUSTER_HOME={shlex.quote(str(self.home))}", *lines, ""]),
        )

    def start_components(self, names: Iterable[str]) -> None:
        """Start these, beside what runs already, and wait until they report."""
        self.stack = start_airflow(self.folder, self.variables, self.port, names)
        wait_healthy(self.stack, lambda name: self.screen.say(f"{name} is up"), names)

    def _settle(self, world: Future[object]) -> None:
        """The configuration, the pools and the checks."""
        from demo.verify import Verifier
        from muster.config import load
        from muster_airflow.pools import pools_of

        self.settings = load(self.config, home=self.home)
        self.airflow.ensure_pools(pools_of(self.settings))
        self.verifier = Verifier(self.settings, self.simulators, world, self.screen)

    def _wait_for_dags(self, only: set[str] | None) -> set[str]:
        """Until Airflow has read the DAG files; the ids that were waited for."""
        platform = self.settings.platform
        wanted = {BACKFILL_DAG, BUILD_DAG, *(extract_dag(s.connection) for s in platform.sources)}
        wanted |= {activate_dag(d.name) for d in platform.destinations if platform.audiences_of(d.name)}
        deadline = time.monotonic() + PARSE_SECONDS
        while not wanted <= self.airflow.dag_ids():
            if errors := self.airflow.import_errors():
                raise StackError("a DAG file can't be read:\n" + "\n".join(errors))
            if time.monotonic() > deadline:
                raise StackError(
                    f"Airflow does not know all DAGs after {PARSE_SECONDS:.0f} s; see {self.folder / 'logs'}"
                )
            time.sleep(0.5)
        self.screen.say(f"Airflow knows {len(wanted)} DAGs: {', '.join(sorted(wanted))}")
        return only or wanted

    # ---- where we are --------------------------------------------------------------------------------------

    def interval_ends(self) -> list[datetime]:
        schedule = self.settings.platform.schedule
        assert schedule.end is not None, "the demo's schedule has an end"
        days = (schedule.end - schedule.start).days + 1
        return [schedule.start + DAY * (number + 1) for number in range(days)]

    def _is_done(self, last_end: datetime) -> bool:
        return nights.is_night_over(self.settings, self.airflow, last_end)


def _build_world(people: int, seed: int) -> object:
    from muster_simulators.world import build_world

    return build_world(people=people, seed=seed)
