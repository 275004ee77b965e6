"""How long a call is tried: a bounded number of times, with jitter, and with a bounded sum of pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_any,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from muster.errors import TransientSourceError


@dataclass(frozen=True)
class Patience:
    """`attempts` in all; `seconds` of pauses in all; no pause without a named length is longer than `longest`."""

    attempts: int = 8
    seconds: float = 180.0
    first: float = 0.5
    longest: float = 30.0

    def but(self, attempts: int | None) -> Patience:
        return self if attempts is None else replace(self, attempts=attempts)

    def retrying(self, sleep: Callable[[float], None]) -> Retrying:
        """tenacity's loop over TransientSourceError. A pause that the error names goes before our own."""
        backoff = wait_random_exponential(multiplier=self.first, max=self.longest)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            named = error.retry_after if isinstance(error, TransientSourceError) else None
            return backoff(state) if named is None else max(0.0, named)

        return Retrying(
            retry=retry_if_exception_type(TransientSourceError),
            stop=stop_any(stop_after_attempt(self.attempts), _StopAfterPauses(self.seconds)),
            wait=pause,
            sleep=sleep,
            reraise=True,
        )


class _StopAfterPauses(stop_base):
    """Stop before a pause that would make the sum of pauses longer than `seconds`. Looks at no clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.idle_for + retry_state.upcoming_sleep > self.seconds
