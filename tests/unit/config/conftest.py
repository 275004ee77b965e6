"""A small valid platform.yml and the ways to change it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.config import load
from muster.errors import ConfigError

VALID = """\
platform: acme
sandbox: prod
schedule:
  cron: "0 0 * * *"
  start: 2026-03-02
  end: 2026-03-04
history_start: 2026-01-01
sources:
  - type: marketo
    connection: marketo__emea
    munchkin_id: 123-EMA-001
    feeds: [acme/prod]
    crm_sync: salesforce__main
    objects: [leads, activities]
  - type: marketo
    connection: marketo__amer
    munchkin_id: 456-AMR-002
    feeds: [acme/prod]
    objects: [leads, companies]
  - type: salesforce
    connection: salesforce__main
    org_id: 00D000000000001
    feeds: [acme/prod]
    objects:
      - accounts
      - contacts
destinations:
  - type: marketo
    name: marketo__emea
    connection: marketo__emea
    folder: Muster
  - type: files
    name: files__exports
activations:
  - audience: pricing_page_intent
    destination: marketo__emea
"""


@pytest.fixture
def valid() -> str:
    return VALID


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration folder with the valid file and one audience."""
    (tmp_path / "audiences").mkdir()
    (tmp_path / "audiences" / "pricing_page_intent.yml").write_text("audience: x\n")
    (tmp_path / "platform.yml").write_text(VALID)
    return tmp_path


@pytest.fixture
def problems(folder: Path) -> Callable[[str], list[str]]:
    """The problems of a text as `<line>: <message> (<hint>)`, in the order they are reported."""

    def of(text: str) -> list[str]:
        (folder / "platform.yml").write_text(text)
        try:
            load(folder)
        except ConfigError as error:
            assert all(problem.path == folder / "platform.yml" for problem in error.problems)
            return [str(problem).removeprefix(f"{problem.path}:") for problem in error.problems]
        return []

    return of


@pytest.fixture
def change(problems: Callable[[str], list[str]]) -> Callable[..., tuple[list[str], int]]:
    """Replace parts of the valid file; give its problems and the line of the first replacement."""

    def of(*pairs: tuple[str, str]) -> tuple[list[str], int]:
        text = VALID
        for old, new in pairs:
            assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
            text = text.replace(old, new)
        return problems(text), VALID[: VALID.index(pairs[0][0])].count("\n") + 1

    return of


@pytest.fixture
def airflow_home(tmp_path: Path) -> None:
    """Let an Airflow that isn't imported yet write its own files somewhere that goes away."""
    if "airflow" not in sys.modules:
        os.environ.setdefault("AIRFLOW_HOME", str(tmp_path))
