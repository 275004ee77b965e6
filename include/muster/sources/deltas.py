"""The five-minute path: what changed since the last commit, by short calls, into the same objects as the nightly windows.

A delta is a window like every other: it begins where the last committed window of its object ends, so that it never
overlaps one, and it is committed whole or not at all. The overlap before it is read again for rows that became
visible late, and what is in the lake already is left out. What deltas have committed, the next nightly run finds
covered; what they have not, it reads.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from muster.errors import SourceError
from muster.lake import Lake, Manifest
from muster.lake.files import locked
from muster.sources.base import Sleep, WindowTask
from muster.sources.registry import open_source, source_class
from muster.sources.run import Progress, extract_window
from muster.state import Gates
from muster.windows import Window, utc

if TYPE_CHECKING:
    from muster.config import ConnectionResolver, Settings, SourceConfig

SETTLE_SECONDS = (
    3.0  # what was stamped before a run began is there by then; what comes later, the overlap brings
)
LONGEST = timedelta(hours=24)  # more is for a nightly run, by bulk


def extract_deltas(
    settings: Settings,
    connection_id: str,
    resolver: ConnectionResolver,
    *,
    on_progress: Progress | None = None,
    run_id: str | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    gates: Gates | None = None,
) -> list[Manifest]:
    """Read what changed since the last commit of each object until this call began; the manifests of this call.

    One at a time per source: a second call waits, then finds little to do. Raises SourceError where a nightly run
    has to come first.
    """
    config = settings.platform.source(connection_id)
    name = run_id or f"delta__{datetime.now(UTC).strftime('%Y%m%dT%H%M%S')}"
    lake = Lake(settings.home.lake)
    settings.home.state.mkdir(parents=True, exist_ok=True)
    made = []
    with (
        locked(settings.home.state / f"deltas__{connection_id}.lock"),
        open_source(
            config,
            resolver(connection_id),
            gates=gates or Gates.of(settings),
            is_urgent=True,
            transport=transport,
            sleep=sleep,
        ) as source,  # fmt: skip
    ):
        tasks = plan_deltas(config, lake, source.server_time())
        if tasks:
            sleep(SETTLE_SECONDS)
        for task in tasks:
            ticket = source.begin_delta(task.object, task.window)
            for manifest in extract_window(settings, config, source, task, ticket, run_id=name, sleep=sleep):
                if on_progress:
                    on_progress(f"{manifest.object} {manifest.window}: {manifest.rows:,} rows")
                made.append(manifest)
    return made


def plan_deltas(config: SourceConfig, lake: Lake, until: datetime) -> list[WindowTask]:
    """A window per object from its last committed end to `until`; none where nothing is left. Makes no call."""
    found = []
    wanted = [name for name in source_class(config.system).delta_objects if name in config.all_objects]
    if not wanted:
        raise SourceError("no object of this source can be read by deltas", where=config.connection)
    for name in wanted:
        start = _last_end(config, lake, name)
        if utc(until) - start > LONGEST:
            raise SourceError(
                f"{name} is committed until {start.isoformat()}; deltas go back {LONGEST} at most",
                where=config.connection,
                hint=f"run `muster extract {config.connection}` first: longer spans are read by bulk",
            )
        if start < utc(until):
            found.append(WindowTask(name, Window(start, until), "window", "delta"))
    return found


def _last_end(config: SourceConfig, lake: Lake, name: str) -> datetime:
    committed = lake.committed(config.system, config.instance, name)
    if not committed:
        raise SourceError(
            f"nothing of {name} is committed yet, so there is no point to go on from",
            where=config.connection,
            hint=f"run `muster extract {config.connection}` first: history is read by bulk",
        )
    return max(manifest.window.end for manifest in committed)
