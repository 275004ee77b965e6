"""The fault plan: which call of which source goes wrong, how, and how often.

Tests and the control server (`POST /faults`) add faults; each simulator asks `take` at the points where it can
misbehave. What happened is counted, so that a test can prove that its fault was really met.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Fault:
    """One misbehaviour of one source.

    kind: what to do, e.g. `status` (value: HTTP status), `code` (value: the vendor's code), `cut` (value: bytes to
    send before the connection dies), `checksum`, `empty_page`, `slow` (value: seconds); each simulator documents
    the kinds it knows. match: a regular expression searched in `METHOD path`. skip: matching calls to let pass
    first. times: how many calls to hit, None for all.
    """

    source: str
    kind: str
    match: str = ""
    value: Any = None
    skip: int = 0
    times: int | None = 1
    hits: int = field(default=0)

    def __post_init__(self) -> None:
        re.compile(self.match)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class FaultPlan:
    """All faults of one process. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, source: str, method: str, path: str, *kinds: str) -> Fault | None:
        """The first fault that applies to this call, of these kinds (any when none is named); counts the hit."""
        call = f"{method} {path}"
        with self._lock:
            for fault in self._faults:
                if (
                    fault.source != source
                    or (kinds and fault.kind not in kinds)
                    or not re.search(fault.match, call)
                ):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is None or fault.hits < fault.times:
                    fault.hits += 1
                    return fault
        return None
