"""Keys that the lake already holds of one instance: what key-read objects are asked for by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.lake import Lake
    from muster.windows import Window

T = TypeVar("T")
EMPTY = ("", "null")  # how bulk files write that there is no value


def known(
    lake: Lake,
    config: SourceConfig,
    object_name: str,
    column: str,
    *,
    where: tuple[str, Sequence[str]] | None = None,
    within: Window | None = None,
) -> set[str]:
    """The distinct values of one column over every committed window of this instance; empty ones left out.

    `where`: (column, values) that a row must have. `within`: only of commits that overlap this window.
    """
    found: set[str] = set()
    for manifest in lake.committed(config.system, config.instance, object_name):
        if within is not None and not manifest.window.overlaps(within):
            continue
        for file in manifest.files:
            found.update(_values(lake.root / file.path, column, where))
    return found.difference(EMPTY)


def recent(lake: Lake, config: SourceConfig, object_name: str, key: str, at: str, read: Window) -> set[str]:
    """Keys of the rows whose `at` is not before the window's start, in commits that overlap the window.

    What a reading with an overlap meets a second time. Times are compared as text, which all spellings of a UTC
    time allow down to the second.
    """
    since, found = read.start.strftime("%Y-%m-%dT%H:%M:%S"), set[str]()
    for manifest in lake.committed(config.system, config.instance, object_name):
        if not manifest.window.overlaps(read):
            continue
        for file in manifest.files:
            table = pq.read_table(lake.root / file.path, columns=[key, at], partitioning=None)
            found.update(table.filter(pc.greater_equal(table[at], since))[key].to_pylist())
    return found


def _values(path: object, column: str, where: tuple[str, Sequence[str]] | None) -> Iterator[str]:
    """Distinct values of one file, row group by row group. A file without the column has none."""
    with pq.ParquetFile(path) as file:
        wanted = [column, *([where[0]] if where else [])]
        if not set(wanted) <= set(file.schema_arrow.names):
            return
        for batch in file.iter_batches(batch_size=1 << 16, columns=wanted):
            values = batch.column(column)
            if where:
                values = values.filter(pc.is_in(batch.column(where[0]), value_set=_strings(where[1])))
            yield from (value for value in pc.unique(values).to_pylist() if value is not None)


def _strings(values: Sequence[str]) -> object:
    import pyarrow as pa

    return pa.array(values, pa.string())


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
