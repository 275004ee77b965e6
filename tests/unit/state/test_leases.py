"""A lease lets one attempt act at a time, whatever processes there are."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.errors import LeaseLost
from muster.state import Leases

TTL = timedelta(seconds=60)
START = datetime(2026, 3, 3, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leases(tmp_path: Path, clock: Clock) -> Leases:
    return Leases(tmp_path / "state" / "leases.db", clock=clock)


def test_a_free_lease_is_given_with_epoch_one(leases: Leases) -> None:
    lease = leases.acquire("work", "a", TTL)
    lease.check()
    assert lease.epoch == 1


def test_another_live_holder_is_named_with_the_time_left(leases: Leases, clock: Clock) -> None:
    leases.acquire("work", "dag/task/0/run", TTL)
    clock.pass_by(seconds=20)
    with pytest.raises(LeaseLost, match=r"work: 'dag/task/0/run' is working on it, for at most 40 s"):
        leases.acquire("work", "somebody else", TTL)


def test_a_retry_of_the_same_holder_takes_over_at_once_and_fences_its_zombie(leases: Leases) -> None:
    zombie = leases.acquire("work", "a", TTL)
    retry = leases.acquire("work", "a", TTL)
    assert retry.epoch == 2
    retry.check()
    with pytest.raises(LeaseLost, match="epoch 1 is not in force any more: epoch 2"):
        zombie.check()
    with pytest.raises(LeaseLost):
        zombie.renew()


def test_an_expired_lease_may_be_taken_and_its_holder_notices(leases: Leases, clock: Clock) -> None:
    slow = leases.acquire("work", "a", TTL)
    clock.pass_by(seconds=61)
    quick = leases.acquire("work", "b", TTL)
    assert quick.epoch == 2
    with pytest.raises(LeaseLost, match="held by 'b'"):
        slow.check()


def test_an_expired_lease_that_nobody_took_is_still_ours(leases: Leases, clock: Clock) -> None:
    lease = leases.acquire("work", "a", TTL)
    clock.pass_by(hours=2)
    lease.check()
    with pytest.raises(LeaseLost):
        leases.acquire("work", "b", TTL)


def test_each_check_starts_the_time_to_live_anew(leases: Leases, clock: Clock) -> None:
    lease = leases.acquire("work", "a", TTL)
    for _ in range(5):
        clock.pass_by(seconds=59)
        lease.check()
    with pytest.raises(LeaseLost):
        leases.acquire("work", "b", TTL)


def test_release_frees_the_lease_and_keeps_the_epoch(leases: Leases) -> None:
    first = leases.acquire("work", "a", TTL)
    first.release()
    assert leases.held() == []
    with pytest.raises(LeaseLost, match="held by 'nobody'"):
        first.check()
    assert leases.acquire("work", "b", TTL).epoch == 2


def test_a_zombie_can_not_release_the_lease_of_its_successor(leases: Leases) -> None:
    zombie = leases.acquire("work", "a", TTL)
    successor = leases.acquire("work", "a", TTL)
    zombie.release()
    successor.check()


def test_leases_of_different_work_do_not_meet(leases: Leases) -> None:
    leases.acquire("activate/marketo__emea/x", "a", TTL)
    leases.acquire("activate/marketo__amer/x", "b", TTL)
    assert [(name, holder) for name, holder, _ in leases.held()] == [
        ("activate/marketo__amer/x", "b"),
        ("activate/marketo__emea/x", "a"),
    ]


def test_epochs_go_on_above_the_floor_after_the_file_was_lost(leases: Leases) -> None:
    assert leases.acquire("work", "a", TTL, floor=41).epoch == 42
    assert leases.acquire("work", "a", TTL, floor=3).epoch == 43


@pytest.mark.parametrize(("name", "holder", "seconds"), [("", "a", 60), ("work", "", 60), ("work", "a", 0)])
def test_a_lease_without_name_holder_or_life_is_refused(
    leases: Leases, name: str, holder: str, seconds: int
) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        leases.acquire(name, holder, timedelta(seconds=seconds))


def test_a_kill_during_the_first_creation_leaves_nothing_that_hurts(tmp_path: Path) -> None:
    (tmp_path / ".leases.db.deadbeef").write_bytes(b"half a data")
    assert Leases(tmp_path / "leases.db").acquire("work", "a", TTL).epoch == 1


def test_the_file_is_in_wal_mode_so_that_a_reader_never_waits(leases: Leases) -> None:
    leases.acquire("work", "a", TTL)
    db = sqlite3.connect(leases.path)
    assert db.execute("pragma journal_mode").fetchone() == ("wal",)
    db.close()


# ------------------------------------------------------------------------------------------ real processes

FORK = multiprocessing.get_context("fork")


def race(path: Path, gate: object, holder: str, answers: object, rounds: int) -> None:
    gate.wait()  # type: ignore[attr-defined]
    won = []
    for turn in range(rounds):
        try:
            won.append(Leases(path).acquire(f"work {turn}", holder, TTL).epoch)
        except LeaseLost:
            won.append(0)
    answers.put((holder, won))  # type: ignore[attr-defined]


def run_together(path: Path, holders: list[str], rounds: int) -> dict[str, list[int]]:
    gate, answers = FORK.Barrier(len(holders)), FORK.SimpleQueue()
    processes = [FORK.Process(target=race, args=(path, gate, name, answers, rounds)) for name in holders]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return dict(found)


def test_two_processes_that_start_together_never_both_hold_the_lease(tmp_path: Path) -> None:
    won = run_together(tmp_path / "new folder" / "leases.db", ["a", "b"], rounds=50)
    assert [sorted(pair) for pair in zip(won["a"], won["b"], strict=True)] == [[0, 1]] * 50


def test_the_file_is_created_safely_by_many_processes_at_once(tmp_path: Path) -> None:
    for turn in range(5):
        folder = tmp_path / str(turn)
        won = run_together(folder / "leases.db", [f"holder {n}" for n in range(6)], rounds=1)
        assert sorted(epochs[0] for epochs in won.values()) == [0, 0, 0, 0, 0, 1]
        assert not list(folder.glob(".leases*"))


def test_a_process_that_dies_with_the_lease_leaves_it_to_its_own_retry(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"

    def take_and_die() -> None:
        Leases(path).acquire("work", "task", TTL)
        os._exit(9)

    process = FORK.Process(target=take_and_die)
    process.start()
    process.join()
    with pytest.raises(LeaseLost):
        Leases(path).acquire("work", "another task", TTL)
    assert Leases(path).acquire("work", "task", TTL).epoch == 2


# --------------------------------------------------------------------------------------------- properties


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("histories")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["acquire", "check", "release", "wait"]), st.integers(0, 2), st.integers(1, 90)
    ),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_at_any_time_at_most_one_lease_passes_its_check(
    folders: Path, steps: list[tuple[str, int, int]]
) -> None:
    clock = Clock()
    leases = Leases(folders / f"{os.urandom(8).hex()}.db", clock=clock)
    taken, epochs = [], []
    for what, who, seconds in steps:
        if what == "wait":
            clock.pass_by(seconds=seconds)
        elif what == "release" and taken:
            taken[who % len(taken)].release()
        elif what == "acquire":
            try:
                taken.append(leases.acquire("work", f"holder {who}", TTL))
                epochs.append(taken[-1].epoch)
            except LeaseLost:
                pass
        assert sum(passes(lease) for lease in taken) <= 1
    assert epochs == sorted(set(epochs))


def passes(lease: object) -> bool:
    try:
        lease.check()  # type: ignore[attr-defined]
    except LeaseLost:
        return False
    return True
