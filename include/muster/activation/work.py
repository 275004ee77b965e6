"""What the steps of one activation share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from muster.activation.desired import Desired
from muster.activation.ledger import Ledger
from muster.activation.records import Scribe

Report = Callable[[object], None]
Item = TypeVar("Item")


@dataclass
class Work:
    """One activation under way. `where` names it in errors; `report` tells a person how far it is, in counts."""

    where: str
    epoch: int
    desired: Desired
    ledger: Ledger
    scribe: Scribe
    report: Report
    _batches: int = field(default=0, init=False)

    def next_batch(self) -> str:
        """A name for what is sent together; no two of one audience in one destination are the same."""
        self._batches += 1
        return f"{self.epoch:08d}-{self._batches:06d}"


@dataclass(frozen=True)
class Done:
    """How many members the run changed."""

    added: int = 0
    updated: int = 0
    removed: int = 0


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def silent(_: object) -> None:
    """For callers that don't want to be told."""
