"""Bring a place that holds a whole content to the content of now: compare hashes, replace once, read back."""

from __future__ import annotations

from typing import Any

from muster.activation.desired import content_hash
from muster.activation.plan import Plan
from muster.activation.records import Effect
from muster.activation.settle import READ_BACK, RECEIPTS_A_FILE
from muster.activation.work import Done, Work, chunks
from muster.destinations.base import Content, SnapshotDestination
from muster.errors import DestinationError

OPERATIONS = {"add": "add", "retry": "add", "update": "update", "remove": "remove", "forget": "remove"}


def wanted_hash(work: Work, destination: SnapshotDestination) -> str:
    return content_hash(work.desired, destination.fingerprint())


def sync(work: Work, plan: Plan, destination: SnapshotDestination, run_id: str) -> Done:
    """Carry the plan out. Members that didn't change get no receipt; a content that didn't change is not written."""
    wanted = wanted_hash(work, destination)
    effects = [_effect(row, wanted) for row in plan.having(*OPERATIONS).to_pylist()]
    if destination.content() == wanted:
        _receive(work, [effect.came_out("accepted", READ_BACK) for effect in effects])
        return _done(effects)
    batch = work.next_batch()
    for part in chunks(effects, RECEIPTS_A_FILE):
        work.scribe.intend(batch, part)
    work.report(f"writing {len(work.desired.rows):,} rows")
    content = Content(work.desired.rows, wanted, work.desired.as_of, work.desired.snapshot_id, run_id)
    name = destination.replace(content)
    if destination.content() != wanted:
        raise DestinationError(
            "what was written is not there when read back",
            where=work.where,
            hint="run it again: it is written anew",
        )
    _receive(work, [effect.came_out("accepted", request_id=name, batch=batch) for effect in effects])
    return _done(effects)


def _receive(work: Work, effects: list[Effect]) -> None:
    for part in chunks(effects, RECEIPTS_A_FILE):
        work.scribe.receive(part)


def _effect(row: dict[str, Any], wanted: str) -> Effect:
    return Effect(
        member_key=row["member_key"],
        destination_key=row["member_key"],
        operation=OPERATIONS[row["role"]],
        payload_hash=row["payload_hash"],
        identifier_hash=row["identifier_hash"],
        content_hash=wanted,
    )


def _done(effects: list[Effect]) -> Done:
    counts = [sum(effect.operation == name for effect in effects) for name in ("add", "update", "remove")]
    return Done(*counts)
