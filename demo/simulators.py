"""The simulated sources as one process beside Airflow: start it, find its ports, move its clock."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from demo.processes import Started, is_alive, start, tail
from demo.stack import ROOT, StackError

START_SECONDS = 120.0
CREDENTIALS = {
    "marketo__emea": ("marketo", "emea-client", "emea-secret"),
    "marketo__amer": ("marketo", "amer-client", "amer-secret"),
    "salesforce__main": ("salesforce", "main-client", "main-secret"),
}


class Simulators:
    """A running `muster-simulators serve`."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = ports
        self._control = httpx.Client(base_url=f"http://127.0.0.1:{ports['control']}", timeout=60)

    def connections(self) -> dict[str, str]:
        """The AIRFLOW_CONN_<ID> variables that lead to them."""
        return {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(
                {
                    "conn_type": kind,
                    "host": f"http://127.0.0.1:{self.ports[name]}",
                    "login": login,
                    "password": secret,
                }
            )
            for name, (kind, login, secret) in CREDENTIALS.items()
        }

    def now(self) -> datetime:
        return datetime.fromisoformat(self._get("/clock")["now"].replace("Z", "+00:00"))

    def set_clock(self, moment: datetime) -> None:
        self._control.post("/clock", json={"now": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}).raise_for_status()

    def lists(self, source: str) -> dict[str, set[int]]:
        """Static lists of a Marketo by name, with the ids of their members."""
        return {name: set(members) for name, members in self._get(f"/lists/{source}").items()}

    def stats(self) -> dict[str, Any]:
        return self._get("/stats")

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._control.get(path)
        answer.raise_for_status()
        return dict(answer.json())


def start_simulators(
    folder: Path, environment: Mapping[str, str], people: int, seed: int, now: str, *, rate_speed: float = 1
) -> tuple[Started, Path]:
    """Start the process; it writes its ports to the file when every server answers.

    `rate_speed`: how many times as fast as the wall clock the clock runs that calls per 20 seconds are counted by.
    """
    state = folder / "simulators"
    ports = state / "ports.json"
    ports.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("muster-simulators")), "serve", "--people", str(people), "--seed", str(seed),
        "--state", str(state), "--ports-file", str(ports), "--now", now,
        "--rate-speed", str(rate_speed),
    ]  # fmt: skip
    return start("simulators", command, environment, folder / "logs" / "simulators.log", ROOT), ports


def wait_for_simulators(process: Started, ports: Path) -> Simulators:
    """Raises StackError with the log's tail when the process dies or does not get ready."""
    deadline = time.monotonic() + START_SECONDS
    while not ports.is_file():
        if not is_alive(process) or time.monotonic() > deadline:
            raise StackError(
                f"the simulators did not start; the end of {process.log}:\n{tail(Path(process.log))}"
            )
        time.sleep(0.1)
    return Simulators(json.loads(ports.read_text()))
