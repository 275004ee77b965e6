"""Build, audit, publish: write a new warehouse, judge it, then move one pointer.

The twins on the command line are `muster build`, `muster audit` and `muster publish`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from muster_airflow import assets
from muster_airflow.links import LineageLink, OverviewLink, QualityLink
from muster_airflow.operators.extract import fail_on
from muster_airflow.readiness import behind
from muster_airflow.runtime import settings_now
from muster_airflow.triggers.lake import SourcesCompleteTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

SOURCES_LIMIT = timedelta(hours=12)


class BuildProfiles(BaseOperator):
    """One dbt build into a new warehouse file, when every source is in the lake up to the same moment."""

    operator_extra_links = (LineageLink(), OverviewLink())
    ui_color = "#eef3e6"

    def execute(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        from muster.warehouse import build

        fail_on(event)
        settings = settings_now()
        if late := behind(settings):
            text = ", ".join(
                f"{name} until {end.isoformat() if end else 'nothing yet'}" for name, end in late.items()
            )
            self.log.info("waiting for sources that are behind the others: %s", text)
            self.defer(trigger=SourcesCompleteTrigger(), method_name="execute", timeout=SOURCES_LIMIT)
        began = time.monotonic()
        result = build(settings, on_event=lambda model: self.log.info("%s", model))
        self.log.info("built %s in %.1f s", result.id, time.monotonic() - began)
        return {"build": result.id}


class AuditProfiles(BaseOperator):
    """Great Expectations over the build's measures; a guardrail that is not met stops the night here."""

    operator_extra_links = (QualityLink(),)
    ui_color = "#f6efe0"

    def execute(self, context: Context) -> dict[str, Any]:
        from muster.warehouse import audit, last_build

        settings = settings_now()
        result = audit(settings, last_build(settings))
        self.log.info("%s", result)
        return {"held": False}


class PublishProfiles(BaseOperator):
    """Write the snapshot and move the pointer; exports and the UI read the new one from then on."""

    operator_extra_links = (OverviewLink(),)
    ui_color = "#e6ecf5"

    def execute(self, context: Context) -> dict[str, Any]:
        from muster.warehouse import last_audit, last_build, publish

        settings = settings_now()
        snapshot = publish(settings, last_build(settings), last_audit(settings))
        extra: dict[str, Any] = {
            "snapshot": snapshot.id,
            "as_of": snapshot.as_of.isoformat(),
            "is_new": snapshot.is_new,
            "changed_rows": snapshot.changed_rows,
        }
        self.log.info("published %(snapshot)s as of %(as_of)s: %(changed_rows)d changed rows", extra)
        context["outlet_events"][assets.published(settings)].extra = extra
        return extra
