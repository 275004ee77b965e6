"""Pages over keys in a fixed order; the token remembers where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import seal, unseal

T = TypeVar("T")


def page(instance: Instance, call: Call, kind: str, items: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """One page and what belongs beside `result`. The fault `empty_page` gives no rows and the same place again."""
    token = call.one("nextPageToken")
    start = int(unseal(kind, token)[0]) if token else 0
    if instance.fault(call.method, call.path, "empty_page") is not None:
        return items[:0], {"nextPageToken": seal(kind, start), "moreResult": True}
    end = start + call.batch_size
    if end < len(items):
        return items[start:end], {"nextPageToken": seal(kind, end), "moreResult": True}
    return items[start:end], {"moreResult": False}
