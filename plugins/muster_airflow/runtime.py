"""What every operator asks first: the configuration, the data interval, and whether this is a backfill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from muster.config import Settings, config_folder, load
from muster.windows import Window

if TYPE_CHECKING:
    pass

RunKind = Literal["nightly", "backfill"]


def settings_now() -> Settings:
    """The configuration as it is on disk. Raises ConfigError with every problem of it."""
    return load(config_folder())


@cache
def settings_once() -> Settings:
    """The configuration, read once per process: for DAG files, which are parsed in a fresh process each time."""
    return settings_now()


def interval_of(context: Mapping[str, Any], settings: Settings) -> Window:
    """The run's data interval; a run triggered without one gets the latest interval that is over."""
    run = context["dag_run"]
    if run.data_interval_start is None or run.data_interval_end is None:
        from muster.config.intervals import latest_interval

        return latest_interval(settings.platform.schedule, datetime.now(UTC))
    return Window(run.data_interval_start, run.data_interval_end)


def run_kind(context: Mapping[str, Any]) -> RunKind:
    """`backfill` for runs that `airflow backfill` made; scheduled and manual ones are `nightly`."""
    kind = context["dag_run"].run_type
    return "backfill" if str(getattr(kind, "value", kind)).startswith("backfill") else "nightly"


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Raise these libraries' loggers to WARNING: one line a request would bury the task's own."""
    import logging

    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


Log = "Logger | FilteringBoundLogger"
