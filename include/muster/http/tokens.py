"""Access tokens, kept per client id: a token belongs to the service it was issued for, not to a user or a call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MARGIN_SECONDS = 60.0  # a token with less than this left counts as expired


@dataclass(frozen=True)
class Token:
    """`expires_at` on the cache's own clock; None where the vendor doesn't say. The value never shows in a repr."""

    value: str = field(repr=False)
    expires_at: float | None = None
    address: str = ""  # where the vendor wants the calls to go, where it says so


@dataclass(frozen=True)
class Issued:
    """What a token endpoint answered."""

    value: str = field(repr=False)
    expires_in: float | None = None
    address: str = ""


class TokenCache:
    """One token per client id. Safe to use from any thread: two that need a token ask for it once."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}

    def get(self, client_id: str, issue: Callable[[], Issued]) -> Token:
        """The token of this client; `issue` is called where none is held or less than a minute of it is left."""
        with self._lock:
            token = self._tokens.get(client_id)
            if token is None or self._is_expired(token):
                asked_at = self._clock()
                issued = issue()
                expires_at = None if issued.expires_in is None else asked_at + issued.expires_in
                token = Token(issued.value, expires_at, issued.address)
                self._tokens[client_id] = token
            return token

    def forget(self, client_id: str, token: Token) -> None:
        """Drop this token, unless another thread has already replaced it."""
        with self._lock:
            if self._tokens.get(client_id) is token:
                del self._tokens[client_id]

    def _is_expired(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - self._clock() < MARGIN_SECONDS
