"""A small subscription whose content every test can see at a glance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from marketo_openapi import OPENAPI

from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo import MarketoOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import Stats
from muster_simulators.world.model import Change

SOURCE = "marketo__amer"
NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)

# The official descriptions lie beside the repository, not in it.
collect_ignore = [] if OPENAPI.is_dir() else ["test_marketo_openapi.py"]


def change(object_name: str, key: Any, values: dict[str, Any], at: datetime = NOW - DAY) -> Change:
    return Change(at, at, SOURCE, object_name, str(key), "upsert", values)


def lead(number: int, at: datetime = NOW - DAY, **more: Any) -> Change:
    values = {
        "id": number,
        "email": f"person{number}@acme.example",
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
        "company": "Acme",
        "leadScore": number,
        "unsubscribed": False,
        "ecid": f"{number:038d}",
        "externalCompanyId": "C-1",
        "createdAt": NOW - 40 * DAY,
        "updatedAt": at,
    }
    return change("leads", number, {**values, **more}, at)


def activity(number: int, type_id: int, lead_id: int, at: datetime, **more: Any) -> Change:
    values = {
        "id": number,
        "marketoGUID": str(number),
        "leadId": lead_id,
        "activityDate": at,
        "activityTypeId": type_id,
        "campaignId": None,
        "primaryAttributeValueId": 71,
        "primaryAttributeValue": "acme.example/pricing",
        "attributes": {"Client IP Address": "10.0.0.1", "Webpage URL": "/pricing", "Search Query": None},
    }
    return change("activities", number, {**values, **more}, at)


def small_world() -> list[Change]:
    """Five leads, two of them with one e-mail; one list with two members; a company with a deal and two roles."""
    hour = timedelta(hours=1)
    changed = {"New Value": "B", "Old Value": "A", "Reason": "Form", "Source": "Web form"}
    return [
        *(lead(number) for number in (1, 2, 3)),
        lead(4, email="twin@acme.example"),
        lead(5, email="Twin@acme.example", lastName='O"Hara,\r\nJr', leadScore=None),
        change("static_lists", 1021, _static_list(1021, "Seed")),
        change("list_members", "1021:1", {"listId": 1021, "leadId": 1, "at": NOW - DAY}),
        change("list_members", "1021:2", {"listId": 1021, "leadId": 2, "at": NOW - DAY}),
        change("programs", 1107, {"id": 1107, "name": "Spring Webinar", "createdAt": NOW, "updatedAt": NOW}),
        change(
            "companies",
            77,
            {"id": 77, "externalCompanyId": "C-1", "company": "Acme", "industry": None, **_stamps()},
        ),
        change("opportunities", "g-1", _opportunity()),
        change("opportunity_roles", "r-1", _role("r-1", 1, "Decision Maker")),
        change("opportunity_roles", "r-2", _role("r-2", 2, "Influencer")),
        activity(101, 1, 1, NOW - 5 * hour),
        activity(102, 1, 2, NOW - 4 * hour),
        activity(103, 12, 3, NOW - 3 * hour, primaryAttributeValueId=None, primaryAttributeValue="Web form"),
        activity(104, 13, 1, NOW - 2 * hour, primaryAttributeValue="First Name", attributes=changed),
        activity(105, 37, 99, NOW - hour, primaryAttributeValueId=99, primaryAttributeValue="Gone Ghost"),
    ]


STEPS = (("Invited", 10, False), ("Registered", 20, False), ("Attended", 40, True))


def whole_world() -> list[Change]:
    """The small world with marketing, sales and contracts: two programs, members 1 to 3 of the first."""
    statuses = [{"name": n, "step": step, "success": ok, "hidden": False} for n, step, ok in STEPS]
    channel = {"id": 2, "name": "Webinar", "applicableProgramType": "event", "progressionStatuses": statuses}
    tag = {"id": 1, "tagType": "Region", "allowableValues": ["EMEA", "AMER"], "required": False}
    campaign = {
        "name": "Score",
        "type": "trigger",
        "isActive": True,
        "isRequestable": True,
        "programId": 1107,
    }
    letter = {"id": 1200, "name": "Letter", "type": "Email", "channel": "Email Send", "status": "unlocked"}
    person = {"id": 5, "externalSalesPersonId": "SP-5", "email": "rep@acme.example", "firstName": "Rep"}
    account = {"marketoGUID": "n-1", "name": "Acme", "industry": "Finance", "domainName": "acme.example"}
    return [
        *small_world(),
        change("channels", 2, {**channel, **_stamps()}),
        change("tag_types", 1, {**tag, **_stamps()}),
        change("programs", 1107, _program()),
        change("programs", 1200, {**letter, **_stamps()}),
        change("smart_campaigns", 8022, {"id": 8022, **campaign, **_stamps()}),
        change("smart_campaigns", 8023, {"id": 8023, "name": "Once", "type": "batch", **_stamps()}),
        *(member(1107, number) for number in (1, 2, 3)),
        change("sales_persons", 5, {**person, **_stamps()}),
        change("named_accounts", "n-1", {**account, **_stamps()}),
        *(contract(number, lead_id) for number, lead_id in ((1, 1), (2, 1), (3, 2))),
        activity(106, 22, 1, NOW - timedelta(hours=6), campaignId=8022),
    ]


def _program() -> dict[str, Any]:
    return {
        "id": 1107,
        "name": "Spring Webinar",
        "type": "Event",
        "channel": "Webinar",
        "tags": [{"tagType": "Region", "tagValue": "EMEA"}],
        "costs": [{"startDate": "2026-02-01", "cost": 900, "note": "hall"}],
        **_stamps(),
    }


def member(program_id: int, lead_id: int, at: datetime = NOW - DAY, **more: Any) -> Change:
    values = {
        "id": 3_240_000 + lead_id,
        "leadId": lead_id,
        "programId": program_id,
        "program": "Spring Webinar",
        "statusName": "Registered",
        "statusReason": None,
        "membershipDate": at - DAY,
        "acquiredBy": lead_id == 1,
        "reachedSuccess": False,
        "reachedSuccessDate": None,
        "isExhausted": False,
        "nurtureCadence": None,
        "createdAt": at - DAY,
        "updatedAt": at,
    }
    return change("program_members", f"{program_id}:{lead_id}", {**values, **more}, at)


def contract(number: int, lead_id: int, at: datetime = NOW - DAY, **more: Any) -> Change:
    values = {
        "marketoGUID": f"c-{number}",
        "contractNumber": f"C-{number}",
        "leadId": lead_id,
        "product": 'Premium "24/7"',
        "amount": 12.5 * number,
        "signedOn": at.date(),
        "renewsOn": None,
        "seats": number,
        "isActive": True,
        "notes": "signed,\nthen renewed",
        "createdAt": at,
        "updatedAt": at,
    }
    return change("custom__contract_c", f"c-{number}", {**values, **more}, at)


def _stamps() -> dict[str, Any]:
    return {"createdAt": NOW - 40 * DAY, "updatedAt": NOW - DAY}


def _static_list(number: int, name: str) -> dict[str, Any]:
    found = {"id": number, "name": name, "description": None, "programName": None, "workspaceName": "Default"}
    return {**found, "folder": {"id": 1, "type": "Folder"}, **_stamps()}


def _opportunity() -> dict[str, Any]:
    found = {"marketoGUID": "g-1", "externalOpportunityId": "O-1", "name": "Big deal", "amount": 1604.47}
    return {**found, "isClosed": False, "closeDate": NOW.date(), "externalCompanyId": "C-1", **_stamps()}


def _role(guid: str, lead_id: int, role: str) -> dict[str, Any]:
    found = {"marketoGUID": guid, "externalOpportunityId": "O-1", "leadId": lead_id, "role": role}
    return {**found, "isPrimary": lead_id == 1, **_stamps()}


@dataclass
class Site:
    """A simulated subscription, with its frozen clocks at hand."""

    store: Store
    clock: SimClock
    faults: FaultPlan
    stats: Stats
    app: Any
    client: TestClient
    seconds: list[float] = field(default_factory=lambda: [0.0])

    def login(self, client_id: str = "reader", secret: str = "pw") -> str:
        given = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        token = self.client.get("/identity/oauth/token", params=given).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"
        return str(token)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return dict(self.client.get(path, params=params).json())

    def post(self, path: str, **given: Any) -> dict[str, Any]:
        return dict(self.client.post(path, **given).json())

    def code(self, answer: dict[str, Any]) -> str:
        """The code of a refused call."""
        assert answer["success"] is False, answer
        assert "result" not in answer
        return str(answer["errors"][0]["code"])

    def fault(self, kind: str, match: str = "", value: Any = None, **more: Any) -> None:
        self.faults.add(Fault(SOURCE, kind, match, value, **more))

    def writes(self) -> dict[str, int]:
        return dict(self.stats.to_dict()["writes"].get(SOURCE, {}))

    def violations(self) -> dict[str, int]:
        return dict(self.stats.to_dict()["violations"].get(SOURCE, {}))


def make_site(changes: list[Change], **options: Any) -> Site:
    seconds = [0.0]
    clock = SimClock(NOW, monotonic=lambda: 0.0)
    store = Store(SOURCE, sorted(changes, key=lambda c: c.visible_at), clock)
    faults, stats = FaultPlan(), Stats()
    app = create_app(
        store,
        clock=clock,
        faults=faults,
        clients={"reader": "pw", "other": "pw"},
        options=MarketoOptions(rate_clock=lambda: seconds[0], **options),
        stats=stats,
    )
    site = Site(store, clock, faults, stats, app, TestClient(app), seconds)
    site.login()
    return site


@pytest.fixture
def site() -> Iterator[Site]:
    yield make_site(small_world())


@pytest.fixture
def whole() -> Iterator[Site]:
    """A site with marketing, sales and contracts too."""
    yield make_site(whole_world())


@pytest.fixture
def new_site() -> Callable[..., Site]:
    """A site with other options."""
    return lambda changes=None, **options: make_site(small_world() if changes is None else changes, **options)


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders of changes: `make.lead(1)`, `make.activity(...)`, `make.change(...)`, `make.small_world()`."""
    return SimpleNamespace(
        lead=lead,
        activity=activity,
        change=change,
        member=member,
        contract=contract,
        small_world=small_world,
        whole_world=whole_world,
        now=NOW,
        day=DAY,
    )
