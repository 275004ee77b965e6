"""An append-only JSONL file of what clients wrote, so that it outlives the process (`kill -9` included)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from muster_simulators.clock import parse_iso

STAMP = "$at"


def encode(value: Any) -> Any:
    """`json.dumps(default=...)`: a datetime becomes `{"$at": iso}` with microseconds kept."""
    if isinstance(value, datetime):
        return {STAMP: value.isoformat()}
    raise TypeError(f"a {type(value).__name__} can't be journalled")


def _decode(found: dict[str, Any]) -> Any:
    return parse_iso(found[STAMP]) if set(found) == {STAMP} else found


class Journal:
    """One JSON object a line: `{"kind": ..., ...}`. `append` returns after fsync.

    A torn last line (the process died while writing it) is cut off when the journal is opened.
    `path=None` keeps nothing: for tests and for simulators without a state folder.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._handle: Any = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._cut_torn_line(path)
            self._handle = path.open("ab")

    @staticmethod
    def _cut_torn_line(path: Path) -> None:
        if not path.exists():
            return
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with path.open("r+b") as handle:
                handle.truncate(whole)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Everything appended so far, oldest first, datetimes restored."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as handle:
            for line in handle:
                yield json.loads(line, object_hook=_decode)

    def append(self, kind: str, **payload: Any) -> None:
        """One entry, on disk when this returns."""
        if self._handle is None:
            return
        line = json.dumps(
            {"kind": kind, **payload}, default=encode, ensure_ascii=False, separators=(",", ":")
        )
        with self._lock:
            self._handle.write(line.encode() + b"\n")
            self._handle.flush()
            os.fsync(self._handle.fileno())

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None
