"""Reading sources into the lake, window by window.

    tasks = plan_windows(settings, config, interval, run_kind="nightly", lake=lake)
    with open_source(config, connection) as source:
        ticket = source.begin(task.object, task.window)
        ...                                                       # until source.ready(ticket)
        manifests = extract_window(settings, config, source, task, ticket, run_id=run_id)

or all of it: `extract(settings, connection_id, interval, "nightly", resolver)`.
"""

from muster.sources.base import Collected, JobLost, Reading, Source, WindowTask
from muster.sources.planner import plan_windows
from muster.sources.registry import open_source, source_class
from muster.sources.run import begin_missing, extract, extract_window, wait_for_clock

__all__ = [
    "Collected",
    "JobLost",
    "Reading",
    "Source",
    "WindowTask",
    "begin_missing",
    "extract",
    "extract_window",
    "open_source",
    "plan_windows",
    "source_class",
    "wait_for_clock",
]
