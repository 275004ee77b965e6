"""A scripted transport: every answer is given in order, nothing leaves the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script(httpx.MockTransport):
    """Answers in order; the last one stays. `requests` are the calls as they were made."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.requests = list(answers), list[httpx.Request]()
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]


class OpenGate:
    """A quota gate that lets everybody through and notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[bool] = []
        self.dates: list[datetime | None] = []
        self.told: list[Any] = []
        self.ended = 0
        self.mark: Any = None

    @contextmanager
    def call(self, *, is_counted: bool = True) -> Iterator[OpenGate]:
        self.calls.append(is_counted)
        try:
            yield self
        finally:
            self.ended += 1

    def keep(self) -> None:
        self.told.append("keep")

    def answered(self, date: datetime | None) -> None:
        self.dates.append(date)

    def leave(self) -> None:
        self.told.append("leave")

    def usage_due(self, seconds: float) -> Any:
        return self.mark

    def learn(self, mark: Any, totals: dict[str, int]) -> None:
        self.told.append(totals)

    def exhausted(self, kind: str, at: datetime | None = None) -> None:
        self.told.append((kind, at))

    def close(self) -> None:
        self.told.append("close")


class CutStream(httpx.SyncByteStream):
    """Some bytes, and then the connection is gone."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks

    def __iter__(self):
        yield from self.chunks
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
