"""The ledger: what a destination has acknowledged, folded from the receipts in the lake.

Two grains. A *pair* is (member_key, destination_key): is this member there under this key, and did we put it
there? A *member* is where it stands as a whole: held, pending (with the verdict that says why), unknown or gone.

The fold needs only the latest fact of a pair, in the order `(epoch, seq)`:

* added or updated, accepted or already -> held;  removal rejected -> still held;  anything else -> gone
* an intent without a receipt -> unknown: the process died around the call
* a receipt of an older epoch that was written after one of a newer epoch -> unknown: a zombie finished its call
  while its successor was at work (F56), so only the destination can say what is true

Unknown pairs are read back before anything else is done (muster.activation.settle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from muster.activation.records import (
    INTENT_SCHEMA,
    INTENTS,
    RECEIPT_SCHEMA,
    RECEIPTS,
    RUN_SCHEMA,
    RUNS,
    Datasets,
    prefix,
)
from muster.activation.relational import relate

FACTS = """
facts as (
    select
        epoch, seq, batch, member_key, destination_key, operation, is_ours, payload_hash, identifier_hash,
        content_hash, verdict, reason, as_of, recorded_at
    from receipts
    union all
    select
        i.epoch, i.seq, i.batch, i.member_key, i.destination_key, i.operation, i.is_ours, i.payload_hash,
        i.identifier_hash, i.content_hash, 'unknown', 'no_receipt', i.as_of, i.intended_at
    from intents as i
    anti join receipts as r
        on r.batch = i.batch and r.member_key = i.member_key and r.operation = i.operation
        and r.destination_key is not distinct from i.destination_key
)
"""

PAIRS = f"""
with {FACTS},
ordered as (
    select
        *,
        row_number() over newest_first as age,
        max(recorded_at) over (partition by member_key, destination_key) as last_recorded_at,
        max(epoch) over (partition by member_key, destination_key) as last_epoch
    from facts
    where destination_key is not null
    window newest_first as (partition by member_key, destination_key order by epoch desc, seq desc)
),
late as (
    select distinct o.member_key, o.destination_key
    from ordered as o
    inner join ordered as n
        on n.member_key = o.member_key and n.destination_key = o.destination_key and n.age = 1
    where o.epoch < n.epoch and o.recorded_at > n.recorded_at and o.reason <> 'no_receipt'
)
select
    o.member_key, o.destination_key, o.operation, o.payload_hash, o.identifier_hash, o.content_hash, o.batch,
    o.verdict, o.reason, o.as_of,
    case
        when o.verdict = 'unknown' or l.member_key is not null then 'unknown'
        when o.operation in ('add', 'update') and o.verdict in ('accepted', 'already') then 'held'
        when o.operation = 'remove' and o.verdict = 'rejected' then 'held'
        else 'gone'
    end as state,
    o.is_ours
from ordered as o
left join late as l on l.member_key = o.member_key and l.destination_key = o.destination_key
where o.age = 1
order by o.member_key, o.destination_key
"""  # noqa: S608 - no values, only the text above

MEMBERS = f"""
with {FACTS},
latest as (
    select *
    from facts
    qualify row_number() over (partition by member_key order by epoch desc, seq desc) = 1
),
tries as (
    select f.member_key, count(*) as try_count
    from facts as f
    inner join latest as l on l.member_key = f.member_key and l.payload_hash is not distinct from f.payload_hash
    where f.operation = 'add' and f.verdict = 'rejected' and f.reason <> 'not_arrived'
    group by all
),
standing as (
    select
        member_key,
        bool_or(state = 'held') as is_held,
        bool_or(state = 'unknown') as is_unknown
    from pairs
    group by all
)
select
    l.member_key,
    case
        when s.is_unknown then 'unknown'
        when s.is_held then 'held'
        when l.operation <> 'remove' and l.verdict in ('unmatched', 'ambiguous', 'rejected') then 'pending'
        else 'gone'
    end as state,
    l.verdict, l.reason, l.payload_hash, l.as_of,
    coalesce(t.try_count, 0) as try_count
