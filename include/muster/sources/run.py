"""Read windows and commit them: one at a time for Airflow's tasks, a whole source for the command line.

Reading one window is idempotent by its manifest; two attempts at once are harmless: the first commit stays. Runs
that plan at the same time may plan windows that overlap (a nightly run over a gap, a backfill of a day in it):
the lake refuses the later commit, and its run reads only what is still missing (F62).
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from muster.errors import IntegrityError, SourceError, WindowOverlap
from muster.lake import Lake, Manifest
from muster.sources.base import JobLost, NotYet, Reading, RunKind, Sleep, Source, Ticket, WindowTask
from muster.sources.planner import plan_windows
from muster.sources.registry import open_source
from muster.state import Gates
from muster.windows import Window, gaps

if TYPE_CHECKING:
    from muster.config import ConnectionResolver, Settings, SourceConfig

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
CLOCK_PATIENCE = timedelta(minutes=20)
JOB_PATIENCE = timedelta(hours=6)
JOB_ATTEMPTS = 3


def extract_window(
    settings: Settings,
    config: SourceConfig,
    source: Source,
    task: WindowTask,
    ticket: Ticket | None,
    *,
    run_id: str,
    sleep: Sleep = time.sleep,
) -> list[Manifest]:
    """Collect one window and commit it. A window that is committed gives its manifest, without a call.

    Where others hold a part of it, its gaps are read instead, each as a window of its own: then what this run has
    committed inside the window is returned, nothing where others have all of it.
    Raises SourceError, IntegrityError or LakeError; then nothing of the window is visible but whole gaps.
    """
    lake = Lake(settings.home.lake)
    if (done := committed(lake, config, task)) is not None:
        return [done]
    if not _is_shared(lake, config, task):
        try:
            return [_read(lake, config, source, task, ticket, run_id)]
        except WindowOverlap as overlap:
            log.info("%s", overlap.message)
    _read_gaps(lake, config, source, task, run_id, sleep)
    return [
        one
        for one in _windows(lake, config, task)
        if one.run_id == run_id and task.window.contains(one.window)
    ]


def _read_gaps(
    lake: Lake, config: SourceConfig, source: Source, task: WindowTask, run_id: str, sleep: Sleep
) -> None:
    """Read what nobody has committed of this window, the newest first. Ends: each refusal means less is missing."""
    while missing := gaps(task.window, [one.window for one in _windows(lake, config, task)]):
        piece = replace(task, window=missing[-1])
        log.info("%s %s: others hold a part of it; reading %s", task.object, task.window, piece.window)
        begin = source.begin_delta if task.run_kind == "delta" else source.begin
        ticket = begin(piece.object, piece.window)
        _wait(source, config, ticket, sleep)
        try:
            _read(lake, config, source, piece, ticket, run_id)
        except WindowOverlap as overlap:
            log.info("%s", overlap.message)


def _wait(source: Source, config: SourceConfig, ticket: Ticket | None, sleep: Sleep) -> None:
    """Until the job is ready. Raises SourceError when patience ends."""
    waited = 0.0
    while ticket is not None and not source.ready(ticket):
        if waited > JOB_PATIENCE.total_seconds():
            raise _too_slow(config)
        sleep(config.poll_seconds)
        waited += config.poll_seconds


def _read(
    lake: Lake, config: SourceConfig, source: Source, task: WindowTask, ticket: Ticket | None, run_id: str
) -> Manifest:
    """Collect and commit exactly this window. Raises WindowOverlap where another one holds a part of it."""
    _require_begun(source, config, task, ticket)
    read_from = task.window.read_from(config.overlap) if task.kind == "window" else task.window.start
    with (
        _scratch(lake) as scratch,
        lake.begin(
            system=config.system,
            instance=config.instance,
            object=task.object,
            kind=task.kind,
            window=task.window,
            read_from=read_from,
            run_id=run_id,
            run_kind=task.run_kind,
            extracted_at=source.now(),
        ) as writer,
    ):
        collected = source.collect(task, ticket, Reading(lake, scratch), writer)
        if collected.source_rows != writer.rows + writer.quarantined_rows:
            raise IntegrityError(
                f"{task.object} {task.window}: the source announced {collected.source_rows:,} rows and gave "
                f"{writer.rows + writer.quarantined_rows:,}; nothing was committed",
                where=config.connection,
            )
        return writer.commit(collected.source_rows, collected.evidence)


def committed(lake: Lake, config: SourceConfig, task: WindowTask) -> Manifest | None:
    """The manifest of exactly this window, where there is one."""
    return next((one for one in _windows(lake, config, task) if one.window == task.window), None)


def _windows(lake: Lake, config: SourceConfig, task: WindowTask) -> list[Manifest]:
    """The commits of the task's object, of its kind."""
    found = lake.committed(config.system, config.instance, task.object)
    return [one for one in found if one.kind == task.kind]


