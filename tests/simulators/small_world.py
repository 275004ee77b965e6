"""Worlds of a few records, written by hand in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.oracle import Night, Oracle

from muster_simulators.world.model import (
    AMER,
    MAIN,
    SOURCES,
    Change,
    Truth,
    World,
    company_key,
    record_key,
)

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
END = datetime(2026, 3, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Small:
    """A world written by hand. `person` and `company` name who is whom."""

    rows: list[Change] = field(default_factory=list)
    people: dict[str, list[str]] = field(default_factory=dict)
    accounts: dict[str, list[str]] = field(default_factory=dict)
    unlinkable: dict[str, datetime | None] = field(default_factory=dict)
    activities: int = 0

    def put(
        self, source: str, name: str, key: str | int, *, at: datetime = START, seen: datetime | None = None,
        gone: bool = False, **values: Any,
    ) -> None:  # fmt: skip
        op: Any = "delete" if gone else "upsert"
        self.rows.append(Change(at, seen or at, source, name, str(key), op, values))

    def contact(self, who: str, key: str, **values: Any) -> str:
        base = {
            "Id": key,
            "Email": None,
            "LastName": who,
            "Title": None,
            "AccountId": None,
            "IsDeleted": False,
        }
        return self._person(who, MAIN, "contacts", key, base, values)

    def lead(self, who: str, key: str, **values: Any) -> str:
        base = {
            "Id": key,
            "Email": None,
            "LastName": who,
            "Title": None,
            "IsDeleted": False,
            "IsConverted": False,
        }
        return self._person(who, MAIN, "leads", key, base, values)

    def marketo(self, who: str, source: str, key: int, **values: Any) -> str:
        base = {"id": key, "email": None, "lastName": who, "title": None, "unsubscribed": False}
        return self._person(who, source, "leads", key, base, values)

    def _person(
        self, who: str, source: str, name: str, key: str | int, base: dict[str, Any], values: dict[str, Any]
    ) -> str:
        times = {k: values.pop(k) for k in ("at", "seen", "gone") if k in values}
        self.put(source, name, key, **times, **{**base, **values})
        record = record_key(key, source)
        if record not in self.people.setdefault(who, []):
            self.people[who].append(record)
        return record

    def account(self, company: str, key: str, **values: Any) -> str:
        times = {k: values.pop(k) for k in ("at", "seen") if k in values}
        self.put(
            MAIN, "accounts", key, **times, **{"Id": key, "Industry": None, "IsDeleted": False, **values}
        )
        self.accounts.setdefault(company, []).append(record_key(key, MAIN))
        return record_key(key, MAIN)

    def amer_company(self, company: str, key: int, external: str, **values: Any) -> str:
        self.put(
            AMER, "companies", key, **{"id": key, "externalCompanyId": external, "industry": None, **values}
        )
        self.accounts.setdefault(company, []).append(company_key(key, AMER))
        return company_key(key, AMER)

    def deal(self, key: str, account: str, *, amount: float = 5e5, closed: bool = False, **more: Any) -> None:
        values = {"Id": key, "AccountId": account, "Amount": amount, "IsClosed": closed, "IsDeleted": False}
        self.put(MAIN, "opportunities", key, **{**more, **values})

    def role(
        self, key: str, deal: str, contact: str, role: str = "Decision Maker", *, deleted: bool = False
    ) -> None:
        values = {"OpportunityId": deal, "ContactId": contact, "Role": role, "IsDeleted": deleted}
        self.put(MAIN, "opportunity_contact_roles", key, **values)

    def activity(
        self, source: str, lead: int, type_id: int, at: datetime, primary: str = "", attributes: Mapping[str, Any] | None = None,
        seen: datetime | None = None,
    ) -> None:  # fmt: skip
        self.activities += 1
        values = {
            "leadId": lead,
            "activityTypeId": type_id,
            "primaryAttributeValue": primary,
            "attributes": attributes or {},
        }
        self.put(source, "activities", self.activities, at=at, seen=seen, **values)

    def visits(self, source: str, lead: int, *times: datetime, page: str = "acme.example/pricing") -> None:
        for at in times:
            self.activity(source, lead, 1, at, page)

    @property
    def oracle(self) -> Oracle:
        ordered = sorted(self.rows, key=lambda change: change.visible_at)
        changes = {source: [c for c in ordered if c.source == source] for source in SOURCES}
        return Oracle(
            World(len(self.people), 0, changes, Truth(self.people, {}, self.accounts, self.unlinkable))
        )

    def night(self, number: int = 1) -> Night:
        return self.oracle.night(number)


def person(night: Night, key: str) -> Any:
    return night.people[night.person_of[key]]


def bank_deal(**deal: Any) -> Small:
    world = Small()
    world.account("Bank", "001A", Industry="Finance")
    world.contact("Ann", "003A")
    world.deal("006A", "001A", **deal)
    return world
