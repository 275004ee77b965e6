"""What the checks with marketorestpython share: simulators as a process, a client that remembers its calls."""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketorestpython.client import MarketoClient
from marketorestpython.helper.exceptions import MarketoException

START_SECONDS = 60
NOW = "2026-03-03T00:30:00Z"
WINDOW = {"startAt": "2026-02-15T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}


@contextmanager
def simulators(program: str) -> Iterator[dict[str, int]]:
    """Ports of freshly started simulators of a small world."""
    with tempfile.TemporaryDirectory() as folder:
        ports = Path(folder) / "ports.json"
        command = [program, "serve", "--people", "500", "--now", NOW, "--ports-file", str(ports)]
        # This client keeps to 5 reads a second and to 5 writes a second: both together are over the limit, and its
        # retry after that comes without a token.
        command += ["--rate-speed", "4"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ports.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{program} did not start")
                time.sleep(0.05)
            yield json.loads(ports.read_text())
        finally:
            process.terminate()
            process.wait(timeout=20)


RAN: set[str] = set()
"""Names of all calls that were made and answered."""


def client(port: int, name: str) -> MarketoClient:
    Remembering.ran = RAN
    found = Remembering("000-SIM-000", f"{name}-client", f"{name}-secret", max_retry_time=20)
    found.host = f"http://127.0.0.1:{port}"
    return found


CHECKS: list[Callable[[MarketoClient], Any]] = []


def check(function: Callable[[MarketoClient], Any]) -> Callable[[MarketoClient], Any]:
    CHECKS.append(function)
    return function


def refused(call: Callable[[], Any]) -> str:
    """The code of the refusal that a call meets."""
    try:
        call()
    except MarketoException as problem:
        return str(problem.code)
    raise AssertionError("the call went through")


def exported(name: str, mc: MarketoClient, **request: Any) -> list[dict[str, str]]:
    """The rows of a bulk export, made the client's way from create to file."""
    (made,) = getattr(mc, f"create_{name}_export_job")(**request)
    job = made["exportId"]
    assert getattr(mc, f"enqueue_{name}_export_job")(job)[0]["status"] == "Queued"
    for _ in range(50):
        (told,) = getattr(mc, f"get_{name}_export_job_status")(job)
        if told["status"] == "Completed":
            break
    data = getattr(mc, f"get_{name}_export_job_file")(job)
    assert told["fileSize"] == len(data)
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert told["numberOfRecords"] == len(rows) > 0
    return rows


def some_leads(mc: MarketoClient, count: int) -> list[int]:
    """Ids of leads, read by a bulk export."""
    rows = exported("leads", mc, fields=["id"], filters={"updatedAt": WINDOW})
    return [int(row["id"]) for row in rows[:count]]


# ---- which calls there are -----------------------------------------------------------------------------------

ELSEWHERE = re.compile(
    r"/rest/asset/v1/(?:email(?!s\.json)|landingPage|redirectRule|form|file|snippet|folder/.*delete|emailTemplate)"
    r"|/bulk/v1/leads(?:\.json|/batch)|/namedAccountList|/rest/asset/v1/smartList/"
)
"""Paths of families that the simulator doesn't serve: other assets, bulk import, lists of named accounts."""
UNSERVED = {
    *("get_folder_contents", "update_folder", "delete_folder", "create_token", "delete_tokens"),
    "create_email",
}
"""Further calls of served paths that are only read here."""
HELPERS = {"execute", "authenticate", "process_lead_activity_until_datetime"}


def calls_of_the_client() -> tuple[set[str], set[str]]:
    """Names of its calls: those that the simulator implements, and the others."""
    served, others = set(), set()
    for name, method in inspect.getmembers(MarketoClient, inspect.isfunction):
        if name.startswith("_") or name in HELPERS:
            continue
        source = inspect.getsource(method)
        if not re.search(r"/rest/|/bulk/|_export_job|_list\(", source):
            others.add(name)  # empty bodies
        elif name in UNSERVED or ELSEWHERE.search(source):
            others.add(name)
        else:
            served.add(name)
    return served, others


class Remembering(MarketoClient):
    """The client, unchanged but for a note of every call that answered."""

    ran: set[str]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name in HELPERS or not inspect.ismethod(found):
            return found
        ran = super().__getattribute__("ran")

        def remembered(*given: Any, **named: Any) -> Any:
            try:
                answer = found(*given, **named)
                if inspect.isgenerator(answer):
                    answer = list(answer)
            except KeyError as problem:
                # An empty asset answer has no `result`: this client was answered and stumbles over it.
                if problem.args == ("result",):
                    ran.add(name)
                raise
            ran.add(name)
            return answer

        return remembered
