"""`muster activate`: the twin of the DAG's task."""

from __future__ import annotations

from typing import Any

import pytest
from activation_sandbox import AUDIENCE, FakeList, Sandbox, people
from typer.testing import CliRunner

import muster.activation
from muster.cli import app
from muster.commands.session import Session

RUNNER = CliRunner()


@pytest.fixture
def run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, in the sandbox: its published table, its list."""

    def activate(settings: Any, destination: str, audience: str, resolver: Any, **options: Any) -> Any:
        return sandbox.activate(destination, **options)

    monkeypatch.setattr(muster.activation, "activate", activate)
    monkeypatch.setattr(Session, "settings", lambda self: sandbox.settings)
    return lambda *arguments: RUNNER.invoke(app, ["activate", *arguments])


def test_it_sends_and_says_what_it_sent_in_one_line(run: Any, sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2, 50))
    done = run("marketo__emea")
    assert done.exit_code == 0, done.output
    assert "activate marketo__emea buyers: 2 added, 0 removed, 1 unmatched, 5 calls, 1 writes" in done.output
    assert fake.members == {"101", "102"}


def test_a_dry_run_shows_the_plan_its_cost_and_what_would_hold_it(
    run: Any, sandbox: Sandbox, fake: FakeList
) -> None:
    sandbox.publish(people(1, 2))
    run("marketo__emea")
    fake.log.clear()
    sandbox.publish([])
    done = run("marketo__emea", "--audience", AUDIENCE, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "(dry run): 0 wanted: 2 remove" in done.output
    assert "held by the breaker: the audience went from 2 members to 0" in done.output
    assert fake.log == []


def test_the_hint_of_the_breaker_is_a_command_that_works(run: Any, sandbox: Sandbox, fake: FakeList) -> None:
    sandbox.publish(people(1, 2))
    run("marketo__emea")
    sandbox.publish([])
    held = run("marketo__emea")
    assert held.exit_code == 6
    command = held.output.split("if this is wanted: muster activate ")[1].split()
    done = run(*command)
    assert done.exit_code == 0, done.output
    assert fake.members == set()


@pytest.mark.parametrize("given", [[], ["marketo__emea"], ["--audience", AUDIENCE]])
def test_an_approval_names_one_destination_and_one_audience(
    run: Any, given: list[str], fake: FakeList
) -> None:
    done = run(*given, "--approve", "plan_1")
    assert done.exit_code == 2
    assert "--approve is for one plan" in done.output
    assert fake.log == []


def test_an_unknown_destination_is_refused_with_a_suggestion(run: Any) -> None:
    done = run("marketo__emae")
    assert done.exit_code == 2
    assert "marketo__emea" in done.output
