"""The rows of one file into the lake's writer: CSV, JSONL, Parquet; every value as text, every odd row put aside."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muster.errors import IntegrityError, SourceError
from muster.http.jsontext import Number
from muster.http.jsontext import as_text as json_text
from muster.sources.base import BATCH_ROWS
from muster.sources.csv_rows import Counts, Layout, write_csv
from muster.sources.files.unpack import as_utf8
from muster.sources.texts import SAME_NAME, column_text, fault_of, require_names, shown

if TYPE_CHECKING:
    from muster.config import FileObject
    from muster.lake import WindowWriter

NOT_JSON, NOT_OBJECT = "not JSON", "not a JSON object"


@dataclass
class FileWriter:
    """The lake's writer as one file of several uses it: rows put aside say which file and line they are from."""

    writer: WindowWriter
    name: str

    def write_arrow(self, table: pa.Table) -> None:
        self.writer.write_arrow(table)

    def write(self, rows: Sequence[Mapping[str, str | None]]) -> None:
        self.writer.write(rows)

    def quarantine(self, row_number: int, reason: str, raw: str) -> None:
        """`row_number` is the line of a text file, the number of the row in a Parquet file."""
        place = {"file": self.name, "line": row_number, "row": raw}
        self.writer.quarantine(row_number, reason, shown(place))


def write_rows(
    path: Path, name: str, wanted: FileObject, writer: WindowWriter, scratch: Path, where: str
) -> Counts:
    """Every row of one unpacked file. Raises SourceError where the file as a whole can't be one of this object."""
    file = FileWriter(writer, name)
    if wanted.format == "parquet":
        return _parquet(path, name, wanted, file, where)
    text = as_utf8(path, wanted.encoding, scratch, name, where)
    if wanted.format == "csv":
        layout = layout_of(wanted)
        fields = csv_columns(text, name, wanted, where)
        _require(fields, wanted, name, where)
        if not fields:
            return Counts(0, 0)
        return write_csv(text, fields, file, where=f"{where} {name}", layout=layout)
    return _jsonl(text, file)


def layout_of(wanted: FileObject) -> Layout:
    return Layout(wanted.delimiter, wanted.quote, wanted.header, by_line=True)


def csv_columns(path: Path, name: str, wanted: FileObject, where: str) -> list[str]:
    """The columns of a CSV file, by its first line or by configuration; none for a file without a byte."""
    if not wanted.header:
        return wanted.columns
    with path.open("rb") as file:
        line = file.readline()
    if not line:
        return []
    try:
        return next(layout_of(wanted).reader([line.decode("utf-8")]), [])
    except (UnicodeDecodeError, csv.Error):
        hint = f"is it {wanted.encoding}, delimited by '{wanted.delimiter}'?"
        raise IntegrityError(
            f"{name}: the first line can't be read as a header", where=where, hint=hint
        ) from None


def _require(columns: Sequence[str], wanted: FileObject, name: str, where: str) -> None:
    """Raises SourceError where the file lacks a column that must be there, or names one twice."""
    if not columns:
        return
    require_names(columns, name, where)
    missing = [one for one in wanted.wanted if one not in columns]
    if missing:
        raise SourceError(
            f"{name} has no column {', '.join(missing)}",
            where=where,
            hint="`muster source preview` shows what is there; is the delimiter right, and the encoding?",
        )


# ---- JSONL -------------------------------------------------------------------------------------------------


def _jsonl(path: Path, writer: FileWriter) -> Counts:
    rows, aside = 0, 0
    batch: list[Mapping[str, str | None]] = []
    for number, row, reason, raw in json_rows(path):
        if row is None:
            writer.quarantine(number, reason, raw.decode("utf-8", "backslashreplace"))
            aside += 1
            continue
        batch.append(row)
        if len(batch) >= BATCH_ROWS:
            writer.write(batch)
            rows, batch = rows + len(batch), []
    writer.write(batch)
    return Counts(rows + len(batch), aside)


