"""OAuth tokens of custom services (client credentials), on the simulated clock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.marketo.errors import MarketoError


@dataclass(frozen=True)
class Token:
    value: str
    client_id: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """The current token of every client; an old one is known as expired, any other text as invalid."""

    def __init__(self, clients: Mapping[str, str], clock: SimClock, seconds: int, source: str) -> None:
        self._clients, self._clock, self._seconds, self._source = clients, clock, seconds, source
        self._lock = threading.Lock()
        self._current: dict[str, Token] = {}
        self._issued: dict[str, Token] = {}

    def user(self, client_id: str) -> str:
        """The API-only user of a custom service, as `scope` and the usage counters name it."""
        return f"{client_id}@{self._source.replace('__', '-').replace('_', '-')}.example"

    def issue(self, client_id: str | None, secret: str | None) -> dict[str, Any] | None:
        """The token answer, or None for a bad client. A live token is given again with what is left of it."""
        if not client_id or self._clients.get(client_id) != secret:
            return None
        now = self._clock.now()
        with self._lock:
            token = self._current.get(client_id)
            if token is None or not token.issued_at <= now <= token.expires_at - timedelta(seconds=1):
                value = f"{uuid.uuid4()}:{len(self._issued):02x}"
                token = Token(value, client_id, now, now + timedelta(seconds=self._seconds))
                self._current[client_id] = self._issued[value] = token
        left = int((token.expires_at - now).total_seconds())
        return {
            "access_token": token.value,
            "token_type": "bearer",
            "expires_in": left,
            "scope": self.user(client_id),
        }

    def client_of(self, value: str | None) -> str:
        """The client behind a bearer token; 601 without one or unknown, 602 expired."""
        with self._lock:
            token = self._issued.get(value or "")
        if token is None:
            raise MarketoError("601")
        if not token.issued_at <= self._clock.now() < token.expires_at:
            raise MarketoError("602")
        return token.client_id
