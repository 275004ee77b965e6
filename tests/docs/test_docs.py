"""The documentation is whole: generated pages are current, every command, setting and rule is explained, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tools import reference

from muster.config import models
from muster.config.models import Strict

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", ["commands.md", "settings.md", "guardrails.md", "dags.md"])
def test_a_generated_page_says_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text() == reference.pages()[name]


def _models() -> list[type[Strict]]:
    found = [kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, Strict)]
    return [kind for kind in found if kind is not Strict]


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_every_setting_is_explained(model: type[Strict]) -> None:
    bare = [name for name, field in model.model_fields.items() if name != "type" and not field.description]
    assert bare == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_and_command_that_a_page_names_is_real(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {name for line in re.findall(r"`make ([a-z-]+)", page.read_text()) for name in [line]}
    named |= set(re.findall(r"^\$ make ([a-z-]+)", page.read_text(), flags=re.MULTILINE))
    assert named <= targets
    from muster.cli import app

    commands = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    used = set(re.findall(r"(?:`|\$ |&& )muster ([a-z-]+)", page.read_text()))
    assert used <= commands


def test_the_pages_speak_of_no_machine_and_no_workplace() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = [ROOT / name for name in listed if name.endswith((".md", ".yml", ".sql", ".txt", ".in", ".toml"))]
    found = [
        str(path)
        for path in texts
        if path.is_file() and re.search(r"(^|[\s'\"(=])/(work|root|farm)/", path.read_text())
    ]
    assert found == []
