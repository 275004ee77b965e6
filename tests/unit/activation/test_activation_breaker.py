"""The breaker holds what looks like an accident before the first call, and a person can let exactly it pass."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from activation_sandbox import FakeList, Sandbox, people, settings_in, with_leads

from muster.activation.breaker import Numbers, judge
from muster.config import Breaker
from muster.destinations.base import Reply
from muster.errors import GuardrailHeld

MANY = range(1, 151)


@pytest.fixture
def crowd(sandbox: Sandbox) -> tuple[Sandbox, FakeList]:
    """150 members are there."""
    fake = with_leads(*range(1, 601), batch=100)
    sandbox.opener = fake.open
    sandbox.publish(people(*MANY))
    sandbox.activate()
    fake.log.clear()
    return sandbox, fake


def test_an_emptied_audience_is_held_with_the_numbers_and_the_way_on(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, fake = crowd
    sandbox.publish([])
    with pytest.raises(GuardrailHeld, match="from 150 members to 0") as held:
        sandbox.activate()
    assert fake.writes == [] and len(fake.members) == 150
    plan = sandbox.activate(dry_run=True).plan
    assert f"muster activate marketo__emea --audience buyers --approve {plan.id}" in held.value.hint
    report = sandbox.settings.home.reports / "plans" / "marketo__emea" / "buyers" / f"{plan.id}.json"
    assert json.loads(report.read_text())["is_held"] is True
    assert str(report) in held.value.hint
    assert sandbox.ledger().runs["held"]["plan_id"] == plan.id


def test_a_plan_that_was_approved_is_carried_out(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, fake = crowd
    sandbox.publish([])
    plan = sandbox.activate(dry_run=True).plan
    result = sandbox.activate(approve=plan.id)
    assert (result.removed, fake.members) == (150, set())
    assert sandbox.ledger().runs["begun"]["is_approved"] is True


def test_an_approval_of_another_plan_is_refused(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, fake = crowd
    sandbox.publish([])
    plan = sandbox.activate(dry_run=True).plan
    sandbox.publish(people(1))
    with pytest.raises(GuardrailHeld, match=f"'{plan.id}' was approved, but the plan .* is plan_"):
        sandbox.activate(approve=plan.id)
    assert fake.writes == []


def test_a_retry_of_an_approved_plan_needs_no_second_approval(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, fake = crowd

    def die(name: str, keys: Sequence[str]) -> Reply | None:
        raise KeyboardInterrupt

    fake.faults = [die]
    sandbox.publish([])
    with pytest.raises(KeyboardInterrupt):
        sandbox.activate(approve=sandbox.activate(dry_run=True).plan.id)
    assert sandbox.activate(attempt=2).removed == 150


def test_a_shrunk_audience_is_held_and_a_small_loss_passes(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, _ = crowd
    sandbox.publish(people(*range(1, 51)))
    with pytest.raises(GuardrailHeld, match="100 of 150 members would be removed"):
        sandbox.activate()
    sandbox.publish(people(*range(1, 140)))
    assert sandbox.activate().removed == 11


def test_a_grown_audience_is_held(crowd: tuple[Sandbox, FakeList]) -> None:
    sandbox, fake = crowd
    sandbox.publish(people(*range(1, 400)))
    with pytest.raises(GuardrailHeld, match="from 150 to 399 members"):
        sandbox.activate()
    assert fake.writes == []


def test_a_first_activation_of_any_size_passes_and_goes_on_after_a_kill(sandbox: Sandbox) -> None:
    fake = with_leads(*range(1, 601), batch=100)
    sandbox.opener = fake.open

    def die(name: str, keys: Sequence[str]) -> Reply | None:
        raise KeyboardInterrupt

    fake.faults = [lambda name, keys: None, die]
    sandbox.publish(people(*range(1, 601)))
    with pytest.raises(KeyboardInterrupt):
        sandbox.activate()
    assert sandbox.activate(attempt=2).held == 600


def test_the_limits_come_from_the_configuration(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.settings = settings_in(
        sandbox.root, marketo__emea={"breaker": {"min_removed": 1, "max_removed_share": 0.1}}
    )
    sandbox.publish(people(1, 2, 3))
    sandbox.activate()
    sandbox.publish(people(1, 2))
    with pytest.raises(GuardrailHeld, match="1 of 3 members would be removed"):
        sandbox.activate()


@pytest.mark.parametrize(
    ("numbers", "held"),
    [
        (Numbers(desired=0, known=0, held=0, added=0, removed=0), []),
        (Numbers(desired=0, known=1, held=1, added=0, removed=1), ["emptied"]),
        (Numbers(desired=800, known=1000, held=1000, added=0, removed=200), []),
        (Numbers(desired=799, known=1000, held=1000, added=0, removed=201), ["shrunk"]),
        (Numbers(desired=401, known=500, held=500, added=0, removed=99), []),
        (Numbers(desired=2000, known=1000, held=1000, added=1000, removed=0), []),
        (Numbers(desired=2001, known=1000, held=1000, added=1001, removed=0), ["grown"]),
        (Numbers(desired=100, known=1, held=1, added=99, removed=0), []),
        (Numbers(desired=10_000_000, known=0, held=0, added=10_000_000, removed=0), []),
        (Numbers(desired=5000, known=1000, held=1000, added=5000, removed=1000), ["shrunk", "grown"]),
    ],
)
def test_each_limit_holds_one_past_itself_and_not_at_it(numbers: Numbers, held: list[str]) -> None:
    assert [finding.rule for finding in judge(numbers, Breaker()) if finding.is_held] == held
