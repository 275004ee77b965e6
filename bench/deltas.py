"""From a change in a Marketo to its row in the lake, by the five-minute path, as a whole process.

    python -m bench.deltas                     # a world of 20,000 people, medians of 3

A lead is changed over REST; then `muster extract <connection> --deltas` runs as its own process, imports included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import httpx

from bench.measure import Figure, Spent, median, python

CONNECTION = "marketo__amer"
CLIENT = {"grant_type": "client_credentials", "client_id": "amer-client", "client_secret": "amer-secret"}
NIGHT = "2026-03-02"
CLOCK = "2026-03-03T00:30:00Z"
VISIBLE_SECONDS, RUN_SECONDS = 60.0, 30.0


@contextmanager
def marketo(people: int, folder: Path) -> Iterator[str]:
    """The address of a simulated Marketo in a process of its own."""
    ports = folder / "ports.json"
    command = [
        str(Path(sys.executable).with_name("muster-simulators")), "serve", "--people", str(people),
        "--ports-file", str(ports), "--now", CLOCK,
    ]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not ports.exists():
            if server.poll() is not None:
                raise RuntimeError("the simulators did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{json.loads(ports.read_text())[CONNECTION]}"
    finally:
        server.terminate()
        server.wait()


def muster(home: Path, *arguments: str) -> Spent:
    return python("-c", "from muster.cli import main; main()", "--home", str(home), *arguments)


def change_a_lead(url: str, lead: str, last_name: str) -> None:
    """As any other client of that Marketo would."""
    token = httpx.get(f"{url}/identity/oauth/token", params=CLIENT).json()["access_token"]
    body = {"action": "updateOnly", "lookupField": "id", "input": [{"id": int(lead), "lastName": last_name}]}
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{url}/rest/v1/leads.json", json=body, headers=headers).json()
    if answer["result"][0]["status"] != "updated":
        raise RuntimeError(f"the lead was not changed: {answer}")


def visible_at(home: Path, lead: str, last_name: str) -> float:
    """When the file that holds this version of the lead was put in its place, seconds since the epoch."""
    files = str(home / "acme/prod/lake/raw/marketo/amer/leads/*/*.parquet")
    found = duckdb.execute(
        "select max(filename) from read_parquet(?, union_by_name=true, filename=true) where id = ? and lastName = ?",
        [files, lead, last_name],
    ).fetchone()
    if found is None or found[0] is None:
        raise RuntimeError("the change is not in the lake")
    return (Path(found[0]).parent / "manifest.json").stat().st_mtime


def any_lead(home: Path) -> str:
    files = str(home / "acme/prod/lake/raw/marketo/amer/leads/*/*.parquet")
    return str(duckdb.execute("select max(id) from read_parquet(?)", [files]).fetchone()[0])  # type: ignore[index]


def figures(visible: Spent, run: Spent, people: int) -> list[Figure]:
    return [
        Figure(
            "change in the lake",
            visible.wall,
            VISIBLE_SECONDS,
            "s",
            f"after the run began, {people:,} people",
        ),
        Figure(
            "the run itself", run.wall, RUN_SECONDS, "s", f"{run.cpu:.1f} s of processor, {run.peak:,.0f} MiB"
        ),
    ]


def main(given: list[str] | None = None) -> int:
    """0 when every figure is met."""
    parser = argparse.ArgumentParser(prog="python -m bench.deltas")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, marketo(options.people, Path(name)) as url:
        home = Path(name) / "home"
        os.environ[f"AIRFLOW_CONN_{CONNECTION.upper()}"] = json.dumps(
            {
                "conn_type": "marketo",
                "host": url,
                "login": CLIENT["client_id"],
                "password": CLIENT["client_secret"],
            }
        )
        muster(home, "extract", CONNECTION, "--interval", NIGHT)
        lead, seen, runs = any_lead(home), [], []
        for number in range(options.rounds):
            change_a_lead(url, lead, f"Round-{number}")
            began = time.time()
            runs.append(muster(home, "extract", CONNECTION, "--deltas"))
            seen.append(Spent(visible_at(home, lead, f"Round-{number}") - began, 0.0, 0.0))
        found = figures(median(seen), median(runs), options.people)
    for figure in found:
        print(figure, flush=True)
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
