"""A source in memory: rows with a time, some of them visible late, and a bulk job that needs a few looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq

from muster.config import Platform, Settings, SourceConfig
from muster.lake import Lake, Manifest, WindowWriter
from muster.naming import Home
from muster.sources import Collected, Reading, Source, WindowTask
from muster.sources.base import Ticket
from muster.windows import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OBJECTS = ("leads", "deleted_leads")  # one by bulk jobs, one without
ID = "marketo__amer"


def nothing() -> None:
    """Nobody else is there."""


@dataclass
class World:
    """What the source holds: (id, at, visible at), and what time it is there."""

    rows: list[tuple[str, datetime, datetime]]
    now: datetime = START

    def seen(self, window: Window, at: datetime) -> list[tuple[str, datetime]]:
        return [
            (key, when)
            for key, when, visible in self.rows
            if window.start <= when < window.end and visible <= at
        ]


@dataclass
class FakeSource(Source):
    """Every step is a `pause`, in which others may do whatever they like."""

    world: World
    config: SourceConfig
    pause: Callable[[], None] = nothing
    begun: list[Window] = field(default_factory=list)

    bulk_objects: ClassVar[frozenset[str]] = frozenset({"leads"})

    def close(self) -> None:
        self.pause()

    def server_time(self) -> datetime:
        return self.world.now

    def now(self) -> datetime:
        return self.world.now

    def begin(self, object_name: str, window: Window) -> Ticket | None:
        self.pause()
        if object_name not in self.bulk_objects:
            return None
        self.begun.append(window)
        return {"window": str(window), "looks": 0}

    def ready(self, ticket: Ticket) -> bool:
        self.pause()
        ticket["looks"] += 1
        return bool(ticket["looks"] > 1)

    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        window = task.window if ticket is None else Window.parse(ticket["window"])
        assert window == task.window, "a job of another window"
        self.pause()
        assert self.world.now >= window.end + self.config.hold_back
        found = self.world.seen(Window(window.read_from(self.config.overlap), window.end), self.world.now)
        writer.write([{"id": key, "at": when.isoformat()} for key, when in found])
        self.pause()
        return Collected(len(found), {"read": "memory"})


def settings_in(folder: Path, *, days: int = 31) -> Settings:
    """A sandbox with one source; `days` is its longest window."""
    source = {
        "type": "marketo", "connection": ID, "munchkin_id": "456-AMR-002", "feeds": ["acme/prod"],
        "objects": list(OBJECTS), "max_window_days": days, "poll_seconds": 1,
    }  # fmt: skip
    platform = Platform.model_validate(
        {
            "platform": "acme",
            "sandbox": "prod",
            "schedule": {"cron": "0 0 * * *", "start": "2026-03-01"},
            "history_start": START.date().isoformat(),
            "sources": [source],
        }
    )
    return Settings(platform, Home(folder, "acme", "prod"), folder)


def committed(settings: Settings, name: str) -> list[Manifest]:
    return Lake(settings.home.lake).committed("marketo", "amer", name)


def rows(settings: Settings, name: str) -> list[dict[str, object]]:
    """Every raw row, in whatever window it came."""
    paths = Lake(settings.home.lake).raw_files("marketo", name)
    return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]


def check(settings: Settings, world: World, until: datetime) -> None:
    """The windows tile all of [START, until); each row is there, and in its own window not more than once."""
    for name in OBJECTS:
        windows = [one.window for one in committed(settings, name)]
        assert [a.end for a in windows[:-1]] == [b.start for b in windows[1:]], windows
        assert (windows[0].start, windows[-1].end) == (START, until)
        found = rows(settings, name)
        assert {str(row["id"]) for row in found} == {key for key, at, _ in world.rows if at < until - DAY}
        at_home = [row["id"] for row in found if is_at_home(row)]
        assert len(at_home) == len(set(at_home))


def is_at_home(row: dict[str, object]) -> bool:
    """Did it come with the window that its time lies in, and not with the overlap of the next one?"""
    start, end = row["_window_start"], row["_window_end"]
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    return start <= datetime.fromisoformat(str(row["at"])) < end
