"""Calls, errors and exported bytes per US Central day, kept in a file so that they outlive the process.

One short line a count, appended without waiting for the disk; when the file is opened its lines are added up into
one for each counter.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

CALL, ERROR, BYTES = "c", "e", "b"


class Ledger:
    """Counters of one subscription. `path=None` keeps them in memory only. Safe to use from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self.calls: dict[date, Counter[str]] = defaultdict(Counter)
        """By day and user."""
        self.errors: dict[date, Counter[str]] = defaultdict(Counter)
        """By day and code."""
        self.exported: Counter[date] = Counter()
        """Bytes by day."""
        self._handle: Any = None
        if path is not None:
            self._read(path)
            self._write_whole(path)
            self._handle = path.open("a", encoding="utf-8")

    def called(self, day: date, user: str, count: int = 1) -> None:
        self._add(CALL, day, user, count)

    def failed(self, day: date, code: str) -> None:
        self._add(ERROR, day, code, 1)

    def exported_bytes(self, day: date, size: int) -> None:
        self._add(BYTES, day, "", size)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _add(self, kind: str, day: date, name: str, count: int) -> None:
        with self._lock:
            self._count(kind, day, name, count)
            if self._handle is not None:
                self._handle.write(_line(kind, day, name, count))
                self._handle.flush()

    def _count(self, kind: str, day: date, name: str, count: int) -> None:
        if kind == BYTES:
            self.exported[day] += count
        else:
            (self.calls if kind == CALL else self.errors)[day][name] += count

    def _read(self, path: Path) -> None:
        """A torn last line (the process died while writing it) is left out."""
        if not path.exists():
            return
        text = path.read_text(encoding="utf-8")
        for line in text[: text.rfind("\n") + 1].splitlines():
            kind, day, name, count = json.loads(line)
            self._count(kind, date.fromisoformat(day), name, count)

    def _write_whole(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with temporary.open("w", encoding="utf-8") as handle:
            for kind, days in ((CALL, self.calls), (ERROR, self.errors)):
                for day, counts in sorted(days.items()):
                    handle.writelines(_line(kind, day, name, count) for name, count in sorted(counts.items()))
            handle.writelines(_line(BYTES, day, "", size) for day, size in sorted(self.exported.items()))
        temporary.replace(path)


def _line(kind: str, day: date, name: str, count: int) -> str:
    return json.dumps([kind, day.isoformat(), name, count]) + "\n"
