"""CSV files of bulk jobs into the lake's writer: every value as it was written, every odd row put aside.

Arrow parses fast but forgives: `"x"y` becomes `xy`, a blank line becomes a row. So every block is looked through
before Arrow gets it, and the first one with a quote out of place ends that road, as does the first that Arrow refuses:
the strict parser goes on behind the last row that is written. Both give the same rows (F1-F4, F29, F31).
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from muster.errors import IntegrityError
from muster.sources.base import BATCH_ROWS

BLOCK_BYTES = 8 << 20
LOOK_BYTES = 256 << 10  # looked through at once: what fits the processor's cache is twice as fast
QUOTE, RETURN, NEWLINE = ord('"'), ord("\r"), ord("\n")
MISPLACED = "the quotes or line ends are out of place"
NOT_UTF8 = "bytes that are not UTF-8"
NUL = "a NUL byte"
BESIDE_QUOTE = np.zeros(256, dtype=bool)  # what may stand before an opening and after a closing quote
BESIDE_QUOTE[list(b',\r\n"')] = True


class RowWriter(Protocol):
    """Where rows go: the lake's writer, or what stands before it."""

    def write_arrow(self, table: pa.Table) -> None: ...

    def quarantine(self, row_number: int, reason: str, raw: str) -> None: ...


@dataclass(frozen=True)
class Layout:
    """How the values of a file are set apart. `by_line`: rows put aside are numbered by the line they begin in."""

    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    by_line: bool = False

    @property
    def is_usual(self) -> bool:
        """Can the fast parser read it?"""
        return (self.delimiter, self.quote) == (",", '"')

    def reader(self, lines: Iterable[str]) -> Any:
        """Python's parser in strict mode."""
        return csv.reader(lines, strict=True, delimiter=self.delimiter, quotechar=self.quote)


USUAL = Layout()


@dataclass(frozen=True)
class Counts:
    rows: int
    quarantined: int

    @property
    def total(self) -> int:
        return self.rows + self.quarantined


def write_csv(
    path: Path,
    fields: Sequence[str],
    writer: RowWriter,
    *,
    where: str,
    first_row: int = 0,
    layout: Layout = USUAL,
) -> Counts:
    """Every row of the file. Its header must equal `fields` (F2, F9); `first_row` numbers go on from there.

    A file without a byte has no row. Raises IntegrityError for another header.
    """
    size = path.stat().st_size
    if size == 0:
        return Counts(0, 0)
    start = _after_header(path, fields, where, layout) if layout.header else 0
    writer.write_arrow(_table([], fields))
    if start == size:
        return Counts(0, 0)
    done, is_all = _write_fast(path, start, fields, writer) if layout.is_usual else (0, False)
    return Counts(done, 0) if is_all else _write_strict(path, fields, writer, done, first_row, layout)


class OutOfPlace(ValueError):
    """A quote, a NUL or a CR where the two parsers would not agree."""


class CheckedFile:
    """The bytes of a file from `start` on, for Arrow: `read` raises OutOfPlace in the place of a doubtful block.

    Every quote must open or close a whole field or be doubled inside one. Quotes alternate: the even ones open (or
    are the second of a pair), the odd ones close (or are the first). No NUL and no lone CR may be there.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self._file = io.BufferedReader(path.open("rb", buffering=0), 1 << 20)
        self._file.seek(start)
        self._before, self._quotes = NEWLINE, 0

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Raises OutOfPlace."""
        block = self._file.read(size)
        if not block and self._quotes % 2:
            raise OutOfPlace("a field is not closed")
        following = self._file.peek(1)[:1] or b"\n"
        for at in range(0, len(block), LOOK_BYTES):
            end = at + LOOK_BYTES
            self._look(block[at:end], block[end : end + 1] or following)
        return block

    def _look(self, chunk: bytes, following: bytes) -> None:
        data = np.frombuffer(chunk, dtype=np.uint8)
        if b"\0" in chunk or (b"\r" in chunk and _has_lone_return(data, following)):
            raise OutOfPlace("a NUL or a lone CR")
        at = np.flatnonzero(data == QUOTE)
        if len(at):
            padded = np.frombuffer(b"%c%b%b" % (self._before, chunk, following), dtype=np.uint8)
            opening, closing = at[self._quotes % 2 :: 2], at[1 - self._quotes % 2 :: 2]
            if not (BESIDE_QUOTE[padded[opening]].all() and BESIDE_QUOTE[padded[closing + 2]].all()):
                raise OutOfPlace("a quote")
            self._quotes += len(at)
        self._before = chunk[-1]


def _has_lone_return(data: np.ndarray, following: bytes) -> bool:
    """A CR without its LF: a line end to one parser, a fault to the other."""
    at = np.flatnonzero(data == RETURN)
    if at[-1] == len(data) - 1:
        if following != b"\n":
            return True
        at = at[:-1]
    return not (data[at + 1] == NEWLINE).all()


