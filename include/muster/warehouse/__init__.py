"""The warehouse: write, audit, publish. The only opener of the DuckDB file and the only runner of dbt.

    built = build(settings)                        # a new file from the lake; nobody reads it yet
    audited = audit(settings, built)               # raises GuardrailHeld
    snapshot = publish(settings, built, audited)   # Parquet, then one pointer moves
    rows = query(settings, "select count(*) from dim_people where country = ?", ["Canada"])

Everything else in Muster reads the published snapshot, never the file being written.
"""

from muster.warehouse.auditing import AuditResult, audit, last_audit
from muster.warehouse.building import build, last_build
from muster.warehouse.dbt import BuildEvent
from muster.warehouse.publishing import publish, rollback
from muster.warehouse.reading import query
from muster.warehouse.results import BuildResult
from muster.warehouse.snapshots import Snapshot, current_snapshot, snapshots

__all__ = [
    "AuditResult",
    "BuildEvent",
    "BuildResult",
    "Snapshot",
    "audit",
    "build",
    "current_snapshot",
    "last_audit",
    "last_build",
    "publish",
    "query",
    "rollback",
    "snapshots",
]
