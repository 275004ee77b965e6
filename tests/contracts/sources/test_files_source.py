"""Files: each is read once, whole, and as it was written; what is late, unfinished, changed or hostile is dealt with."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bench_files import COLUMNS, FilesBench, written
from source_benches import NEXT, NIGHT, START

from muster.config import Connection
from muster.errors import SourceError
from muster.sources.files.places import Folder

NOON = START + timedelta(hours=12)
FAITHFUL = ["NA", "null", "None", "00123", "1e5", "👩🏽‍🚀", "مرحبا بالعالم", "line\nbreak", "", " x "]  # fmt: skip
WESTERN = ["NA", "Müller", "00123"]


class FolderBench(FilesBench):
    """The same source on a folder of this machine."""

    def __init__(self, tmp: Path, **people: Any) -> None:
        super().__init__(tmp)
        self.folder = tmp / "drop"
        self.folder.mkdir()
        wanted = {"path": "people/*.csv", "format": "csv", "key": ["id"], **people}
        self.source_settings = {"path": str(self.folder), "objects": {"people": wanted}}

    def serve(self, stack: ExitStack) -> None:
        """Nothing to start."""

    def connection(self, password: str = "") -> Connection:
        return Connection(self.id, "")

    def file(self, name: str, data: bytes | str, at: datetime = NOON) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def names_of(self, settings: Any, key: str) -> list[str]:
        """Every last name that was read of one person, oldest window first."""
        rows = sorted(self.rows(settings), key=lambda row: row["_window_start"])
        return [row["last_name"] for row in rows if row["id"] == key]

    def read(self, settings: Any = None) -> list[dict[str, Any]]:
        settings = settings or self.settings()
        self.extract(settings)
        return self.rows(settings)


Make = Callable[..., FolderBench]


@pytest.fixture
def folder(tmp_path: Path) -> Make:
    return lambda **people: FolderBench(tmp_path, **people)


def packed(name: str, data: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("__MACOSX/._x", b"\0")
    return body.getvalue()


def csv_of(values: list[str], *, delimiter: str = ",", quote: str = '"') -> str:
    def cell(value: str) -> str:
        return f"{quote}{value.replace(quote, quote * 2)}{quote}"

    lines = [delimiter.join(("id", "name"))]
    return "\r\n".join([*lines, *(delimiter.join((str(n), cell(v))) for n, v in enumerate(values))]) + "\r\n"


def jsonl_of(values: list[str]) -> str:
    return "".join(json.dumps({"id": str(n), "name": value}) + "\n" for n, value in enumerate(values))


def parquet_of(values: list[str]) -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.table({"id": [str(n) for n in range(len(values))], "name": values}), body)
    return body.getvalue()


CASES: dict[str, tuple[dict[str, Any], str, bytes]] = {
    "csv": ({}, "a.csv", csv_of(FAITHFUL).encode()),
    "csv with a mark": ({}, "a.csv", b"\xef\xbb\xbf" + csv_of(FAITHFUL).encode()),
    "semicolons": (
        {"delimiter": ";", "quote": "'"},
        "a.csv",
        csv_of([*FAITHFUL, "it's; so"], delimiter=";", quote="'").encode(),
    ),
    "tabs": ({"delimiter": "\t"}, "a.csv", csv_of(FAITHFUL, delimiter="\t").encode()),
    "utf-16": ({"encoding": "utf-16"}, "a.csv", csv_of(FAITHFUL).encode("utf-16")),
    "latin-1": ({"encoding": "latin-1"}, "a.csv", csv_of(WESTERN).encode("latin-1")),
    "gzip": ({"path": "people/*.gz"}, "a.csv.gz", gzip.compress(csv_of(FAITHFUL).encode())),
    "zip": ({"path": "people/*.zip"}, "a.zip", packed("inside.csv", csv_of(FAITHFUL).encode())),
    "jsonl": ({"format": "jsonl", "path": "people/*"}, "a.jsonl", jsonl_of(FAITHFUL).encode()),
    "jsonl in utf-16": (
        {"format": "jsonl", "path": "people/*", "encoding": "utf-16"},
        "a.jsonl",
        jsonl_of(FAITHFUL).encode("utf-16"),
    ),
    "parquet": ({"format": "parquet", "path": "people/*"}, "a.parquet", parquet_of(FAITHFUL)),
}


@pytest.mark.parametrize("case", CASES)
def test_text_arrives_as_it_was_written_whatever_carries_it(folder: Make, case: str) -> None:
    more, name, data = CASES[case]
    bench = folder(**more)
    bench.file(f"people/{name}", data)
    found = {row["id"]: row["name"] for row in bench.read()}
    expected = {"semicolons": [*FAITHFUL, "it's; so"], "latin-1": WESTERN}.get(case, FAITHFUL)
    assert found == {str(number): value for number, value in enumerate(expected)}


def test_a_file_without_a_header_takes_its_columns_from_the_configuration(folder: Make) -> None:
    bench = folder(header=False, columns=["id", "name"])
    bench.file("people/a.csv", "1,Ann\n2,Bo\n")
    assert [(row["id"], row["name"]) for row in bench.read()] == [("1", "Ann"), ("2", "Bo")]


def test_numbers_of_jsonl_keep_their_digits_and_what_is_nested_is_json(folder: Make) -> None:
    bench = folder(format="jsonl", path="people/*")
    bench.file(
        "people/a",
        '{"id": 007, "x": 1}\n{"id": 7, "n": 1604.40, "e": 1e5, "b": true, "o": {"a": [1.10]}, "z": null}\n',
    )
    settings = bench.settings()
    (row,) = bench.read(settings)
    assert [row[name] for name in ("id", "n", "e", "b", "o", "z")] == [
        "7",
        "1604.40",
        "1e5",
        "true",
        '{"a":[1.10]}',
        None,
    ]
    assert [one["reason"] for one in bench.aside(settings)] == ["not JSON"]


# ---- poison ------------------------------------------------------------------------------------------------


def test_odd_rows_are_put_aside_with_their_file_and_line(folder: Make) -> None:
    bench = folder()
    settings = bench.settings()
    bench.file("people/a.csv", b'id,name\n1,"all\nof\nfour\nlines"\n2,nul\0\n3\n4,\xff\n5,good\n')
    assert [row["id"] for row in bench.read(settings)] == ["1", "5"]
    aside = [(row["reason"], json.loads(row["raw"])) for row in bench.aside(settings)]
    assert [(reason, one["file"], one["line"]) for reason, one in aside] == [
        ("a NUL byte", "people/a.csv", 6),
        ("1 columns instead of 2", "people/a.csv", 7),
        ("bytes that are not UTF-8", "people/a.csv", 8),
    ]
    assert aside[1][1]["row"] == "3\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "not a JSON object"),
        (b'{"id": NaN}', "not JSON"),
        (b'{"id": 1, "id": 2}', "not JSON"),
        (b'{"id": "a\\u0000b"}', "a NUL byte"),
        (b'{"id": "\\ud83d"}', "bytes that are not UTF-8"),
        (b'{"id": "\xff"}', "bytes that are not UTF-8"),
        (b'{"ID": 1}', "two columns are called alike but for their case"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_an_odd_line_of_jsonl_is_put_aside_alone(folder: Make, line: bytes, reason: str) -> None:
    bench = folder(format="jsonl", path="people/*")
    settings = bench.settings()
    bench.file("people/a", b'{"id": 1}\n\n' + line + b'\n{"id": 2}\n')
    assert [row["id"] for row in bench.read(settings)] == ["1", "2"]
    (row,) = bench.aside(settings)
    assert (row["reason"], row["row_number"]) == (reason, 3)


def test_an_odd_row_of_parquet_is_put_aside_alone(folder: Make) -> None:
    bench = folder(format="parquet", path="people/*")
    settings = bench.settings()
    body = io.BytesIO()
    raw = pa.array([b"good", b"nul\0", b"\xff", b"fine"]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, raw.buffers())
    pq.write_table(pa.table({"id": ["1", "2", "3", "4"], "name": text}), body)
    bench.file("people/a", body.getvalue())
    assert [(row["id"], row["name"]) for row in bench.read(settings)] == [("1", "good"), ("4", "fine")]
    assert [row["reason"] for row in bench.aside(settings)] == ["a NUL byte", "bytes that are not UTF-8"]


BAD_FILES: dict[str, tuple[dict[str, Any], str, bytes, str]] = {
    "cut gzip": ({"path": "people/*"}, "a.csv.gz", gzip.compress(b"id\n1\n")[:-6], "can't be unpacked"),
    "no zip": ({"path": "people/*"}, "a.zip", b"PK\3\4 no", "can't be unpacked"),
    "cut parquet": ({"format": "parquet", "path": "people/*"}, "a", parquet_of(["x"])[:-9], "no whole Parquet"),
    "no key": ({}, "a.csv", b"name\nx\n", "has no column id"),
    "a column twice": ({}, "a.csv", b"id,ID\n1,2\n", "called alike"),
    "half of utf-16": ({"encoding": "utf-16"}, "a.csv", "id\n1\n".encode("utf-16")[:-1], "is not utf-16"),
    "another encoding": ({}, "a.csv", "id\n1\n".encode("utf-16"), "can't be read as a header"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_can_not_be_of_this_object_is_named_and_nothing_is_committed(
    folder: Make, case: str
) -> None:
    more, name, data, said = BAD_FILES[case]
    bench = folder(**more)
    bench.file(f"people/{name}", data)
    settings = bench.settings()
    with pytest.raises(SourceError, match=said) as caught:
        bench.extract(settings)
    assert f"people/{name}" in str(caught.value)
    assert bench.committed(settings) == []


# ---- which files -------------------------------------------------------------------------------------------


def person(number: int, name: str = "Lee") -> bytes:
    return written([dict.fromkeys(COLUMNS, "") | {"id": f"P{number}", "last_name": name}])


def test_evidence_names_each_file_with_its_size_and_checksum(folder: Make) -> None:
    bench = folder()
    data = person(1)
    bench.file("people/a.csv", data)
    settings = bench.settings()
    (manifest,) = bench.extract(settings)
    (file,) = manifest.evidence["files"]
    assert (file["path"], file["size"], file["sha256"]) == (
        "people/a.csv",
        len(data),
        hashlib.sha256(data).hexdigest(),
    )
    assert (file["rows"], file["quarantined"]) == (1, 0)


def test_a_file_is_read_once_although_windows_overlap(folder: Make) -> None:
    bench = folder()
    bench.file("people/a.csv", person(1), NIGHT.end - timedelta(minutes=5))
    settings = bench.settings()
    bench.extract(settings)
    bench.extract(settings, NEXT)
    assert [one.rows for one in bench.committed(settings)] == [1, 0]


def test_a_file_that_changed_after_it_was_read_is_read_again_under_its_new_time(folder: Make) -> None:
    bench = folder()
    bench.file("people/a.csv", person(1, "old"))
    settings = bench.settings()
    bench.extract(settings)
    bench.file("people/a.csv", person(1, "new"), NEXT.start + timedelta(hours=3))
    bench.extract(settings, NEXT)
    assert bench.names_of(settings, "P1") == ["old", "new"]


def test_a_file_moved_in_late_with_its_old_time_is_not_lost(folder: Make) -> None:
    """Its time lies in a window that is committed, and further back than any overlap."""
    bench = folder()
    settings = bench.settings()
    bench.extract(settings)
    bench.file("people/late.csv", person(1), NIGHT.start + timedelta(minutes=1))
    bench.extract(settings, NEXT)
    assert [one.rows for one in bench.committed(settings)] == [0, 1]


def test_the_date_in_a_name_goes_before_the_time_of_the_file(folder: Make) -> None:
    bench = folder(date_in_name=r"people_(?P<date>\d{8})\.csv")
    bench.file("people/people_20260301.csv", person(1), NEXT.end)
    bench.file("people/people_20260302.csv", person(2), NIGHT.start)
    settings = bench.settings()
    bench.extract(settings)
    assert [row["id"] for row in bench.rows(settings)] == ["P1"]
    bench.extract(settings, NEXT)
    assert {row["id"] for row in bench.rows(settings)} == {"P1", "P2"}
    bench.file("people/people_x.csv", person(3))
    with pytest.raises(SourceError, match="finds no date"):
        bench.extract(settings, type(NEXT)(NEXT.end, NEXT.end + timedelta(days=1)))


@pytest.mark.parametrize(
    ("marker", "beside"), [("_SUCCESS", "people/_SUCCESS"), ("{name}.done", "people/a.csv.done")]
)
def test_a_file_without_its_marker_is_left_for_the_next_window(
    folder: Make, marker: str, beside: str
) -> None:
    bench = folder(marker=marker)
    bench.file("people/a.csv", person(1))
    settings = bench.settings()
    bench.extract(settings)
    assert bench.committed(settings)[0].evidence["left"] == 1
    bench.file(beside, b"")
    bench.extract(settings, NEXT)
    assert [one.rows for one in bench.committed(settings)] == [0, 1]


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_window(
    folder: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = folder()
    path = bench.file("people/a.csv", person(1))
    settings, look = bench.settings(), Folder.look

    def growing(place: Folder, name: str) -> Any:
        with path.open("ab") as file:
            file.write(b"P2,")
        return look(place, name)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "look", growing)
        bench.extract(settings)
    assert bench.committed(settings)[0].evidence == {"files": [], "left": 1}
    bench.file("people/a.csv", person(2), NIGHT.end + timedelta(minutes=1))
    bench.extract(settings, NEXT)
    assert [row["id"] for row in bench.rows(settings)] == ["P2"]


def test_hidden_files_and_other_folders_do_not_match(folder: Make) -> None:
    bench = folder(path="**/*.csv")
    for name in ("a.csv", "in/b.csv", "in/deep/c.csv", ".d.csv", "in/.tmp/e.csv", "f.csv.part"):
        bench.file(name, person(1))
    (manifest,) = bench.extract(bench.settings())
    assert [one["path"] for one in manifest.evidence["files"]] == ["a.csv", "in/b.csv", "in/deep/c.csv"]


def test_who_is_gone_from_the_newest_snapshot_is_gone(folder: Make) -> None:
    bench = folder(mode="snapshot", date_in_name=r"(?P<date>\d{4}-\d{2}-\d{2})")
    settings = bench.settings()
    bench.file("people/2026-03-01.csv", written([dict.fromkeys(COLUMNS, "") | {"id": n} for n in "ab"]))
    bench.extract(settings)
    assert {row["id"] for row in bench.rows(settings)} == {"a", "b"}
    bench.file("people/2026-03-02.csv", written([dict.fromkeys(COLUMNS, "") | {"id": "a"}]))
    bench.extract(settings, NEXT)
    assert {row["id"] for row in bench.rows(settings)} == {"a"}
    assert {one.kind for one in bench.committed(settings)} == {"snapshot"}


def test_a_snapshot_of_no_file_is_refused(folder: Make) -> None:
    bench = folder(mode="snapshot")
    settings = bench.settings()
    with pytest.raises(SourceError, match="no complete file matches"):
        bench.extract(settings)
    assert bench.committed(settings) == []


# ---- hostile places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["people/secret.csv", "people"])
def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Make, tmp_path: Path, link: str) -> None:
    bench = folder()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(person(1))
    target = outside if link == "people" else outside / "secret.csv"
    (bench.folder / link).parent.mkdir(exist_ok=True)
    (bench.folder / link).symlink_to(target)
    settings = bench.settings()
    with pytest.raises(SourceError, match="leads out of the source's folder"):
        bench.extract(settings)
    assert bench.committed(settings) == []


@pytest.mark.parametrize("path", ["../x.csv", "/etc/passwd", "a/../../b", "~/x", "s3://b/x", "a\\b"])
def test_a_path_that_leads_out_is_refused_before_anything_is_read(folder: Make, path: str) -> None:
    with pytest.raises(ValueError, match="must lie below"):
        folder(path=path).settings()


def test_a_pipe_among_the_files_is_never_opened(folder: Make) -> None:
    bench = folder()
    (bench.folder / "people").mkdir()
    os.mkfifo(bench.folder / "people" / "p.csv")
    assert bench.read() == []


def test_a_folder_that_is_not_there_is_an_error_and_not_an_empty_window(folder: Make) -> None:
    bench = folder()
    bench.folder.rmdir()
    with pytest.raises(SourceError, match="can't be read"):
        bench.extract(bench.settings())
