"""What every destination must do, whatever it is. A new one joins the suite by a harness in conftest.py."""

from __future__ import annotations

import pytest
from activation_sandbox import people, person
from destination_harness import SECRET, Harness, KilledError, dying

from muster.destinations import declaration_of
from muster.destinations.base import CallRefusedError, MemberDestination
from muster.errors import DestinationError, LeaseLost


def test_the_declaration_agrees_with_what_the_destination_is(harness: Harness) -> None:
    target = harness.opened()
    declaration = declaration_of(harness.sandbox.settings.platform.destination(harness.name))
    assert target.declaration is declaration
    assert declaration.sync == ("members" if isinstance(target, MemberDestination) else "snapshot")
    assert set(declaration.required) <= set(declaration.identifiers or declaration.required)
    assert declaration.batch_size > 0 and declaration.lookup_size > 0
    assert declaration.is_idempotent and not declaration.creates_records
    target.close()


def test_everybody_wanted_is_there_and_acknowledged(harness: Harness) -> None:
    harness.sandbox.publish(people(1, 2, 3))
    result = harness.sandbox.activate(harness.name)
    assert harness.members() == {"p1", "p2", "p3"}
    assert (result.added, result.held, result.desired) == (3, 3, 3)
    assert 0 < result.writes <= result.calls


def test_the_difference_is_sent_and_nobody_else_is_touched(harness: Harness) -> None:
    sandbox = harness.sandbox
    sandbox.publish(people(1, 2, 3))
    sandbox.activate(harness.name)
    sandbox.publish(people(2, 3, 4))
    result = sandbox.activate(harness.name)
    assert harness.members() == {"p2", "p3", "p4"}
    assert (result.added, result.removed, result.held) == (1, 1, 3)


def test_a_second_activation_makes_no_call(harness: Harness) -> None:
    harness.sandbox.publish(people(1, 2))
    harness.sandbox.activate(harness.name)
    before = harness.state()
    result = harness.sandbox.activate(harness.name, run_id="scheduled__2")
    assert result.writes == 0
    assert harness.state() == before


def test_a_new_night_with_nothing_new_writes_nothing(harness: Harness) -> None:
    for _ in range(2):
        harness.sandbox.publish(people(1, 2))
        result = harness.sandbox.activate(harness.name)
        before = harness.state()
    assert (result.writes, result.added, result.held) == (0, 0, 2)
    assert harness.state() == before


def test_a_dry_run_changes_nothing_anywhere(harness: Harness) -> None:
    before = harness.state()
    harness.sandbox.publish(people(1, 2))
    result = harness.sandbox.activate(harness.name, dry_run=True)
    assert (result.plan.counts["add"], result.calls) == (2, 0)
    assert harness.state() == before
    assert not harness.sandbox.settings.home.root.exists()


@pytest.mark.parametrize("is_done", [True, False])
def test_a_kill_around_a_write_loses_and_doubles_nobody(harness: Harness, is_done: bool) -> None:
    sandbox = harness.sandbox
    sandbox.publish(people(1, 2))
    with pytest.raises(KilledError):
        sandbox.activate(harness.name, opener=harness.tampered(lambda target: dying(target, is_done=is_done)))
    assert sandbox.ledger(harness.name).unknown_count == 2
    result = sandbox.activate(harness.name, attempt=2)
    assert harness.members() == {"p1", "p2"}
    assert (result.held, result.already) == (2, 0)
    assert (result.writes == 0) == is_done
    sandbox.publish(people(2))
    assert sandbox.activate(harness.name).removed == 1
    assert harness.members() == {"p2"}


def test_without_the_lease_nothing_is_changed(harness: Harness) -> None:
    def lost() -> None:
        raise LeaseLost("epoch 1 is not in force any more")

    sandbox = harness.sandbox
    sandbox.publish(people(1))
    before = harness.state()

    def opener(*given: object, guard: object, **named: object) -> object:
        return harness.open(*given, guard=lost, **named)  # type: ignore[arg-type]

    with pytest.raises(LeaseLost):
        sandbox.activate(harness.name, opener=opener)
    assert harness.state() == before
    assert sandbox.activate(harness.name, attempt=2).held == 1


def test_a_destination_that_is_down_is_a_clear_error_without_secret_or_address(harness: Harness) -> None:
    harness.sandbox.publish(people(1))
    harness.break_down()
    with pytest.raises(DestinationError) as raised:
        harness.sandbox.activate(harness.name)
    assert raised.value.exit_code == 8 and not isinstance(raised.value, CallRefusedError)
    text = f"{raised.value} {raised.value!r} {raised.value.__cause__!r}"
    assert harness.name in str(raised.value) and raised.value.hint
    assert SECRET not in text and "acme.example" not in text


def test_calls_and_writes_are_counted_from_zero_for_each_activation(harness: Harness) -> None:
    sandbox = harness.sandbox
    sandbox.publish(people(1))
    first = sandbox.activate(harness.name)
    sandbox.publish(people(1, 2))
    second = sandbox.activate(harness.name)
    assert second.calls <= first.calls + 1
    assert 0 < second.writes <= first.writes


def test_an_audience_of_nobody_is_no_error(harness: Harness) -> None:
    harness.sandbox.publish([])
    result = harness.sandbox.activate(harness.name)
    assert (result.desired, result.held, harness.members()) == (0, 0, set())


def test_people_leave_by_who_they_are_and_not_by_where_they_stand(harness: Harness) -> None:
    """The published order means nothing: only keys do."""
    harness.sandbox.publish(people(3, 1, 2))
    harness.sandbox.activate(harness.name)
    harness.sandbox.publish(people(2, 3, 1))
    assert harness.sandbox.activate(harness.name).writes == 0


def test_a_large_audience_arrives_whole(harness: Harness) -> None:
    harness.sandbox.publish(people(*range(1, 401)))
    result = harness.sandbox.activate(harness.name)
    assert len(harness.members()) == 400 == result.held
    harness.sandbox.publish([*people(*range(1, 400)), person(400)])
    assert harness.sandbox.activate(harness.name).writes == 0
