"""Rows on their way from a cursor to the lake: on disk until all of them are there, so that a lost connection costs a retry.

A writer can't take back rows; a spool is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from muster.sources.texts import as_text, fault_of, shown

Row = Sequence[Any]


class Spool:
    """Two files in a folder: good rows as Arrow, the others as lines. `rows` and `aside` count them."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.names, self.rows, self.aside = list(names), 0, 0
        self.good, self.bad = folder / "rows.arrow", folder / "aside.jsonl"
        self.schema = pa.schema([(name, pa.string()) for name in names])
        self._writer: pa.RecordBatchFileWriter
        self._aside: IO[str]

    def __enter__(self) -> Self:
        self._writer = pa.ipc.new_file(str(self.good), self.schema)
        self._aside = self.bad.open("w", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._aside.close()

    def add(self, rows: Sequence[Row]) -> None:
        """One batch of a cursor's rows."""
        table = text_table(rows, self.names)
        if table is None:
            texts = [[as_text(value) for value in row] for row in rows]
            faults = [fault_of(row) for row in texts]
            for offset, (row, fault) in enumerate(zip(texts, faults, strict=True), start=1):
                if fault:
                    line = [
                        self.rows + self.aside + offset,
                        fault,
                        shown(dict(zip(self.names, row, strict=True))),
                    ]
                    self._aside.write(json.dumps(line) + "\n")
            sound = [row for row, fault in zip(texts, faults, strict=True) if not fault]
            self.aside += len(rows) - len(sound)
            table = text_table(sound, self.names) if sound else self.schema.empty_table()
        if table is not None and len(table):
            self._writer.write_table(table)
            self.rows += len(table)

    def tables(self) -> Iterator[pa.Table]:
        """The good rows, batch by batch."""
        with pa.memory_map(str(self.good)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield pa.Table.from_batches([reader.get_batch(number)])

    def put_aside(self) -> Iterator[tuple[int, str, str]]:
        """(number, reason, row) of the others."""
        with self.bad.open(encoding="utf-8") as file:
            for line in file:
                number, reason, raw = json.loads(line)
                yield number, reason, raw


def text_table(rows: Sequence[Row], names: Sequence[str]) -> pa.Table | None:
    """A batch as text; None where a value in it can't be kept, so that its row has to be found."""
    if not rows:
        return None
    try:
        columns = [_texts(column) for column in zip(*rows, strict=True)]
    except UnicodeEncodeError:
        return None
    if any(pc.any(pc.match_substring(column, "\0")).as_py() for column in columns):
        return None
    return pa.table(columns, names=list(names))


def _texts(values: Iterable[Any]) -> pa.Array:
    return pa.array([value if type(value) is str else as_text(value) for value in values], pa.string())
