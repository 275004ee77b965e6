"""What the kill tests share: a nursery of processes to kill, and what must be true of files after any kill."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from muster.lake import Lake

KILLS = int(os.environ.get("MUSTER_KILLS", "30"))
HERE = Path(__file__).resolve().parent
TICK = 0.02
Victim = Callable[[int], int | None]


def itself(pid: int) -> int:
    """The process that was asked to work."""
    return pid


@dataclass(frozen=True)
class Ended:
    """How a piece of work ended, and what it said. `code` is -9 where it was killed itself."""

    code: int
    said: str
    struck: bool


class Nursery:
    """Forks a piece of work per request: its imports are done, so a kill meets the work and not the start."""

    def __init__(
        self, module: str, log: Path, folders: Iterable[Path] = (), variables: Mapping[str, str] | None = None
    ) -> None:
        self.log, self.began_at = log, 0
        paths = [str(folder) for folder in (HERE, *folders)]
        with log.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-u", str(HERE / "nursery_main.py"), module, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(variables or {})},
            )
        assert self._line() == "ready"

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def run(self, *request: Any, kill_after: float | None = None, victim: Victim = itself) -> Ended:
        """One piece of work; after `kill_after` seconds the victim is killed, as soon as there is one."""
        assert self.process.stdin is not None
        self.began_at = self.log.stat().st_size
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        child = int(self._line())
        struck = kill_after is not None and self._strike(child, kill_after, victim)
        code = int(self._line())
        return Ended(code, self.said(), struck)

    def said(self) -> str:
        """What the newest piece of work has said until now."""
        with self.log.open("rb") as log:
            log.seek(self.began_at)
            return log.read().decode(errors="replace")

    def finish(self, *request: Any) -> str:
        """One piece of work to its good end; what it said."""
        ended = self.run(*request)
        assert ended.code == 0, ended.said
        return ended.said

    def _strike(self, child: int, after: float, victim: Victim) -> bool:
        """False where the work was done before."""
        if self._is_done(after):
            return False
        while (pid := victim(child)) is None:
            if self._is_done(TICK):
                return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _is_done(self, seconds: float) -> bool:
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def _line(self) -> str:
        """Unbuffered, so that `select` sees what is waiting."""
        assert self.process.stdout is not None
        text = b""
        while not text.endswith(b"\n"):
            byte = os.read(self.process.stdout.fileno(), 1)
            assert byte, self.log.read_text()
            text += byte
        return text.decode().strip()


def parquet_files(folder: Path) -> list[Path]:
    """Every Parquet file at a final name."""
    found = (path.relative_to(folder) for path in folder.rglob("*.parquet"))
    return sorted(folder / path for path in found if not any(part.startswith(".") for part in path.parts))


def assert_readable(folder: Path, *, least: int = 0) -> None:
    """No file that a reader would find is cut, and nothing half-made stands among them."""
    for file in parquet_files(folder):
        assert pq.read_table(file, partitioning=None).num_rows >= least, file


def assert_listed_and_whole(lake: Lake) -> None:
    """Every raw file is listed by a manifest that counts, with the bytes it names, and no windows overlap."""
    listed = {}
    for manifest in lake.manifests():
        assert manifest.source_rows == manifest.rows + manifest.quarantined_rows
        for file in manifest.files:
            path = lake.root / file.path
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256, path
            assert pq.read_metadata(path).num_rows == file.rows, path
            listed[path] = manifest
    assert set(parquet_files(lake.raw)) == set(listed)
    for windows in windows_of(lake).values():
        assert all(a.end <= b.start for a, b in itertools.pairwise(windows)), windows


def windows_of(lake: Lake) -> dict[tuple[str, str], list[Any]]:
    """The windows of each windowed object of each source, in time order."""
    found: dict[tuple[str, str], list[Any]] = {}
    for manifest in lake.manifests():
        if manifest.kind == "window":
            found.setdefault((manifest.source_instance, manifest.object), []).append(manifest.window)
    return found
