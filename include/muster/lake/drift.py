"""What each source said its records look like, from reading to reading: new, dropped, renamed and retyped fields (F50).

    digest = drift.record(lake, "marketo__emea", "leads", described, at=now, window=window, run_id=run_id)

    drift/schemas/<connection>__<object>__<number>.parquet      one file per version, one row per field

A version is written before the rows that were read by it are committed, under the next number: of several readers
that see the same change one writes it, and a reader that dies leaves nothing half said. A field that was dropped
stands in the version that dropped it, and in no later one. What is done about a change is `RULES`, and the same
for every source: raw is text, so that nothing received can be refused by its type.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muster.errors import LakeError
from muster.windows import Window, utc

if TYPE_CHECKING:
    from muster.lake.store import Lake

DATASET = "drift/schemas"
FIRST, SAME = "first", "same"
ADDED, DROPPED, RENAMED, RETYPED = "added", "dropped", "renamed", "retyped"
RULES = {
    ADDED: "read from now on: a new column of the raw table; staging takes it up when its model names it",
    DROPPED: "no longer asked for: what was received stays in raw, rows read from now on have no value in it",
    RENAMED: "read under its new name: a new column of the raw table; staging must be told of the new name",
    RETYPED: "raw keeps the text as it comes; what staging can't cast is counted in int_lake__cast_failures",
}
INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in ("source_instance", "object")],
        ("version", pa.int64()),
        *[(name, pa.string()) for name in ("digest", "field", "data_type", "field_id", "change")],
        *[(name, pa.string()) for name in ("previous", "rule")],
        *[(name, INSTANT) for name in ("window_start", "window_end")],
        ("run_id", pa.string()),
        ("noticed_at", INSTANT),
    ]
)


@dataclass(frozen=True)
class Described:
    """The fields of an object: name to type, and name to the source's own id of the field where it has one."""

    types: Mapping[str, str]
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return list(self.types)

    @property
    def digest(self) -> str:
        """The same for the same names and types, in any order. Ids are not part of it: they only tell renames."""
        return hashlib.sha256(json.dumps(sorted(self.types.items())).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        return {"types": dict(self.types), "ids": dict(self.ids)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Described:
        return cls(given["types"], given["ids"])


@dataclass(frozen=True)
class Version:
    """The newest version that the lake knows of one object."""

    number: int
    digest: str
    at: datetime
    described: Described


def record(
    lake: Lake,
    connection: str,
    object_name: str,
    described: Described,
    *,
    at: datetime,
    window: Window,
    run_id: str,
) -> str:
    """Make sure that the lake knows this description, as of `at`; returns its digest.

    A description older than the newest one that is known says nothing new: two readers may overlap.
    """
    while described.types:
        last = newest(lake, connection, object_name)
        if last is not None and (last.digest == described.digest or utc(at) <= last.at):
            return described.digest
        number = last.number + 1 if last else 0
        name = f"{connection}__{object_name}__{number:06d}"
        common = {
            "source_instance": connection,
            "object": object_name,
            "version": number,
            "digest": described.digest,
            "window_start": window.start,
            "window_end": window.end,
            "run_id": run_id,
            "noticed_at": utc(at),
        }
        rows = [{**common, **row} for row in compare(last.described if last else None, described)]
        try:
            lake.append_rows(DATASET, pa.Table.from_pylist(rows, schema=SCHEMA), name)
        except LakeError:
            if not any(path.stem == name for path in lake.dataset_files(DATASET)):
                raise
            continue  # somebody else wrote this number first: look at what it says
        break
    return described.digest


def compare(before: Described | None, now: Described) -> list[dict[str, Any]]:
    """A row per field, with what became of it. A rename needs proof: the field's id under another name, same type."""
    rows = []
    gone = (
        {} if before is None else {name: kind for name, kind in before.types.items() if name not in now.types}
    )
    for name, kind in now.types.items():
        change, previous = SAME, None
        if before is None:
            change = FIRST
        elif name not in before.types:
            previous = _former_name(name, before, now, gone)
            change = RENAMED if previous else ADDED
            gone.pop(previous or "", None)
        elif before.types[name] != kind:
            change, previous = RETYPED, before.types[name]
        rows.append(_row(name, kind, now.ids.get(name), change, previous))
    if before is not None:
        rows += [_row(name, kind, before.ids.get(name), DROPPED, None) for name, kind in gone.items()]
    return rows


def _former_name(name: str, before: Described, now: Described, gone: Mapping[str, str]) -> str | None:
    number = now.ids.get(name)
    if number is None or list(now.ids.values()).count(number) > 1:
        return None
    found = [one for one, known in before.ids.items() if known == number]
    return found[0] if len(found) == 1 and gone.get(found[0]) == now.types[name] else None


def _row(name: str, kind: str, number: str | None, change: str, previous: str | None) -> dict[str, Any]:
    return {
        "field": name,
        "data_type": kind,
        "field_id": number,
        "change": change,
        "previous": previous,
        "rule": RULES.get(change),
    }


def newest(lake: Lake, connection: str, object_name: str) -> Version | None:
    """The last version of one object."""
    files = _files(lake, connection, object_name)
    if not files:
        return None
    rows = _read(files[-1]).to_pylist()
    standing = [row for row in rows if row["change"] != DROPPED]
    described = Described(
        {row["field"]: row["data_type"] for row in standing},
        {row["field"]: row["field_id"] for row in standing if row["field_id"] is not None},
    )
    first = rows[0]
    return Version(first["version"], first["digest"], first["noticed_at"], described)


def events(lake: Lake) -> pa.Table:
    """Every change of every object, oldest first within an object; what was there from the start is none."""
    tables = [_read(path) for path in lake.dataset_files(DATASET)]
    found = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    return found.filter(pc.is_in(found["change"], value_set=pa.array(list(RULES))))


def count(lake: Lake, connection: str, object_name: str) -> int:
    """How many changes of one object are known."""
    changes = [_read(path)["change"] for path in _files(lake, connection, object_name)]
    return sum(change in RULES for column in changes for change in column.to_pylist())


def _files(lake: Lake, connection: str, object_name: str) -> list[Path]:
    prefix = f"{connection}__{object_name}__"
    return [path for path in lake.dataset_files(DATASET) if path.stem.startswith(prefix)]


def _read(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None).cast(SCHEMA)
