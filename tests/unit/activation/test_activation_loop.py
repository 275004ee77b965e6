"""What an activation sends: the difference, once, and only of what is ours."""

from __future__ import annotations

import pytest
from activation_sandbox import AUDIENCE, FILES, FakeList, Sandbox, people, person

from muster.errors import GuardrailHeld, MusterError


def test_the_first_activation_adds_everybody_who_matches(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish([*people(1, 2, 3, 4), person(50)])
    result = sandbox.activate()
    assert fake.members == {"101", "102", "103", "104"} == sandbox.held()
    assert (result.added, result.held, result.unmatched, result.writes) == (4, 4, 1, 2)


def test_a_second_activation_of_the_same_snapshot_makes_no_call(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish([*people(1, 2), person(50)])
    sandbox.activate()
    before = [path.name for path in sandbox.settings.home.lake.rglob("*.parquet")]
    result = sandbox.activate(run_id="scheduled__2")
    assert (result.calls, result.writes, result.added) == (0, 0, 0)
    assert (result.held, result.unmatched) == (2, 1)
    assert [path.name for path in sandbox.settings.home.lake.rglob("*.parquet")] == before


def test_a_rebuild_of_the_same_night_makes_no_call_but_is_noted(sandbox: Sandbox) -> None:
    sandbox.publish([*people(1, 2), person(50)])
    sandbox.activate()
    sandbox.publish([*people(1, 2), person(50)], is_new_night=False)
    result = sandbox.activate()
    completed = sandbox.ledger().completed()
    assert (result.calls, result.writes) == (0, 0)
    assert completed is not None and completed["snapshot_id"] == sandbox.snapshot


def test_a_new_night_with_nothing_new_makes_no_write(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.writes, result.added, result.updated, result.held) == (0, 0, 0, 2)


def test_who_left_is_removed_and_who_came_is_added(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2, 3))
    sandbox.activate()
    sandbox.publish(people(2, 3, 4))
    result = sandbox.activate()
    assert fake.members == {"102", "103", "104"} == sandbox.held()
    assert (result.added, result.removed, result.writes) == (1, 1, 2)


def test_members_of_others_are_never_removed(sandbox: Sandbox, fake: FakeList) -> None:
    fake.members, fake.is_made = {"101", "999"}, True
    sandbox.publish(people(1, 2))
    first = sandbox.activate()
    sandbox.publish(people(3))
    second = sandbox.activate()
    assert fake.members == {"101", "999", "103"}
    assert (first.added, first.already, second.removed) == (1, 1, 1)
    assert sandbox.held() == {"103"}


def test_a_member_somebody_took_out_comes_back_the_next_night(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    fake.members.discard("101")
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert fake.members == {"101", "102"}
    assert result.writes == 1


def test_who_did_not_match_is_looked_up_again_each_night(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish([person(50)])
    assert sandbox.activate().unmatched == 1
    fake.leads["p50@acme.example"] = ["150"]
    assert sandbox.activate().calls == 0
    sandbox.publish([person(50)])
    result = sandbox.activate()
    assert (result.added, result.unmatched, fake.members) == (1, 0, {"150"})


def test_several_leads_are_ambiguous_and_nobody_is_picked(sandbox: Sandbox, fake: FakeList) -> None:
    fake.leads["p1@acme.example"].append("777")
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.ambiguous, result.added, fake.members) == (1, 1, {"102"})


def test_a_member_whose_lead_became_ambiguous_leaves_the_list(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    fake.leads["p1@acme.example"].append("777")
    sandbox.publish(people(1, 2))
    result = sandbox.activate()
    assert (result.ambiguous, result.removed, fake.members, sandbox.held()) == (1, 1, {"102"}, {"102"})


def test_a_merged_lead_moves_the_membership_to_the_surviving_one(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1))
    sandbox.activate()
    fake.leads["p1@acme.example"] = ["888"]
    sandbox.publish(people(1))
    result = sandbox.activate()
    assert fake.members == {"888"} == sandbox.held()
    assert (result.added, result.updated, result.removed) == (0, 1, 0)


def test_a_changed_address_moves_the_membership(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1))
    sandbox.activate()
    sandbox.publish([person(1, email="p9@acme.example")], is_new_night=False)
    result = sandbox.activate()
    assert fake.members == {"109"} == sandbox.held()
    assert result.updated == 1


def test_two_people_on_one_lead_leave_it_when_both_are_gone(sandbox: Sandbox, fake: FakeList) -> None:
    fake.leads["p2@acme.example"] = ["101"]
    sandbox.publish(people(1, 2, 3))
    sandbox.activate()
    sandbox.publish(people(2, 3))
    sandbox.activate()
    assert fake.members == {"101", "103"}
    sandbox.publish(people(3))
    sandbox.activate()
    assert fake.members == {"103"} == sandbox.held()


def test_who_joins_a_lead_of_ours_later_keeps_it_ours(sandbox: Sandbox, fake: FakeList) -> None:
    fake.leads["p2@acme.example"] = ["101"]
    for rows in (people(1, 3), people(1, 2, 3), people(2, 3), people(3)):
        sandbox.publish(rows)
        sandbox.activate()
    assert fake.members == {"103"} == sandbox.held()


def test_people_who_were_never_there_are_forgotten_without_a_call(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish([*people(1), person(50)])
    sandbox.activate()
    sandbox.publish(people(1))
    assert sandbox.activate().unmatched == 0
    assert (
        len(sandbox.ledger().members.filter(sandbox.ledger().members["state"].to_numpy() == "pending")) == 0
    )
    assert sandbox.activate().calls == 0


def test_a_dry_run_writes_nothing_and_calls_nobody(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    result = sandbox.activate(dry_run=True)
    assert result.is_dry_run and result.plan.counts["add"] == 2
    assert fake.log == [] and not sandbox.settings.home.root.exists()


def test_an_audience_that_is_not_activated_there_is_refused(sandbox: Sandbox) -> None:
    from muster.activation import activate

    with pytest.raises(MusterError, match="'nobody' is not activated to 'marketo__emea'"):
        activate(
            sandbox.settings,
            "marketo__emea",
            "nobody",
            sandbox.connections.__getitem__,
            run_id="r",
            attempt=1,
        )


@pytest.mark.parametrize("key", [None, "", "p1"])
def test_a_null_blank_or_double_key_is_refused_before_any_call(
    sandbox: Sandbox, fake: FakeList, key: str | None
) -> None:
    sandbox.publish([*people(1, 2), person(3, member_key=key)])
    with pytest.raises(GuardrailHeld, match="F83"):
        sandbox.activate()
    assert fake.log == []


def test_no_personal_value_reaches_the_lake_or_the_reports(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish([*people(1), person(50)])
    sandbox.activate()
    files = [path for path in sandbox.settings.home.root.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        text = repr(_content(path))
        assert "acme.example" not in text, path


def _content(path: object) -> object:
    from pathlib import Path

    import pyarrow.parquet as pq

    found = Path(str(path))
    return pq.read_table(found).to_pylist() if found.suffix == ".parquet" else found.read_bytes()


def test_who_is_absent_and_why_is_written_beside_the_plan(sandbox: Sandbox, fake: FakeList) -> None:
    import json

    import pyarrow.parquet as pq

    sandbox.publish([*people(1), person(50)])
    result = sandbox.activate()
    assert result.plan_path is not None
    absent = pq.read_table(result.plan_path.parent / f"{result.plan_id}.absent.parquet").to_pylist()
    assert [(row["member_key"], row["verdict"], row["reason"]) for row in absent] == [
        ("p50", "unmatched", "no_lead")
    ]
    numbers = json.loads((result.plan_path.parent / f"{result.plan_id}.result.json").read_text())
    assert (numbers["desired"], numbers["held"], numbers["unmatched"]) == (2, 1, 1)


def test_one_destination_does_not_see_the_ledger_of_another(sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    sandbox.activate()
    assert sandbox.ledger(FILES).last_epoch == 0
    sandbox.opener = None
    sandbox.activate(FILES)
    assert sandbox.held(FILES) == {"p1", "p2"}
    assert sandbox.held() == {"101", "102"}
    assert AUDIENCE == "buyers"
