"""`make test-backfill`: native Airflow backfill over 60 past days of one instance, beside a nightly run.

What must hold at the end: the windows of every object tile the 60 days exactly, the nightly run that happened in
between is untouched, and the profile is the same as after one big extract. All of it happens after the simulated
world came to rest: who reads a changing source at two moments sees two truths, and rightly so.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from demo import nights
from demo.processes import stop
from demo.session import AFTER_MIDNIGHT, CONFIG, DAY, Session
from demo.show import Screen
from demo.stack import ROOT, StackError, environment, recorded
from muster.config import Settings, connection_from_environment, load
from muster.lake import Lake, Manifest
from muster.naming import extract_dag
from muster.warehouse import Snapshot, audit, build, publish
from muster.windows import Window

INSTANCE = "marketo__amer"
DAYS = 60
MAX_ACTIVE_RUNS = 3
NIGHT = "2026-03-06"  # the only interval of this schedule; by then nothing changes any more


def run(home: Path, people: int, seed: int, port: int, screen: Screen) -> int:
    """0 when all of it holds."""
    session = Session(home, people, seed, port, screen, one_quiet_night(home / "config"))
    try:
        screen.head(
            f"airflow backfill of {DAYS} days of {INSTANCE}, {people:,} people, with a nightly run in between"
        )
        session.start(only={extract_dag(INSTANCE)}, components=("api-server", "dag-processor"))
        end = session.interval_ends()[0]
        session.simulators.set_clock(end - DAY / 2)  # the night waits: its day is not over yet
        is_untouched = _backfill_beside_a_night(session, end)
        screen.say(f"the nightly run's windows are {'as they were' if is_untouched else 'CHANGED'}")
        return max(int(not is_untouched), _judge(session, home, end))
    finally:
        session.stop()


def one_quiet_night(config: Path) -> Path:
    """The shipped configuration with another schedule."""
    shutil.rmtree(config, ignore_errors=True)
    shutil.copytree(CONFIG, config)
    platform = config / "platform.yml"
    text, changed = re.subn(r"(?m)^(  (?:start|end): )\S+", rf"\g<1>{NIGHT}", platform.read_text())
    if changed != 2:
        raise StackError(f"{platform}: the schedule is not written as start: and end:")
    platform.write_text(text)
    return config


def _backfill_beside_a_night(session: Session, end: datetime) -> bool:
    """Create the backfill; half-way let the day of the nightly run end; wait for both.

    Whether what the nightly run committed is the same at the end.
    """
    airflow, dag_id = session.airflow, extract_dag(INSTANCE)
    # The demo's metadata are in SQLite, which takes one writer at a time: nobody else writes now.
    stop([one for one in recorded(session.folder) if one.name == "dag-processor"])
    _create_backfill(session, end)
    session.start_components(("dag-processor", "scheduler", "triggerer"))
    watch = nights.Watch(session.stack, airflow, session.screen.say)  # type: ignore[arg-type]

    def finished(kind: str) -> int:
        return sum(run.run_type == kind and run.state == "success" for run in airflow.runs(dag_id))

    watch.until(lambda: finished("backfill") >= DAYS // 2, what="half of the backfill")
    session.simulators.set_clock(end + AFTER_MIDNIGHT)
    watch.until(lambda: finished("scheduled") >= 1, what="the nightly run")
    session.screen.say(f"the nightly run is done; {finished('backfill')} of {DAYS} days of the backfill are")
    before = nightly_bytes(session.settings)
    watch.until(lambda: finished("backfill") >= DAYS, what="the backfill")
    return nightly_bytes(session.settings) == before


def _create_backfill(session: Session, end: datetime) -> None:
    variables = environment(session.folder, session.port, {})
    first, last = end - DAY - timedelta(days=DAYS), end - DAY - DAY
    command = [
        sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", extract_dag(INSTANCE),
        "--from-date", first.date().isoformat(), "--to-date", last.date().isoformat(),
        "--reprocess-behavior", "none", "--max-active-runs", str(MAX_ACTIVE_RUNS),
    ]  # fmt: skip
    session.screen.say(" ".join(["airflow", *command[3:]]))
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"airflow backfill create failed\n{(done.stderr or done.stdout)[-1500:]}")


def nightly_bytes(settings: Settings) -> str:
    """One hash over everything that nightly runs committed."""
    lake = Lake(settings.home.lake)
    digest = hashlib.sha256()
    for manifest in lake.manifests():
        if manifest.run_kind == "nightly":
            digest.update(
                repr((manifest.system, manifest.instance, manifest.object, str(manifest.window))).encode()
            )
            for file in manifest.files:
                digest.update((settings.home.lake / file.path).read_bytes())
    return digest.hexdigest()


def tiling(manifests: list[Manifest], whole: Window) -> str:
    """`ok`, or where the windows leave a gap or overlap."""
    windows = sorted(manifest.window for manifest in manifests)
    if not windows or (windows[0].start, windows[-1].end) != (whole.start, whole.end):
        return "ENDS DIFFER"
    torn = [f"{left} {right}" for left, right in itertools.pairwise(windows) if left.end != right.start]
    return f"TORN AT {torn[0]}" if torn else "ok"


def _judge(session: Session, folder: Path, end: datetime) -> int:
    """Windows first, then both profiles."""
    from muster.sources import extract

    settings, screen = session.settings, session.screen
    os.environ.update(session.simulators.connections())
    whole = Window(settings.platform.history_start, end)
    source, lake = settings.platform.source(INSTANCE), Lake(settings.home.lake)
    rows: list[tuple[object, ...]] = []
    for name in ("leads", "activities", "deleted_leads"):
        committed = lake.committed(source.system, source.instance, name)
        backfilled = sum(manifest.run_kind == "backfill" for manifest in committed)
        rows.append((name, len(committed), backfilled, tiling(committed, whole)))
    screen.table("Windows of the instance", ("object", "windows", "by the backfill", "tile exactly"), rows)
    big = load(settings.config_dir, home=folder / "one_big_extract")
    interval = Window(end - DAY, end)
    for place in (settings, big):
        for one in place.platform.sources:
            extract(place, one.connection, interval, "nightly", connection_from_environment, run_id="compare")
    first, second = (_published(place) for place in (settings, big))
    differing = sorted(
        name for name, facts in second.tables.items() if first.tables[name]["sha256"] != facts["sha256"]
    )
    compared = [name for name in second.tables if not name.startswith("rpt_")]
    differing = [name for name in differing if name in compared]
    screen.say(
        f"profile after backfill and after one big extract: {len(compared) - len(differing)} of {len(compared)} tables equal"
    )
    code = 0 if not differing and all(row[-1] == "ok" for row in rows) else 1
    if differing:
        screen.fail(f"these differ: {', '.join(differing)}")
    return code


def _published(settings: Settings) -> Snapshot:
    built = build(settings)
    return publish(settings, built, audit(settings, built))
