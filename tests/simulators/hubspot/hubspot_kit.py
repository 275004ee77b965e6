"""A small portal to test against: a frozen clock, a few records, a client with a token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp

from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.hubspot import HubSpotOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import Stats
from muster_simulators.world.model import Change

SOURCE = "hubspot__main"
TOKEN = "pat-na1-11111111-2222-3333-4444-555555555555"
NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def change(name: str, number: int | str, at: datetime = MARCH, /, **values: Any) -> Change:
    """The whole record as it stands from `at` on."""
    stamp = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
    return Change(at, at, SOURCE, name, str(number), "upsert", {"createdate": at, stamp: at, **values})


def contacts(count: int, **values: Any) -> list[Change]:
    """Contacts 1..count, a minute apart from 2026-03-01T00:01Z on."""
    return [
        change("contacts", n, MARCH + timedelta(minutes=n), lastname=f"L{n:05d}", **values)
        for n in range(1, count + 1)
    ]


class InProcess(httpx.BaseTransport):
    """Calls the application without a socket, one call at a time."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._inner.handle_async_request(asked)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


class Kit:
    def __init__(self, changes: Sequence[Change] = (), **options: Any) -> None:
        self.clock = SimClock(NOW, monotonic=lambda: 0.0)
        self.faults, self.stats = FaultPlan(), Stats()
        self.store = Store(SOURCE, sorted(changes, key=lambda each: each.visible_at), self.clock)
        given = {"rate_clock": lambda: self.clock.now().timestamp(), "searches_a_second": 1_000, **options}
        self.app = create_app(
            self.store,
            clock=self.clock,
            faults=self.faults,
            clients={"a private app": TOKEN},
            options=HubSpotOptions(**given),
            stats=self.stats,
        )
        self.http = httpx.Client(
            transport=InProcess(self.app),
            base_url="http://api.example",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    def fault(self, kind: str, match: str = "", value: Any = None, **more: Any) -> Fault:
        fault = Fault(SOURCE, kind, match, value, **more)
        self.faults.add(fault)
        return fault

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params or None)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def search(self, name: str = "contacts", *filters: tuple[str, str, Any], **body: Any) -> httpx.Response:
        given = [
            {
                "propertyName": one,
                "operator": operator,
                **(value if isinstance(value, dict) else {"value": value}),
            }
            for one, operator, value in filters
        ]
        groups = [{"filters": given}] if given else []
        return self.post(f"/crm/v3/objects/{name}/search", {"filterGroups": groups, **body})


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code in (200, 207), answer.text
    return [int(one["id"]) for one in answer.json()["results"]]


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, category and message of an error in the service's shape."""
    body = answer.json()
    assert body["status"] == "error" and len(body["correlationId"]) == 36, body
    return answer.status_code, body.get("category", ""), body["message"]
