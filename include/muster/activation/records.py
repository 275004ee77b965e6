"""The three things activation writes into the lake: intents before a call, receipts after it, runs around them.

They are facts and never change. No personal value is in them: member keys, the destination's own keys (a lead
id), and hashes salted per sandbox (F106). `seq` orders what one epoch wrote; `(epoch, seq)` orders everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

SCHEMA_VERSION = 1
INTENTS, RECEIPTS, RUNS = "activation/intents", "activation/receipts", "activation/runs"

INSTANT = pa.timestamp("us", tz="UTC")

STAMP: list[tuple[str, pa.DataType]] = [
    ("schema_version", pa.int32()),
    ("destination", pa.string()),
    ("audience", pa.string()),
    ("run_id", pa.string()),
    ("attempt", pa.int32()),
    ("epoch", pa.int64()),
    ("seq", pa.int64()),
    ("snapshot_id", pa.string()),
    ("as_of", INSTANT),
]
EFFECT: list[tuple[str, pa.DataType]] = [
    ("batch", pa.string()),
    ("member_key", pa.string()),
    ("destination_key", pa.string()),
    ("operation", pa.string()),
    ("is_ours", pa.bool_()),
    ("payload_hash", pa.string()),
    ("identifier_hash", pa.string()),
    ("content_hash", pa.string()),
]
INTENT_SCHEMA = pa.schema([*STAMP, *EFFECT, ("intended_at", INSTANT)])
RECEIPT_SCHEMA = pa.schema(
    [
        *STAMP,
        *EFFECT,
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("request_id", pa.string()),
        ("sent_at", INSTANT),
        ("recorded_at", INSTANT),
    ]
)
RUN_SCHEMA = pa.schema(
    [
        *STAMP,
        ("event", pa.string()),
        ("plan_id", pa.string()),
        ("is_approved", pa.bool_()),
        ("content_hash", pa.string()),
        *[
            (f"{name}_count", pa.int64())
            for name in (
                "desired",
                "acknowledged",
                "added",
                "updated",
                "removed",
                "already",
                "unmatched",
                "ambiguous",
                "rejected",
                "call",
                "write",
            )
        ],
        ("recorded_at", INSTANT),
    ]
)
SCHEMAS = {INTENTS: INTENT_SCHEMA, RECEIPTS: RECEIPT_SCHEMA, RUNS: RUN_SCHEMA}


class Datasets(Protocol):
    """The part of muster.lake.Lake that activation uses."""

    def append_rows(self, dataset: str, rows: pa.Table, name: str) -> Path: ...

    def dataset_files(self, dataset: str) -> list[Path]: ...


@dataclass(frozen=True)
class Effect:
    """One operation on one member, as intended or as it came out."""

    member_key: str
    destination_key: str | None
    operation: str
    is_ours: bool = True
    payload_hash: str | None = None
    identifier_hash: str | None = None
    content_hash: str | None = None
    verdict: str = "unknown"
    reason: str = ""
    request_id: str = ""
    batch: str = ""

    def came_out(self, verdict: str, reason: str = "", **changes: Any) -> Effect:
        return replace(self, verdict=verdict, reason=reason, **changes)


EFFECT_FIELDS = tuple(name for name, _ in EFFECT)


def prefix(destination: str, audience: str) -> str:
    """How the names of all files of one audience in one destination begin."""
    return f"{destination}--{audience}--"


@dataclass
class Scribe:
    """Writes the facts of one run: one file per call of `intend`, `receive` and `note`, numbered within the epoch."""

    lake: Datasets
    stamp: Mapping[str, Any]
    clock: Callable[[], datetime]
    _seq: int = field(default=0, init=False)
    _files: int = field(default=0, init=False)

    def intend(self, batch: str, effects: Sequence[Effect]) -> None:
        """Before a call: what is about to be asked for."""
        now = self.clock()
        self._write(INTENTS, [{**self._effect(e), "batch": batch, "intended_at": now} for e in effects])

    def receive(self, effects: Sequence[Effect], *, sent_at: datetime | None = None) -> None:
        """After a call, or instead of one: what came out."""
        now = self.clock()
        rows = [
            {
                **self._effect(e),
                "verdict": e.verdict,
                "reason": e.reason,
                "request_id": e.request_id,
                "sent_at": sent_at or now,
                "recorded_at": now,
            }
            for e in effects
        ]
        if rows:
            self._write(RECEIPTS, rows)

    def note(self, event: str, **columns: Any) -> None:
        """What happened to the run as a whole: `begun`, `held`, `completed`."""
        self._write(RUNS, [{**self._stamp(), "event": event, "recorded_at": self.clock(), **columns}])

    def _effect(self, effect: Effect) -> dict[str, Any]:
        return {**self._stamp(), **{name: getattr(effect, name) for name in EFFECT_FIELDS}}

    def _stamp(self) -> dict[str, Any]:
        self._seq += 1
        return {"schema_version": SCHEMA_VERSION, **self.stamp, "seq": self._seq}

    def _write(self, dataset: str, rows: list[dict[str, Any]]) -> None:
        self._files += 1
        start = prefix(self.stamp["destination"], self.stamp["audience"])
        name = f"{start}{self.stamp['epoch']:08d}-{self._files:06d}"
        self.lake.append_rows(dataset, pa.Table.from_pylist(rows, schema=SCHEMAS[dataset]), name)