def _after_header(path: Path, fields: Sequence[str], where: str, layout: Layout) -> int:
    """Where the first row begins. Raises IntegrityError."""
    with path.open("rb") as file:
        line = file.readline()
    try:
        header: list[str] = next(layout.reader([line.decode("utf-8")]), [])
    except (UnicodeDecodeError, csv.Error):
        header = []
    if header != list(fields):
        missing, extra = len(set(fields) - set(header)), len(set(header) - set(fields))
        raise IntegrityError(
            f"the file's header is not the {len(fields)} fields asked for: {missing} missing, {extra} extra, "
            f"{len(header)} in all",
            where=where,
        )
    return len(line)


def _write_fast(path: Path, start: int, fields: Sequence[str], writer: RowWriter) -> tuple[int, bool]:
    """Rows by Arrow: how many it wrote, and whether these are all."""
    text = {name: pa.string() for name in fields}
    done = 0
    file = CheckedFile(path, start)
    try:
        with arrow_csv.open_csv(
            pa.PythonFile(file, mode="r"),
            read_options=arrow_csv.ReadOptions(column_names=list(fields), block_size=BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(
                newlines_in_values=True, escape_char=False, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=text, null_values=[], strings_can_be_null=False, check_utf8=True
            ),
        ) as batches:
            for batch in batches:
                if pc.any(pc.equal(batch.column(0), "")).as_py():
                    return done, False  # a blank line looks like that; the strict parser tells them apart
                writer.write_arrow(pa.Table.from_batches([batch]))
                done += len(batch)
    except (pa.ArrowInvalid, OutOfPlace):
        return done, False
    finally:
        file.close()
    return done, True


def _write_strict(
    path: Path, fields: Sequence[str], writer: RowWriter, skip: int, first_row: int, layout: Layout
) -> Counts:
    """Rows by Python's csv module in strict mode, behind the `skip` rows that are written already."""
    rows, quarantined = skip, 0
    batch: list[list[str]] = []
    for number, line, record, reason, raw in _records(path, len(fields), layout):
        if number <= skip:
            continue
        if record is None:
            writer.quarantine(
                line if layout.by_line else first_row + number,
                reason,
                raw.decode("utf-8", "backslashreplace"),
            )
            quarantined += 1
            continue
        batch.append(record)
        if len(batch) >= BATCH_ROWS:
            writer.write_arrow(_table(batch, fields))
            rows, batch = rows + len(batch), []
    writer.write_arrow(_table(batch, fields))
    return Counts(rows + len(batch), quarantined)


def _records(
    path: Path, width: int, layout: Layout
) -> Iterator[tuple[int, int, list[str] | None, str, bytes]]:
    """(number from 1, line it begins in, values or None, reason, raw bytes) of each row after the header."""
    csv.field_size_limit(sys.maxsize)  # of the whole process; a long field is no reason to fail (F31)
    with path.open("rb") as file:
        line = 1
        if layout.header:
            file.readline()
            line = 2
        seen: list[bytes] = []
        reader = layout.reader(_remembered(file, seen))
        for number in range(1, sys.maxsize):
            line += len(seen)
            seen.clear()
            try:
                record = next(reader, None)
            except csv.Error:
                yield number, line, None, MISPLACED, b"".join(seen)
                continue
            if record is None:
                return
            reason = _fault(record, width)
            yield number, line, None if reason else record, reason, b"".join(seen) if reason else b""


def first_records(path: Path, width: int, layout: Layout, count: int) -> list[list[str]]:
    """The first sound rows of a file, among its first `count`."""
    found = islice(_records(path, width, layout), count)
    return [record for _, _, record, _, _ in found if record is not None]


def parse_row(raw: str, width: int) -> tuple[list[str] | None, str]:
    """The values of one row that was put aside as text, or None and why it can't be used still."""
    csv.field_size_limit(sys.maxsize)
    lines = [f"{line}\n" for line in raw.removesuffix("\n").split("\n")]
    try:
        records = list(csv.reader(lines, strict=True))
    except csv.Error:
        return None, MISPLACED
    if len(records) != 1:
        return None, f"{len(records)} rows in the place of one"
    reason = _fault(records[0], width)
    return (None, reason) if reason else (records[0], "")


def _remembered(lines: Iterable[bytes], seen: list[bytes]) -> Iterator[str]:
    """The lines as text, bytes that aren't UTF-8 as surrogates; `seen` keeps those of the present row."""
    for line in lines:
        seen.append(line)
        yield line.decode("utf-8", "surrogateescape")


def _fault(record: Sequence[str], width: int) -> str:
    """Why this row can't be used; empty for a good one."""
    if len(record) != width:
        return f"{len(record)} columns instead of {width}"
    text = "".join(record)
    if "\0" in text:
        return NUL
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return NOT_UTF8
    return ""


def _table(rows: Sequence[Sequence[str]], fields: Sequence[str]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(fields)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(fields))
