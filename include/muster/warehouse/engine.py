"""How DuckDB is opened: explicit memory and spill folder, UTC, one catalogue name whatever the file is called.

dbt writes the catalogue's name into every view, so a file is always attached as `muster`.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from muster.errors import LeaseLost, WarehouseError
from muster.warehouse.messages import redacted

CATALOG = "muster"
SPILL = ".spill"
POLL_SECONDS = 0.5
AGAIN = "run it again; the warehouse can always be built anew"
GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_limit() -> str:
    """Half of what this machine, or this container, has (F52)."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    given = GROUP_LIMIT.read_text().strip() if GROUP_LIMIT.is_file() else "max"
    if given.isdigit():
        memory = min(memory, int(given))
    return f"{max(memory // 2 // 1024**2, 256)}MiB"


def options(spill: Path) -> dict[str, str]:
    """The settings of every engine we open, dbt's included."""
    return {
        "memory_limit": memory_limit(),
        "temp_directory": str(spill),
        "TimeZone": "UTC",
        "parquet_metadata_cache": "true",
    }


@contextmanager
def in_memory(spill: Path, *, hint: str = AGAIN) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine without a file of its own. Its errors become WarehouseError, without values."""
    try:
        with duckdb.connect(":memory:") as engine:
            for name, value in options(spill).items():
                engine.execute(f"set {name} = {literal(value)}")
            yield engine
    except duckdb.Error as error:
        raise WarehouseError(redacted(str(error)), hint=hint) from None


@contextmanager
def attached(path: Path, spill: Path, *, writable: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse file as the catalogue `muster`. Raises WarehouseError where it can't be opened (V2, V10)."""
    with in_memory(spill) as engine:
        engine.execute(f"attach {literal(str(path))} as {CATALOG}{'' if writable else ' (read_only)'}")
        engine.execute(f"use {CATALOG}")
        yield engine


@contextmanager
def exclusive(
    folder: Path, what: str, patience: float, on_wait: Callable[[str], None] | None = None
) -> Iterator[int]:
    """One process at a time in this folder; gives the lock's descriptor. It ends with the processes that hold it.

    Waits `patience` seconds for another one, then raises LeaseLost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(descriptor, folder, what, patience, on_wait)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for(
    descriptor: int, folder: Path, what: str, patience: float, on_wait: Callable[[str], None] | None
) -> None:
    deadline = time.monotonic() + patience
    is_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LeaseLost(
                    f"another {what} of this sandbox is running",
                    where=str(folder),
                    hint="wait for it to end and start again",
                ) from None
        if on_wait and not is_told:
            on_wait(f"waiting for another {what} of this sandbox")
            is_told = True
        time.sleep(POLL_SECONDS)


def filled(template: str, **names: str) -> str:
    """SQL with names and literals of ours put in. They must come from `quoted`, `literal` or `table`."""
    return template.format(**names)


def table(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'
