"""Marketo's calls as a destination makes them: guarded, counted, and with its errors in a destination's words.

A read is tried again as often as Marketo's table allows. A write is tried again only where Marketo says that it did
nothing (606, 608, 615); after any other silence or fault it may have been done, and that is UnknownAnswerError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from muster.destinations.base import CallRefusedError, Guard, UnknownAnswerError, Usage
from muster.errors import DestinationError, SourceError, TransientSourceError
from muster.http.marketo import MarketoApi, MarketoError, Reply
from muster.http.pacing import Pacer, Slot

NOTHING_DONE = frozenset({"606", "608", "615"})
SPOILT_BY_A_ROW = frozenset(
    {
        "http 413",
        "609",
        "701",
        "704",
        "709",
        "1001",
        "1002",
        "1003",
        "1004",
        "1007",
        "1008",
        "1009",
        "1010",
        "1036",
    }
)
LATER = "run it again later: what is acknowledged stays, the rest is sent then"


class GuardedPace:
    """The subscription's gate, with the guard and the count right behind the wait."""

    def __init__(self, gate: Pacer, guard: Guard, usage: Usage) -> None:
        self._gate, self._guard, self._usage = gate, guard, usage

    @contextmanager
    def call(self, *, is_counted: bool = True) -> Iterator[Slot]:
        with self._gate.call(is_counted=is_counted) as slot:
            self._guard()
            self._usage.calls += 1
            yield slot


class Calls:
    """Reads and writes of one activation."""

    def __init__(self, api: MarketoApi, usage: Usage) -> None:
        self.api, self.usage = api, usage

    def read(self, path: str, params: Mapping[str, Any]) -> Reply:
        with _translated(self.api.where):
            return self.api.get(path, params)

    def pages(self, path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of all pages."""
        with _translated(self.api.where):
            return [row for page in self.api.pages(path, params) for row in page.result]

    def write(
        self, method: str, path: str, *, json: Any = None, form: Mapping[str, Any] | None = None
    ) -> Reply:
        """One call that changes something. Raises CallRefusedError, UnknownAnswerError, DestinationError."""

        def once() -> Reply:
            return self.api.call(method, path, json=json, form=form, attempts=1)

        with _translated(self.api.where):
            return self._patiently(once, f"{method} {path}")

    def _patiently(self, once: Callable[[], Reply], what: str) -> Reply:
        session = self.api.session
        for attempt in session.patience.retrying(session.sleep):
            with attempt:
                try:
                    reply = once()
                except TransientSourceError as error:
                    if error.code in NOTHING_DONE:
                        raise
                    self.usage.writes += 1
                    raise _unknown(what, self.api.where, error) from None
                except SourceError as error:
                    if not error.code and not isinstance(error, MarketoError):
                        self.usage.writes += 1
                        raise _unknown(what, self.api.where, error) from None
                    raise
                self.usage.writes += 1
                return reply
        raise AssertionError("unreachable")


def _unknown(what: str, where: str, error: SourceError) -> UnknownAnswerError:
    return UnknownAnswerError(
        f"no usable answer to {what}: {error.message}",
        where=where,
        hint="run it again: what happened is read back first",
    )


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """A source's errors as a destination's: the exit code is 8, and a refusal that rows may have spoilt is told apart."""
    try:
        yield
    except MarketoError as error:
        if error.key in SPOILT_BY_A_ROW:
            raise CallRefusedError(
                error.message.split(" [")[0],
                code=error.key,
                request_id=error.request_id,
                where=where,
                hint=error.hint,
            ) from error
        raise DestinationError(error.message, where=where, hint=error.hint or LATER) from error
    except SourceError as error:
        raise DestinationError(error.message, where=where, hint=error.hint or LATER) from error
