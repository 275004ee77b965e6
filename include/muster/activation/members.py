"""Bring a set of members somewhere else to what the plan wants: match, compare, add, remove, read back.

Only what we added is ever removed (F74). Who was there before us is `already` there: counted, kept, not ours.
A person whose key changed (merged leads, another address) is added under the new key and removed under the old.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from muster.activation.plan import Plan
from muster.activation.records import Effect
from muster.activation.relational import relate
from muster.activation.sending import send
from muster.activation.settle import NOT_ARRIVED, READ_BACK, RECEIPTS_A_FILE, read_back
from muster.activation.work import Done, Work, chunks
from muster.destinations.base import Candidate, Match, MemberDestination
from muster.errors import DestinationError

MATCHES = pa.schema(
    [("member_key", pa.string()), ("key", pa.string()), ("verdict", pa.string()), ("reason", pa.string())]
)
KEYS = pa.schema([("key", pa.string())])

STEPS = """
with ours as (select distinct destination_key as key from pairs where state = 'held' and is_ours),
tried as (
    select member_key, destination_key as key
    from pairs
    where state = 'gone' and operation <> 'remove' and is_ours and reason = 'not_arrived'
),
held as (
    select p.*
    from pairs as p
    inner join roles as r on r.member_key = p.member_key
    where p.state = 'held' and (r.role in ('update', 'remove') or p.member_key in (select member_key from matches))
),
staying as (
    select key from matches where key is not null
    union
    select p.destination_key
    from pairs as p
    inner join roles as r on r.member_key = p.member_key
    where p.state = 'held' and r.role in ('keep', 'stuck') and p.member_key not in (select member_key from matches)
),
wanted as (
    select
        m.member_key, m.key, m.verdict, m.reason, r.role, r.payload_hash, r.identifier_hash, h.is_ours as was_ours,
        t.key is not null as is_there,
        case
            when m.key is null then 'unfound'
            when t.key is null then 'add'
            when h.member_key is not null and r.role = 'keep' then 'keep'
            when h.member_key is not null then 'confirm'
            when o.key is not null then 'share'
            when c.key is not null then 'claim'
            else 'already'
        end as step
    from matches as m
    inner join roles as r on r.member_key = m.member_key
    left join held as h on h.member_key = m.member_key and h.destination_key = m.key
    left join there as t on t.key = m.key
    left join ours as o on o.key = m.key
    left join tried as c on c.member_key = m.member_key and c.key = m.key
),
unwanted as (
    select
        h.member_key, h.destination_key as key, h.payload_hash, h.identifier_hash, h.is_ours, r.role,
        case
            when not h.is_ours then 'release'
            when h.destination_key in (select key from staying) then 'leave'
            else 'remove'
        end as step
    from held as h
    inner join roles as r on r.member_key = h.member_key
    left join matches as m on m.member_key = h.member_key and m.key = h.destination_key
    where m.member_key is null
)
select
    member_key, key, step, verdict, reason, role, payload_hash, identifier_hash,
    case when step = 'already' then false when step = 'confirm' then was_ours else true end as is_ours
from wanted
union all by name
select member_key, key, step, role, payload_hash, identifier_hash, is_ours from unwanted
union all by name
select member_key, 'forget' as step, role, payload_hash, identifier_hash, true as is_ours from roles where role = 'forget'
order by step, key, member_key
"""
# What is written down without a call: operation, verdict, reason
QUIET = {
    "confirm": ("update", "accepted", ""),
    "share": ("add", "accepted", "shared_key"),
    "claim": ("add", "accepted", READ_BACK),
    "already": ("add", "already", ""),
    "release": ("remove", "accepted", "not_ours"),
    "leave": ("remove", "accepted", "shared_key"),
    "forget": ("remove", "accepted", "not_wanted"),
}


def sync(work: Work, plan: Plan, destination: MemberDestination) -> Done:
    """Carry the plan out. Raises DestinationError when what was acknowledged isn't there on reading back (F78)."""
    has_place = destination.prepare(create=plan.desired_count > 0)
    wanted = plan.having("add", "retry", "update", *(["keep"] if plan.is_new_evaluation else []))
    matches = _matches(work, wanted, destination)
    there = read_back(destination, [key for key in matches["key"].to_pylist() if key]) if has_place else set()
    steps = _steps(work, plan, matches, there)
    quiet = [effect for step in QUIET for effect in _effects(steps, step)]
    if not has_place:
        quiet += [effect.came_out("accepted", "no_list") for effect in _effects(steps, "remove")]
    _receive(work, quiet)
    added = _send(work, destination, _effects(steps, "add"))
    removed = _send(work, destination, _effects(steps, "remove")) if has_place else []
    _receive(work, _unfound(steps))  # last: where somebody stands is told by the latest receipt
    _verify(work, destination, added, removed)
    return _done(steps, added, removed)


