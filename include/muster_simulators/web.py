"""What every simulator's web application shares.

`new_app` gives a FastAPI application that stamps `Date` with the simulated time, counts each call in `Stats` and
meets these faults of the plan before or after the vendor's own code runs:

- `status`: answer at once with this HTTP status (value: 502, or {"status": 502, "body": "text or JSON"});
- `slow`: wait that many real seconds first (value, default 0.2);
- `drop`: do the work, then close the connection without an answer.

`running` serves an application on a real loopback port; serve.py and the tests use it. The application's own
routes count what clients changed with `stats.wrote`.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan

_SUFFIX = re.compile(r"\.json$")
_IDS = (
    re.compile(r"^\d+$"),
    re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
    re.compile(r"^(?=.*\d)[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$"),
)


def path_family(path: str) -> str:
    """The path with its ids taken out: `/rest/v1/lists/1021/leads.json` -> `/rest/v1/lists/{id}/leads.json`."""
    segments = []
    for segment in path.split("/"):
        stem = _SUFFIX.sub("", segment)
        known = any(pattern.match(stem) for pattern in _IDS)
        segments.append("{id}" + segment[len(stem) :] if known else segment)
    return "/".join(segments)


class Stats:
    """Counters of one process: calls by source and path family, writes by source and kind, broken limits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, Counter[str]] = defaultdict(Counter)
        self._writes: dict[str, Counter[str]] = defaultdict(Counter)
        self._violations: dict[str, Counter[str]] = defaultdict(Counter)
        self._peaks: dict[str, Counter[str]] = defaultdict(Counter)

    def called(self, source: str, method: str, path: str) -> None:
        """One HTTP call arrived."""
        with self._lock:
            self._calls[source][f"{method} {path_family(path)}"] += 1

    def wrote(self, source: str, kind: str, records: int = 1) -> None:
        """A client changed `records` records, e.g. kind `list_members_added`."""
        if records:
            with self._lock:
                self._writes[source][kind] += records

    def violated(self, source: str, limit: str) -> None:
        """A client broke a documented limit, e.g. `calls_per_20_seconds`."""
        with self._lock:
            self._violations[source][limit] += 1

    def peaked(self, source: str, measure: str, value: int) -> None:
        """Keep the highest value seen, e.g. measure `calls_in_flight`."""
        with self._lock:
            self._peaks[source][measure] = max(self._peaks[source][measure], value)

    def to_dict(self) -> dict[str, Any]:
        """{"calls": {source: {family: n}}, "writes": ..., "violations": ..., "peaks": ...}."""
        with self._lock:
            parts = {
                "calls": self._calls,
                "writes": self._writes,
                "violations": self._violations,
                "peaks": self._peaks,
            }
            return {
                name: {source: dict(sorted(counts.items())) for source, counts in sorted(part.items())}
                for name, part in parts.items()
            }

    def clear(self) -> None:
        with self._lock:
            for part in (self._calls, self._writes, self._violations, self._peaks):
                part.clear()


class SimulatorApp(FastAPI):
    """A FastAPI application with the simulated Date, the counters and the generic faults around every route."""

    def __init__(self, source: str, clock: SimClock, faults: FaultPlan, stats: Stats) -> None:
        super().__init__(title=source, docs_url=None, redoc_url=None, openapi_url=None)
        self.source, self.clock, self.faults, self.stats = source, clock, faults, stats
        self.in_flight: Counter[str] = Counter()
        """Calls being answered now, by first path segment (`rest`, `bulk`, `services`)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        family = scope["path"].split("/")[1]
        self.in_flight[family] += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.in_flight[family] -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        self.stats.called(self.source, method, path)
        dated = self._dated(send)
        slow = self.faults.take(self.source, method, path, "slow")
        if slow is not None:
            await asyncio.sleep(0.2 if slow.value is None else float(slow.value))
        refused = self.faults.take(self.source, method, path, "status")
        if refused is not None:
            await fault_response(refused.value)(scope, receive, dated)
        elif self.faults.take(self.source, method, path, "drop") is not None:
            await super().__call__(scope, receive, _swallow)
            await hang_up(receive, send)
        else:
            await super().__call__(scope, receive, dated)

    def _dated(self, send: Send) -> Send:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self.clock.http_date().encode())]
            await send(message)

        # The server's own `send` stays reachable for `hang_up`.
        stamped.__self__ = getattr(send, "__self__", None)  # type: ignore[attr-defined]
        return stamped


def new_app(source: str, clock: SimClock, faults: FaultPlan, stats: Stats) -> SimulatorApp:
    """The application to put one vendor's routes on."""
    return SimulatorApp(source, clock, faults, stats)


def fault_response(value: Any) -> Response:
    """The answer of a `status` fault: a bare number, or {"status": 503, "body": ...}."""
    given = value if isinstance(value, dict) else {"status": value or 502}
    body = given.get("body", "the fault plan says so")
    if isinstance(body, str):
        return Response(body, int(given.get("status", 502)), media_type="text/plain")
    return Response(json.dumps(body), int(given.get("status", 502)), media_type="application/json")


async def _swallow(message: Message) -> None:
    """A `send` that loses the answer."""


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the client's connection now, after whatever was sent so far. Without a socket: ConnectionResetError."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the fault plan closed the connection")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


class Running:
    """A server of one application on a loopback port, in a thread of its own."""

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = socket.create_server((host, port), backlog=128)
        self.host, self.port = self._socket.getsockname()[:2]
        self.url = f"http://{self.host}:{self.port}"
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name=f"server-{self.port}",
            daemon=True,
        )

    def start(self) -> Running:
        """Returns at once: the socket already listens, so early calls wait instead of being refused."""
        self._thread.start()
        return self

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish the calls in flight (2 s at most) and end the thread."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


@contextmanager
def running(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """`with running(app) as server: httpx.get(server.url + ...)`; port 0 takes a free one."""
    server = Running(app, host, port).start()
    try:
        yield server
    finally:
        server.stop()