def _is_shared(lake: Lake, config: SourceConfig, task: WindowTask) -> bool:
    """Is a part of the window committed already, under another name?"""
    return task.kind == "window" and any(
        one.window.overlaps(task.window) for one in _windows(lake, config, task)
    )


def _begin(lake: Lake, config: SourceConfig, source: Source, task: WindowTask) -> Ticket | None:
    """A ticket; None where none is needed, or none of use: the window is committed, or others hold a part of it."""
    if committed(lake, config, task) is not None or _is_shared(lake, config, task):
        return None
    return source.begin(task.object, task.window)


def begin_missing(
    settings: Settings, config: SourceConfig, source: Source, tasks: Sequence[WindowTask]
) -> list[Ticket | None]:
    """A ticket for each task; None for those that need no job, or of which something is committed already."""
    lake = Lake(settings.home.lake)
    return [_begin(lake, config, source, task) for task in tasks]


def extract(
    settings: Settings,
    connection_id: str,
    interval: Window,
    run_kind: RunKind,
    resolver: ConnectionResolver,
    *,
    on_progress: Progress | None = None,
    run_id: str | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    clock_patience: timedelta = CLOCK_PATIENCE,
    gates: Gates | None = None,
) -> list[Manifest]:
    """Read all that is missing of one source; the manifests of what this call read, in the order of reading.

    Waits for the source's own clock first. A run that finds nothing missing makes no call.
    """
    config = settings.platform.source(connection_id)
    tasks = plan_windows(settings, config, interval, run_kind=run_kind, lake=Lake(settings.home.lake))
    return extract_tasks(
        settings, connection_id, tasks, resolver, on_progress=on_progress, run_id=run_id, transport=transport,
        sleep=sleep, clock_patience=clock_patience, gates=gates,
    )  # fmt: skip


def extract_tasks(
    settings: Settings,
    connection_id: str,
    tasks: Sequence[WindowTask],
    resolver: ConnectionResolver,
    *,
    on_progress: Progress | None = None,
    run_id: str | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    clock_patience: timedelta = CLOCK_PATIENCE,
    gates: Gates | None = None,
) -> list[Manifest]:
    """Read these windows of one source, in this order, bulk jobs first. Without a window it makes no call."""
    config = settings.platform.source(connection_id)
    report = on_progress or _silent
    if not tasks:
        report("everything is committed already")
        return []
    name = run_id or f"cli__{datetime.now(UTC).strftime('%Y%m%dT%H%M%S')}"
    gates = gates or Gates.of(settings)
    with open_source(
        config, resolver(connection_id), gates=gates, transport=transport, sleep=sleep
    ) as source:
        until = max(task.window.end for task in tasks) + config.hold_back
        wait_for_clock(
            source, until, where=connection_id, pause=config.poll_seconds, patience=clock_patience, sleep=sleep,
            on_progress=report,
        )  # fmt: skip
        run = _Run(settings, config, source, name, report, sleep)
        run.bulk([task for task in tasks if source.is_bulk(task.object)])
        for task in tasks:
            if not source.is_bulk(task.object):
                run.commit(task, None)
    return run.manifests


