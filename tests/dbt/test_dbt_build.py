"""The build as a whole: empty input, any order of rows, twice the same, and a number for every guardrail."""

from __future__ import annotations

import random
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from cases import hand_written
from raw_warehouse import EXPECTED, ROOT, Built, build, dbt

from conftest import BuiltWorld

PROFILE = (
    "dim_people", "dim_accounts", "dim_opportunities", "dim_static_lists", "fct_activities", "map_person_records",
    "map_account_records", "bridge_account_people", "bridge_opportunity_people", "bridge_static_list_people",
    "int_person__suppressed", "rpt_reconciliation", "rpt_guardrail_measures",
)  # fmt: skip


def contents(built: Built) -> dict[str, list[str]]:
    """Every public table as sorted JSON lines."""
    return {name: sorted(built.column(f"select to_json(t)::varchar from {name} as t")) for name in PROFILE}


def test_everything_builds_without_a_single_row(empty: Built) -> None:
    counts = {name: empty.column(f"select count(*) from {name}")[0] for name in PROFILE[:11]}
    assert set(counts.values()) == {0}
    statuses = {one["status"] for one in empty.results().values()}
    assert statuses <= {"success", "pass", "no-op"}


@pytest.mark.slow
def test_neither_the_order_of_rows_nor_a_second_build_changes_anything(cases: Built, tmp_path: Path) -> None:
    raw = hand_written()
    for rows in raw.rows.values():
        random.Random(3).shuffle(rows)
    shuffled = build(raw, tmp_path, unit_tests=False)
    assert contents(shuffled) == contents(cases)
    again = dbt(shuffled.file, shuffled.target, "build", "--exclude-resource-type", "unit_test")
    assert again.returncode == 0, again.stdout[-3000:]
    assert contents(shuffled) == contents(cases)


def wanted_scopes(guardrail: dict) -> list[str]:
    sources = sorted(EXPECTED)
    by_kind = {
        "all": ["all"],
        "source": sources,
        "source_object": [f"{source}.{name}" for source in sources for name in EXPECTED[source]],
        "audience": sorted(path.stem for path in (ROOT / "include" / "config" / "audiences").glob("*.yml")),
        "named": guardrail.get("scopes", []),
    }
    return by_kind[guardrail["scope"]]


def test_every_guardrail_of_the_build_has_one_number_per_scope(cases: Built) -> None:
    guardrails = yaml.safe_load((ROOT / "include" / "config" / "guardrails.yml").read_text())["guardrails"]
    wanted = {
        (g["id"], scope) for g in guardrails if g["measured_by"] == "build" for scope in wanted_scopes(g)
    }
    rows = cases.rows("select * from rpt_guardrail_measures")
    measured = [(row["guardrail_id"], row["scope"]) for row in rows if row["measured_value"] is not None]
    assert len(measured) == len(set(measured)) == len(rows)
    assert wanted - set(measured) == set()


@pytest.mark.slow
def test_a_generated_night_stays_inside_its_guardrails(night: BuiltWorld) -> None:
    guardrails = yaml.safe_load((ROOT / "include" / "config" / "guardrails.yml").read_text())["guardrails"]
    rows = night.built.rows("select guardrail_id, scope, measured_value from rpt_guardrail_measures")
    broken = []
    for guardrail in guardrails:
        limits = guardrail.get("fail", {})
        for row in rows:
            is_exempt = any(fnmatch(row["scope"], pattern) for pattern in guardrail.get("exempt", []))
            is_named = row["scope"] in guardrail.get("scopes", [row["scope"]])
            if row["guardrail_id"] == guardrail["id"] and is_named and not is_exempt:
                value = row["measured_value"]
                if not limits.get("min", value) <= value <= limits.get("max", value):
                    broken.append((guardrail["id"], row["scope"], value))
    assert broken == []


def test_the_measures_see_what_is_wrong(cases: Built) -> None:
    rows = cases.rows("select guardrail_id, scope, measured_value from rpt_guardrail_measures")
    found = {(row["guardrail_id"], row["scope"]): row["measured_value"] for row in rows}
    people = cases.column("select count(*) from dim_people")[0]
    assert found["rows_built", "dim_people"] == people
    assert found["biggest_cluster", "all"] == 1000
    assert found["identities_per_person", "all"] > 1000
    assert found["rows_received", "salesforce__main.account_contact_relations"] == 2
    assert found["freshness_hours", "marketo__emea"] == 0
