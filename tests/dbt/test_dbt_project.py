"""The project keeps its house rules: everything described, every rule with a unit test, staging reads what is declared."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from raw_warehouse import PROJECT, Built, declared, source_tables

PUBLIC = ("profile", "audiences", "observability")
PERSONAL = {
    "email",
    "first_name",
    "last_name",
    "match_last_name",
    "phone",
    "ecid",
    "shared_value",
    "usable_value",
}
GENERATED = ("aud_", "sync_", "rpt_audience_sizes", "int_mapped__")
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
OURS = [path for path in MODELS if not path.stem.startswith(GENERATED)]


@pytest.fixture(scope="module")
def manifest(empty: Built) -> dict[str, Any]:
    return json.loads((empty.target / "manifest.json").read_text())


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_every_model_and_column_is_described(manifest: dict[str, Any], empty: Built) -> None:
    rows = empty.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'main'"
    )
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    described = {node["name"]: node for node in [*models(manifest), *seeds]}
    bare = [name for name, node in described.items() if not node["description"].startswith("One row")]
    assert bare == [], "the grain comes first: One row per ..."
    columns = {
        (name, column["name"])
        for name, node in described.items()
        for column in node["columns"].values()
        if column["description"]
    }
    assert [row for row in rows if (row["table_name"], row["column_name"]) not in columns] == []


def test_no_description_names_a_column_that_is_not_there(manifest: dict[str, Any], empty: Built) -> None:
    rows = empty.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'main'"
    )
    there = {(row["table_name"], row["column_name"]) for row in rows}
    named = {(node["name"], column) for node in models(manifest) for column in node["columns"]}
    assert named - there == set()


def test_every_source_column_is_described(manifest: dict[str, Any]) -> None:
    sources = manifest["sources"].values()
    assert [s["name"] for s in sources if not s["description"]] == []
    assert [
        (s["name"], c["name"]) for s in sources for c in s["columns"].values() if not c["description"]
    ] == []


def test_the_public_layers_have_contracts(manifest: dict[str, Any]) -> None:
    public = [node for node in models(manifest) if node["fqn"][1] in PUBLIC]
    assert len(public) > 14
    assert [node["name"] for node in public if not node["config"]["contract"]["enforced"]] == []


def test_personal_columns_are_tagged(manifest: dict[str, Any]) -> None:
    wanted = {
        (n["name"], c["name"]): "pii" in c["tags"]
        for n in models(manifest)
        for c in n["columns"].values()
        if c["name"] in PERSONAL
    }
    assert len(wanted) > 30
    assert [where for where, is_tagged in wanted.items() if not is_tagged] == []


def test_every_rule_has_a_unit_test(manifest: dict[str, Any]) -> None:
    """A case, a window, an aggregate that chooses or a merge in a model is a rule, and a rule has a unit test."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    rule = re.compile(
        r"\bcase\b|\bover\s*\(|\bqualify\b|first_filled|arg_min|bool_or|with recursive|website_domain",
        re.IGNORECASE,
    )
    ruled = {path.stem for path in OURS if rule.search(path.read_text())}
    assert len(ruled) > 14
    assert ruled - tested == set()


def test_every_unit_test_of_ours_passed(empty: Built) -> None:
    outcomes = [one["status"] for name, one in empty.results().items() if name.startswith("unit_test.")]
    assert len(outcomes) > 30
    assert set(outcomes) == {"pass"}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_model_reads_well(path: Path) -> None:
    text = path.read_text()
    lines = text.splitlines()
    assert len(lines) <= 100, "split it"
    last = re.findall(r"^(\w+)(?:\(.*\))? (?:using key \(\w+\) )?as \($", text, flags=re.MULTILINE)
    if last:
        assert lines[-1] == f"select * from {last[-1]}"
    outside = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|--.*?$|'[^']*'", "", text, flags=re.DOTALL | re.MULTILINE
    )
    assert re.findall(r"\b(?:SELECT|FROM|WHERE|JOIN|GROUP BY|WITH|CASE)\b", outside) == []
    assert path.with_suffix(".yml").is_file(), "one yml beside each model"


@cache
def staged(system: str) -> list[tuple[str, str]]:
    """(raw table, the text of its staging model)."""
    folder = PROJECT / "models" / "staging" / system
    return [(path.stem.removeprefix("stg_"), path.read_text()) for path in sorted(folder.glob("stg_*.sql"))]


@pytest.mark.parametrize("system", ["marketo", "salesforce"])
def test_staging_casts_as_the_source_description_says(system: str) -> None:
    """Otherwise int_lake__cast_failures would count something else than staging loses."""
    tables = {table["name"]: table for table in source_tables(system)}
    assert set(tables) == {name for name, _ in staged(system)}
    for name, text in staged(system):
        cast = dict(re.findall(r"_?cast(?:_to)?\('(\w+)', '([^']+)'\)", text))
        listed = {
            c["name"]: c["config"]["meta"]["cast"]
            for c in tables[name]["columns"]
            if "cast" in c.get("config", {}).get("meta", {})
        }
        assert cast == listed, name


@pytest.mark.parametrize("system", ["marketo", "salesforce"])
def test_every_declared_column_is_read(system: str) -> None:
    for name, text in staged(system):
        hidden = {"_window_start", "_window_end", "_run_id"}
        unread = [
            column
            for column in declared(system)[name]
            if column not in hidden and not re.search(rf"\b{column}\b", text)
        ]
        assert unread == [], name


def test_a_build_leaves_nothing_in_the_project(empty: Built) -> None:
    left = [name for name in ("target", "logs", "dbt_packages", ".user.yml") if (PROJECT / name).exists()]
    assert left == []


def test_dbt_warns_of_nothing(empty: Built) -> None:
    assert [
        line for line in empty.output.splitlines() if "[WARNING]" in line or "deprecat" in line.lower()
    ] == []


def test_only_public_models_lie_in_the_layers_that_are_published(manifest: dict[str, Any]) -> None:
    """All of profile, audiences, activation and observability is published; a staging model there would be too."""
    named = {
        "profile": r"(dim|fct|bridge|map)_\w+|int_person__suppressed",
        "audiences": r"aud_\w+|rpt_audience_sizes",
        "activation": r"sync_\w+",
        "observability": r"rpt_\w+",
    }
    published = [(n["fqn"][1], n["name"]) for n in models(manifest) if n["fqn"][1] in named]
    assert [(layer, name) for layer, name in published if not re.fullmatch(named[layer], name)] == []
