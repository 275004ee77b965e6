"""Audit: what the build measured, what only the audit can measure, and what a held build leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.warehouse.conftest import DAY, FIRST, Sandbox, passed, people

from muster.errors import ConfigError, GuardrailHeld, WarehouseError
from muster.quality import Measure
from muster.warehouse import audit, current_snapshot, last_audit, publish
from muster.warehouse.auditing import measured_by_build, measured_now

judged = pytest.mark.slow  # importing Great Expectations takes seconds

MEASURED = "select 'rows_built' as guardrail_id, 'dim_people' as scope, {}::double as measured_value, now() as measured_at"


def tables(rows: int, measured: str = "{}") -> dict[str, str]:
    return {
        "profile/dim_people": f"select range::varchar as person_key from range({rows})",
        "observability/rpt_guardrail_measures": MEASURED.format(measured.format(rows)),
    }


@judged
def test_a_build_that_meets_every_guardrail_passes_and_can_be_published(sandbox: Sandbox) -> None:
    built = sandbox.built(tables(200))
    audited = audit(sandbox.settings, built)
    assert not audited.is_held
    assert {(one.guardrail_id, one.verdict) for one in audited.findings} == {
        ("rows_built", "ok"),
        ("volume_change", "ok"),
    }
    assert last_audit(sandbox.settings) == audited
    assert publish(sandbox.settings, built, last_audit(sandbox.settings)).is_new
    assert (sandbox.settings.home.reports / "quality" / "index.html").is_file()
    assert str(audited).startswith("2 guardrails judged, 0 held, 0 warnings")


@judged
def test_a_held_guardrail_names_itself_and_leaves_the_pointer(sandbox: Sandbox) -> None:
    first = sandbox.built(tables(200))
    published = publish(sandbox.settings, first, passed(first))
    built = sandbox.built(tables(0))
    with pytest.raises(GuardrailHeld) as held:
        audit(sandbox.settings, built)
    told = str(held.value)
    assert f"{built.id}: 2 guardrails are not met; nothing was published" in told
    assert "rows_built of dim_people: measured 0, allowed at least 1 (fail)" in told
    assert "volume_change of dim_people: measured -1, allowed -0.2 to 1 (fail)" in told
    assert "what to do: look at staging; look at the sources" in told
    assert last_audit(sandbox.settings).is_held
    with pytest.raises(GuardrailHeld, match="the audit held this build"):
        publish(sandbox.settings, built, last_audit(sandbox.settings))
    assert current_snapshot(sandbox.settings) == replace(published, is_new=False)


@judged
def test_a_guardrail_without_a_measure_holds_the_build(sandbox: Sandbox) -> None:
    with pytest.raises(GuardrailHeld, match="rows_built of dim_people: not measured"):
        audit(sandbox.settings, sandbox.built(tables(5, "null")))


@pytest.mark.parametrize(
    "measures",
    [
        {"observability/rpt_guardrail_measures": f"{MEASURED.format(1)} where false"},
        {},
    ],
)
def test_an_empty_or_missing_table_of_measures_holds_the_build(
    sandbox: Sandbox, measures: dict[str, str]
) -> None:
    built = sandbox.built({"profile/dim_people": "select 'p1' as person_key", **measures})
    with pytest.raises(GuardrailHeld, match="not a single measure"):
        audit(sandbox.settings, built)
    with pytest.raises(WarehouseError, match="was not audited"):
        last_audit(sandbox.settings)


def test_a_wrong_guardrails_file_is_a_configuration_error(sandbox: Sandbox) -> None:
    sandbox.guardrails("guardrails: [{id: 7}]")
    with pytest.raises(ConfigError, match=r"guardrails.yml:1"):
        audit(sandbox.settings, sandbox.built(tables(5)))


def test_a_build_of_some_models_is_not_audited(sandbox: Sandbox) -> None:
    with pytest.raises(WarehouseError, match="a build of some models is not audited"):
        audit(sandbox.settings, replace(sandbox.built(tables(5)), select="dim_people"))


def test_the_measures_of_the_build_are_read_as_they_are(sandbox: Sandbox) -> None:
    assert measured_by_build(sandbox.built(tables(5))) == [Measure("rows_built", "dim_people", 5.0)]


def measured(sandbox: Sandbox, rows: int, as_of: int = 1) -> dict[tuple[str, str], float | None]:
    found = measured_now(sandbox.settings, sandbox.built(tables(rows), FIRST + as_of * DAY))
    return {(measure.guardrail_id, measure.scope): measure.value for measure in found}


@pytest.mark.parametrize(
    ("before", "after", "change"), [(200, 250, 0.25), (200, 100, -0.5), (10, 30, 0.2), (10, 0, -0.1)]
)
def test_volume_is_compared_with_what_is_published_and_small_tables_do_not_alarm(
    sandbox: Sandbox, before: int, after: int, change: float
) -> None:
    assert measured(sandbox, 7)["volume_change", "dim_people"] == 0.0
    first = sandbox.built(tables(before))
    publish(sandbox.settings, first, passed(first))
    assert measured(sandbox, after)["volume_change", "dim_people"] == pytest.approx(change)


def test_a_build_older_than_what_is_published_is_measured_in_hours(sandbox: Sandbox) -> None:
    assert measured(sandbox, 5)["hours_behind_published", "all"] == 0
    later = sandbox.built(tables(5), FIRST + 3 * DAY)
    publish(sandbox.settings, later, passed(later))
    assert measured(sandbox, 5, as_of=2)["hours_behind_published", "all"] == 24
    assert measured(sandbox, 5, as_of=4)["hours_behind_published", "all"] == 0


def test_holes_between_history_start_and_the_evaluation_time_are_counted(sandbox: Sandbox) -> None:
    place = ("uncommitted_windows", "marketo__emea.leads")
    assert measured(sandbox, 5, as_of=4)[place] == 1
    sandbox.night(0, people("ann"))
    assert measured(sandbox, 5, as_of=1)[place] == 0
    sandbox.night(2, people("ann"))
    assert measured(sandbox, 5, as_of=4)[place] == 2
    assert measured(sandbox, 5, as_of=3)[place] == 1


def test_an_evaluation_time_at_history_start_has_no_holes(sandbox: Sandbox) -> None:
    assert measured(sandbox, 5, as_of=0)["uncommitted_windows", "marketo__emea.leads"] == 0
    assert timedelta(0) == sandbox.settings.platform.history_start - FIRST
