"""The house keeps its rooms: folders, sizes, imports, and the plugins folder that Airflow imports flat."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    ROOT / "include" / "muster",
    ROOT / "include" / "muster_simulators",
    ROOT / "plugins" / "muster_airflow",
]


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


SOURCES = [p for p in tracked(".py") if "tests" not in p.relative_to(ROOT).parts]


def test_the_folders_the_user_fixed_are_there() -> None:
    fixed = ["dags", "dbt_project", "plugins", "include", "tests", "requirements.txt", "docker-compose.yml"]
    assert [name for name in fixed if not (ROOT / name).exists()] == []


def test_only_one_module_lies_flat_in_the_plugins_folder() -> None:
    flat = sorted(p.name for p in (ROOT / "plugins").glob("*.py"))
    assert flat == ["muster_plugin.py"]
    assert "muster_airflow/" in (ROOT / "plugins" / ".airflowignore").read_text().splitlines()


def test_no_module_that_airflow_imports_flat_shadows_the_standard_library() -> None:
    flat = {p.stem for folder in ("plugins", "dags") for p in (ROOT / folder).glob("*.py")}
    assert flat & set(sys.stdlib_module_names) == set()


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda p: p.name)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < 80
    allowed = {"__future__", "datetime", "airflow.sdk", "muster_airflow"}
    imported = {name for node in ast.walk(ast.parse(text)) for name in _imported(node)}
    outside = {n for n in imported if not any(n == a or n.startswith(a + ".") for a in allowed)}
    assert outside == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 500, "split the file"
    functions = (
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [f"{f.name} ({f.end_lineno - f.lineno})" for f in functions if f.end_lineno - f.lineno > 60]  # type: ignore[operator]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_error_is_swallowed_and_no_shell_or_unsafe_yaml_is_used(path: Path) -> None:
    tree = ast.parse(path.read_text())
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _raises(node):
            found.append(f"line {node.lineno}: a broad except that does not raise")
        if isinstance(node, ast.keyword) and node.arg == "shell" and getattr(node.value, "value", False):
            found.append(f"line {node.value.lineno}: a shell")
        if isinstance(node, ast.Attribute) and node.attr in {"unsafe_load", "full_load"}:
            found.append(f"line {node.lineno}: unsafe YAML")
        if isinstance(node, ast.Name) and node.id == "BashOperator":
            found.append(f"line {node.lineno}: BashOperator")
    assert found == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def test_every_package_module_has_a_docstring() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in package.rglob("*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert bare == []
