"""Files: readers see the old content or the new one, bytes are what the manifest says, spreadsheets run nothing."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from activation_sandbox import AUDIENCE, FILES, people, person
from destination_harness import FilesHarness, KilledError, LocalHarness, S3Harness
from hypothesis import given
from hypothesis import strategies as st

from muster.destinations.base import Content
from muster.destinations.files.destination import FilesFolder
from muster.destinations.files.tables import FORMULA, csv_text, safe, write_csv
from muster.errors import LeaseLost


@pytest.fixture(params=["local", "s3"])
def files(request: pytest.FixtureRequest) -> FilesHarness:
    found: FilesHarness = request.getfixturevalue(request.param)
    return found


def test_the_manifest_lists_every_file_with_its_rows_bytes_and_checksum(files: FilesHarness) -> None:
    files.sandbox.publish(people(1, 2, 3))
    files.sandbox.activate(FILES)
    manifest = files.manifest()
    assert manifest is not None
    assert [file["format"] for file in manifest["files"]] == ["csv", "parquet"]
    for file in manifest["files"]:
        data = files.bytes_of(file["path"])
        assert data is not None
        assert (file["rows"], file["bytes"], file["sha256"]) == (
            3,
            len(data),
            hashlib.sha256(data).hexdigest(),
        )
    assert (manifest["row_count"], manifest["audience"], manifest["platform"]) == (3, AUDIENCE, "acme")
    assert [column["name"] for column in manifest["columns"]] == ["member_key", "email", "ecid"]


def test_parquet_and_csv_hold_the_same_rows(files: FilesHarness) -> None:
    files.sandbox.publish([person(1, email=None), person(2, email=""), person(3, email='x"y,\nz')])
    files.sandbox.activate(FILES)
    manifest = files.manifest()
    assert manifest is not None
    data = files.bytes_of(manifest["files"][1]["path"])
    assert data is not None
    rows = pq.read_table(io.BytesIO(data)).to_pylist()
    assert [{k: v or "" for k, v in row.items()} for row in rows] == files.rows()


def test_a_new_content_goes_to_a_new_folder_and_the_old_one_stays_for_its_readers(
    files: FilesHarness,
) -> None:
    seen = []
    for numbers in ((1,), (1, 2), (1, 2, 3)):
        files.sandbox.publish(people(*numbers))
        files.sandbox.activate(FILES)
        seen.append(files.manifest() or {})
    assert len({manifest["version"] for manifest in seen}) == 3
    assert [manifest["previous_version"] for manifest in seen] == [
        None,
        seen[0]["version"],
        seen[1]["version"],
    ]
    there = [files.bytes_of(manifest["files"][0]["path"]) is not None for manifest in seen]
    assert there == [False, True, True]


@pytest.mark.parametrize("when", ["bring", "put"])
def test_a_kill_before_the_manifest_leaves_the_old_content_in_force(files: FilesHarness, when: str) -> None:
    files.sandbox.publish(people(1))
    files.sandbox.activate(FILES)
    before = files.manifest()

    def die(*given: Any) -> None:
        raise KilledError

    def change(target: Any) -> None:
        setattr(target.storage, when, die)

    files.sandbox.publish(people(1, 2))
    with pytest.raises(KilledError):
        files.sandbox.activate(FILES, opener=files.tampered(change))
    assert files.manifest() == before and files.members() == {"p1"}
    assert files.sandbox.activate(FILES, attempt=2).added == 1
    assert files.members() == {"p1", "p2"}


def test_a_file_that_is_damaged_is_written_anew_the_next_night(local: LocalHarness) -> None:
    local.sandbox.publish(people(1, 2))
    local.sandbox.activate(FILES)
    csv_file = next(local.root.rglob("*.csv"))
    csv_file.write_text("half")
    local.sandbox.publish(people(1, 2))
    assert local.sandbox.activate(FILES).writes == 2
    assert local.members() == {"p1", "p2"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}'])
def test_a_manifest_that_is_not_ours_is_replaced(local: LocalHarness, text: str) -> None:
    local.root.mkdir(parents=True)
    (local.root / "manifest.json").write_text(text)
    local.sandbox.publish(people(1))
    local.sandbox.activate(FILES)
    assert local.members() == {"p1"}


def test_a_change_of_formats_writes_anew_though_nobody_changed(tmp_path: Path) -> None:
    local = LocalHarness(tmp_path)
    local.sandbox.publish(people(1))
    local.sandbox.activate(FILES)
    other = LocalHarness(tmp_path, formats=["csv"])
    other.sandbox.publish(people(1))
    other.sandbox.snapshot, other.sandbox.night = local.sandbox.snapshot, local.sandbox.night
    result = other.sandbox.activate(FILES)
    assert (result.writes, result.added) == (2, 0)
    assert [file["format"] for file in (other.manifest() or {})["files"]] == ["csv"]
    assert other.sandbox.activate(FILES).calls == 0


def test_a_changed_value_is_an_update(files: FilesHarness) -> None:
    files.sandbox.publish(people(1, 2))
    files.sandbox.activate(FILES)
    files.sandbox.publish([person(1, email="new@acme.example"), person(2)])
    result = files.sandbox.activate(FILES)
    assert (result.added, result.updated, result.removed) == (0, 1, 0)
    assert files.rows()[0]["email"] == "new@acme.example"


def test_a_configured_folder_is_divided_by_sandbox(tmp_path: Path) -> None:
    local = LocalHarness(tmp_path, path=str(tmp_path / "share"))
    local.sandbox.publish(people(1))
    local.sandbox.activate(FILES)
    assert (tmp_path / "share" / "acme" / "prod" / AUDIENCE / "manifest.json").is_file()


def test_objects_lie_below_the_prefix_by_sandbox_and_audience(s3: S3Harness) -> None:
    s3.sandbox.publish(people(1))
    s3.sandbox.activate(FILES)
    assert all(key.startswith(f"exports/acme/prod/{AUDIENCE}/") for key in s3.names())
    assert len(s3.names()) == 3


def test_nothing_half_written_stays_behind(local: LocalHarness) -> None:
    for numbers in ((1,), (1, 2)):
        local.sandbox.publish(people(*numbers))
        local.sandbox.activate(FILES)
    names = [path.name for path in local.root.rglob("*") if path.is_file()]
    assert not [name for name in names if name.startswith(".")]
    assert not list((local.root / ".incoming").iterdir())


# ---- bytes ---------------------------------------------------------------------------------------------------

TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_any_text_comes_back_through_a_strict_csv_reader(rows: list[tuple[str | None, str | None]]) -> None:
    table = pa.table(
        {"a,b": pa.array([r[0] for r in rows], pa.string()), "c": pa.array([r[1] for r in rows], pa.string())}
    )
    text = "".join(csv_text(table, neutralise=False))
    assert read_csv(text) == [["a,b", "c"], *([cell or "" for cell in row] for row in rows)]


@given(rows=st.lists(TEXTS, max_size=8))
def test_no_cell_begins_as_a_formula_and_nothing_else_changes(rows: list[str | None]) -> None:
    table = pa.table({"a": pa.array(rows, pa.string())})
    cells = [row[0] if row else "" for row in read_csv("".join(csv_text(table, neutralise=True)))[1:]]
    for cell, value in zip(cells, rows, strict=True):
        assert not cell.startswith(tuple(FORMULA))
        assert cell in (value or "", f"'{value}")


@pytest.mark.parametrize(
    "text", ["=1+1", "+44 20", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x")']
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", " =1 ", "'=1", "1", "ann@acme.example"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_a_null_is_empty_and_an_empty_text_is_quoted() -> None:
    table = pa.table({"a": pa.array([None, "", "x"]), "n": pa.array([1, None, -2])})
    assert "".join(csv_text(table, neutralise=True)) == '"a","n"\r\n,1\r\n"",\r\n"x",-2\r\n'


def test_duckdb_tells_null_from_empty_and_reads_every_kind(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    at = datetime(2026, 3, 3, 1, 2, 3, tzinfo=UTC)
    table = pa.table(
        {"a": [None, "", "x"], "t": [at, None, at], "b": [True, False, None], "f": [1.5, None, 2.0]}
    )
    write_csv(table, tmp_path / "x.csv", neutralise=True)
    read = "select a, t::timestamptz = $at, b::boolean, f::double from read_csv($file, all_varchar = true, nullstr = '', allow_quoted_nulls = false)"
    with duckdb.connect() as engine:
        rows = engine.execute(read, {"file": str(tmp_path / "x.csv"), "at": at}).fetchall()
    assert rows == [(None, True, True, 1.5), ("", None, False, None), ("x", True, None, 2.0)]


def test_formulas_may_be_left_as_they_are_by_choice(tmp_path: Path) -> None:
    local = LocalHarness(tmp_path, neutralise_formulas=False, formats=["csv"])
    local.sandbox.publish([person(1, email="=1+1")])
    local.sandbox.activate(FILES)
    assert local.rows()[0]["email"] == "=1+1"
    guarded = LocalHarness(tmp_path / "other", formats=["csv"])
    guarded.sandbox.publish([person(1, email="=1+1")])
    guarded.sandbox.activate(FILES)
    assert guarded.rows()[0]["email"] == "'=1+1"


def test_the_same_content_has_the_same_bytes(local: LocalHarness) -> None:
    from dataclasses import replace

    target = local.opened()
    assert isinstance(target, FilesFolder)
    local.sandbox.publish(people(1, 2))
    content = Content(local.sandbox.table, "a" * 64, local.sandbox.as_of, "s1", "r1")
    first = local.state_of(target.replace(content))
    assert first == local.state_of(target.replace(replace(content, run_id="r2")))


@pytest.mark.parametrize("calls", [1, 2])
def test_a_lease_lost_while_writing_leaves_the_old_content_in_force(files: FilesHarness, calls: int) -> None:
    """The guard runs before the files are brought and again before the manifest is replaced."""
    files.sandbox.publish(people(1))
    files.sandbox.activate(FILES)
    before = files.manifest()
    passed: list[int] = []

    def guard() -> None:
        passed.append(1)
        if len(passed) > calls:
            raise LeaseLost("overtaken")

    target = files.opened(guard)
    assert isinstance(target, FilesFolder)
    files.sandbox.publish(people(1, 2))
    with pytest.raises(LeaseLost):
        target.replace(Content(files.sandbox.table, "b" * 64, files.sandbox.as_of, "s2", "r2"))
    assert files.manifest() == before and files.members() == {"p1"}
    assert len(passed) == calls + 1
