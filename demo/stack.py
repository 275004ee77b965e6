"""A real Airflow on this machine: API server, scheduler with LocalExecutor, DAG processor, triggerer.

Everything it writes lies in `.muster/airflow`; it listens on 127.0.0.1 only. `docs/how-to/deploy.md` has the
production shape; this one keeps its metadata in SQLite and is meant for one person.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from demo.processes import Started, is_alive, start, stop, tail

ROOT = Path(__file__).resolve().parents[1]
COMPONENTS: dict[str, list[str]] = {
    "api-server": ["api-server"],
    "dag-processor": ["dag-processor"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
USER = "admin"
START_SECONDS = 180.0


class StackError(Exception):
    """The stack can't be started or does not answer; the text says what to do."""


@dataclass(frozen=True)
class Stack:
    """Where a running stack is and how to sign in."""

    folder: Path
    port: int
    processes: tuple[Started, ...]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def passwords(self) -> Path:
        return self.folder / "passwords.json"

    @property
    def password(self) -> str:
        return str(json.loads(self.passwords.read_text())[USER])

    def dead(self) -> list[Started]:
        return [process for process in self.processes if not is_alive(process)]


def free_port(preferred: int | None = None) -> int:
    """A free port of the loopback interface: the preferred one if it is free."""
    for wanted in (preferred, 0):
        if wanted is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError("no free port on 127.0.0.1")


def lock(folder: Path) -> IO[str]:
    """Hold the one lock of this folder until the handle is closed. Raises StackError when another run holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = (folder / "lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise StackError(
            f"another make demo or make up is using {folder}\n"
            "  what to do: end it where it runs (Ctrl-C), or `make down` if that terminal is gone"
        ) from None
    return handle


def recorded(folder: Path) -> tuple[Started, ...]:
    """The processes a former run wrote down."""
    file = folder / "processes.json"
    if not file.is_file():
        return ()
    return tuple(Started(**entry) for entry in json.loads(file.read_text()))


def record(folder: Path, processes: tuple[Started, ...]) -> None:
    write_private(folder / "processes.json", json.dumps([one.to_dict() for one in processes], indent=1))


def stop_recorded(folder: Path) -> list[str]:
    """End whatever a former run left behind; the names of what was still alive."""
    found = recorded(folder)
    alive = [one.name for one in found if is_alive(one)]
    stop(found)
    record(folder, ())
    return alive


def environment(folder: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """The whole configuration of this Airflow: nothing of the user's own Airflow settings leaks in."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW__", "AIRFLOW_CONN_"))}
    settings = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
        for section, values in _settings(folder, port, _keys(folder)).items()
        for key, value in values.items()
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}"
    return {**inherited, "PATH": path, "AIRFLOW_HOME": str(folder), **settings, **extra}


def _settings(folder: Path, port: int, keys: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Insecure defaults of Airflow replaced, and intervals fit for one small machine."""
    return {
        "core": {
            "dags_folder": ROOT / "dags",
            "plugins_folder": ROOT / "plugins",
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 4,
            "fernet_key": keys["fernet"],
            "default_task_execution_timeout": 21600,
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": folder / "passwords.json",
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{folder / 'airflow.db'}"},
        "api": {
            "host": "127.0.0.1",
            "port": port,
            "base_url": f"http://127.0.0.1:{port}",
            "workers": 1,
            "secret_key": keys["api"],
            "enable_swagger_ui": False,
            "instance_name": "Muster",
        },
        "api_auth": {"jwt_secret": keys["jwt"], "jwt_expiration_time": 28800},
        "logging": {
            "base_log_folder": folder / "logs",
            "dag_processor_child_process_log_directory": folder / "logs" / "dag_processor",
            "file_task_handler_new_folder_permissions": "0o700",
            "file_task_handler_new_file_permissions": "0o600",
            "worker_log_server_port": free_port(),
            "trigger_log_server_port": free_port(),
            "colored_console_log": False,
        },
        "scheduler": {
            "scheduler_idle_sleep_time": 0.3,
            "enable_health_check": False,
            "scheduler_heartbeat_sec": 2,
        },
        "dag_processor": {
            "parsing_processes": 1,
            "min_file_process_interval": 600,
            "print_stats_interval": 0,
        },
        "triggerer": {"job_heartbeat_sec": 2},
        "usage_data_collection": {"enabled": False},
    }


def _keys(folder: Path) -> dict[str, str]:
    """Secrets made once per installation, readable by this user only."""
    file = folder / "keys.json"
    if not file.is_file():
        keys = {
            "jwt": secrets.token_urlsafe(64),
            "api": secrets.token_urlsafe(48),
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        write_private(file, json.dumps(keys))
    if not (folder / "passwords.json").is_file():
        write_private(folder / "passwords.json", json.dumps({USER: secrets.token_urlsafe(16)}))
    return dict(json.loads(file.read_text()))


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole; mode 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    temporary.replace(path)


def migrate(folder: Path, variables: Mapping[str, str], version: str) -> bool:
    """Make or upgrade the metadata database; False when it is already of this Airflow's version."""
    stamp, database = folder / "migrated", folder / "airflow.db"
    if database.is_file() and stamp.is_file() and stamp.read_text() == version:
        return False
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=dict(variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise StackError(f"airflow db migrate failed\n{done.stderr[-2000:]}")
    database.chmod(0o600)
    with sqlite3.connect(database) as connection:
        connection.execute("pragma journal_mode = wal")  # readers don't wait for the writer
    stamp.write_text(version)
    return True


def start_airflow(
    folder: Path, variables: Mapping[str, str], port: int, names: Iterable[str] = tuple(COMPONENTS)
) -> Stack:
    """Start these components; they are written down before the first one can be forgotten."""
    processes = tuple(one for one in recorded(folder) if is_alive(one))
    for name in names:
        command = [sys.executable, "-m", "airflow", *COMPONENTS[name]]
        processes += (start(name, command, variables, folder / "logs" / f"{name}.log", ROOT),)
        record(folder, processes)
    return Stack(folder, port, processes)


def wait_healthy(
    stack: Stack, on_change: Callable[[str], None], names: Iterable[str] = tuple(COMPONENTS)
) -> None:
    """Return when these components have reported; raises StackError with a log's tail when one dies."""
    wanted = set(names)
    seen: set[str] = set()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for dead in stack.dead():
            raise StackError(
                f"{dead.name} ended while starting; the end of {dead.log}:\n{tail(Path(dead.log))}"
            )
        for name in (_healthy(stack.url) & wanted) - seen:
            seen.add(name)
            on_change(name)
        if seen == wanted:
            return
        time.sleep(0.25)
    missing = ", ".join(sorted(wanted - seen))
    raise StackError(
        f"not healthy after {START_SECONDS:.0f} s: {missing}; logs are in {stack.folder / 'logs'}"
    )


def _healthy(url: str) -> set[str]:
    """Names of the components that report as healthy."""
    try:
        answer = httpx.get(f"{url}/api/v2/monitor/health", timeout=5)
        answer.raise_for_status()
    except httpx.HTTPError:
        return set()
    names = {"metadatabase": "api-server", "scheduler": "scheduler", "triggerer": "triggerer"}
    names["dag_processor"] = "dag-processor"
    return {
        names[key]
        for key, value in answer.json().items()
        if key in names and value.get("status") == "healthy"
    }
