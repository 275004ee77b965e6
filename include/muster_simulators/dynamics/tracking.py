"""Change tracking: what of a table changed or went away since a token. Net changes only, as the service tells them."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.dynamics.errors import EXPIRED_TOKEN, ApiError, bad_query
from muster_simulators.store import Store

TOKEN = re.compile(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)")
SPELLING = "%m/%d/%Y %H:%M:%S"


@dataclass
class _Seen:
    """One table as it stood when it was last looked at: key -> (the record, the version that brought it)."""

    live: dict[str, tuple[Any, int]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)


class Tracker:
    """Versions count up over all tables of the organisation."""

    def __init__(self, store: Store, clock: SimClock, days: float) -> None:
        self._store, self._clock, self._life = store, clock, timedelta(days=days)
        self._lock = threading.Lock()
        self._version = 919_000
        self._seen: dict[str, _Seen] = {}
        self._forgotten = set[str]()

    def token(self, set_name: str) -> str:
        """A token of now."""
        with self._lock:
            self._look(set_name)
            return f"{self._version}!{self._clock.now().astimezone(UTC).strftime(SPELLING)}"

    def since(self, set_name: str, token: str) -> tuple[set[str], list[str]]:
        """(keys of new and changed records, keys of those that are gone). Raises ApiError for a token of no use."""
        match = TOKEN.fullmatch(token)
        if match is None:
            raise bad_query("The delta token is malformed.")
        at = datetime.strptime(match[2], SPELLING).replace(tzinfo=UTC)
        if self._clock.now() - at > self._life or token in self._forgotten:
            message = "Version stamp associated with the client has expired. Please perform a full sync."
            raise ApiError(400, EXPIRED_TOKEN, message)
        with self._lock:
            self._look(set_name)
            seen, version = self._seen[set_name], int(match[1])
            changed = {key for key, (_, number) in seen.live.items() if number > version}
            return changed, sorted(key for key, number in seen.gone.items() if number > version)

    def forget(self, token: str) -> None:
        """The service may drop a token at any time, e.g. when the table's metadata changed."""
        self._forgotten.add(token)

    def _look(self, set_name: str) -> None:
        seen, records = self._seen.setdefault(set_name, _Seen()), self._store.records(set_name)
        for key, record in records.items():
            known = seen.live.get(key)
            if known is None or known[0] is not record:
                self._version += 1
                seen.live[key] = (record, self._version)
                seen.gone.pop(key, None)
        for key in [key for key in seen.live if key not in records]:
            self._version += 1
            del seen.live[key]
            seen.gone[key] = self._version
