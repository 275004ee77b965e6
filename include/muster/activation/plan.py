"""The plan: desired minus acknowledged, worked out, judged and written down before the first call.

A plan's id names its target (destination, audience, snapshot), so an approval holds for exactly that target: it
survives a crash and a retry, and ends with the next snapshot. The report is two files under
`reports/plans/<destination>/<audience>/`: `<id>.json` (counts, expected calls, breaker, a sample of keys and
hashes) and `<id>.parquet` (what is to happen to each member).
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from muster.activation.breaker import Finding, Numbers, judge
from muster.activation.desired import Desired
from muster.activation.ledger import Ledger
from muster.activation.relational import relate
from muster.config import Breaker
from muster.destinations.base import Declaration
from muster.naming import Home

ROLES = """
with held as (
    select
        member_key,
        min(destination_key) as destination_key,
        count(*) as key_count,
        min(payload_hash) as payload_hash,
        count(distinct payload_hash) as payload_count,
        bool_or(
            operation = 'remove' and verdict = 'rejected' and reason <> 'not_arrived' and as_of = $as_of
        ) as is_stuck
    from pairs
    where state = 'held'
    group by all
),
pending as (
    select
        member_key, payload_hash, reason,
        case
            when reason = 'not_arrived' then true
            when as_of = $as_of then false
            when verdict <> 'rejected' or as_of > $as_of then true
            else $as_of >= as_of + to_days(least(power(2, greatest(try_count, 1) - 1), 7)::integer)
        end as is_due
    from members
    where state = 'pending'
),
unknown as (select member_key from members where state = 'unknown'),
everyone as (
    select member_key from marks
    union
    select member_key from members where state <> 'gone'
)
select
    e.member_key,
    case
        when u.member_key is not null then 'unknown'
        when m.member_key is null and h.is_stuck then 'stuck'
        when m.member_key is null and h.member_key is not null then 'remove'
        when m.member_key is null then 'forget'
        when h.member_key is not null and h.key_count = 1 and h.payload_count = 1
            and h.payload_hash is not distinct from m.payload_hash then 'keep'
        when h.member_key is not null then 'update'
        when p.member_key is null then 'add'
        when p.is_due or p.payload_hash is distinct from m.payload_hash then 'retry'
        else 'wait'
    end as role,
    h.destination_key,
    m.payload_hash,
    m.identifier_hash