def _receive(work: Work, effects: list[Effect]) -> None:
    for part in chunks(effects, RECEIPTS_A_FILE):
        work.scribe.receive(part)


def _matches(work: Work, wanted: pa.Table, destination: MemberDestination) -> pa.Table:
    """The destination's key of everybody wanted, or the verdict that says why there is none."""
    rows: list[dict[str, Any]] = []
    for part in _candidates(work, wanted, destination.declaration.lookup_size):
        rows += [_row(match) for match in destination.match(part)]
        work.report(
            f"matched {sum(row['key'] is not None for row in rows):,} of {len(rows):,} (of {len(wanted):,})"
        )
    return pa.Table.from_pylist(rows, schema=MATCHES)


def _candidates(work: Work, wanted: pa.Table, size: int) -> Iterator[list[Candidate]]:
    rows = relate(
        "select d.* from desired as d semi join wanted as w using (member_key) order by d.member_key",
        {"desired": work.desired.rows, "wanted": wanted.select(["member_key"])},
    )
    for start in range(0, len(rows), size):
        part = rows.slice(start, size).to_pylist()
        yield [
            Candidate(row["member_key"], {k: v for k, v in row.items() if k != "member_key"}) for row in part
        ]


def _row(match: Match) -> dict[str, Any]:
    return {
        "member_key": match.member_key,
        "key": match.key,
        "verdict": match.verdict,
        "reason": match.reason,
    }


def _steps(work: Work, plan: Plan, matches: pa.Table, there: set[str]) -> pa.Table:
    present = pa.Table.from_pylist([{"key": key} for key in sorted(there)], schema=KEYS)
    tables = {"matches": matches, "there": present, "roles": plan.roles, "pairs": work.ledger.pairs}
    return relate(STEPS, tables)


def _effects(steps: pa.Table, step: str) -> list[Effect]:
    operation, verdict, reason = QUIET.get(step, (step, "unknown", ""))
    return [
        Effect(
            member_key=row["member_key"],
            destination_key=row["key"],
            operation=operation,
            is_ours=row["is_ours"],
            payload_hash=row["payload_hash"],
            identifier_hash=row["identifier_hash"],
            verdict=verdict,
            reason=reason,
        )
        for row in _having(steps, step)
    ]


def _unfound(steps: pa.Table) -> list[Effect]:
    return [
        Effect(
            member_key=row["member_key"],
            destination_key=None,
            operation="add",
            payload_hash=row["payload_hash"],
            identifier_hash=row["identifier_hash"],
            verdict=row["verdict"],
            reason=row["reason"],
        )
        for row in _having(steps, "unfound")
    ]


def _having(steps: pa.Table, step: str) -> list[dict[str, Any]]:
    mask = pa.compute.equal(steps["step"], step)
    return list(steps.filter(mask).to_pylist())


def _send(work: Work, destination: MemberDestination, effects: Sequence[Effect]) -> list[Effect]:
    """All effects of one operation in batches of as many keys as a call takes; those that were carried out."""
    finished: list[Effect] = []
    for part in chunks(effects, destination.declaration.batch_size):
        finished += send(work, destination, part)
        work.report(f"{part[0].operation}: {len(finished):,} of {len(effects):,}")
    return [effect for effect in finished if effect.verdict == "accepted"]


def _verify(work: Work, destination: MemberDestination, added: list[Effect], removed: list[Effect]) -> None:
    """Read back what was acknowledged; what isn't so is written down as not arrived and makes the run red."""
    keys = [str(effect.destination_key) for effect in (*added, *removed)]
    if not keys:
        return
    there = read_back(destination, keys)
    missing = [effect for effect in added if effect.destination_key not in there]
    left = [effect for effect in removed if effect.destination_key in there]
    wrong = [effect.came_out("rejected", NOT_ARRIVED) for effect in (*missing, *left)]
    work.scribe.receive(wrong)
    if wrong:
        raise DestinationError(
            f"of {len(keys):,} acknowledged changes {len(missing):,} additions and {len(left):,} removals "
            "are not there when read back",
            where=work.where,
            hint="run it again: they are sent anew",
        )


def _done(steps: pa.Table, added: list[Effect], removed: list[Effect]) -> Done:
    """Members, not keys: one whose key changed counts as updated, not as added and removed."""
    roles = {row["member_key"]: row["role"] for row in steps.to_pylist()}
    confirmed = {row["member_key"] for row in _having(steps, "confirm")}
    claimed = {row["member_key"] for step in ("share", "claim") for row in _having(steps, step)}
    gained = {effect.member_key for effect in added} | claimed
    lost = {effect.member_key for effect in removed}
    lost |= {row["member_key"] for step in ("leave",) for row in _having(steps, step)}
    updated = {key for key in gained | confirmed if roles[key] in ("update", "keep")}
    return Done(len(gained - updated), len(updated), len(lost - updated - gained))
