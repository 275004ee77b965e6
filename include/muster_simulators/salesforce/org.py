"""One simulated org: its store, schema, sessions, allowances, cursors and jobs; and one call to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.salesforce.desk import Desk
from muster_simulators.salesforce.drift import FIRST, Fields
from muster_simulators.salesforce.errors import ApiError
from muster_simulators.salesforce.fields import Record
from muster_simulators.salesforce.meter import InFlight, RollingDay
from muster_simulators.salesforce.options import SalesforceOptions
from muster_simulators.salesforce.plan import Plan
from muster_simulators.salesforce.schema import Schema
from muster_simulators.salesforce.sessions import Grants, Sessions
from muster_simulators.store import Store
from muster_simulators.web import Stats
from muster_simulators.world.ids import checked

STEPS = "__field_steps"
"""Where the store keeps how the fields were changed."""
OLDEST_VERSION, NEWEST_VERSION = 31, 68


@dataclass(frozen=True)
class Call:
    """One authenticated call. `version` is as in the path: `66.0`."""

    token: str
    version: str
    method: str
    path: str

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"


@dataclass(frozen=True)
class Cursor:
    """The rest of a query's rows, fixed when the query ran."""

    plan: Plan
    rows: list[Record]
    opened: datetime


class Cursors:
    """Open query cursors by id (`01g...`)."""

    def __init__(self, clock: SimClock, seconds: float) -> None:
        self._clock, self._life = clock, timedelta(seconds=seconds)
        self._lock = threading.Lock()
        self._open: dict[str, Cursor] = {}
        self._next = 0

    def open(self, plan: Plan, rows: list[Record]) -> str:
        with self._lock:
            now = self._clock.now()
            self._open = {key: each for key, each in self._open.items() if now - each.opened <= self._life}
            self._next += 1
            key = f"01g5e{self._next:010d}AAA"
            self._open[key] = Cursor(plan, rows, now)
        return key

    def get(self, key: str) -> Cursor:
        """Raises ApiError 400 INVALID_QUERY_LOCATOR for one that never was or is stale."""
        with self._lock:
            cursor = self._open.get(key)
        if cursor is None or self._clock.now() - cursor.opened > self._life:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor


class Org:
    """Everything behind the routes."""

    def __init__(
        self,
        store: Store,
        *,
        clock: SimClock,
        faults: FaultPlan,
        clients: Mapping[str, str],
        options: SalesforceOptions,
        stats: Stats,
    ) -> None:
        self.store, self.clock, self.faults, self.stats = store, clock, faults, stats
        self.options = options
        self.fields = Fields(options, clock)
        self.sessions = Sessions(clock, options)
        self.grants = Grants(self.sessions, clock, clients, options)
        self.day = RollingDay(clock)
        self.in_flight = InFlight(options.long_request_seconds)
        self.cursors = Cursors(clock, options.cursor_seconds)

        self._found_organisation()
        for _, step in sorted(store.records(STEPS).items()):
            self.fields.step(step)

    @property
    def schema(self) -> Schema:
        return self.fields.schema

    def change_fields(self, step: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """One step of `Fields.step`, kept over a restart, with `values` by record id. Raises ValueError."""
        shown = self.fields.step(step)
        if step is None:
            return shown
        number = len(self.store.records(STEPS)) + 1
        self.store.put(STEPS, f"{number:06d}", {k: v for k, v in step.items() if k != "values"})
        sobject, _, name = str(step.get("to") or step["name"]).rpartition(".")
        for key, value in (step.get("values") or {}).items():
            self.desk.change(sobject or str(step["name"]).partition(".")[0], key, **{name: value})
        return shown

    @property
    def desk(self) -> Desk:
        """What people do to the records, e.g. `org.desk.merge("Contact", winner, [loser])`."""
        return Desk(self.store, self.schema)

    @property
    def source(self) -> str:
        return self.store.source

    def limit_info(self) -> str:
        """The value of `Sforce-Limit-Info`."""
        return f"api-usage={self.day.used('requests')}/{self.options.daily_requests}"

    def _found_organisation(self) -> None:
        """The records that every org has from its first day on: itself, and its currencies where it has several."""
        born = {"CreatedDate": FIRST, "LastModifiedDate": FIRST, "SystemModstamp": FIRST}
        options, wanted = self.options, dict[tuple[str, str], dict[str, Any]]()
        itself = {"Name": "Acme", "InstanceName": "SIM1", "OrganizationType": "Enterprise Edition"}
        wanted["organizations", options.org_id] = {**itself, "IsSandbox": options.is_sandbox}
        for number, (code, rate) in enumerate(options.currencies.items(), start=1):
            key = checked(f"01L5e90000{number:05d}")
            wanted["currency_types", key] = {
                "IsoCode": code,
                "ConversionRate": rate,
                "DecimalPlaces": 0 if code == "JPY" else 2,
                "IsActive": True,
                "IsCorporate": number == 1,
            }
        for (stored_as, key), values in wanted.items():
            if self.store.get(stored_as, key) is None:
                self.store.put(stored_as, key, {"Id": key, **born, **values}, at=FIRST)

    def bin_start(self) -> datetime | None:
        """Soft deletes before this moment have left the recycle bin."""
        days = self.options.recycle_bin_days
        return None if days is None else self.clock.now() - timedelta(days=days)
