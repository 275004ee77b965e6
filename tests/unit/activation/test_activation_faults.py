"""What an activation does when calls are refused, not answered, half done or overtaken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from activation_sandbox import FakeList, Fault, Sandbox, people

from muster.destinations.base import CallRefusedError, Outcome, Reply, UnknownAnswerError
from muster.errors import DestinationError, LeaseLost


def refuse_with(*bad: str) -> Fault:
    """The whole call is refused while one of these keys is in it."""

    def fault(name: str, keys: Sequence[str]) -> Reply | None:
        if set(bad) & set(keys):
            raise CallRefusedError("invalid data", code="1003", request_id="r0")
        return None

    return fault


def silence(fake: FakeList, *, is_done: bool) -> Fault:
    """No answer, though it was done or because it was not."""

    def fault(name: str, keys: Sequence[str]) -> Reply | None:
        if is_done:
            (fake.members.update if name == "add" else fake.members.difference_update)(keys)
        raise UnknownAnswerError("no answer")

    return fault


def verdicts(**by_key: str) -> Fault:
    """Answers per record; only what is accepted is done by the caller of this helper."""

    def fault(name: str, keys: Sequence[str]) -> Reply | None:
        return Reply(tuple(Outcome(k, by_key.get(f"k{k}", "accepted"), "1004") for k in keys))  # type: ignore[arg-type]

    return fault


def test_one_bad_row_does_not_take_its_batch_along(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [refuse_with("102")] * 9
    sandbox.publish(people(1, 2, 3))
    result = sandbox.activate()
    assert fake.members == {"101", "103"}
    assert (result.added, result.rejected) == (2, 1)
    assert [row["reason"] for row in sandbox.receipts() if row["verdict"] == "rejected"] == ["1003"]


def test_a_rejected_row_is_sent_again_the_next_night(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [refuse_with("102")] * 9
    sandbox.publish(people(1, 2, 3))
    sandbox.activate()
    fake.faults = []
    assert sandbox.activate().calls == 0
    sandbox.publish(people(1, 2, 3))
    result = sandbox.activate()
    assert (result.added, result.rejected, fake.members) == (1, 0, {"101", "102", "103"})


def test_a_refusal_that_no_row_explains_ends_after_a_bounded_number_of_calls(
    sandbox: Sandbox, fake: FakeList
) -> None:
    fake.faults = [refuse_with("101", "102", "103")] * 50
    sandbox.publish(people(1, 2, 3))
    result = sandbox.activate()
    assert (result.rejected, fake.members) == (3, set())
    assert len(fake.writes) <= 5


def test_a_dropped_answer_is_read_back_and_nothing_is_sent_twice(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [silence(fake, is_done=True)]
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.added, len(fake.writes), fake.members) == (2, 1, {"101", "102"})
    assert {row["reason"] for row in sandbox.receipts()} == {"read_back"}


def test_a_call_that_was_lost_is_sent_again(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [silence(fake, is_done=False)]
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.added, len(fake.writes), fake.members) == (2, 2, {"101", "102"})


def test_lasting_silence_ends_bounded_and_stays_pending(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [silence(fake, is_done=False)] * 3
    sandbox.publish(people(1))
    result = sandbox.activate()
    assert (result.rejected, len(fake.writes)) == (1, 3)
    again = sandbox.activate()
    assert (again.added, again.rejected, fake.members) == (1, 0, {"101"})


def test_an_answer_and_a_read_back_that_are_both_lost_are_settled_by_the_next_run(
    sandbox: Sandbox, fake: FakeList
) -> None:
    def lost(name: str, keys: Sequence[str]) -> Reply | None:
        fake.members.update(keys)
        fake.present = down  # type: ignore[method-assign]
        raise UnknownAnswerError("no answer")

    def down(keys: Sequence[str]) -> set[str]:
        raise DestinationError("down")

    fake.faults = [lost]
    sandbox.publish(people(1, 2))
    with pytest.raises(DestinationError, match="down"):
        sandbox.activate()
    assert sandbox.ledger().unknown_count == 2
    del fake.present  # type: ignore[method-assign]
    result = sandbox.activate(attempt=2)
    assert (result.writes, result.held, fake.members) == (0, 2, {"101", "102"})
    sandbox.publish(people(1))
    sandbox.activate()
    assert fake.members == {"101"}


def test_a_lead_that_vanished_between_look_up_and_call_is_reported(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [verdicts(k102="unmatched", k101="rejected")]
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.unmatched, result.rejected, result.added) == (1, 1, 0)


def test_accepted_but_not_there_is_red_and_sent_again(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [verdicts()]
    sandbox.publish(people(1, 2))
    with pytest.raises(DestinationError, match="2 additions and 0 removals are not there when read back"):
        sandbox.activate()
    result = sandbox.activate(attempt=2)
    assert (result.added, fake.members) == (2, {"101", "102"})


def test_removed_but_still_there_is_red_and_removed_again(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    fake.faults = [verdicts()]
    sandbox.publish(people(1))
    with pytest.raises(DestinationError, match="0 additions and 1 removals"):
        sandbox.activate()
    assert sandbox.activate(attempt=2).removed == 1
    assert fake.members == {"101"} == sandbox.held()


def test_a_refused_removal_stays_held_and_is_tried_again_the_next_night(
    sandbox: Sandbox, fake: FakeList
) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    fake.faults = [refuse_with("102")]
    sandbox.publish(people(1))
    result = sandbox.activate()
    assert (result.stuck, result.removed, sandbox.held()) == (1, 0, {"101", "102"})
    assert sandbox.activate().calls == 0
    sandbox.publish(people(1))
    assert sandbox.activate().removed == 1
    assert sandbox.held() == {"101"} == fake.members


class KilledError(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_around_a_call_is_settled_by_the_next_attempt(
    sandbox: Sandbox, fake: FakeList, is_done: bool, at: int
) -> None:
    def die(name: str, keys: Sequence[str]) -> Reply | None:
        if is_done:
            fake.members.update(keys)
        raise KilledError

    fake.faults = [*[lambda name, keys: None] * (at - 1), die]
    sandbox.publish(people(1, 2, 3, 4, 5))
    with pytest.raises(KilledError):
        sandbox.activate()
    result = sandbox.activate(attempt=2)
    assert fake.members == {"101", "102", "103", "104", "105"} == sandbox.held()
    assert result.rejected == result.unmatched == 0
    sandbox.publish(people(1))
    sandbox.activate()
    assert fake.members == {"101"} == sandbox.held()


def test_what_landed_late_is_still_ours(sandbox: Sandbox, fake: FakeList) -> None:
    """The call of a killed attempt arrives after its successor looked and before it sent."""

    def die(name: str, keys: Sequence[str]) -> Reply | None:
        raise KilledError

    fake.faults = [die]
    fake.is_made = True
    sandbox.publish(people(1, 2))
    with pytest.raises(KilledError):
        sandbox.activate()
    looks: list[Any] = []
    present = fake.present

    def late(keys: Sequence[str]) -> set[str]:
        looks.append(keys)
        if len(looks) == 2:
            fake.members.update({"101", "102"})
        return present(keys)

    fake.present = late  # type: ignore[method-assign]
    result = sandbox.activate(attempt=2)
    assert (result.already, result.held, len(looks)) == (0, 2, 2)
    sandbox.publish(people(1))
    sandbox.activate()
    assert fake.members == {"101"}


def test_a_second_attempt_overtakes_the_first_in_the_middle_of_its_call(
    sandbox: Sandbox, fake: FakeList
) -> None:
    """F56: the first attempt's call is under way while the second does all the work; both end, the list is right."""
    inner: list[Any] = []

    def overtaken(name: str, keys: Sequence[str]) -> Reply | None:
        guard = fake.guard
        inner.append(sandbox.activate(attempt=2))
        fake.guard = guard
        return None

    fake.faults = [overtaken]
    sandbox.publish(people(1, 2, 3, 4, 5))
    with pytest.raises(LeaseLost, match="epoch 1 is not in force any more"):
        sandbox.activate()
    assert inner[0].held == 5
    writes = len(fake.writes)
    result = sandbox.activate(attempt=3)
    assert fake.members == {"101", "102", "103", "104", "105"} == sandbox.held()
    assert (len(fake.writes), result.held, result.already) == (writes, 5, 0)
    sandbox.publish(people(1, 2, 3, 4))
    sandbox.activate()
    assert fake.members == {"101", "102", "103", "104"}


def test_another_run_waits_for_the_one_at_work(sandbox: Sandbox, fake: FakeList) -> None:
    def meanwhile(name: str, keys: Sequence[str]) -> Reply | None:
        with pytest.raises(LeaseLost, match="is working on it"):
            sandbox.activate(run_id="manual__1")
        return None

    fake.faults = [meanwhile]
    sandbox.publish(people(1))
    assert sandbox.activate().added == 1
    assert sandbox.activate(run_id="manual__1").calls == 0


def test_the_lease_is_let_go_after_an_error(sandbox: Sandbox, fake: FakeList) -> None:
    fake.faults = [verdicts()]
    sandbox.publish(people(1))
    with pytest.raises(DestinationError):
        sandbox.activate()
    assert sandbox.activate(run_id="another").added == 1


def test_epochs_rise_past_the_lake_when_the_lease_file_is_lost(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1))
    sandbox.activate()
    sandbox.publish(people(1, 2))
    sandbox.activate()
    (sandbox.settings.home.state / "leases.db").unlink()
    sandbox.publish(people(2))
    sandbox.activate()
    assert sandbox.ledger().last_epoch == 3
    assert sandbox.held() == {"102"}
