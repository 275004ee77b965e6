"""dbt as one child process: a minimal environment, a stream of events, a deadline, and a whole process group to end."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muster.config.document import require_document
from muster.errors import WarehouseError
from muster.warehouse.engine import CATALOG, SPILL, options
from muster.warehouse.messages import redacted

CHILD = Path(__file__).with_name("dbt_child.py")
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
LAYERS = ("profile", "audiences", "activation", "observability")
HINT = "fix it and build again; what is published stays in force"
FAILED = ("error", "fail", "runtime error")
OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class BuildEvent:
    """A model or test that dbt has finished. `failures`: rows that failed a test; never the rows themselves."""

    number: int
    total: int
    kind: str
    name: str
    status: str
    seconds: float
    failures: int

    def __str__(self) -> str:
        rows = f" {self.failures:,} rows" if self.failures else ""
        place = f"{self.number}/{max(self.total, self.number)}"
        return f"{place} {self.kind} {self.name}: {self.status}{rows}, {self.seconds:.2f} s"


@dataclass(frozen=True)
class Job:
    """One run of dbt. `workshop` holds the file being written, the profile and the child's errors."""

    project: Path
    workshop: Path
    reports: Path
    select: str | None
    timeout_seconds: float
    lock: int

    @property
    def file(self) -> Path:
        """Its name is the catalogue's name, and it is the same every night: dbt can go on from what it parsed."""
        return self.workshop / f"{CATALOG}.duckdb"


def run(job: Job, on_event: OnEvent | None) -> dict[str, Any]:
    """Build; returns what dbt said at its end. Raises WarehouseError naming the model, its file and what broke."""
    job.reports.mkdir(parents=True, exist_ok=True)
    _write_profile(job)
    with _child(job) as (process, events):
        done = _follow(process, events, job.timeout_seconds, on_event)
    if done is None:
        raise _ended_early(job, process.returncode)
    if not done["success"]:
        raise _failure(done)
    if not done["models"]:
        raise WarehouseError("dbt built nothing", where=str(job.project), hint="look at what --select names")
    return done


@contextmanager
def _child(job: Job) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The running child and the pipe it tells through. Whatever happens here, its process group ends with it."""
    read, write = os.pipe()
    request = {"parent": os.getpid(), "events": write, "target": str(job.reports), **_commands(job)}
    try:
        with (job.workshop / "errors.txt").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-P", str(CHILD), json.dumps(request)],
                env=_environment(job.file),
                cwd=job.workshop,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(write, job.lock),
                start_new_session=True,
            )
        os.close(write)
        write = -1
        try:
            yield process, read
        finally:
            _end(process)
    finally:
        os.close(read)
        if write >= 0:
            os.close(write)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _follow(
    process: subprocess.Popen[bytes], events: int, seconds: float, on_event: OnEvent | None
) -> dict[str, Any] | None:
    """Pass on the events until the child closes the pipe; its last word, or None where it never came."""
    deadline = time.monotonic() + seconds
    done = None
    for line in _lines(events, deadline):
        facts = json.loads(line)
        kind = facts.pop("event")
        if kind == "done":
            done = facts
        elif on_event:
            on_event(BuildEvent(**facts))
    try:
        process.wait(max(deadline - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        raise _too_slow() from None
    return done if process.returncode == 0 else None


def _lines(events: int, deadline: float) -> Iterator[bytes]:
    """Whole lines as they come. Raises WarehouseError at the deadline."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(events, selectors.EVENT_READ)
        while selector.select(max(deadline - time.monotonic(), 0)):
            data = os.read(events, 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
    raise _too_slow()


def _too_slow() -> WarehouseError:
    return WarehouseError(
        "dbt was not done in the time it has and was ended", hint="give it more time, or more memory"
    )


def _commands(job: Job) -> dict[str, list[str]]:
    """What the child gives to dbt's own runner. No user text ever goes into --vars (V16)."""
    flags = ["--no-send-anonymous-usage-stats", "--no-version-check", "--quiet", "--no-use-colors"]
    flags += ["--log-level-file", "none"]
    places = ["--project-dir", str(job.project), "--profiles-dir", str(job.workshop)]
    places += ["--target-path", str(job.reports), "--log-path", str(job.workshop)]
    build = [*flags, "build", *places, "--exclude-resource-type", "unit_test"]
    if job.select:
        build += ["--select", *job.select.split()]
    return {"build": build, "docs": [*flags, "docs", "generate", *places, "--no-compile"]}


def _environment(file: Path) -> dict[str, str]:
    """Nothing of ours but what dbt needs: a variable that isn't there can't be rendered (V16)."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    threads = os.environ.get("MUSTER_DBT_THREADS", "4")
    return {**kept, "MUSTER_WAREHOUSE_FILE": str(file), "MUSTER_DBT_THREADS": threads}


def _write_profile(job: Job) -> None:
    """The project's own profile with the engine's settings of this machine (F52)."""
    profiles = require_document(job.project / "profiles.yml").value
    spill = job.workshop / SPILL
    for profile in profiles.values():
        for output in profile.get("outputs", {}).values():
            output["settings"] = {**output.get("settings", {}), **options(spill)}
    (job.workshop / "profiles.yml").write_text(json.dumps(profiles))  # JSON is YAML


def _failure(done: dict[str, Any]) -> WarehouseError:
    """The first model or test that broke, and how many others."""
    broken = [result for result in done["results"] if result["status"] in FAILED]
    if not broken:
        return WarehouseError(redacted(done["error"] or "dbt failed"), where="dbt", hint=HINT)
    first, others = broken[0], [result["name"] for result in broken[1:]]
    skipped = sum(result["status"] == "skipped" for result in done["results"])
    tail = (
        f"; {len(others)} more failed ({', '.join(others[:5])}{', …' if others[5:] else ''})"
        if others
        else ""
    )
    tail += f"; {skipped} skipped" if skipped else ""
    return WarehouseError(
        _reason(first) + tail, where=f"{first['kind']} {first['name']} ({first['file']})", hint=HINT
    )


def _reason(result: dict[str, Any]) -> str:
    """Of a test only how many rows failed it; of a model the engine's message without values."""
    if result["kind"] != "test" or result["status"] != "fail":
        return redacted(result["message"])
    of = f" of {result['attached']}" if result["attached"] else ""
    return f"{result['failures'] or 0:,} rows{of} fail the test"


def _ended_early(job: Job, code: int | None) -> WarehouseError:
    """The child died: its last line of errors is all there is."""
    lines = (job.workshop / "errors.txt").read_text(errors="replace").strip().splitlines()
    if code == -signal.SIGKILL:
        return WarehouseError(
            "dbt was killed before it was done",
            hint="usually the machine ran out of memory; build again, with less beside it or fewer threads (F52)",
        )
    last = f": {redacted(lines[-1])}" if lines else ""
    return WarehouseError(f"dbt ended with code {code} before it was done{last}", hint="build again")
