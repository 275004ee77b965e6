"""What a destination is: a declaration of what it takes, and the few calls the activation loop makes on it.

There are two shapes, and no more are wanted:

* `MemberDestination`: a set of members somewhere else, changed by adding and removing keys (a static list);
* `SnapshotDestination`: the whole audience written as one content, replaced when it changes (files).

Both are told what to do by `muster.activation.run`, which keeps the lease, the intents, the receipts and the
retries once for all of them. A destination only speaks its vendor's protocol; it remembers nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from muster.errors import DestinationError

Guard = Callable[[], None]
Clock = Callable[[], datetime]
Operation = Literal["add", "update", "remove"]
Entity = Literal["person", "account"]
Verdict = Literal["accepted", "already", "unmatched", "ambiguous", "rejected", "unknown"]
"""What became of one member's operation.

accepted: done by us. already: it was so before, and not by us. unmatched, ambiguous: the destination knows no
record, or several, for the identifiers. rejected: refused, with a reason. unknown: no answer; to be read back.
"""


@dataclass(frozen=True)
class Declaration:
    """What a destination takes, checked before the first call (B14).

    `identifiers` are the only columns of the sync table that are read and may leave; empty means every column.
    `sync` is how changes are sent: `members` (differences) or `snapshot` (the whole content).
    `is_idempotent`: doing an operation twice leaves the same state as doing it once (F73).
    """

    system: str
    entities: frozenset[Entity]
    identifiers: tuple[str, ...]
    required: tuple[str, ...]
    sync: Literal["members", "snapshot"]
    batch_size: int
    lookup_size: int
    is_idempotent: bool = True
    creates_records: bool = False


@dataclass(frozen=True)
class Place:
    """Which audience of which sandbox is kept; `exports` is where files go when nothing else is configured."""

    platform: str
    sandbox: str
    audience: str
    exports: Path


@dataclass
class Usage:
    """Outside calls made so far, and those of them that change something there."""

    calls: int = 0
    writes: int = 0


@dataclass(frozen=True)
class Candidate:
    """A member to be found in the destination by its identifiers. They never show in a repr."""

    member_key: str
    identifiers: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True)
class Match:
    """The destination's key for a candidate, or the verdict that says why there is none."""

    member_key: str
    key: str | None
    verdict: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one key."""

    key: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Reply:
    """The answer to one call. `outcomes` hold one per key that was sent."""

    outcomes: tuple[Outcome, ...]
    request_id: str = ""


@dataclass(frozen=True)
class Content:
    """What a snapshot destination is to hold: rows sorted by member_key, and what identifies them."""

    rows: pa.Table
    content_hash: str
    as_of: datetime
    snapshot_id: str
    run_id: str


class CallRefusedError(DestinationError):
    """The destination refused a whole call and did nothing; a smaller call may pass (F76). `code` is its own."""

    def __init__(
        self, message: str, *, code: str, request_id: str = "", where: str = "", hint: str = ""
    ) -> None:
        self.code, self.request_id = code, request_id
        tail = f" [code {code}]" + (f" [request {request_id}]" if request_id else "")
        super().__init__(message + tail, where=where, hint=hint)


class UnknownAnswerError(DestinationError):
    """No answer came, or none that can be read: the call may have been done. What is true is to be read back."""


class Closing(ABC):
    """What is opened once per activation and closed at its end."""

    declaration: Declaration
    usage: Usage

    @abstractmethod
    def close(self) -> None:
        """Let go of connections; nothing else is called afterwards."""


class MemberDestination(Closing):
    """A set of members, each known there by a key of its own. Every call may raise DestinationError.

    The guard given when it was opened is called right before each outside call.
    """

    @abstractmethod
    def prepare(self, *, create: bool) -> bool:
        """Find the place that holds the members; make it where `create` says so. False when it isn't there."""

    @abstractmethod
    def match(self, candidates: Sequence[Candidate]) -> list[Match]:
        """Find each candidate's key, by reading only. At most `lookup_size` candidates. Never creates a record."""

    @abstractmethod
    def present(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys are members now (read back). At most `batch_size` keys."""

    @abstractmethod
    def add(self, keys: Sequence[str]) -> Reply:
        """Make members of these keys. Raises CallRefusedError when nothing was done, UnknownAnswerError when unsure."""

    @abstractmethod
    def remove(self, keys: Sequence[str]) -> Reply:
        """End the membership of these keys. Raises as `add` does."""


class SnapshotDestination(Closing):
    """One content per audience, replaced as a whole. Every call may raise DestinationError."""

    @abstractmethod
    def fingerprint(self) -> str:
        """What besides the rows decides the bytes (formats, options): a change of it is a change of content."""

    @abstractmethod
    def content(self) -> str | None:
        """The content hash that the place holds completely now (read back), or None."""

    @abstractmethod
    def replace(self, content: Content) -> str:
        """Write the content; whoever reads sees the old one or the new one, never a part. Returns its name."""


Destination = MemberDestination | SnapshotDestination


def no_guard() -> None:
    """For callers that hold no lease (tests, read-only use)."""


def utc_now() -> datetime:
    return datetime.now(UTC)
