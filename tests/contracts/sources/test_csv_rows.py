"""CSV into the lake's writer: what was written is what is read, whichever parser does it (F1-F4, F29, F31)."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import muster.sources.csv_rows as csv_rows
from muster.errors import IntegrityError
from muster.sources.csv_rows import CheckedFile, OutOfPlace, write_csv

FIELDS = ("a", "b", "c")


class Written:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []
        self.aside: list[tuple[int, str, str]] = []

    def write_arrow(self, table: pa.Table) -> None:
        assert set(table.schema.types) == {pa.string()}
        self.tables.append(table)

    def quarantine(self, row_number: int, reason: str, raw: str) -> None:
        self.aside.append((row_number, reason, raw))

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        whole = pa.concat_tables(self.tables)
        return list(zip(*whole.to_pydict().values(), strict=True))


def written(body: bytes, *, strict: bool = False) -> Written:
    writer = Written()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if strict:
            patch.setattr(csv_rows, "_write_fast", lambda *_: (0, False))
        path = Path(folder, "f.csv")
        path.write_bytes(b"a,b,c\n" + body)
        counts = write_csv(path, FIELDS, writer, where="x")  # type: ignore[arg-type]
    assert counts.rows == len(writer.rows)
    assert counts.quarantined == len(writer.aside)
    return writer


def quoted(body: bytes, block: int = 1 << 20, look: int = 1 << 20) -> bool:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "LOOK_BYTES", look)
        path = Path(folder, "f.csv")
        path.write_bytes(body)
        file = CheckedFile(path)
        try:
            while file.read(block):
                pass
        except OutOfPlace:
            return False
        finally:
            file.close()
        return True


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), max_size=12)


@settings(max_examples=120, deadline=None)
@given(ROWS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_parse_of_serialise_is_the_same_for_both_parsers(
    rows: list[tuple[str, str, str]], quoting: int
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]
    body = text.getvalue().encode()
    has_lone_return = b"\r" in body.replace(b"\r\n", b"")
    assert quoted(b"a,b,c\r\n" + body) is not has_lone_return
    assert written(body).rows == rows
    assert written(body, strict=True).rows == rows


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"x",
                b'"',
                b'""',
                b",",
                b"\n",
                b"\r\n",
                b"\r",
                b"\0",
                b"\xff",
                "中".encode(),
                b"x,y,z\n",
                b"x,y,z\r",
                b"x,y,z\r\n",
            ]
        ),
        max_size=14,
    )
)
def test_the_fast_parser_gives_what_the_strict_one_gives_for_any_bytes(parts: list[bytes]) -> None:
    body = b"".join(parts)
    fast, strict = written(body), written(body, strict=True)
    assert fast.rows == strict.rows
    assert fast.aside == strict.aside


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([b"x", b'"', b",", b"\n"]), max_size=20), st.integers(1, 7), st.integers(1, 7)
)
def test_blocks_end_anywhere(parts: list[bytes], block: int, look: int) -> None:
    body = b"".join(parts)
    assert quoted(body, block, look) == quoted(body)


@pytest.mark.parametrize(
    ("body", "is_sound"),
    [
        (b'a,"b ""c""",""\r\n', True),
        (b'a,"b', False),
        (b'a,"b"c\n', False),
        (b'a,b"c"\n', False),
        (b"a\rb\n", False),
        (b"a\0b\n", False),
    ],
)
def test_what_the_parsers_would_not_agree_on_is_seen_before(body: bytes, is_sound: bool) -> None:
    assert quoted(body) is is_sound


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"1,2,3\n", b'1,"2,\n3",4\n', b'1,"a ""b""",2\r\n', b'"",x,""\n', b'1,"2"x,3\n', b"1,2\n", b"\n", b'"', b"1,\0,3\n"]
        ),
        max_size=40,
    ),
    st.integers(12, 60),
    st.integers(1, 60),
)  # fmt: skip
def test_files_of_many_blocks_give_what_the_strict_parser_gives(
    parts: list[bytes], block: int, look: int
) -> None:
    body = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK_BYTES", block)
        patch.setattr(csv_rows, "LOOK_BYTES", look)
        fast = written(body)
    strict = written(body, strict=True)
    assert fast.rows == strict.rows
    assert fast.aside == strict.aside


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,2", "2 columns instead of 3"),
        (b"1,2,3,4", "4 columns instead of 3"),
        (b"", "0 columns instead of 3"),
        (b'1,"2"x,3', "the quotes or line ends are out of place"),
        (b"1,2\0,3", "a NUL byte"),
        (b"1,\xff\xfe,3", "bytes that are not UTF-8"),
        (b"1,2\r,3", "the quotes or line ends are out of place"),
    ],
)
def test_one_poison_row_is_put_aside_whole_with_its_number(line: bytes, reason: str) -> None:
    found = written(b"1,2,3\n4,5,6\n" + line + b"\n7,8,9\n")
    assert found.rows == [("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")]
    assert found.aside == [(3, reason, line.decode("utf-8", "backslashreplace") + "\n")]


def test_the_strict_parser_goes_on_where_the_fast_one_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 12)
    good = [(str(number), "x" * 30, "é") for number in range(2_000)]
    lines = [",".join(row).encode() for row in good]
    lines.insert(1_500, b"short,row")
    fast: list[int] = []
    original = csv_rows._write_fast
    monkeypatch.setattr(csv_rows, "_write_fast", lambda *a: fast.append(original(*a)[0]) or (fast[-1], False))
    found = written(b"\n".join(lines) + b"\n")
    assert 0 < fast[0] <= 1_500
    assert found.rows == good
    assert [number for number, _, _ in found.aside] == [1_501]


@pytest.mark.parametrize(
    "header",
    [b"a,b\n", b"a,b,c,d\n", b"a,c,b\n", b"A,b,c\n", b"\xef\xbb\xbfa,b,c\n", b"\xff\n", b"a,b,c,c\n"],
)
def test_a_header_that_is_not_the_fields_asked_for_is_refused(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "f").write_bytes(header + b"1,2,3\n")
    with pytest.raises(IntegrityError, match="header"):
        write_csv(tmp_path / "f", FIELDS, Written(), where="x")  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"", b"a,b,c", b"a,b,c\n", b'"a","b","c"\r\n'])
def test_a_file_without_rows_has_none(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "f").write_bytes(body)
    assert write_csv(tmp_path / "f", FIELDS, Written(), where="x").total == 0  # type: ignore[arg-type]


def test_a_field_longer_than_a_block_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 12)
    long = "x" * 131_072 + "\n" * 100_000
    found = written(f'1,"{long}",3\n4,5,6\n'.encode())
    assert found.rows == [("1", long, "3"), ("4", "5", "6")]
