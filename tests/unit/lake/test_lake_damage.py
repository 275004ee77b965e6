"""Killed writers, rivals and damaged files: a reader sees whole commits or nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.lake.conftest import begin, commit, day, leads, read

from muster.lake import Lake, files
from muster.lake.manifest import NAME

FORK = multiprocessing.get_context("fork")
ROWS = 40
WINDOWS = 6


def check_whole(lake: Lake) -> None:
    """Every listed file is readable, of the length, content and rows its manifest names; no other file is there."""
    listed = set()
    for manifest in lake.manifests():
        for file in manifest.files:
            path = lake.root / file.path
            listed.add(path)
            assert (files.sha256(path), pq.read_table(path).num_rows) == (file.sha256, file.rows)
        if manifest.quarantined_rows:
            place = (manifest.system, manifest.instance, manifest.object, f"{manifest.window}.parquet")
            assert pq.read_table(lake.quarantined.joinpath(*place)).num_rows == manifest.quarantined_rows
    assert set(lake.raw.rglob("*.parquet")) == listed
    for path in lake.dataset_files("activation/receipts"):
        assert pq.read_table(path).num_rows == 3


def write_all(lake: Lake) -> None:
    """A night's work: windows with rows and rows put aside, and receipts."""
    for number in range(WINDOWS):
        with begin(lake, number) as task:
            task.write(leads(ROWS, start=number * ROWS))
            for bad in range(number % 3):
                task.quarantine(bad, "bad", "x")
            task.commit(ROWS + number % 3, {})
        lake.append_rows("activation/receipts", pa.table({"n": [number] * 3}), f"night-{number}")


