"""Start processes in sessions of their own, remember them, and end exactly those.

A pid alone is never trusted: it is ours only while its start time is the one written down.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

START_TOLERANCE = 0.05  # seconds; the kernel counts in hundredths


@dataclass(frozen=True)
class Started:
    """A process that leads its own session: `pid` is also the id of its session and process group."""

    name: str
    pid: int
    started_at: float
    log: str

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def start(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> Started:
    """Start it in the background with its output in `log` (mode 0600)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    return Started(name, process.pid, _start_time(process.pid) or time.time(), str(log))


def is_alive(started: Started) -> bool:
    """Whether that very process still runs; a stranger that got its pid since doesn't count."""
    return _same(started) and psutil.Process(started.pid).status() != psutil.STATUS_ZOMBIE


def stop(group: Sequence[Started], *, patience: float = 6.0) -> None:
    """End these and everything in their sessions: SIGTERM, then SIGKILL for what is left after `patience` seconds."""
    members = [process for one in group for process in _session(one)]
    for process in members:
        _signal(process, signal.SIGTERM)
    _, left = psutil.wait_procs(members, timeout=patience)
    left += [process for one in group for process in _session(one) if process not in left]
    for process in left:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(left, timeout=patience)
    for one in group:
        _reap(one.pid)


def _session(started: Started) -> list[psutil.Process]:
    """Every process of its session, while its leader is ours or gone.

    The kernel gives a pid to nobody else while a session bears it. With the leader gone, only processes
    younger than it can belong to it.
    """
    leader = _start_time(started.pid)
    if leader is not None and not _same(started):
        return []
    found = []
    for process in psutil.process_iter():
        try:
            if (
                os.getsid(process.pid) == started.pid
                and process.create_time() >= started.started_at - START_TOLERANCE
            ):
                found.append(process)
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            continue
    return found


def _same(started: Started) -> bool:
    now = _start_time(started.pid)
    return now is not None and abs(now - started.started_at) <= START_TOLERANCE


def _start_time(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _signal(process: psutil.Process, number: int) -> None:
    """psutil itself refuses to signal a process whose pid was given to another one."""
    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return


def _reap(pid: int) -> None:
    """Take the exit status if it was our child, so that no zombie stays."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a text file; empty when there is none."""
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
