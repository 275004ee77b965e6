"""The schema registry: every new, dropped, renamed and retyped field is an event, once, and nothing else is (F50)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from muster.lake import Lake, drift
from muster.lake.drift import Described
from muster.windows import Window

AT = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = Window(AT - timedelta(days=1), AT)
TYPES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["string", "integer"]), min_size=1)


def record(lake: Lake, described: Described, hours: int = 0, connection: str = "marketo__emea") -> str:
    at = AT + timedelta(hours=hours)
    return drift.record(lake, connection, "leads", described, at=at, window=WINDOW, run_id="r")


def told(lake: Lake) -> list[tuple[str, str, str | None]]:
    return [(row["change"], row["field"], row["previous"]) for row in drift.events(lake).to_pylist()]


def test_the_first_description_is_no_change(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    digest = record(lake, Described({"id": "integer", "email": "email"}))
    assert told(lake) == []
    assert drift.newest(lake, "marketo__emea", "leads").digest == digest  # type: ignore[union-attr]
    assert drift.count(lake, "marketo__emea", "leads") == 0


def test_each_kind_of_change_is_one_event_with_its_rule(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    before = Described(
        {"id": "integer", "a": "string", "b": "string", "c": "string"}, {"a": "1", "b": "2", "c": "3"}
    )
    after = Described(
        {"id": "integer", "a": "integer", "z": "string", "new": "string"}, {"a": "1", "z": "2", "new": "9"}
    )
    record(lake, before)
    record(lake, after, 1)
    assert sorted(told(lake)) == [
        ("added", "new", None),
        ("dropped", "c", None),
        ("renamed", "z", "b"),
        ("retyped", "a", "string"),
    ]
    rows = drift.events(lake).to_pylist()
    assert {row["change"]: row["rule"] for row in rows} == drift.RULES
    assert {(row["source_instance"], row["object"], row["version"], row["run_id"]) for row in rows} == {
        ("marketo__emea", "leads", 1, "r")
    }
    assert {row["noticed_at"] for row in rows} == {AT + timedelta(hours=1)}


def test_a_rename_without_proof_is_a_drop_and_an_addition(tmp_path: Path) -> None:
    doubtful = [
        (Described({"a": "string"}), Described({"z": "string"})),
        (Described({"a": "string"}, {"a": "1"}), Described({"z": "string"}, {"z": "2"})),
        (Described({"a": "string"}, {"a": "1"}), Described({"z": "integer"}, {"z": "1"})),
        (
            Described({"a": "string", "b": "string"}, {"a": "1", "b": "1"}),
            Described({"z": "string"}, {"z": "1"}),
        ),
        (
            Described({"a": "string"}, {"a": "1"}),
            Described({"z": "string", "y": "string"}, {"z": "1", "y": "1"}),
        ),
    ]
    for before, after in doubtful:
        assert {row["change"] for row in drift.compare(before, after)} == {"added", "dropped"}


def test_a_field_that_only_moved_its_number_is_no_change(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    record(lake, Described({"a": "string"}, {"a": "1"}))
    record(lake, Described({"a": "string"}, {"a": "7"}), 1)
    assert told(lake) == []


def test_a_field_that_comes_back_is_told_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    one, two = Described({"a": "string"}), Described({"a": "string", "b": "string"})
    for hour, described in enumerate((one, two, one, two)):
        record(lake, described, hour)
    assert told(lake) == [("added", "b", None), ("dropped", "b", None), ("added", "b", None)]


def test_a_reading_that_was_begun_before_the_newest_one_says_nothing_new(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    old, new = Described({"a": "string"}), Described({"b": "string"})
    record(lake, old, 0)
    record(lake, new, 2)
    assert record(lake, old, 1) == old.digest
    assert len(told(lake)) == 2


def test_instances_and_objects_have_registries_of_their_own(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    record(lake, Described({"a": "string"}))
    record(lake, Described({"b": "string"}), 1, "marketo__amer")
    drift.record(lake, "marketo__emea", "leads_more", Described({"c": "s"}), at=AT, window=WINDOW, run_id="r")
    assert told(lake) == []


def test_of_many_readers_that_see_a_change_one_tells_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    record(lake, Described({"a": "string"}))
    after, barrier = Described({"a": "string", "b": "string"}), threading.Barrier(8)

    def reader() -> None:
        barrier.wait(timeout=20)
        record(lake, after, 1)

    threads = [threading.Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert told(lake) == [("added", "b", None)]
    assert len(lake.dataset_files(drift.DATASET)) == 2


@given(TYPES, TYPES)
def test_applying_the_events_to_the_old_description_gives_the_new_one(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = dict(before)
    for row in drift.compare(Described(before), Described(after)):
        if row["change"] == "dropped":
            del found[row["field"]]
        elif row["change"] != "same":
            found[row["field"]] = row["data_type"]
    assert found == after
