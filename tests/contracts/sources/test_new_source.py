"""`make new-source` in a copy of the repository: what it writes runs, and passes before a line is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.new_source import CannotScaffold, first_half, scaffold

ROOT = Path(__file__).resolve().parents[3]
NAME = "acme_crm"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the repository that a new source touches."""
    root = tmp_path / "repository"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("include", "tools", "tests/contracts/sources"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / file, root / file)
    return root


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(root / folder) for folder in ("include", "."))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_scaffolded_source_passes_the_first_half_of_the_suite(copy: Path) -> None:
    made = run(copy, "tools.new_source", NAME)
    assert made.returncode == 0, made.stderr
    tested = run(
        copy, "pytest", "-q", "-p", "no:cacheprovider", f"tests/contracts/sources/test_{NAME}_source.py"
    )
    assert tested.returncode == 0, tested.stdout[-4000:] + tested.stderr[-2000:]
    count = len(first_half(copy))
    assert count >= 15
    assert f"{count} passed" in tested.stdout or "." * count in tested.stdout
    styled = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "check", "--no-cache", "include", "tests"],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert styled.returncode == 0, styled.stdout


def test_its_mapping_becomes_staging(copy: Path, tmp_path: Path) -> None:
    from muster.config.mapping_files import Listed, load_mappings

    scaffold(copy, NAME)
    shipped = copy / "include/muster/sources"
    (found,) = load_mappings([Listed(f"{NAME}__main", ("people",))], tmp_path / "none", shipped=shipped)
    assert found.objects["people"].entity == "people"


def test_nothing_that_exists_is_overwritten(copy: Path) -> None:
    scaffold(copy, NAME)
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    with pytest.raises(CannotScaffold, match="already there"):
        scaffold(copy, NAME)
    assert {path: path.read_bytes() for path in copy.rglob("*.py")} == before


@pytest.mark.parametrize("name", ["", "Acme", "acme__crm", "../acme", "1st"])
def test_a_name_that_cannot_be_a_system_is_refused(copy: Path, name: str) -> None:
    with pytest.raises(CannotScaffold, match="lower-case words"):
        scaffold(copy, name)