from latest as l
left join standing as s on s.member_key = l.member_key
left join tries as t on t.member_key = l.member_key
order by l.member_key
"""  # noqa: S608 - no values, only the text above

LAST_RUNS = """
select *
from runs
qualify row_number() over (partition by event order by epoch desc, seq desc) = 1
order by event
"""


@dataclass(frozen=True)
class Ledger:
    """One audience in one destination. `pairs` and `members` as described above; `runs`: the last of each event."""

    pairs: pa.Table
    members: pa.Table
    runs: dict[str, dict[str, Any]]
    last_epoch: int

    @property
    def held_count(self) -> int:
        return count(self.members, "state", "held")

    @property
    def unknown_count(self) -> int:
        return count(self.members, "state", "unknown")

    @property
    def known_count(self) -> int:
        """How large the audience was when it was last sent; what the breaker compares with.

        The target of the last run that began, not what it got done: a run that died half-way and goes on
        is no growth.
        """
        begun = self.runs.get("begun")
        return int(begun["desired_count"]) if begun else self.held_count

    def has_begun(self, plan_id: str) -> bool:
        begun = self.runs.get("begun")
        return begun is not None and begun["plan_id"] == plan_id

    def completed(self) -> dict[str, Any] | None:
        return self.runs.get("completed")


def load(lake: Datasets, destination: str, audience: str) -> Ledger:
    """Fold what the lake has. Reads the files of this audience in this destination only."""
    start = prefix(destination, audience)
    receipts = _read(lake, RECEIPTS, RECEIPT_SCHEMA, start)
    intents = _read(lake, INTENTS, INTENT_SCHEMA, start)
    runs = _read(lake, RUNS, RUN_SCHEMA, start)
    facts = {"receipts": receipts, "intents": intents}
    pairs = relate(PAIRS, facts)
    members = relate(MEMBERS, {**facts, "pairs": pairs})
    last = {row["event"]: row for row in relate(LAST_RUNS, {"runs": runs}).to_pylist()}
    return Ledger(pairs, members, last, _last_epoch(receipts, intents, runs))


def receipts_of(lake: Datasets, member_key: str) -> pa.Table:
    """Every receipt of one member, everywhere, in order."""
    rows = _read(lake, RECEIPTS, RECEIPT_SCHEMA, "")
    return relate(
        "select * from receipts where member_key = $member_key order by destination, audience, epoch, seq",
        {"receipts": rows},
        parameters={"member_key": member_key},
    )


def audiences(lake: Datasets) -> list[tuple[str, str]]:
    """Every (destination, audience) that has a fact in the lake."""
    names = {
        tuple(path.name.split("--")[:2])
        for dataset in (INTENTS, RECEIPTS, RUNS)
        for path in lake.dataset_files(dataset)
    }
    return sorted((name[0], name[1]) for name in names if len(name) == 2)


def last_epoch(lake: Datasets, destination: str, audience: str) -> int:
    """The highest epoch that left a fact, told by the files' names alone: what a new lease must rise above."""
    start = prefix(destination, audience)
    stems = [
        p.stem
        for name in (INTENTS, RECEIPTS, RUNS)
        for p in lake.dataset_files(name)
        if p.name.startswith(start)
    ]
    return max((int(stem.removeprefix(start).split("-")[0]) for stem in stems), default=0)


def count(table: pa.Table, column: str, value: str) -> int:
    return int(pc.sum(pc.equal(table[column], value)).as_py() or 0)


def _read(lake: Datasets, dataset: str, schema: pa.Schema, start: str) -> pa.Table:
    """The rows of the dataset's files whose name begins with `start`, in the schema of today (F50)."""
    files = [str(path) for path in lake.dataset_files(dataset) if path.name.startswith(start)]
    return ds.dataset(files, schema=schema, format="parquet").to_table() if files else schema.empty_table()


def _last_epoch(*tables: pa.Table) -> int:
    return max((int(pc.max(table["epoch"]).as_py()) for table in tables if len(table)), default=0)
