"""A process measured whole, from its start to its end, and lines that hold figures against their limits.

This module imports nothing large: what the parent holds before a child starts would count into the child's peak.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Spent:
    """Wall and CPU seconds, and the peak of resident memory in MiB."""

    wall: float
    cpu: float
    peak: float


def python(*arguments: str) -> Spent:
    """Run `python ARGUMENTS` to its end. Raises RuntimeError when it fails."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {process.returncode}")
    return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(runs: Sequence[Spent]) -> Spent:
    """Of each figure by itself; of the peak the highest."""
    return Spent(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        max(run.peak for run in runs),
    )


@dataclass(frozen=True)
class Figure:
    """One thing measured and the most it may be."""

    name: str
    value: float
    limit: float
    unit: str
    detail: str = ""

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.is_met else "FALLS SHORT"
        measured = f"{self.value:,.2f} {self.unit}" if self.value < 10 else f"{self.value:,.0f} {self.unit}"
        return f"{self.name:<26} {measured:>12}   limit {self.limit:,g} {self.unit}   {verdict:<12} {self.detail}"
