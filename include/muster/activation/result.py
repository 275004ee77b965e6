"""How an activation ended: what it changed, how every member stands now, and who is not there and why."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from muster.activation.ledger import Ledger
from muster.activation.plan import Plan, replace_file
from muster.activation.relational import relate
from muster.errors import MusterError

STANDING = """
select
    coalesce(w.member_key, m.member_key) as member_key,
    w.member_key is not null as is_wanted,
    coalesce(m.state, 'gone') as state,
    coalesce(m.verdict, '') as verdict,
    coalesce(m.reason, '') as reason,
    m.member_key in (
        select member_key from pairs where state = 'held' group by all having not bool_or(is_ours)
    ) as is_foreign
from marks as w
full join members as m on m.member_key = w.member_key
where w.member_key is not null or m.state <> 'gone'
order by 1
"""
COUNTS = """
select
    count(*) filter (state = 'held') as held,
    count(*) filter (state = 'held' and is_foreign) as already,
    count(*) filter (is_wanted and state = 'pending' and verdict = 'unmatched') as unmatched,
    count(*) filter (is_wanted and state = 'pending' and verdict = 'ambiguous') as ambiguous,
    count(*) filter (is_wanted and state = 'pending' and verdict = 'rejected') as rejected,
    count(*) filter (not is_wanted and state = 'held') as stuck,
    count(*) filter (is_wanted and state not in ('held', 'pending')) as open
from standing
"""
ABSENT = "select member_key, state, verdict, reason from standing where not (is_wanted and state = 'held' ) order by member_key"


@dataclass(frozen=True)
class ActivationResult:
    """`added`, `updated`, `removed`: members this run changed. Everything from `held` to `stuck` is how all members
    stand at its end: held there; of these `already` there and not by us; not there because `unmatched`,
    `ambiguous` or `rejected`; `stuck`: a removal that was refused. `calls` and `writes` are this run's.
    """

    destination: str
    audience: str
    snapshot_id: str
    as_of: datetime
    plan_id: str
    plan_path: Path | None
    plan: Plan = field(repr=False)
    is_dry_run: bool = False
    added: int = 0
    removed: int = 0
    updated: int = 0
    held: int = 0
    already: int = 0
    unmatched: int = 0
    ambiguous: int = 0
    rejected: int = 0
    stuck: int = 0
    calls: int = 0
    writes: int = 0

    @property
    def desired(self) -> int:
        return self.plan.desired_count


def standing(marks: pa.Table, ledger: Ledger) -> pa.Table:
    """One row per member that is wanted or there: where it stands, and the verdict that says why."""
    return relate(STANDING, {"marks": marks, "members": ledger.members, "pairs": ledger.pairs})


def counted(table: pa.Table, *, where: str) -> dict[str, int]:
    """The numbers of a standing. Raises MusterError unless everybody wanted is held or says why not."""
    counts: dict[str, int] = relate(COUNTS, {"standing": table}).to_pylist()[0]
    if counts.pop("open"):
        raise MusterError(
            "the ledger does not add up: somebody wanted is neither there nor has a verdict",
            where=where,
            hint="run it again; if it stays so, the receipts in the lake were changed by hand",
        )
    return counts


def write(result: ActivationResult, table: pa.Table) -> None:
    """Beside the plan: `<id>.result.json` (numbers) and `<id>.absent.parquet` (who isn't there, and why)."""
    if result.plan_path is None:
        return
    numbers: dict[str, Any] = {k: v for k, v in vars(result).items() if isinstance(v, int)}
    numbers |= {"plan_id": result.plan_id, "desired": result.desired, "as_of": result.as_of.isoformat()}
    absent = relate(ABSENT, {"standing": table})
    folder = result.plan_path.parent
    replace_file(folder / f"{result.plan_id}.absent.parquet", lambda fresh: pq.write_table(absent, fresh))
    text = json.dumps(numbers, indent=2) + "\n"
    replace_file(folder / f"{result.plan_id}.result.json", lambda fresh: fresh.write_text(text))
