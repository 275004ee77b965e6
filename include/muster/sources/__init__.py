"""Reading sources into the lake, window by window.

    tasks = plan_windows(settings, config, interval, run_kind="nightly", lake=lake)
    with open_source(config, connection, gates=Gates.of(settings)) as source:
        ticket = source.begin(task.object, task.window)
        ...                                                       # until source.ready(ticket)
        manifests = extract_window(settings, config, source, task, ticket, run_id=run_id)

or all of it: `extract(settings, connection_id, interval, "nightly", resolver)`; between nights `extract_deltas`.
The past of a source: `plan_backfill`, `run_backfill`; see muster.sources.backfill.
"""

from muster.sources.backfill import BackfillRequestError, plan_backfill, run_backfill
from muster.sources.backfill_plan import BackfillPlan
from muster.sources.base import Collected, JobLost, Reading, Source, WindowTask
from muster.sources.deltas import extract_deltas
from muster.sources.planner import plan_windows
from muster.sources.registry import open_source, source_class
from muster.sources.run import begin_missing, extract, extract_window, wait_for_clock

__all__ = [
    "BackfillPlan",
    "BackfillRequestError",
    "Collected",
    "JobLost",
    "Reading",
    "Source",
    "WindowTask",
    "begin_missing",
    "extract",
    "extract_deltas",
    "extract_window",
    "open_source",
    "plan_backfill",
    "plan_windows",
    "run_backfill",
    "source_class",
    "wait_for_clock",
]
