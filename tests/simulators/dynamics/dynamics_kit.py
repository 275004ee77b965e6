"""A small organisation to test against: a frozen clock, a few records, a client that is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp

from muster_simulators.clock import SimClock
from muster_simulators.dynamics import DynamicsOptions, create_app
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.store import Store
from muster_simulators.web import Stats
from muster_simulators.world.model import Change

NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SOURCE = "dynamics__main"
CLIENTS = {"app": "app-secret"}
ROOT = "http://acme.example/api/data/v9.2/"
KEYS = {"accounts": "accountid", "contacts": "contactid", "opportunities": "opportunityid"}


def key_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def change(name: str, number: int, at: datetime = FIRST, /, **values: Any) -> Change:
    """The whole record as it stands from `at` on."""
    row = {KEYS[name]: key_of(number), "createdon": at, "modifiedon": at, **values}
    return Change(at, at, SOURCE, name, key_of(number), "upsert", row)


def gone(name: str, number: int, at: datetime) -> Change:
    return Change(at, at, SOURCE, name, key_of(number), "delete", {})


def contacts(count: int, **values: Any) -> list[Change]:
    """Contacts 1..count, a minute apart."""
    return [
        change("contacts", n, FIRST + timedelta(minutes=n), lastname=f"L{n:05d}", **values)
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
    """`kit.get("contacts", {"$top": "1"})`: paths are below the root; links are taken as they are."""

    def __init__(self, changes: Sequence[Change] = (), **options: Any) -> None:
        self.clock = SimClock(NOW, monotonic=lambda: 0.0)
        self.faults, self.stats = FaultPlan(), Stats()
        self.options = DynamicsOptions(**options)
        self.store = Store(SOURCE, sorted(changes, key=lambda each: each.visible_at), self.clock)
        self.app = create_app(
            self.store,
            clock=self.clock,
            faults=self.faults,
            clients=CLIENTS,
            options=self.options,
            stats=self.stats,
        )
        self.http = httpx.Client(transport=InProcess(self.app), base_url=ROOT)
        self.sign_in()

    def form(self, **changed: str) -> dict[str, str]:
        scope = "https://acme.example/.default"
        whole = {
            "grant_type": "client_credentials",
            "client_id": "app",
            "client_secret": "app-secret",
            "scope": scope,
        }
        return whole | changed

    def ask_token(self, tenant: str = "", **changed: str) -> httpx.Response:
        address = f"http://acme.example/{tenant or self.options.tenant}/oauth2/v2.0/token"
        return self.http.post(address, data=self.form(**changed))

    def sign_in(self) -> None:
        self.http.headers["Authorization"] = f"Bearer {self.ask_token().json()['access_token']}"

    def fault(self, kind: str, match: str = "", value: Any = None, **more: Any) -> Fault:
        fault = Fault(SOURCE, kind, match, value, **more)
        self.faults.add(fault)
        return fault

    def get(self, path: str, params: Any = None, prefer: str = "") -> httpx.Response:
        return self.http.get(path, params=params, headers={"Prefer": prefer} if prefer else None)

    def body(self, path: str, params: Any = None, prefer: str = "") -> Any:
        answer = self.get(path, params, prefer)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def numbers(self, where: str = "", **more: str) -> list[int]:
        """Numbers of the contacts that a query finds, in its order."""
        asked = {"$select": "contactid", **({"$filter": where} if where else {})}
        rows = self.body("contacts", {**asked, **{f"${name}": text for name, text in more.items()}})["value"]
        return [int(row["contactid"][-12:]) for row in rows]

    def refusal(self, path: str, params: Any = None, prefer: str = "") -> tuple[int, str]:
        """Status and code of an error in the service's shape."""
        answer = self.get(path, params, prefer)
        error = answer.json()["error"]
        assert set(error) == {"code", "message"}, error
        return answer.status_code, error["code"]