from everyone as e
left join marks as m on m.member_key = e.member_key
left join held as h on h.member_key = e.member_key
left join pending as p on p.member_key = e.member_key
left join unknown as u on u.member_key = e.member_key
order by e.member_key
"""

COUNTS = "select role, count(*) as n from roles group by role order by role"
SAMPLE = """
select member_key, role, identifier_hash[:8] as identifier
from roles
where role not in ('keep', 'wait')
qualify row_number() over (partition by role order by member_key) <= 3
order by role, member_key
"""
NAMES = ("add", "retry", "update", "keep", "wait", "remove", "stuck", "forget", "unknown")


@dataclass(frozen=True)
class Plan:
    """What one activation is about to do. `roles`: member_key, role, destination_key, payload_hash, identifier_hash.

    `is_new_evaluation`: the audience was evaluated anew since the last run that ended, so everybody is looked up
    again. A rebuild at the same evaluation time is a new snapshot, but no new evaluation.

    Roles: add, retry (pending, due), update (payload changed), keep, wait (pending, not due), remove,
    stuck (removal refused in this evaluation already), forget (pending, not wanted any more), unknown.
    """

    id: str
    destination: str
    audience: str
    snapshot_id: str
    as_of: datetime
    desired_count: int
    acknowledged_count: int
    counts: dict[str, int]
    is_new_evaluation: bool
    expected_calls: dict[str, int]
    findings: list[Finding]
    roles: pa.Table
    path: Path | None = None

    @property
    def is_held(self) -> bool:
        return any(finding.is_held for finding in self.findings)

    @property
    def changes_anything(self) -> bool:
        """Whether somebody is to be sent or written down, apart from being looked up again."""
        return any(self.counts[name] for name in ("add", "retry", "update", "remove", "forget", "unknown"))

    def having(self, *roles: str) -> pa.Table:
        """The members with one of these roles, in key order."""
        names = pa.table({"role": pa.array(roles, pa.string())})
        return relate(
            "select * from roles semi join names using (role) order by member_key",
            {"roles": self.roles, "names": names},
        )


def plan_id(destination: str, audience: str, snapshot_id: str) -> str:
    return "plan_" + hashlib.sha256(f"{destination}|{audience}|{snapshot_id}".encode()).hexdigest()[:12]


def compute(
    destination: str,
    audience: str,
    desired: Desired,
    ledger: Ledger,
    declaration: Declaration,
    limits: Breaker,
) -> Plan:
    """Compare the published rows with the ledger. Makes no call and writes nothing."""
    tables = {"marks": desired.marks, "pairs": ledger.pairs, "members": ledger.members}
    roles = relate(ROLES, tables, parameters={"as_of": desired.as_of})
    found = {row["role"]: row["n"] for row in relate(COUNTS, {"roles": roles}).to_pylist()}
    counts = {name: found.get(name, 0) for name in NAMES}
    completed = ledger.completed()
    is_new = completed is None or completed["as_of"] != desired.as_of
    numbers = Numbers(
        len(desired.marks), ledger.known_count, ledger.held_count, counts["add"], counts["remove"]
    )
    return Plan(
        id=plan_id(destination, audience, desired.snapshot_id),
        destination=destination,
        audience=audience,
        snapshot_id=desired.snapshot_id,
        as_of=desired.as_of,
        desired_count=len(desired.marks),
        acknowledged_count=ledger.held_count,
        counts=counts,
        is_new_evaluation=is_new,
        expected_calls=_expected_calls(counts, declaration, is_new),
        findings=judge(numbers, limits),
        roles=roles,
    )


def written(plan: Plan, home: Home) -> Plan:
    """The plan with its report on disk, `path` being the JSON file; the same plan again replaces it."""
    return replace(plan, path=write(plan, home))


def write(plan: Plan, home: Home) -> Path:
    """Write the report. Returns the path of the JSON file."""
    folder = home.reports / "plans" / plan.destination / plan.audience
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plan.id}.json"
    report = {
        "plan_id": plan.id,
        "destination": plan.destination,
        "audience": plan.audience,
        "snapshot_id": plan.snapshot_id,
        "as_of": plan.as_of.isoformat(),
        "desired": plan.desired_count,
        "acknowledged": plan.acknowledged_count,
        "counts": plan.counts,
        "expected_calls": plan.expected_calls,
        "is_held": plan.is_held,
        "breaker": [asdict(finding) for finding in plan.findings],
        "sample": relate(SAMPLE, {"roles": plan.roles}).to_pylist(),
    }
    replace_file(path.with_suffix(".parquet"), lambda fresh: pq.write_table(plan.roles, fresh))
    replace_file(path, lambda fresh: fresh.write_text(json.dumps(report, indent=2) + "\n"))
    return path


def _expected_calls(counts: dict[str, int], declaration: Declaration, is_new: bool) -> dict[str, int]:
    """How many calls the plan will cost at most; lookups and read-backs are reads."""
    adds, removes = counts["add"] + counts["retry"] + counts["update"], counts["remove"]
    wanted = adds + (counts["keep"] if is_new else 0)
    if declaration.sync == "snapshot":
        return {"lookups": 0, "read_backs": int(is_new), "writes": int(bool(adds or removes))}
    return {
        "lookups": _batches(wanted, declaration.lookup_size),
        "read_backs": sum(
            _batches(n, declaration.batch_size) for n in (counts["unknown"], wanted, adds + removes)
        ),
        "writes": _batches(adds, declaration.batch_size) + _batches(removes, declaration.batch_size),
    }


def _batches(members: int, size: int) -> int:
    return -(-members // size)


def replace_file(path: Path, write_to: Callable[[Path], Any]) -> None:
    """Write under a temporary name in the same folder, flush, rename: readers never see a part."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write_to(fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
