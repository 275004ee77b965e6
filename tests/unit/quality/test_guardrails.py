"""guardrails.yml: what a person may write in it, and which numbers it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.config import load_platform
from muster.errors import ConfigError
from muster.quality import Guardrail, Limits, Scopes, load_guardrails, scopes_of

REPOSITORY = Path(__file__).resolve().parents[3]
SHIPPED = REPOSITORY / "include" / "config" / "guardrails.yml"

VALID = """\
guardrails:
  - id: rows_built
    title: No table is empty
    measured_by: build
    measure: rows of the table
    scope: named
    scopes: [dim_people]
    severity: fail
    warn: {min: 10}
    fail: {min: 1}
    default_from: own
    advice: look at staging
  - id: audience_members
    title: No audience is empty
    measured_by: build
    measure: members
    scope: audience
    severity: warn
    warn: {min: 1}
    default_from: own
    advice: look at the audience
"""


def problems(tmp_path: Path, *pairs: tuple[str, str]) -> list[str]:
    """The problems of the valid text with these replacements, as `<line>: <message>`."""
    text = VALID
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "guardrails.yml"
    path.write_text(text)
    try:
        load_guardrails(path)
    except ConfigError as error:
        return [str(problem).removeprefix(f"{path}:") for problem in error.problems]
    return []


def test_the_valid_file_is_read_in_its_order(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    first, second = load_guardrails(tmp_path / "guardrails.yml")
    assert (first.id, first.fail, second.severity) == ("rows_built", Limits(min=1), "warn")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("severity: fail", "severity: block", "8: severity: unknown value 'block' (known: fail, stop, warn)"),
        ("    scopes: [dim_people]\n", "", "'scopes' belongs to scope: named, and only there"),
        ("fail: {min: 1}", "fail: {}", "10: fail: needs min, max or both"),
        ("fail: {min: 1}", "fail: {min: 3, max: 2}", "10: fail: min 3 is above max 2"),
        ("fail: {min: 1}", "fail: {min: many}", "10: min: must be a number"),
        ("fail: {min: 1}", "fail: {most: 1}", "10: unknown key 'most'"),
        ("    fail: {min: 1}\n", "", "severity: fail needs limits under 'fail'"),
        (
            "severity: warn\n    warn: {min: 1}",
            "severity: warn\n    fail: {min: 1}",
            "needs limits under 'warn', and none",
        ),
        (
            "advice: look at staging",
            "advise: look at staging",
            "12: unknown key 'advise' (did you mean 'advice'?)",
        ),
        ("id: rows_built", "id: Rows Built", "2: id: 'Rows Built' must be lower-case words"),
        ("id: audience_members", "id: rows_built", "13: id: 'rows_built' is used already in line 2"),
        ("title: No table is empty", "title: ''", "3: title: must not be empty"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert any(told in problem for problem in problems(tmp_path, (old, new))), problems(tmp_path, (old, new))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        ("severity: fail", "severity: x"),
        ("measured_by: build", "measured_by: y"),
        ("min: 10", "min: z"),
    )
    assert [problem.split(":")[0] for problem in found] == ["4", "8", "9"]


@pytest.mark.parametrize("text", ["", "guardrails: []", "guardrails: 7", "- a", "guardrails:\n  - 7\n"])
def test_a_file_that_is_no_list_of_guardrails_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "guardrails.yml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_guardrails(path)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_guardrails(tmp_path / "guardrails.yml")


def test_an_exempt_pattern_covers_the_scopes_it_names() -> None:
    guardrail = Guardrail(
        id="x",
        title="x",
        measured_by="build",
        measure="x",
        scope="source_object",
        exempt=["*.deleted_leads"],
        severity="warn",
        warn=Limits(min=1),
        default_from="x",
        advice="x",
    )
    assert guardrail.is_exempt("marketo__emea.deleted_leads")
    assert not guardrail.is_exempt("marketo__emea.leads")


def test_limits_are_told_in_words() -> None:
    assert [str(Limits(min=1)), str(Limits(max=0.5)), str(Limits(min=-0.2, max=1))] == [
        "at least 1",
        "at most 0.5",
        "-0.2 to 1",
    ]


# ------------------------------------------------------------------------------------ the file that ships


def shipped_scopes() -> Scopes:
    return scopes_of(load_platform(REPOSITORY / "include" / "config" / "platform.yml"), ["b", "a"])


def test_the_scopes_follow_from_the_configuration() -> None:
    scopes = shipped_scopes()
    assert scopes.sources == ("marketo__emea", "marketo__amer", "salesforce__main")
    assert scopes.source_objects[:2] == ("marketo__emea.leads", "marketo__emea.activities")
    assert scopes.audiences == ("a", "b")


def test_the_shipped_guardrails_guard_volume_freshness_keys_and_reconciliation() -> None:
    found = {guardrail.id: guardrail for guardrail in load_guardrails(SHIPPED)}
    assert {
        "rows_received",
        "freshness_hours",
        "volume_change",
        "duplicate_keys",
        "null_keys",
        "orphan_relations",
        "identities_per_person",
        "biggest_cluster",
        "reconciliation",
        "quarantined_share",
        "audience_members",
        "people_with_email_share",
        "profile_record_bytes",
    } <= set(found)
    assert found["identities_per_person"].fail == Limits(max=50)
    assert found["reconciliation"].severity == "stop"
    assert [g.id for g in found.values() if g.measured_by == "audit"] == [
        "uncommitted_windows",
        "volume_change",
        "hours_behind_published",
    ]


def test_every_shipped_guardrail_asks_for_at_least_one_number() -> None:
    scopes = shipped_scopes()
    assert [guardrail.id for guardrail in load_guardrails(SHIPPED) if not scopes.of(guardrail)] == []
