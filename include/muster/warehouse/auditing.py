"""Audit: hold a build's measures against the guardrails. Only what passes is published."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from muster.config import Settings
from muster.errors import GuardrailHeld, WarehouseError
from muster.lake import Lake, Manifest
from muster.quality import Finding, Measure, judge, load_guardrails, scopes_of
from muster.warehouse import engine
from muster.warehouse.building import last_build, require_openable
from muster.warehouse.results import BuildResult, write_json
from muster.warehouse.snapshots import Snapshot, current_snapshot
from muster.windows import Window, gaps

MEASURES = "rpt_guardrail_measures"
SMALLEST = 100  # rows: below it a share says little, so changes are taken of this many
TOLD = 5


@dataclass(frozen=True)
class AuditResult:
    """The verdict on one build. `unjudged` measures belong to no guardrail or scope of the configuration."""

    build_id: str
    fingerprint: str
    findings: tuple[Finding, ...]
    unjudged: int
    docs: Path

    @property
    def held(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_held)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.verdict == "warn")

    @property
    def is_held(self) -> bool:
        return bool(self.held)

    def __str__(self) -> str:
        text = f"{len(self.findings)} guardrails judged, {len(self.held)} held, {len(self.warnings)} warnings"
        return "\n".join(
            [text, *(f"  {finding}; {finding.advice}" for finding in (*self.held, *self.warnings))]
        )


def audit(settings: Settings, built: BuildResult) -> AuditResult:
    """Judge a build and write the result down. Raises GuardrailHeld with every measure that is out of its limits."""
    if built.select is not None:
        raise WarehouseError(
            "a build of some models is not audited", where=built.id, hint="build without --select"
        )
    require_openable(built)
    guardrails = load_guardrails(settings.guardrails_file)
    audiences = [path.stem for path in settings.audiences_dir.glob("*.yml")]
    scopes = scopes_of(settings.platform, audiences)
    measures = measured_by_build(built)
    if measures:
        measures += measured_now(settings, built)
    site = settings.home.reports / "quality"
    site.parent.mkdir(parents=True, exist_ok=True)
    findings = judge(guardrails, scopes, measures, site, name=built.id)
    known = {(finding.guardrail_id, finding.scope) for finding in findings}
    unjudged = sum((measure.guardrail_id, measure.scope) not in known for measure in measures)
    result = AuditResult(built.id, built.fingerprint, tuple(findings), unjudged, site)
    _save(result, _path(built))
    if result.is_held:
        raise _held(result)
    return result


def last_audit(settings: Settings) -> AuditResult:
    """The verdict on the last build. Raises WarehouseError where it was not audited yet."""
    built = last_build(settings)
    path = _path(built)
    if not path.is_file():
        raise WarehouseError("the last build was not audited", where=built.id, hint="run `muster audit`")
    facts = json.loads(path.read_text())
    findings = tuple(Finding(**finding) for finding in facts["findings"])
    return AuditResult(
        facts["build_id"], facts["fingerprint"], findings, facts["unjudged"], Path(facts["docs"])
    )


def measured_by_build(built: BuildResult) -> list[Measure]:
    """The rows of rpt_guardrail_measures. A build without that table has none."""
    table = next((table for table in built.tables if table.name == MEASURES), None)
    if table is None:
        return []
    with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
        template = "select guardrail_id, scope, measured_value from {place} order by all"
        rows = opened.execute(engine.filled(template, place=table.place)).fetchall()
    return [
        Measure(str(name), str(scope), None if value is None else float(value)) for name, scope, value in rows
    ]


def measured_now(settings: Settings, built: BuildResult) -> list[Measure]:
    """What a build can't know: how it differs from what is published, and what the lake is missing."""
    return [*_against_published(built, current_snapshot(settings)), *_holes(settings, built.as_of)]


def _against_published(built: BuildResult, published: Snapshot | None) -> list[Measure]:
    behind = 0.0 if published is None else max(0.0, (published.as_of - built.as_of).total_seconds() / 3600)
    found = [Measure("hours_behind_published", "all", behind)]
    with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
        for table in built.tables:
            if table.layer != "profile":
                continue
            (rows,) = opened.execute(
                engine.filled("select count(*) from {place}", place=table.place)
            ).fetchall()[0]
            before = published.tables.get(table.name) if published else None
            change = (rows - before["rows"]) / max(before["rows"], SMALLEST) if before else 0.0
            found.append(Measure("volume_change", table.name, change))
    return found


def _holes(settings: Settings, as_of: datetime) -> list[Measure]:
    """For each object the holes between history_start and as_of; what is read whole can have none."""
    start = settings.platform.history_start
    lake = Lake(settings.home.lake)
    found = []
    for source in settings.platform.sources:
        for name in source.all_objects:
            manifests = lake.committed(source.system, source.instance, name)
            found.append(
                Measure("uncommitted_windows", f"{source.connection}.{name}", _count(manifests, start, as_of))
            )
    return found


def _count(manifests: list[Manifest], start: datetime, as_of: datetime) -> float:
    if start >= as_of or any(manifest.kind == "snapshot" for manifest in manifests):
        return 0.0
    return float(len(gaps(Window(start, as_of), [manifest.window for manifest in manifests])))


def _held(result: AuditResult) -> GuardrailHeld:
    order = {"stop": 0, "fail": 1, "warn": 2}
    held = sorted(result.held, key=lambda finding: order[finding.severity])
    noun = "guardrail is" if len(held) == 1 else "guardrails are"
    lines = [f"  {finding}" for finding in held[:TOLD]]
    if len(held) > TOLD:
        lines.append(f"  and {len(held) - TOLD} more")
    text = "\n".join([f"{len(held)} {noun} not met; nothing was published", *lines])
    advice = list(dict.fromkeys(finding.advice for finding in held[:TOLD]))
    return GuardrailHeld(text, where=result.build_id, hint="; ".join(advice))


def _path(built: BuildResult) -> Path:
    return built.path.with_suffix(".audit.json")


def _save(result: AuditResult, path: Path) -> None:
    facts = asdict(result)
    write_json(path, {**facts, "docs": str(result.docs), "is_held": result.is_held})
