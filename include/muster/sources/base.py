"""What a source is: one configured instance of a system that we read windows and snapshots from.

A window is read in three steps, so that nobody has to wait for a bulk job inside a worker:

    ticket = source.begin(task.object, task.window)      # asks for a bulk job; None where the object needs none
    source.ready(ticket)                                 # one look; True when it can be collected
    source.collect(task, ticket, reading, writer)        # rows into the lake's writer, nothing committed yet

`muster.sources.run` puts these together and commits. A source remembers nothing between calls but its token: a
ticket holds all that is needed, as JSON, so another process can go on with it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from muster.errors import SourceError
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.lake import Lake, WindowWriter

Kind = Literal["window", "snapshot"]
RunKind = Literal["nightly", "backfill", "delta"]
Ticket = dict[str, Any]
Sleep = Callable[[float], None]
BATCH_ROWS = 10_000
PEEKABLE = "sources of type files and sql can be looked at"

sleep: Sleep = time.sleep


class JobLost(SourceError):
    """A bulk job failed, or its result is gone: only a new job for the same window helps (F12)."""


class NotYet(SourceError):
    """What it is asked for by is not committed yet: look again later."""


@dataclass(frozen=True)
class WindowTask:
    """One window of one object, to be read and committed as a whole."""

    object: str
    window: Window
    kind: Kind
    run_kind: RunKind

    def to_dict(self) -> dict[str, Any]:
        return {
            "object": self.object,
            "window": str(self.window),
            "kind": self.kind,
            "run_kind": self.run_kind,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> WindowTask:
        return cls(given["object"], Window.parse(given["window"]), given["kind"], given["run_kind"])


@dataclass(frozen=True)
class Reading:
    """What a source is given to collect with: the lake (for keys it already holds) and a folder that goes away."""

    lake: Lake
    scratch: Path


@dataclass(frozen=True)
class Collected:
    """What a source says it gave. `source_rows` is its own count; it must equal rows written and put aside."""

    source_rows: int
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Peek:
    """What a look at one object showed. `rows` are values as text; whoever shows them masks them."""

    kinds: Mapping[str, str]
    rows: Sequence[Mapping[str, str | None]]
    origin: str


class Source(ABC):
    """One instance. Every method that calls out may raise SourceError."""

    #: objects read whole each night, after the windows, in an order in which each finds the keys it needs
    snapshot_objects: ClassVar[tuple[str, ...]] = ()
    #: objects whose windows go through bulk jobs
    bulk_objects: ClassVar[frozenset[str]] = frozenset()
    #: objects that can also be read by deltas, in an order in which each finds the keys it needs
    delta_objects: ClassVar[tuple[str, ...]] = ()
    #: how many bulk jobs of ours run at once
    jobs_at_once: int = 2

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def is_bulk(cls, object_name: str) -> bool:
        """Do the windows of this object go through bulk jobs?"""
        return object_name in cls.bulk_objects

    @classmethod
    def snapshots(cls, config: SourceConfig) -> tuple[str, ...]:  # noqa: ARG003
        """The objects that this configuration reads whole each night, in the order of `snapshot_objects`."""
        return cls.snapshot_objects

    def peek(self, object_name: str, rows: int) -> Peek:  # noqa: ARG002
        """What is really there now: the columns with their kinds, and the first rows. Commits nothing."""
        raise SourceError(f"'{object_name}' can't be looked at before it is read", hint=PEEKABLE)

    def begin_delta(self, object_name: str, window: Window) -> Ticket:  # noqa: ARG002
        """A ticket for reading a short window without a bulk job; for the objects of `delta_objects`."""
        raise SourceError(f"'{object_name}' can't be read by deltas")

    def quota_reset(self, now: datetime) -> datetime:
        """When a used-up quota is worth another try. A rolling day frees its calls bit by bit: in an hour."""
        return now + timedelta(hours=1)

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    @abstractmethod
    def server_time(self) -> datetime:
        """The source's own clock now: address and credentials are right if it answers (F39)."""

    @abstractmethod
    def now(self) -> datetime:
        """The source's own clock as its last answer showed it, without a call where there was one."""

    @abstractmethod
    def begin(self, object_name: str, window: Window) -> Ticket | None:
        """Ask for what the window needs; None where it needs no bulk job. Doing it twice is harmless."""

    @abstractmethod
    def ready(self, ticket: Ticket) -> bool:
        """Look once. Raises JobLost for a job that failed: the next attempt has to begin a new one."""

    @abstractmethod
    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        """Give the writer every row, unparsable ones to its quarantine. Commits nothing."""
