"""Great Expectations over the small frame of measures: one row, one column per guardrail and scope.

Results are BOOLEAN_ONLY: every other format keeps values (V17). Great Expectations takes seconds to import and
talks a lot, so it is imported here only, and silenced.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muster.errors import GuardrailHeld
from muster.quality.findings import Finding, Measure, Question, finding, questions
from muster.quality.guardrails import Guardrail, Scopes, Severity
from muster.quality.localise import localise

if TYPE_CHECKING:
    import great_expectations as gx

SUITES: tuple[Severity, ...] = ("stop", "fail", "warn")
SITE = "muster"
NOISY = ("great_expectations", "posthog", "backoff")


def judge(
    guardrails: Iterable[Guardrail],
    scopes: Scopes,
    measures: Sequence[Measure],
    site: Path,
    *,
    name: str = "build",
) -> list[Finding]:
    """A finding per guardrail and scope, in the file's order; Data Docs of this run replace those in `site`.

    `name` is what the Data Docs call the run.

    Raises GuardrailHeld where there is nothing to judge: an empty table of measures can never pass (F53).
    """
    asked = questions(guardrails, scopes, measures)
    if not measures or not asked:
        raise GuardrailHeld(
            "there is not a single measure to judge, so nothing is known about this build",
            hint="look at the model rpt_guardrail_measures and at guardrails.yml",
        )
    fresh = site.with_name(f".{site.name}.{uuid.uuid4().hex}")
    try:
        with _quietly():
            answers = _answers(asked, fresh, name)
        localise(fresh)
        _swap(fresh, site)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    grouped = groupby(
        zip(asked, answers, strict=True), key=lambda pair: (pair[0].guardrail.id, pair[0].scope)
    )
    return [finding(*zip(*pairs, strict=True)) for _, pairs in grouped]


def _answers(asked: Sequence[Question], site: Path, name: str) -> list[bool]:
    """For each question whether the expectation was met. One that gave no answer was not."""
    import great_expectations as gx
    import pandas as pd

    context = _context(gx, site)
    asset = context.data_sources.add_pandas("build").add_dataframe_asset("guardrail_measures")
    batch = asset.add_batch_definition_whole_dataframe("all")
    validations = []
    for level in SUITES:
        chosen = [(number, question) for number, question in enumerate(asked) if question.level == level]
        if chosen:
            suite = gx.ExpectationSuite(name=level)
            suite.expectations = [_expectation(gx, number, question) for number, question in chosen]
            suite = context.suites.add(suite)
            definition = gx.ValidationDefinition(name=level, data=batch, suite=suite)
            validations.append(context.validation_definitions.add(definition))
    checkpoint = gx.Checkpoint(
        name="audit",
        validation_definitions=validations,
        actions=[gx.checkpoint.UpdateDataDocsAction(name="Data Docs", site_names=[SITE])],
        result_format="BOOLEAN_ONLY",
    )
    frame = pd.DataFrame(
        {question.column: [question.value] for question in asked if question.value is not None}
    )
    run = gx.RunIdentifier(run_name=name)
    outcome = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame}, run_id=run)
    return _read(outcome, len(asked))


def _context(gx: Any, site: Path) -> gx.data_context.EphemeralDataContext:
    """A context in memory whose only trace is the site: no folder of its own, no telemetry, no progress bars."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    docs = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={SITE: docs},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _expectation(gx: Any, number: int, question: Question) -> Any:
    """That the measure is there and lies within its limits, in words that Data Docs show."""
    guardrail, limits = question.guardrail, question.limits
    told = "not measured" if question.value is None else f"measured {question.value:,.6g}"
    common = {
        "column": question.column,
        "description": f"{guardrail.title}: {told}, allowed {limits}",
        "notes": f"{guardrail.measure}. Default from: {guardrail.default_from}. What to do: {guardrail.advice}",
        "meta": {"question": number},
        "severity": "warning" if question.level == "warn" else "critical",
    }
    if question.value is None:
        return gx.expectations.ExpectColumnToExist(**common)
    return gx.expectations.ExpectColumnMaxToBeBetween(min_value=limits.min, max_value=limits.max, **common)


def _read(outcome: Any, count: int) -> list[bool]:
    """Whether each question was answered with yes; no answer, or an error while judging, is a no."""
    met = [False] * count
    for result in outcome.run_results.values():
        for one in result.results:
            met[one.expectation_config.meta["question"]] = bool(one.success)
    return met


@contextmanager
def _quietly() -> Iterator[None]:
    """No telemetry, no progress bars, no log lines of libraries; what they found is told by the findings."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    before = {name: logging.getLogger(name).level for name in NOISY}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _set_levels(dict.fromkeys(NOISY, logging.CRITICAL))
            import great_expectations  # noqa: F401 - it sets its logger's level while it is imported

            _set_levels(dict.fromkeys(NOISY, logging.CRITICAL))
            yield
    finally:
        _set_levels(before)


def _set_levels(levels: Mapping[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _swap(fresh: Path, site: Path) -> None:
    """Put the new site in the old one's place: whoever reads never finds a mixture, nor a growing heap."""
    old = site.with_name(f".{site.name}.{uuid.uuid4().hex}")
    if site.exists():
        site.rename(old)
    fresh.rename(site)
    shutil.rmtree(old, ignore_errors=True)
