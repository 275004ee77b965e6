"""One window is one commit: whole, counted, and the same for ever."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.lake.conftest import DAY, START, begin, commit, day, leads, read

from muster.errors import LakeError
from muster.lake import Lake, Manifest, files, writer


def test_a_committed_window_is_listed_with_all_that_is_known_of_it(lake: Lake) -> None:
    with begin(lake) as task:
        task.write(leads(2))
        task.quarantine(3, "too few columns", "3,broken")
        manifest = task.commit(3, {"job_id": "42", "bytes": 17})
    assert lake.committed("marketo", "emea", "leads") == [manifest] == lake.manifests()
    assert (manifest.source_instance, manifest.kind, str(manifest.window)) == (
        "marketo__emea",
        "window",
        str(day(0)),
    )
    assert (manifest.source_rows, manifest.rows, manifest.quarantined_rows) == (3, 2, 1)
    assert (manifest.columns, manifest.evidence) == (("id", "email"), {"job_id": "42", "bytes": 17})
    assert manifest.read_from == START - timedelta(hours=1)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_the_manifest_has_size_rows_and_checksum_of_each_file(lake: Lake) -> None:
    (file,) = commit(lake, leads(5)).files
    path = lake.root / file.path
    assert (file.rows, file.bytes) == (5, path.stat().st_size)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.parent.name == str(day(0))


def test_rows_keep_the_names_and_text_of_the_source_and_get_five_columns(lake: Lake) -> None:
    commit(lake, [{"id": "007", "firstName": "null", "city": None, "note": ""}])
    (path,) = lake.raw_files("marketo", "leads")
    (row,) = duckdb.read_parquet(str(path)).to_arrow_table().to_pylist()
    times = {
        name: row.pop(name).astimezone(UTC) for name in ("_extracted_at", "_window_start", "_window_end")
    }
    assert row == {
        "id": "007",
        "firstName": "null",
        "city": None,
        "note": "",
        "_source_instance": "marketo__emea",
        "_run_id": "run 1",
    }
    assert times == {"_extracted_at": START + DAY, "_window_start": START, "_window_end": START + DAY}
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_committing_a_window_twice_gives_the_first_manifest_and_changes_nothing(lake: Lake) -> None:
    first = commit(lake, leads(3))
    before = (lake.root / first.files[0].path).read_bytes()
    with begin(lake, run_id="run 2") as task:
        task.write(leads(7))
        task.quarantine(8, "bad", "x")
        assert task.commit(8, {}) == first
    assert (lake.root / first.files[0].path).read_bytes() == before
    assert len(read(lake)) == 3
    assert lake.quarantine_files("marketo", "leads") == []
    assert not list(lake.quarantined.rglob("*.parquet"))
    assert not list(lake.incoming.glob("*"))


def test_counts_that_do_not_add_up_commit_nothing(lake: Lake) -> None:
    with begin(lake) as task:
        task.write(leads(2))
        task.quarantine(9, "bad", "x")
        with pytest.raises(LakeError, match=r"announced 4 rows, but 2 were written and 1 put aside"):
            task.commit(4, {})
    assert lake.manifests() == []


def test_leaving_without_a_commit_leaves_nothing(lake: Lake) -> None:
    with pytest.raises(RuntimeError), begin(lake) as task:
        task.write(leads(writer.GROUP_ROWS + 1))
        assert list(lake.incoming.rglob("*.parquet"))
        raise RuntimeError
    assert lake.manifests() == []
    assert not list(lake.incoming.glob("*"))


def test_a_window_without_rows_is_a_commit_too(lake: Lake) -> None:
    manifest = commit(lake, [])
    assert (manifest.files, manifest.rows) == ((), 0)
    assert lake.manifests() == [manifest]
    assert lake.raw_files("marketo", "leads") == []


def test_many_batches_become_row_groups_of_one_file(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP_ROWS", 10)
    with begin(lake) as task:
        for number in range(7):
            task.write(leads(4, start=4 * number))
        manifest = task.commit(28, {})
    (file,) = manifest.files
    assert pq.ParquetFile(lake.root / file.path).metadata.num_row_groups == 3
    assert [row["id"] for row in read(lake)] == [str(number) for number in range(28)]


def test_a_column_that_appears_late_begins_a_new_file_and_is_never_lost(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GROUP_ROWS", 2)
    with begin(lake) as task:
        task.write(leads(2))
        task.write([{"id": "8", "score": "5"}, {"id": "9"}])
        manifest = task.commit(4, {})
    assert [file.rows for file in manifest.files] == [2, 2]
    assert manifest.columns == ("id", "email", "score")
    paths = [str(path) for path in lake.raw_files("marketo", "leads")]
    rows = duckdb.execute(
        "select id, score from read_parquet(?, union_by_name = true) order by id", [paths]
    ).fetchall()
    assert rows == [("0", None), ("1", None), ("8", "5"), ("9", None)]


def test_arrow_tables_of_text_are_taken_as_they_are(lake: Lake) -> None:
    table = pa.table(
        {
            "id": pa.array(["1", None], pa.large_string()),
            "kind": pa.array(["a", "a"]).dictionary_encode(),
            "empty": pa.nulls(2),
        }
    )
    with begin(lake) as task:
        task.write_arrow(table)
        task.commit(2, {})
    assert [(row["id"], row["kind"], row["empty"]) for row in read(lake)] == [
        ("1", "a", None),
        (None, "a", None),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": 7}], "a raw value is text or None"),
        ([{"Email": "a", "email": "b"}], "two columns are called email but for their case"),
        ([{"_run_id": "mine"}], "the column _run_id is Muster's own"),
        ([{}], "a row without any field"),
    ],
)
def test_rows_that_can_not_be_kept_as_they_are_are_refused_without_showing_a_value(
    lake: Lake, rows: list[dict[str, str | None]], message: str
) -> None:
    with begin(lake) as task, pytest.raises(LakeError, match=message) as error:
        task.write(rows)
    assert "7" not in error.value.message


def test_a_number_in_arrow_is_refused_since_raw_is_text(lake: Lake) -> None:
    with begin(lake) as task, pytest.raises(LakeError, match="the column id is int64; raw columns are text"):
        task.write_arrow(pa.table({"id": [1]}))


def test_a_column_that_changes_its_case_between_batches_is_refused(lake: Lake) -> None:
    with begin(lake) as task:
        task.write([{"Email": "a"}])
        with pytest.raises(LakeError, match="but for their case"):
            task.write([{"email": "a"}])


def test_a_writer_is_over_after_its_commit(lake: Lake) -> None:
    with begin(lake) as task:
        task.commit(0, {})
        with pytest.raises(LakeError, match="committed or left already"):
            task.write(leads(1))


def test_rows_put_aside_lie_under_their_window_with_number_reason_and_text(lake: Lake) -> None:
    with begin(lake) as task:
        task.quarantine(12, "not UTF-8", "a,b")
        task.commit(1, {})
    (path,) = lake.quarantine_files("marketo", "leads")
    assert path == lake.root / "quarantine" / "marketo" / "emea" / "leads" / f"{day(0)}.parquet"
    assert pq.read_table(path).to_pylist() == [{"row_number": 12, "reason": "not UTF-8", "raw": "a,b"}]


def test_windows_are_listed_in_time_order_whatever_the_order_of_their_commits(lake: Lake) -> None:
    for number in (2, 0, 1):
        commit(lake, leads(1, start=number), number)
    assert [manifest.window for manifest in lake.committed("marketo", "emea", "leads")] == [
        day(n) for n in range(3)
    ]
    assert [row["id"] for row in read(lake)] == ["0", "1", "2"]


def test_replaying_every_window_many_times_in_any_order_gives_the_same_rows(lake: Lake) -> None:
    first = [commit(lake, leads(2, start=number), number) for number in range(4)]
    for number in (3, 1, 2, 0, 0, 3):
        assert commit(lake, leads(2, start=number), number) == first[number]
    assert len(read(lake)) == 8


def test_of_what_is_read_whole_only_the_newest_reading_of_each_instance_counts(lake: Lake) -> None:
    for instance, number in (("emea", 0), ("emea", 1), ("amer", 0)):
        rows = leads(1, start=10 * number)
        commit(lake, rows, number, instance=instance, object="static_lists", kind="snapshot")
    found = [str(path.relative_to(lake.raw)) for path in lake.raw_files("marketo", "static_lists")]
    assert found == [
        f"marketo/amer/static_lists/{day(0)}/part-00000.parquet",
        f"marketo/emea/static_lists/{day(1)}/part-00000.parquet",
    ]
    assert len(lake.committed("marketo", "emea", "static_lists")) == 2


@pytest.mark.parametrize("name", ["..", "a/b", "Leads", "", "a__b", "x" * 61, "a\0"])
def test_a_name_that_is_no_plain_word_never_becomes_a_folder(lake: Lake, name: str) -> None:
    with pytest.raises(LakeError, match="can't be a folder"):
        begin(lake, object=name)
    with pytest.raises(LakeError, match="can't be a folder"):
        lake.committed("marketo", name, "leads")


def test_listing_hundreds_of_manifests_again_reads_none_of_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        commit(lake, leads(1), number)
    first = lake.manifests()
    monkeypatch.setattr(Manifest, "from_json", classmethod(lambda cls, text: pytest.fail("read again")))
    assert Lake(lake.root).manifests() == first
    assert len(first) == 30


# --------------------------------------------------------------------------------------------- datasets


def receipts(*keys: str) -> pa.Table:
    return pa.table({"member_key": list(keys)})


def test_appended_rows_become_one_file_of_their_dataset(lake: Lake) -> None:
    path = lake.append_rows("activation/receipts", receipts("a"), "marketo__emea--everybody--00000002-000001")
    assert path == lake.root / "activation" / "receipts" / "marketo__emea--everybody--00000002-000001.parquet"
    lake.append_rows("activation/receipts", receipts("b"), "marketo__emea--everybody--00000001-000001")
    assert [file.name[-23:] for file in lake.dataset_files("activation/receipts")] == [
        "00000001-000001.parquet",
        "00000002-000001.parquet",
    ]
    assert lake.dataset_files("activation/intents") == []


def test_a_name_is_written_once_the_same_rows_again_are_fine(lake: Lake) -> None:
    first = lake.append_rows("activation/receipts", receipts("a"), "one")
    assert lake.append_rows("activation/receipts", receipts("a"), "one") == first
    with pytest.raises(LakeError, match=r"one.parquet exists with other content"):
        lake.append_rows("activation/receipts", receipts("b"), "one")
    assert pq.read_table(first).to_pylist() == [{"member_key": "a"}]
    assert not list(lake.incoming.glob("*"))


@pytest.mark.parametrize(
    ("dataset", "name"), [("activation/../x", "a"), ("activation", "../a"), ("a", ".a"), ("a", "")]
)
def test_no_dataset_or_name_leads_out_of_its_folder(lake: Lake, dataset: str, name: str) -> None:
    with pytest.raises(LakeError, match="can't be a f"):
        lake.append_rows(dataset, receipts("a"), name)
    assert not lake.root.exists()


# ------------------------------------------------------------------------------------------ a full disk

MIB = 1024**2


def test_nothing_is_begun_on_a_nearly_full_disk(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", free_bytes=lambda folder: 100 * MIB)
    with pytest.raises(
        LakeError, match=r"100 MiB are free, 0.0 MiB are to be written and 256 MiB are kept free"
    ):
        begin(lake)
    with pytest.raises(LakeError, match="100 MiB are free"):
        lake.append_rows("activation/receipts", receipts("a"), "one")


def test_a_disk_that_fills_up_stops_the_commit_and_leaves_no_trace(tmp_path: Path) -> None:
    left = [1024 * MIB]
    lake = Lake(tmp_path / "lake", free_bytes=lambda folder: left[0])
    with begin(lake) as task:
        task.write(leads(10))
        left[0] = 256 * MIB
        with pytest.raises(LakeError, match="the disk is too full: 256 MiB are free"):
            task.commit(10, {})
    assert lake.manifests() == []
    assert not list(lake.incoming.glob("*"))
    left[0] = 1024 * MIB
    assert commit(lake, leads(10)).rows == 10


@pytest.mark.parametrize("number", [28, 122, 5])
def test_what_the_file_system_refuses_becomes_a_lake_error(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(number, os.strerror(number))

    with begin(lake) as task:
        task.write(leads(2))
        with monkeypatch.context() as patch:
            patch.setattr(files, "flush", refuse)
            with pytest.raises(LakeError, match="too full" if number in files.FULL else "Input/output error"):
                task.commit(2, {})
    assert lake.manifests() == []
    assert not list(lake.incoming.glob("*"))


def test_a_manifest_holds_nothing_that_json_can_not(lake: Lake) -> None:
    facts = asdict(commit(lake, leads(1)))
    assert facts["committed_at"].tzinfo is not None
    assert datetime.now(UTC) - facts["committed_at"] < timedelta(minutes=5)
