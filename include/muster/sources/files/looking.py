"""A look into one file, without reading all of it: its columns with their kinds, and its first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from muster.sources.csv_rows import first_records
from muster.sources.files.rows import csv_columns, json_rows, layout_of, parquet_file
from muster.sources.files.unpack import as_utf8
from muster.sources.kinds import kind_of
from muster.sources.texts import column_text

if TYPE_CHECKING:
    from muster.config import FileObject

Rows = Sequence[Mapping[str, str | None]]
SAMPLE = 1000


def look_into(
    path: Path, name: str, wanted: FileObject, scratch: Path, where: str, rows: int
) -> tuple[Mapping[str, str], Rows]:
    """(kind by column, first rows). Kinds of text files are told by the values of their first rows."""
    if wanted.format == "parquet":
        with parquet_file(path, name, where) as file:
            kinds = {field.name: str(field.type) for field in file.schema_arrow}
            batch = next(file.iter_batches(batch_size=max(rows, 1)), None)
        table = pa.Table.from_batches(
            [batch] if batch is not None else [], schema=None if batch is not None else file.schema_arrow
        )
        texts = {column: column_text(table[column]).to_pylist() for column in table.column_names}
        return kinds, [dict(zip(texts, values, strict=True)) for values in zip(*texts.values(), strict=True)][
            :rows
        ]
    text = as_utf8(path, wanted.encoding, scratch, name, where)
    if wanted.format == "csv":
        columns = csv_columns(text, name, wanted, where)
        records = first_records(text, len(columns), layout_of(wanted), SAMPLE)
        sample: list[Mapping[str, str | None]] = [dict(zip(columns, one, strict=True)) for one in records]
    else:
        sample = [row for _, row, _, _ in islice(json_rows(text), SAMPLE) if row is not None]
        columns = list(dict.fromkeys(column for row in sample for column in row))
    return {column: kind_of([row.get(column) for row in sample]) for column in columns}, sample[:rows]