def wait_for_clock(
    source: Source,
    until: datetime,
    *,
    where: str,
    pause: float,
    patience: timedelta = CLOCK_PATIENCE,
    sleep: Sleep = time.sleep,
    on_progress: Progress | None = None,
) -> None:
    """Wait until the source's own clock has reached `until` (F21, F39).

    Raises SourceError when patience ends, and at once where it is sure to end before.
    """
    waited = 0.0
    while (now := source.server_time()) < until:
        left = (until - now).total_seconds()
        if waited + left > patience.total_seconds():
            raise SourceError(
                f"its clock says {now.isoformat()}; the newest window can be read from {until.isoformat()}",
                where=where,
                hint=f"run it again in {timedelta(seconds=round(left))}, or ask for an interval that is over",
            )
        if on_progress:
            on_progress(f"its clock says {now.isoformat()}, waiting for {until.isoformat()}")
        step = max(0.5, min(left, pause, patience.total_seconds() - waited))
        sleep(step)
        waited += step


class _Run:
    """One call of `extract`: jobs begun a few at a time, each committed when it is ready."""

    def __init__(
        self,
        settings: Settings,
        config: SourceConfig,
        source: Source,
        run_id: str,
        report: Progress,
        sleep: Sleep,
    ) -> None:
        self.settings, self.config, self.source, self.run_id = settings, config, source, run_id
        self.report, self.sleep = report, sleep
        self.lake = Lake(settings.home.lake)
        self.manifests: list[Manifest] = []
        self.lost: dict[WindowTask, int] = {}

    def bulk(self, tasks: Sequence[WindowTask]) -> None:
        waiting, running = deque(tasks), deque[tuple[WindowTask, Ticket | None, float]]()
        waited = 0.0
        while waiting or running:
            while waiting and len(running) < self.source.jobs_at_once:
                task = waiting.popleft()
                self.report(f"{task.object} {task.window}: asking for it")
                running.append((task, _begin(self.lake, self.config, self.source, task), waited))
            if not self._look(running, waiting):
                oldest = min(since for _, _, since in running)
                if waited - oldest > JOB_PATIENCE.total_seconds():
                    raise _too_slow(self.config)
                self.sleep(self.config.poll_seconds)
                waited += self.config.poll_seconds

    def _look(
        self, running: deque[tuple[WindowTask, Ticket | None, float]], waiting: deque[WindowTask]
    ) -> bool:
        """Look at each job once; commit those that are ready. False when none was."""
        moved = False
        for _ in range(len(running)):
            task, ticket, since = running.popleft()
            try:
                if ticket is not None and not self.source.ready(ticket):
                    running.append((task, ticket, since))
                    continue
                self.commit(task, ticket)
            except NotYet:
                running.append((task, ticket, since))
                continue
            except (JobLost, IntegrityError) as error:
                self._again(task, error)
                waiting.append(task)
            moved = True
        return moved

    def _again(self, task: WindowTask, error: SourceError) -> None:
        """Count a lost job; raises its error when a new one has been tried often enough."""
        self.lost[task] = self.lost.get(task, 0) + 1
        if self.lost[task] >= JOB_ATTEMPTS:
            raise error
        self.report(f"{task.object} {task.window}: {error.message}; asking for it anew")

    def commit(self, task: WindowTask, ticket: Ticket | None) -> None:
        made = extract_window(
            self.settings, self.config, self.source, task, ticket, run_id=self.run_id, sleep=self.sleep
        )
        for one in made:
            aside = f", {one.quarantined_rows:,} put aside" if one.quarantined_rows else ""
            self.report(f"{one.object} {one.window}: {one.rows:,} rows{aside}")
        if [one.window for one in made] != [task.window]:
            self.report(f"{task.object} {task.window}: another run has committed the rest of it")
        self.manifests += made


def _too_slow(config: SourceConfig) -> SourceError:
    return SourceError("a bulk job is not done after 6 hours", where=config.connection)


def _silent(_event: str) -> None:
    """For callers that want no progress."""


def _require_begun(source: Source, config: SourceConfig, task: WindowTask, ticket: Ticket | None) -> None:
    if ticket is None and source.is_bulk(task.object):
        raise JobLost(f"{task.object} {task.window}: no bulk job was begun for it", where=config.connection)


@contextmanager
def _scratch(lake: Lake) -> Iterator[Path]:
    """A folder for downloads that goes away; what a killed process leaves there, the lake sweeps."""
    folder = lake.incoming / f"download-{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
