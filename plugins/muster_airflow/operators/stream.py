"""Stream: what changed since the last commit, by short calls.

The twin on the command line is `muster extract <connection> --deltas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from muster_airflow.hooks.source import resolve
from muster_airflow.operators.extract import SourceOperator
from muster_airflow.runtime import quiet, settings_now
from muster_airflow.work import total

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReadChanges(SourceOperator):
    """Read and commit the changes of one source until now. A second attempt goes on where the first ended."""

    def execute(self, context: Context) -> dict[str, Any]:
        from muster.sources import extract_deltas

        settings, run_id = settings_now(), context["dag_run"].run_id
        with quiet("httpx", "httpcore"):
            made = extract_deltas(
                settings, self.connection_id, resolve, run_id=run_id, on_progress=self.log.info
            )
        summary = total(made)
        self.log.info("%(windows)d windows, %(rows)d rows", summary)
        return summary
