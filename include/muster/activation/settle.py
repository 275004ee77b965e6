"""Settling: what a call without an answer did, only the destination can say. It is asked before anything else.

What was asked for and is there counts as done; what isn't there has not arrived and is sent again by the plan.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muster.activation.records import Effect
from muster.activation.work import Work, chunks
from muster.destinations.base import Destination, MemberDestination, SnapshotDestination

READ_BACK, NOT_ARRIVED = "read_back", "not_arrived"
RECEIPTS_A_FILE = 50_000


def settle(work: Work, destination: Destination) -> bool:
    """Read back every unknown pair and write down what was found. False when there was none."""
    unknown = work.ledger.pairs.filter(pc.equal(work.ledger.pairs["state"], "unknown"))
    if not len(unknown):
        return False
    work.report(f"reading back {len(unknown):,} that got no answer")
    if isinstance(destination, MemberDestination):
        effects = _members(unknown, destination)
    else:
        effects = _snapshot(unknown, destination)
    for part in chunks(effects, RECEIPTS_A_FILE):
        work.scribe.receive(part)
    return True


def read_back(destination: MemberDestination, keys: list[str]) -> set[str]:
    """Which of these keys are members now, whatever their number."""
    found: set[str] = set()
    for part in chunks(list(dict.fromkeys(keys)), destination.declaration.batch_size):
        found |= destination.present(part)
    return found


def _members(unknown: pa.Table, destination: MemberDestination) -> list[Effect]:
    keys = unknown["destination_key"].to_pylist()
    there = read_back(destination, keys) if destination.prepare(create=False) else set()
    return [_found(pair, pair["destination_key"] in there) for pair in unknown.to_pylist()]


def _snapshot(unknown: pa.Table, destination: SnapshotDestination) -> list[Effect]:
    """A content is there as a whole or not at all."""
    there = destination.content()
    effects = []
    for pair in unknown.to_pylist():
        has_arrived = there is not None and pair["content_hash"] == there
        effects.append(_found(pair, has_arrived == (pair["operation"] != "remove")))
    return effects


def _found(pair: dict[str, Any], is_there: bool) -> Effect:
    effect = Effect(
        member_key=pair["member_key"],
        destination_key=pair["destination_key"],
        operation=pair["operation"],
        is_ours=pair["is_ours"],
        payload_hash=pair["payload_hash"],
        identifier_hash=pair["identifier_hash"],
        content_hash=pair["content_hash"],
        batch=pair["batch"],
    )
    if is_there == (pair["operation"] != "remove"):
        return effect.came_out("accepted", READ_BACK)
    return effect.came_out("rejected", NOT_ARRIVED)
