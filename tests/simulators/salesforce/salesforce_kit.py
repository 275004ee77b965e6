"""A small org to test against: a frozen clock, a few records, a client that is logged in."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp

from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.salesforce import SalesforceOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import Stats
from muster_simulators.world.model import MAIN, Change

NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
CLIENTS = {"main-client": "main-secret"}
V = "/services/data/v66.0"
PREFIXES = {
    "accounts": "001",
    "account_contact_relations": "07k",
    "campaigns": "701",
    "campaign_members": "00v",
    "contacts": "003",
    "custom__contract_c": "a0B",
    "events": "00U",
    "leads": "00Q",
    "opportunities": "006",
    "opportunity_contact_roles": "00K",
    "tasks": "00T",
    "users": "005",
}


def key_of(object_name: str, number: int) -> str:
    return f"{PREFIXES[object_name]}5e{number:010d}AAA"


def change(
    object_name: str, number: int, at: datetime = NOW, *, seen: datetime | None = None, **values: Any
) -> Change:
    """The whole record `number` as it stands from `at` on."""
    key = key_of(object_name, number)
    row: dict[str, Any] = {"Id": key, "IsDeleted": False, "CreatedDate": at, "LastModifiedDate": at}
    row |= {"SystemModstamp": at, **values}
    return Change(at, seen or at, MAIN, object_name, key, "upsert", row)


def contacts(count: int, start: datetime = datetime(2026, 3, 1, tzinfo=UTC), **values: Any) -> list[Change]:
    """Contacts 1..count, a minute apart."""
    return [
        change("contacts", n, start + timedelta(minutes=n), LastName=f"L{n:05d}", **values)
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
    """`kit.get("/query", q=...)`: paths are below the data root unless they begin with /services."""

    def __init__(self, changes: Sequence[Change] = (), *, version: str = "66.0", **options: Any) -> None:
        self.clock = SimClock(NOW, monotonic=lambda: 0.0)
        self.faults, self.stats = FaultPlan(), Stats()
        ordered = sorted(changes, key=lambda each: each.visible_at)
        self.store = Store(MAIN, ordered, self.clock)
        self.options = SalesforceOptions(**options)
        self.app = create_app(
            self.store,
            clock=self.clock,
            faults=self.faults,
            clients=CLIENTS,
            options=self.options,
            stats=self.stats,
        )
        self.base = f"/services/data/v{version}"
        self.http = httpx.Client(transport=InProcess(self.app), base_url="http://main.example")
        self.login()

    def login(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "main-client",
            "client_secret": "main-secret",
        }
        answer = self.http.post("/services/oauth2/token", data=form)
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def fault(self, kind: str, match: str = "", value: Any = None, **more: Any) -> Fault:
        fault = Fault(MAIN, kind, match, value, **more)
        self.faults.add(fault)
        return fault

    def url(self, path: str) -> str:
        return path if path.startswith("/services") else self.base + path

    def get(self, path: str, headers: Mapping[str, str] | None = None, **params: Any) -> httpx.Response:
        return self.http.get(self.url(path), params=params or None, headers=headers)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(self.url(path), json=body)

    def query(self, text: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """All rows of a query over all its pages, without `attributes`."""
        answer = self.get("/queryAll" if everything else "/query", q=text)
        rows = []
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            rows += body["records"]
            if body["done"]:
                return [{k: v for k, v in row.items() if k != "attributes"} for row in rows]
            answer = self.get(body["nextRecordsUrl"])

    def ids(self, where: str, sobject: str = "Contact") -> list[int]:
        """Numbers of the records that a condition finds."""
        return [int(row["Id"][5:15]) for row in self.query(f"SELECT Id FROM {sobject} WHERE {where}")]

    def refusal(self, text: str) -> tuple[int, str, str]:
        return refusal(self.get("/query", q=text))

    # ---- bulk ----------------------------------------------------------------------------------------------

    def create(self, query: str, operation: str = "query", **body: Any) -> httpx.Response:
        return self.post("/jobs/query", {"operation": operation, "query": query, **body})

    def finished(self, query: str, operation: str = "query", **body: Any) -> str:
        """The id of a job that was polled until it ended."""
        answer = self.create(query, operation, **body)
        assert answer.status_code == 200, answer.text
        key = str(answer.json()["id"])
        for _ in range(5):
            if self.get(f"/jobs/query/{key}").json()["state"] in ("JobComplete", "Failed"):
                return key
        raise AssertionError("the job never ended")

    def results(self, key: str, **params: Any) -> httpx.Response:
        return self.get(f"/jobs/query/{key}/results", **params)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error in the service's shape."""
    body = answer.json()
    assert isinstance(body, list) and len(body) == 1, body
    return answer.status_code, body[0]["errorCode"], body[0]["message"]


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
