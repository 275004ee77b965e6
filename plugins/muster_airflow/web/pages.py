"""What the pages show, as plain values: counts, keys and salted hashes; never a value of a record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muster.activation.ledger import load as load_ledger
from muster.activation.plan import plan_id
from muster.commands.quota import calls_by_day, lines, reports, title
from muster.commands.status import ObjectStatus, status_of
from muster.config import Settings
from muster.errors import WarehouseError
from muster.lake import Lake
from muster.naming import BACKFILL_DAG, BUILD_DAG, activate_dag, extract_dag
from muster.sources.progress import all_progress
from muster.warehouse import current_snapshot, last_audit, snapshots
from muster.windows import Window
from muster_airflow.web.format import bars

Collector = Callable[[Settings], dict[str, Any]]
AXIS = 640.0
LATEST_PLANS = 5
LATEST_BACKFILLS = 20


def overview(settings: Settings) -> dict[str, Any]:
    """The whole sandbox on one page."""
    found = status_of(settings)
    history = snapshots(settings)[::-1]
    return {
        "status": found,
        "now": datetime.now(UTC),
        "timeline": timeline(settings, found.sources),
        "dags": {
            "build": BUILD_DAG,
            "backfill": BACKFILL_DAG,
            "extract": {
                source.connection: extract_dag(source.connection) for source in settings.platform.sources
            },
            "activate": {d.name: activate_dag(d.name) for d in settings.platform.destinations},
        },
        "audiences": [
            {
                "slug": slug,
                "members": members,
                "history": [_rows(one.tables, f"aud_{slug}") for one in history],
            }
            for slug, members in found.audiences.items()
        ],
        "people": [_rows(one.tables, "dim_people") for one in history],
        "guardrails": grouped(guardrails(settings)),
        "quotas": quotas(settings),
        "backfills": all_progress(settings)[:LATEST_BACKFILLS],
        "history": history,
        "current": current_snapshot(settings),
    }


def timeline(settings: Settings, sources: tuple[ObjectStatus, ...]) -> dict[str, Any]:
    """Committed windows of every object as bars on one axis, from history_start to the farthest end."""
    lake = Lake(settings.home.lake)
    start = settings.platform.history_start
    ends = [source.last_window_end for source in sources if source.last_window_end]
    end = max(ends, default=start)
    rows = []
    for one in sources:
        system, instance = one.source.split("__")
        committed = lake.committed(system, instance, one.object)
        windows = [manifest.window for manifest in committed]
        is_snapshot = any(manifest.kind == "snapshot" for manifest in committed)
        gaps = [Window.parse(gap) for gap in one.gaps]
        rows.append(
            {
                "source": one.source,
                "object": one.object,
                "bars": bars(windows, start, end, AXIS) if end > start else [],
                "gaps": bars(gaps, start, end, AXIS) if end > start else [],
                "is_snapshot": is_snapshot,
            }
        )
    return {"rows": rows, "start": start, "end": end, "width": AXIS}


def quotas(settings: Settings) -> list[dict[str, Any]]:
    """Each subscription and organisation: what is used of every limit, as bars 120 wide, and the calls of the last days."""
    return [
        {
            "title": title(one),
            "lines": [
                {
                    "what": what,
                    "used": used,
                    "limit": limit,
                    "remark": remark,
                    "percent": round(100 * used / limit),
                    "width": round(min(used / limit, 1.0) * 120, 1),
                }
                for what, used, limit, remark in lines(one)
            ],
            "history": calls_by_day(one),
        }
        for one in reports(settings)
    ]


def guardrails(settings: Settings) -> list[Any]:
    """The verdicts of the last audit, the worst first; nothing before the first one."""
    try:
        audited = last_audit(settings)
    except WarehouseError:
        return []
    order = ("missing", "fail", "warn", "ok")
    return sorted(audited.findings, key=lambda one: (order.index(one.verdict), one.guardrail_id, one.scope))


def grouped(findings: list[Any]) -> list[dict[str, Any]]:
    """One entry per guardrail: its worst verdict, how many scopes it holds in, and the findings, the worst first."""
    groups: dict[str, list[Any]] = {}
    for finding in findings:
        groups.setdefault(finding.guardrail_id, []).append(finding)
    return [
        {
            "id": name,
            "title": found[0].title,
            "advice": found[0].advice,
            "worst": found[0].verdict,
            "findings": found,
        }
        for name, found in groups.items()
    ]


def ledger(settings: Settings, destination: str, audience: str) -> dict[str, Any]:
    """One audience in one destination."""
    folded = load_ledger(Lake(settings.home.lake), destination, audience)
    verdicts = Counter(
        (row["state"], row["verdict"], row["reason"] or "")
        for row in folded.members.select(["state", "verdict", "reason"]).to_pylist()
    )
    snapshot = current_snapshot(settings)
    return {
        "destination": destination,
        "audience": audience,
        "held": folded.held_count,
        "runs": [folded.runs[event] for event in ("begun", "held", "completed") if event in folded.runs],
        "verdicts": [(*key, count) for key, count in sorted(verdicts.items())],
        "plans": plans(settings, destination, audience),
        "current_plan": plan_id(destination, audience, snapshot.id) if snapshot else "",
    }


def plans(settings: Settings, destination: str, audience: str) -> list[dict[str, Any]]:
    """The latest plan reports, newest first."""
    folder = settings.home.reports / "plans" / destination / audience
    reports = [path for path in folder.glob("plan_*.json") if not path.name.endswith(".result.json")]
    files = sorted(reports, key=_age, reverse=True)[:LATEST_PLANS]
    return [json.loads(file.read_text()) for file in files]


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _rows(tables: dict[str, Any], name: str) -> int:
    return int(tables[name]["rows"]) if name in tables else 0
