"""Faults by chance: about two calls in a hundred go wrong, each in a way that its path allows."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from typing import Any

from muster_simulators.faults import Fault, FaultPlan

SHARES: tuple[tuple[str, str, float, tuple[Any, ...]], ...] = (
    ("status", "", 0.007, (429, 500, 502, 503)),
    ("code", "/(rest|bulk)/", 0.008, ("601", "602", "604", "606", "608", "611", "614", "615", "713")),
    ("drop", "^GET", 0.004, (None,)),
    ("cut", r"/file\.json", 0.03, (0, 1, 100, 2_000)),
    ("checksum", r"/status\.json", 0.004, (None,)),
    ("failed_job", r"/enqueue\.json", 0.02, (None,)),
    ("missing_file", r"/file\.json", 0.03, (None,)),
    ("queue_full", r"/enqueue\.json", 0.02, (None,)),
    ("empty_page", "deletedleads|activities", 0.01, (None,)),
)


class ChanceFaults(FaultPlan):
    """Asked as any fault plan; answers by chance, from a seed. `hits` counts what was done by kind."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance, self._one_at_a_time = random.Random(seed), threading.Lock()
        self.hits: Counter[str] = Counter()

    def take(self, source: str, method: str, path: str, *kinds: str) -> Fault | None:
        with self._one_at_a_time:
            for kind, match, share, values in SHARES:
                if kind in kinds and re.search(match, f"{method} {path}") and self._chance.random() < share:
                    self.hits[kind] += 1
                    return Fault(source, kind, match, self._chance.choice(values), hits=1)
        return None
