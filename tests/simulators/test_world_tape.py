"""The tape: edits in any order become the states of a record in time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from muster_simulators.world.model import EMEA, MAIN
from muster_simulators.world.moments import LATEST, night_clock, seen
from muster_simulators.world.tape import Tape

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_edits_given_in_any_order_are_folded_in_time_order() -> None:
    tape = Tape()
    tape.edit(MAIN, "contacts", "003A", NOON + 2 * MINUTE, {"Title": "last"})
    tape.edit(MAIN, "contacts", "003A", NOON + MINUTE, {"Title": "middle", "Phone": "1"})
    tape.create(MAIN, "contacts", "003A", NOON, {"Id": "003A", "Title": "first"})
    states = [change.values for change in tape.changes()[MAIN]]
    assert [values["Title"] for values in states] == ["first", "middle", "last"]
    assert states[-1]["Phone"] == "1"
    assert [values["SystemModstamp"] for values in states] == [NOON + n * MINUTE for n in range(3)]
    assert {values["CreatedDate"] for values in states} == {NOON}


def test_two_edits_in_one_second_get_rising_stamps() -> None:
    tape = Tape()
    tape.create(EMEA, "leads", "1", NOON, {"id": 1})
    tape.edit(EMEA, "leads", "1", NOON, {"leadScore": 1})
    tape.edit(EMEA, "leads", "1", NOON, {"leadScore": 2})
    changes = tape.changes()[EMEA]
    assert [change.at for change in changes] == [NOON, NOON + SECOND, NOON + 2 * SECOND]
    assert changes[-1].values["updatedAt"] == NOON + 2 * SECOND


def test_a_record_never_becomes_visible_in_another_order_than_it_changed() -> None:
    tape = Tape()
    tape.create(EMEA, "leads", "1", NOON, {"id": 1})
    tape.edit(EMEA, "leads", "1", NOON + MINUTE, {"leadScore": 1}, 40 * MINUTE)
    tape.edit(EMEA, "leads", "1", NOON + 2 * MINUTE, {"leadScore": 2})
    changes = tape.changes()[EMEA]
    assert [change.values.get("leadScore") for change in changes] == [None, 1, 2]
    assert changes[-1].visible_at == NOON + 41 * MINUTE


def test_what_comes_after_a_records_end_is_dropped() -> None:
    tape = Tape()
    tape.create(EMEA, "leads", "1", NOON, {"id": 1})
    tape.remove(EMEA, "leads", "1", NOON + MINUTE)
    tape.edit(EMEA, "leads", "1", NOON + 2 * MINUTE, {"leadScore": 1})
    tape.activity(EMEA, 1, 37, NOON + MINUTE, (1, "Ann"), {})
    tape.activity(EMEA, 1, 1, NOON + 2 * MINUTE, (71, "/"), {})
    tape.create(MAIN, "contacts", "003A", NOON, {"IsDeleted": False})
    tape.edit(MAIN, "contacts", "003A", NOON + MINUTE, {"IsDeleted": True})
    tape.edit(MAIN, "contacts", "003A", NOON + 2 * MINUTE, {"Title": "ghost"})
    changes = tape.changes()
    assert [(c.object, c.op) for c in changes[EMEA]] == [
        ("leads", "upsert"),
        ("leads", "delete"),
        ("activities", "upsert"),
    ]
    assert [c.values["IsDeleted"] for c in changes[MAIN]] == [False, True]


def test_an_edit_before_the_creation_is_an_error() -> None:
    tape = Tape()
    tape.edit(MAIN, "contacts", "003A", NOON, {"Title": "too early"})
    tape.create(MAIN, "contacts", "003A", NOON + MINUTE, {})
    with pytest.raises(ValueError, match="edited before it is created"):
        tape.changes()


@pytest.mark.parametrize("minutes_before_clock", range(-10, 61, 5))
@pytest.mark.parametrize("late", [0, 20, 49, 300])
def test_lateness_is_bounded_and_never_ends_in_the_minutes_of_a_reading(
    minutes_before_clock: int, late: int
) -> None:
    clock = night_clock(2)
    at = clock - minutes_before_clock * MINUTE
    visible = seen(at, late * MINUTE)
    assert at <= visible <= at + LATEST
    assert not clock <= visible < clock + 15 * MINUTE
