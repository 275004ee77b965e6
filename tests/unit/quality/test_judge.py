"""Great Expectations over the measures: what holds a build, what only warns, what it leaves on the disk."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from muster.errors import GuardrailHeld
from muster.quality import Finding, Guardrail, Limits, Measure, Scopes, judge
from muster.quality.findings import Severity

pytestmark = pytest.mark.slow  # importing Great Expectations takes seconds

SCOPES = Scopes(("marketo__emea",), ("marketo__emea.leads", "marketo__emea.deleted_leads"), ("everybody",))


def guardrail(
    name: str, severity: Severity = "fail", *, scope: str = "all", exempt: Sequence[str] = ()
) -> Guardrail:
    limits = {"warn": Limits(max=5), **({} if severity == "warn" else {"fail": Limits(min=0, max=10)})}
    return Guardrail(
        id=name,
        title=f"{name} stays small",
        measured_by="build",
        measure="a count",
        scope=scope,
        exempt=list(exempt),
        severity=severity,
        default_from="test",
        advice=f"mend {name}",
        **limits,
    )


def run(
    tmp_path: Path, guardrails: Sequence[Guardrail], *measures: tuple[str, str, float | None]
) -> dict[str, Finding]:
    found = judge(guardrails, SCOPES, [Measure(*measure) for measure in measures], tmp_path / "quality")
    return {finding.guardrail_id if finding.scope == "all" else finding.scope: finding for finding in found}


def test_each_number_is_held_against_both_of_its_limits(tmp_path: Path) -> None:
    names = ["low", "edge", "high", "too_high", "last", "below"]
    numbers = [0, 5, 6, 11, 10, -1]
    found = run(
        tmp_path,
        [guardrail(name) for name in names],
        *[(name, "all", number) for name, number in zip(names, numbers, strict=True)],
    )
    verdicts = [found[name].verdict for name in names]
    assert verdicts == ["ok", "ok", "warn", "fail", "warn", "fail"]
    assert [found[name].is_held for name in names] == [False, False, False, True, False, True]
    assert str(found["too_high"]) == "too_high of all: measured 11, allowed 0 to 10 (fail)"
    assert found["too_high"].advice == "mend too_high"


def test_a_guardrail_that_only_warns_never_holds(tmp_path: Path) -> None:
    assert not run(tmp_path, [guardrail("x", "warn")], ("x", "all", 1e9))["x"].is_held


def test_a_guardrail_of_severity_stop_holds(tmp_path: Path) -> None:
    finding = run(tmp_path, [guardrail("x", "stop")], ("x", "all", 11))["x"]
    assert (finding.is_held, finding.severity) == (True, "stop")


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_number_that_is_no_number_is_missing_and_holds_whatever_the_severity(
    tmp_path: Path, value: float | None
) -> None:
    finding = run(tmp_path, [guardrail("x", "warn"), guardrail("y")], ("x", "all", value), ("y", "all", 1))[
        "x"
    ]
    assert (finding.verdict, finding.is_held, finding.measured) == ("missing", True, None)
    assert "not measured" in str(finding)


def test_a_guardrail_without_a_measure_holds(tmp_path: Path) -> None:
    found = run(tmp_path, [guardrail("x"), guardrail("y")], ("y", "all", 1))
    assert (found["x"].verdict, found["y"].verdict) == ("missing", "ok")


def test_one_scope_of_a_guardrail_without_a_measure_holds(tmp_path: Path) -> None:
    found = run(tmp_path, [guardrail("x", scope="source_object")], ("x", "marketo__emea.leads", 1))
    assert found["marketo__emea.deleted_leads"].verdict == "missing"


def test_an_exempt_scope_is_not_judged(tmp_path: Path) -> None:
    guarded = guardrail("x", scope="source_object", exempt=["*.deleted_leads"])
    found = run(
        tmp_path, [guarded], ("x", "marketo__emea.leads", 1), ("x", "marketo__emea.deleted_leads", 99)
    )
    assert list(found) == ["marketo__emea.leads"]


def test_a_number_measured_twice_is_no_measure(tmp_path: Path) -> None:
    assert run(tmp_path, [guardrail("x")], ("x", "all", 1), ("x", "all", 1))["x"].verdict == "missing"


@pytest.mark.parametrize("measures", [[], [Measure("unknown", "all", 1.0)]])
def test_an_empty_or_foreign_table_of_measures_never_passes(tmp_path: Path, measures: list[Measure]) -> None:
    if measures:
        (finding,) = judge([guardrail("x")], SCOPES, measures, tmp_path / "quality")
        assert finding.is_held
    else:
        with pytest.raises(GuardrailHeld, match="not a single measure"):
            judge([guardrail("x")], SCOPES, measures, tmp_path / "quality")


def test_without_guardrails_nothing_passes(tmp_path: Path) -> None:
    with pytest.raises(GuardrailHeld):
        judge([], SCOPES, [Measure("x", "all", 1.0)], tmp_path / "quality")


def test_data_docs_show_every_suite_and_stay_one_site_of_one_size(tmp_path: Path) -> None:
    site = tmp_path / "quality"
    guardrails = [guardrail("a", "warn"), guardrail("b", "fail"), guardrail("c", "stop")]
    measures = [Measure(name, "all", 7.0) for name in "abc"]
    sizes = []
    for night in ("night-1", "night-2", "night-3"):
        judge(guardrails, SCOPES, measures, site, name=night)
        pages = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
        sizes.append(sum(path.stat().st_size for path in site.rglob("*") if path.is_file()))
        assert "index.html" in pages
        assert {page.split("/")[1] for page in pages if page.startswith("validations/")} == {
            "warn",
            "fail",
            "stop",
        }
        assert all(night in page for page in pages if page.startswith("validations/"))
        told = "".join(path.read_text() for path in site.rglob("validations/**/*.html"))
        assert "b stays small: measured 7, allowed at most 5" in told
    assert max(sizes) - min(sizes) < 2_000
    assert [path.name for path in tmp_path.iterdir()] == ["quality"]


def test_a_judgement_that_breaks_leaves_the_former_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "quality"
    judge([guardrail("x")], SCOPES, [Measure("x", "all", 1.0)], site, name="good")
    monkeypatch.setattr("muster.quality.judging._read", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judge([guardrail("x")], SCOPES, [Measure("x", "all", 1.0)], site, name="broken")
    assert list(site.rglob("*good*"))
    assert [path.name for path in tmp_path.iterdir()] == ["quality"]


def test_judging_says_nothing_in_logs_prints_nothing_and_leaves_no_other_folder(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        run(tmp_path, [guardrail("x"), guardrail("y")], ("x", "all", 99))
    assert [record for record in caplog.records if record.name.startswith("great_expectations")] == []
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["quality"]
