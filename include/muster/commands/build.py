"""muster build, audit, publish: write, audit, then publish by moving one pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from muster.commands.session import progress, say, session

if TYPE_CHECKING:
    from muster.config import Settings
    from muster.warehouse import AuditResult, BuildResult, Snapshot


def build(
    context: typer.Context,
    select: Annotated[
        str | None, typer.Option("--select", help="Only these models, as dbt selects them.")
    ] = None,
) -> None:
    """Build the profile, the audiences and what may leave into a new warehouse file; nobody reads it yet."""
    build_one(session(context).settings(), select)


def audit(context: typer.Context) -> None:
    """Judge the latest build by the guardrails; exit 6 where one holds it."""
    from muster.warehouse import last_build

    settings = session(context).settings()
    audit_one(settings, last_build(settings))


def publish(context: typer.Context) -> None:
    """Audit the latest build and, where nothing holds it, make it what everyone reads."""
    from muster.warehouse import last_build

    settings = session(context).settings()
    built = last_build(settings)
    publish_one(settings, built, audit_one(settings, built))


def build_one(settings: Settings, select: str | None = None) -> BuildResult:
    from muster.warehouse import build as build_warehouse

    with progress("build") as report:
        built = build_warehouse(settings, select=select, on_event=report)
    say(f"build {built.id}: done")
    return built


def audit_one(settings: Settings, built: BuildResult) -> AuditResult:
    from muster.warehouse import audit as audit_build

    with progress("audit"):
        audited = audit_build(settings, built)
    say(f"audit {built.id}: {audited}")
    return audited


def publish_one(settings: Settings, built: BuildResult, audited: AuditResult) -> Snapshot:
    from muster.warehouse import publish as publish_build

    with progress("publish"):
        snapshot = publish_build(settings, built, audited)
    news = f"{snapshot.changed_rows:,} rows of the profile changed" if snapshot.is_new else "nothing changed"
    say(f"publish {snapshot.id}: as of {snapshot.as_of.isoformat()}, {len(snapshot.tables)} tables, {news}")
    return snapshot
