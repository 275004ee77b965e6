"""The ids that the lake holds as alive and the organisation no longer has: deletions that no feed told of (F26).

Set work over every version of an object that was ever read, in bounded memory: ids are dealt into parts by the
letter that changes fastest, and one part is looked at after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from muster.config import SalesforceSource
    from muster.lake import Lake

DELETED = "deleted_records"
PART_ROWS = 1_000_000
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
STAMP_LENGTH = 23  # 2026-03-01T12:00:00.000: what all spellings of a UTC time have in common
PLACE = 14  # of the letter that changes fastest; the three behind it only repeat which letters are capitals
VERSIONS = pa.schema([(name, pa.string()) for name in ("id", "stamp", "gone")])


@dataclass(frozen=True)
class Comparison:
    """`alive`: how many the lake holds as alive. `missing`: those of them that the organisation no longer has."""

    alive: int
    missing: tuple[str, ...]


def compare(
    lake: Lake,
    config: SalesforceSource,
    object_name: str,
    there: Iterable[Path],
    before: str,
    told: Sequence[tuple[str, str]] = (),
) -> Comparison:
    """`there`: Parquet files of the ids that the organisation has, column `Id`. `told`: (id, time) known as deleted.

    Only records whose newest version is older than `before` are looked at: a younger one may have become visible
    after the organisation was asked.
    """
    manifests = lake.committed(config.system, config.instance, object_name)
    rows = sum(manifest.rows for manifest in manifests)
    alive, missing = 0, list[str]()
    there = list(there)
    for letters in _parts(rows):
        newest = _newest([*_versions(lake, config, object_name, letters), _told(told, letters)])
        living = newest.filter(
            pc.and_(pc.equal(newest["gone"], "false"), pc.less(newest["stamp"], before[:STAMP_LENGTH]))
        )
        has = _ids(there, letters)
        gone = living.filter(pc.invert(pc.is_in(living["id"], value_set=has)))
        alive += len(living)
        missing += gone["id"].to_pylist()
    return Comparison(alive, tuple(sorted(missing)))


def _parts(rows: int) -> Iterator[str]:
    """The 62 letters that ids are made of, dealt into so many parts that each holds about a million versions."""
    count = min(len(LETTERS), max(1, -(-rows // PART_ROWS)))
    size = -(-len(LETTERS) // count)
    for at in range(0, len(LETTERS), size):
        yield LETTERS[at : at + size]


def _versions(lake: Lake, config: SalesforceSource, object_name: str, letters: str) -> Iterator[pa.Table]:
    """(id, stamp, gone) of every row of the object, and of its deletions that were found before."""
    for manifest in lake.committed(config.system, config.instance, object_name):
        for file in manifest.files:
            yield from _read(lake.root / file.path, ("Id", "SystemModstamp", "IsDeleted"), letters)
    for manifest in lake.committed(config.system, config.instance, DELETED):
        for file in manifest.files:
            yield from _read(lake.root / file.path, ("id", "deletedDate", None), letters, object_name)


def _read(
    path: Path, names: tuple[str, str, str | None], letters: str, object_name: str | None = None
) -> Iterator[pa.Table]:
    columns = [name for name in names if name] + (["object"] if object_name else [])
    with pq.ParquetFile(path) as file:
        if not set(columns) <= set(file.schema_arrow.names):
            return
        for batch in file.iter_batches(batch_size=1 << 16, columns=columns):
            table = pa.Table.from_batches([batch])
            if object_name:
                table = table.filter(pc.equal(table["object"], object_name))
            table = table.filter(_ends_in(table[names[0]], letters))
            gone = table[names[2]] if names[2] else pa.array(["true"] * len(table), pa.string())
            yield pa.table(
                [table[names[0]].cast(pa.string()), _stamp(table[names[1]]), gone.cast(pa.string())], VERSIONS
            )


def _told(told: Sequence[tuple[str, str]], letters: str) -> pa.Table:
    ids, times = (
        pa.array([one for one, _ in told], pa.string()),
        pa.array([at for _, at in told], pa.string()),
    )
    table = pa.table([ids, _stamp(times), pa.array(["true"] * len(told), pa.string())], VERSIONS)
    return table.filter(_ends_in(table["id"], letters))


def _newest(tables: Sequence[pa.Table]) -> pa.Table:
    """The last version of each id; of two with one stamp the one that says it is gone."""
    table = pa.concat_tables(tables).sort_by(
        [("id", "ascending"), ("stamp", "ascending"), ("gone", "ascending")]
    )
    if len(table) < 2:
        return table
    ids = table["id"].combine_chunks()
    is_last = pc.not_equal(ids.slice(0, len(ids) - 1), ids.slice(1))
    return table.filter(pa.concat_arrays([is_last, pa.array([True])]))


def _ids(paths: Sequence[Path], letters: str) -> pa.Array:
    found = []
    for path in paths:
        column = pq.read_table(path, columns=["Id"], partitioning=None)["Id"]
        found += column.cast(pa.string()).filter(_ends_in(column, letters)).chunks
    return pa.chunked_array(found, pa.string()).combine_chunks()


def _ends_in(ids: pa.ChunkedArray, letters: str) -> pa.ChunkedArray:
    """Does the id's last significant character belong to this part?"""
    place = pc.utf8_slice_codeunits(ids, PLACE, PLACE + 1)
    return pc.is_in(place, value_set=pa.array(list(letters)))


def _stamp(times: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.utf8_slice_codeunits(times.cast(pa.string()), 0, STAMP_LENGTH)
