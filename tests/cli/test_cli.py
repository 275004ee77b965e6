"""The command line: help for everything, every mistake at once with its line, exit codes as documented, no call made."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from muster.cli import app

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = ("MARKETO__EMEA", "MARKETO__AMER", "SALESFORCE__MAIN")
COMMANDS = (
    "validate",
    "extract",
    "quarantine",
    "compile",
    "build",
    "audit",
    "publish",
    "activate",
    "run",
    "status",
    "quota",
    "lookup",
    "rollback",
)
GROUPS = {"backfill": ("plan", "run", "status"), "source": ("preview", "check")}


class Listener:
    """A server that answers nobody and counts who came."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visitors = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.visitors += 1
            visitor.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Every connection of the shipped configuration leads to it."""
    found = Listener()
    for name in CONNECTIONS:
        value = {"host": f"http://127.0.0.1:{found.port}", "login": "me", "password": "hunter2-canary"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
    yield found
    found.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped configuration to spoil."""
    folder = tmp_path / "config"
    (folder / "audiences").mkdir(parents=True)
    for file in (ROOT / "include" / "config").rglob("*"):
        if file.is_file():
            (folder / file.relative_to(ROOT / "include" / "config")).write_bytes(file.read_bytes())
    return folder


def muster(config: Path, tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(config), "--home", str(tmp_path / "home"), *arguments])


def spoil(config: Path, *pairs: tuple[str, str]) -> list[int]:
    """Replace parts of platform.yml; the line of each."""
    file = config / "platform.yml"
    text = original = file.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text)
    return [original[: original.index(old)].count("\n") + 1 for old, _ in pairs]


def test_the_shipped_configuration_is_valid(config: Path, tmp_path: Path, listener: Listener) -> None:
    done = muster(config, tmp_path, "validate")
    assert done.exit_code == 0, done.output
    assert "platform.yml" in done.output
    assert "guardrails.yml" in done.output
    assert listener.visitors == 0


BAD = [
    ("munchkin_id: 123-EMA-001", "munchkin: 123-EMA-001"),  # an unknown key, and the right one is missing
    ("poll_seconds: 0.5", "poll_seconds: soon"),  # a wrong type
    (
        "feeds: [acme/prod]\n    # no crm_sync",
        "feeds: [acme/prod, globex/prod]\n    # no crm_sync",
    ),  # rule B4
    (
        "name: marketo__emea\n    connection: marketo__emea",
        "name: marketo__emea\n    connection: marketo__apac",
    ),  # no such connection
]


def test_all_mistakes_are_reported_at_once_each_with_its_line_and_no_call_is_made(
    config: Path, tmp_path: Path, listener: Listener
) -> None:
    lines = spoil(config, *BAD)
    done = muster(config, tmp_path, "validate")
    assert done.exit_code == 2
    told = done.output
    file = config / "platform.yml"
    assert f"{file}:{lines[0]}: unknown key 'munchkin' (did you mean 'munchkin_id'?)" in told
    assert f"{file}:{lines[1]}: poll_seconds: must be a number" in told
    assert f"{file}:{lines[2]}: feeds" in told or f"{file}:{lines[2]}: B4:" in told
    assert "B4" in told
    assert f"{file}:{lines[3] + 1}: there is no connection 'marketo__apac'" in told
    assert "AIRFLOW_CONN_MARKETO__APAC" in told
    assert listener.visitors == 0
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "command", ["extract", "build", "publish", "activate", "run", "status", "quota", "audit"]
)
def test_no_command_begins_anything_with_a_wrong_configuration(
    config: Path, tmp_path: Path, listener: Listener, command: str
) -> None:
    spoil(config, BAD[0])
    done = muster(config, tmp_path, command)
    assert done.exit_code == 2
    assert "unknown key 'munchkin'" in done.output
    assert listener.visitors == 0
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("place", ["audiences/broken.yml", "guardrails.yml"])
def test_mistakes_in_the_other_files_are_reported_with_the_same_call(
    config: Path, tmp_path: Path, listener: Listener, place: str
) -> None:
    spoil(config, BAD[1])
    (config / place).write_text("nonsense: [1, 2\n")
    told = muster(config, tmp_path, "validate").output
    assert f"{config / place}:" in told
    assert "poll_seconds: must be a number" in told


@pytest.mark.parametrize(
    "command", [*COMMANDS, *(f"{group} {name}" for group, names in GROUPS.items() for name in names)]
)
def test_every_command_has_a_help_text_and_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert "Example: muster" in done.output
    assert len(done.output.splitlines()) > 5


def test_every_command_is_among_those_tested_here() -> None:
    assert {command.name for command in app.registered_commands} - {"new-audience"} == set(COMMANDS)
    assert {group.name for group in app.registered_groups} == set(GROUPS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["extract", "marketo__emae"], "did you mean 'marketo__emea'?"),
        (["activate", "files__export"], "did you mean 'files__exports'?"),
        (["activate", "files__exports", "--audience", "pricing_page"], "did you mean 'pricing_page_intent'?"),
        (["extract", "--interval", "tomorrow"], "names no interval"),
        (["extract", "--interval", "2026-03-02T12:00:00Z"], "no interval of '0 0 * * *' begins at"),
    ],
)
def test_a_wrong_name_gets_a_suggestion(
    config: Path, tmp_path: Path, listener: Listener, arguments: list[str], told: str
) -> None:
    done = muster(config, tmp_path, *arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert listener.visitors == 0


def test_status_of_an_empty_home_says_that_nothing_is_published(config: Path, tmp_path: Path) -> None:
    done = muster(config, tmp_path, "status")
    assert done.exit_code == 0
    assert "Nothing is published yet" in done.output
    assert json.loads(muster(config, tmp_path, "status", "--json").output)["snapshot"] is None


def test_an_audience_of_accounts_on_its_way_to_marketo_is_refused_by_rule_b11(
    config: Path, tmp_path: Path, listener: Listener
) -> None:
    file = config / "platform.yml"
    file.write_text(
        file.read_text() + "  - audience: open_deals_without_executive\n    destination: marketo__emea\n"
    )
    done = muster(config, tmp_path, "validate")
    assert done.exit_code == 2
    assert "open_deals_without_executive.yml:" in done.output
    assert "B11" in done.output


@pytest.mark.parametrize("command", [["lookup", "ann@example.com"], ["publish"], ["activate"]])
def test_what_needs_a_build_or_a_snapshot_says_what_to_do_first(
    config: Path, tmp_path: Path, listener: Listener, command: list[str]
) -> None:
    done = muster(config, tmp_path, *command)
    assert done.exit_code != 0
    assert "muster build" in done.output or "muster publish" in done.output
    assert listener.visitors == 0


def test_an_unexpected_error_shows_its_kind_and_place_but_not_its_text(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise RuntimeError("ann@example.com")

    monkeypatch.setattr("muster.commands.status.status_of", fail)
    done = muster(config, tmp_path, "status")
    assert done.exit_code == 70
    assert "unexpected RuntimeError at test_cli.py" in done.output
    assert "ann@example.com" not in done.output
