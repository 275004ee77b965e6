"""The bytes of a table: CSV after RFC 4180 and Parquet.

CSV: UTF-8, a header, CRLF, every text in quotes, a null is empty and an empty text is `""`. A text that a
spreadsheet would take for a formula gets an apostrophe in front (F103); `neutralise_formulas: false` in
platform.yml leaves it as it is, for files that only machines read. Parquet is never altered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FORMULA = "=+-@\t\r\n＝＋－＠"
ROWS_A_BLOCK = 20_000
VERSION = 1


def write_csv(table: pa.Table, path: Path, *, neutralise: bool) -> None:
    with path.open("wb") as file:
        for text in csv_text(table, neutralise=neutralise):
            file.write(text.encode())


def csv_text(table: pa.Table, *, neutralise: bool) -> Iterator[str]:
    """The file in blocks of lines; the header first."""
    yield ",".join(_quoted(name) for name in table.column_names) + "\r\n"
    for batch in table.to_batches(max_chunksize=ROWS_A_BLOCK):
        columns = [_cells(column, neutralise=neutralise) for column in batch.columns]
        yield "".join(",".join(row) + "\r\n" for row in zip(*columns, strict=True))


def write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def safe(text: str) -> str:
    """The text as no spreadsheet will run it."""
    return f"'{text}" if text.startswith(tuple(FORMULA)) else text


def _cells(column: pa.Array, *, neutralise: bool) -> list[str]:
    """Texts are quoted; numbers, truth values and times are written plainly."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        change = safe if neutralise else str
        return ["" if value is None else _quoted(change(value)) for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        return ["" if value is None else value.isoformat() for value in column.to_pylist()]
    if pa.types.is_nested(column.type):
        raise TypeError(f"a column of {column.type} can't be a CSV cell")
    return ["" if value is None else value for value in pc.cast(column, pa.string()).to_pylist()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