def json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str | None] | None, str, bytes]]:
    """(line, row or None, reason, raw bytes) of each line that isn't blank. Numbers stay as they were written."""
    names: dict[str, str] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row, reason = _json_row(line, names)
            yield number, row, reason, b"" if row is not None else line


def _json_row(line: bytes, names: dict[str, str]) -> tuple[Mapping[str, str | None] | None, str]:
    try:
        found = json.loads(
            line.decode("utf-8"), parse_int=Number, parse_float=Number, parse_constant=_refuse,
            object_pairs_hook=_once,
        )  # fmt: skip
    except UnicodeDecodeError:
        return None, "bytes that are not UTF-8"
    except (ValueError, RecursionError):
        return None, NOT_JSON
    if not isinstance(found, dict) or not found:
        return None, NOT_OBJECT
    row = {name: json_text(value) for name, value in found.items()}
    folded = {name.casefold(): name for name in row}
    if len(folded) < len(row) or any(names.get(low, name) != name for low, name in folded.items()):
        return None, SAME_NAME
    if reason := fault_of([*row.values(), *row]):
        return None, reason
    names.update(folded)
    return row, ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ. Raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


# ---- Parquet -----------------------------------------------------------------------------------------------


def _parquet(path: Path, name: str, wanted: FileObject, writer: FileWriter, where: str) -> Counts:
    rows, aside, at = 0, 0, 0
    with parquet_file(path, name, where) as file:
        columns = file.schema_arrow.names
        _require(columns, wanted, name, where)
        writer.write_arrow(pa.table([pa.array([], pa.string())] * len(columns), names=columns))
        for batch in _batches(file, name, where):
            good, bad = _text_rows(batch)
            writer.write_arrow(good)
            for offset, row in bad:
                writer.quarantine(at + offset + 1, fault_of(row), shown(row))
            rows, aside, at = rows + len(good), aside + len(bad), at + len(batch)
        announced = file.metadata.num_rows
    if rows + aside != announced:
        raise IntegrityError(f"{name} says {announced:,} rows and holds {rows + aside:,}", where=where)
    return Counts(rows, aside)


def parquet_file(path: Path, name: str, where: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        raise IntegrityError(
            f"{name} is no whole Parquet file", where=where, hint="put a whole one in its place"
        ) from None


def _batches(file: pq.ParquetFile, name: str, where: str) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=BATCH_ROWS)
    except (pa.ArrowException, OSError):
        raise IntegrityError(f"{name} is damaged", where=where, hint="put a whole one in its place") from None


def _text_rows(batch: pa.RecordBatch) -> tuple[pa.Table, list[tuple[int, dict[str, str | None]]]]:
    """(good rows, (place, row) of those that can't be kept)."""
    table = pa.Table.from_batches([batch])
    texts = [_sound_text(column) for column in table.columns]
    whole = pa.table([text for text, _ in texts], names=table.column_names)
    if not any(is_doubtful for _, is_doubtful in texts):
        return whole, []
    lists = {name: _loose(table[name]) for name in table.column_names}
    rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    bad = [(place, row) for place, row in enumerate(rows) if fault_of(row)]
    keep = pa.array([not fault_of(row) for row in rows])
    return whole.filter(keep), bad


def _sound_text(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, bool]:
    """The column as text, and whether a value of it may have to be put aside."""
    try:
        text = column_text(column)
        text.validate(full=True)
        return text, bool(pc.any(pc.match_substring(text, "\0")).as_py())
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return pa.chunked_array([pa.array(_blank_faults(_loose(column)), pa.string())]), True


def _loose(column: pa.ChunkedArray) -> list[str | None]:
    """The column's texts, bytes that are not UTF-8 as half characters."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        raw = column.cast(pa.large_binary()).to_pylist()
        return [None if one is None else one.decode("utf-8", "surrogateescape") for one in raw]
    return column_text(column).to_pylist()


def _blank_faults(values: list[str | None]) -> list[str | None]:
    return [None if value is not None and fault_of([value]) else value for value in values]