def run_in_child(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = FORK.Process(target=work)
    process.start()
    return process


@pytest.mark.slow
def test_a_writer_killed_at_any_random_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    whole = run_in_child(lambda: write_all(Lake(tmp_path / "measure")))
    began = time.monotonic()
    whole.join()
    longest = time.monotonic() - began
    killed = 0
    for turn in range(40):
        lake = Lake(tmp_path / f"lake{turn}")
        process = run_in_child(lambda lake=lake: write_all(lake))  # type: ignore[misc]
        process.join(chance.uniform(0, longest))
        if process.is_alive():
            process.kill()
            killed += 1
        process.join()
        check_whole(lake)
        write_all(lake)
        check_whole(lake)
        assert [manifest.window for manifest in lake.manifests()] == [
            day(number) for number in range(WINDOWS)
        ]
        assert sorted(int(row["id"]) for row in read(lake)) == list(range(ROWS * WINDOWS))
    assert killed >= 10


STEPS = ("flush", "write_whole", "replace", "link_once", "make_folder", "sha256")


@pytest.mark.parametrize("moment", range(16))
def test_a_writer_killed_before_each_step_of_a_commit_leaves_a_lake_that_goes_on(
    lake: Lake, moment: int
) -> None:
    commit(lake, leads(ROWS))
    countdown = [moment]

    def die_at(owner: object, name: str) -> None:
        original: Callable[..., object] = getattr(owner, name)

        def step(*arguments: object) -> object:
            countdown[0] -= 1
            if countdown[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments)

        setattr(owner, name, step)

    def work() -> None:
        for name in STEPS:
            die_at(files, name)
        for name in ("rename", "unlink"):
            die_at(Path, name)
        with begin(lake, 1) as task:
            task.write(leads(ROWS, start=ROWS))
            task.quarantine(1, "bad", "x")
            task.commit(ROWS + 1, {})

    process = run_in_child(work)
    process.join()
    check_whole(lake)
    assert process.exitcode in (0, -signal.SIGKILL)
    with begin(lake, 1) as task:
        task.write(leads(ROWS, start=ROWS))
        task.commit(ROWS, {})
    check_whole(lake)
    assert len(read(lake)) == 2 * ROWS


def test_of_two_processes_that_commit_one_window_at_once_one_wins_and_both_get_its_manifest(
    tmp_path: Path,
) -> None:
    for turn in range(15):
        lake = Lake(tmp_path / str(turn))
        gate, answers = FORK.Barrier(2), FORK.SimpleQueue()

        def work(name: str, lake: Lake = lake, gate: object = gate, answers: object = answers) -> None:
            with begin(lake, run_id=name) as task:
                task.write(leads(ROWS))
                task.quarantine(1, name, "x")
                gate.wait()  # type: ignore[attr-defined]
                answers.put(task.commit(ROWS + 1, {}).to_json())  # type: ignore[attr-defined]

        processes = [run_in_child(lambda name=name: work(name)) for name in ("a", "b")]  # type: ignore[misc]
        first, second = answers.get(), answers.get()
        for process in processes:
            process.join()
            assert process.exitcode == 0
        assert first == second
        check_whole(lake)
        winner = json.loads(first)["run_id"]
        assert {row["_run_id"] for row in read(lake)} == {winner}
        (aside,) = lake.quarantine_files("marketo", "leads")
        assert pq.read_table(aside).to_pylist()[0]["reason"] == winner
        assert not list(lake.incoming.glob("*"))


def test_two_processes_can_not_both_write_one_name_of_a_dataset(tmp_path: Path) -> None:
    from muster.errors import LakeError

    gate, answers = FORK.Barrier(2), FORK.SimpleQueue()
    lake = Lake(tmp_path)

    def work(value: int) -> None:
        gate.wait()
        won = 0
        for number in range(30):
            try:
                lake.append_rows("activation/runs", pa.table({"n": [value]}), f"run-{number}")
                won += 1
            except LakeError:
                continue
        answers.put(won)

    processes = [run_in_child(lambda value=value: work(value)) for value in (1, 2)]  # type: ignore[misc]
    assert answers.get() + answers.get() == 30
    for process in processes:
        process.join()
    assert len(lake.dataset_files("activation/runs")) == 30


def spoil_manifest(lake: Lake) -> None:
    path = next(lake.raw.rglob(NAME))
    path.write_bytes(path.read_bytes()[:-20])


def spoil_counts(lake: Lake) -> None:
    path = next(lake.raw.rglob(NAME))
    path.write_text(json.dumps({**json.loads(path.read_text()), "rows": 1}))


def cut_file(lake: Lake) -> None:
    path = next(lake.raw.rglob("*.parquet"))
    os.truncate(path, path.stat().st_size - 1)


def lose_file(lake: Lake) -> None:
    next(lake.raw.rglob("*.parquet")).unlink()


def lose_manifest(lake: Lake) -> None:
    next(lake.raw.rglob(NAME)).unlink()


def move_window(lake: Lake) -> None:
    folder = next(lake.raw.rglob(NAME)).parent
    folder.rename(folder.with_name(str(day(5))))


@pytest.mark.parametrize(
    "spoil", [spoil_manifest, spoil_counts, cut_file, lose_file, lose_manifest, move_window]
)
def test_a_damaged_window_is_not_listed_and_can_be_committed_anew(
    tmp_path: Path, spoil: Callable[[Lake], None]
) -> None:
    lake = Lake(tmp_path)
    commit(lake, leads(ROWS))
    spoil(lake)
    assert lake.manifests() == []
    assert lake.raw_files("marketo", "leads") == []
    manifest = commit(lake, leads(ROWS), run_id="again")
    assert manifest.run_id == "again"
    assert lake.committed("marketo", "emea", "leads") == [manifest]
    assert len(read(lake)) == ROWS


def test_a_file_that_no_manifest_lists_is_never_read(lake: Lake) -> None:
    (path,) = [lake.root / file.path for file in commit(lake, leads(2)).files]
    path.with_name("part-00001.parquet").write_bytes(path.read_bytes())
    (lake.raw / "marketo" / "emea" / "leads" / "stray.parquet").write_bytes(b"PAR1")
    assert lake.raw_files("marketo", "leads") == [path]
    assert len(read(lake)) == 2


def test_half_files_of_a_dataset_are_never_listed(lake: Lake) -> None:
    path = lake.append_rows("activation/receipts", pa.table({"n": [1]}), "one")
    path.with_name(".two.parquet").write_bytes(b"PAR1")
    path.with_name("three.parquet.tmp").write_bytes(b"PAR1")
    assert lake.dataset_files("activation/receipts") == [path]


def test_leftovers_of_killed_writers_go_after_a_day_and_not_before(lake: Lake) -> None:
    commit(lake, leads(1))
    old, young, busy = (lake.incoming / name for name in ("old", "young", "busy"))
    for folder in (old, young, busy):
        folder.mkdir()
        (folder / "part-00000.parquet").write_bytes(b"half")
    stray = lake.incoming / "stray.parquet"
    stray.write_bytes(b"half")
    long_ago = time.time() - 2 * 86400
    for path in (old / "part-00000.parquet", old, busy, stray):
        os.utime(path, (long_ago, long_ago))
    with begin(lake, 1):
        assert sorted(path.name for path in lake.incoming.iterdir()) == ["busy", "young"]
