"""Dynamics 365 for the conformance suite: contacts of one organisation."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from source_benches import SECRET, Bench

from muster.config import Connection, Settings
from muster_simulators.store import Store

TENANT = "0f8fad5b-d9cb-469f-a165-70867728950e"
ORG = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class DynamicsBench(Bench):
    def __init__(self, tmp: Path, **more: Any) -> None:
        super().__init__(
            tmp, "dynamics", "main", "contacts", "contactid", "lastname",
            job_calls=(
                "POST /.*/oauth2/v2.0/token", "GET /api/data/v9.2/WhoAmI", "GET /api/data/v9.2/EntityDefinitions",
                "GET /api/data/v9.2/contacts", "GET /api/data/v9.2/accounts",
            ),
            file_call="GET /api/data/v9.2/contacts",
            objects=(
                "accounts", "contacts", "leads", "opportunities", "connections", "campaigns", "lists", "listmembers",
                "activitypointers", "emails", "phonecalls", "appointments", "systemusers",
            ),
        )  # fmt: skip
        self.source_settings = {"org_id": ORG}
        self.more = more

    def app(self, store: Store) -> Any:
        from muster_simulators.dynamics import DynamicsOptions, create_app

        options = DynamicsOptions(**{"tenant": TENANT, "org_id": ORG, **self.more})
        return create_app(
            store,
            clock=self.clock,
            faults=self.faults,
            clients={"client": SECRET},
            options=options,
            stats=self.stats,
        )

    def connection(self, password: str = SECRET) -> Connection:
        extra = {"tenant_id": TENANT, "authority": self.url}
        return Connection(self.id, self.url, "client", password, extra)

    def key_of(self, number: int) -> str:
        return f"00000000-0000-4000-8000-{number:012d}"

    def person(
        self,
        number: int,
        at: datetime,
        last_name: str = "Lee",
        *,
        late: timedelta = timedelta(0),
        **more: Any,
    ) -> None:
        values = {
            "emailaddress1": f"p{number}@acme.example",
            "firstname": "Ann",
            "lastname": last_name,
            "fullname": f"Ann {last_name}",
            "statecode": 0,
            "statuscode": 1,
            **more,
        }
        self.record("contacts", "contactid", number, at, late=late, **values)

    def record(
        self,
        name: str,
        key: str,
        number: int,
        at: datetime,
        /,
        *,
        late: timedelta = timedelta(0),
        **values: Any,
    ) -> str:
        """A row of any table; its id."""
        stamps = {"createdon": at, "modifiedon": at, "versionnumber": 1000 + len(self.changes)}
        self.put(name, self.key_of(number), at, {key: self.key_of(number), **stamps, **values}, late=late)
        return self.key_of(number)

    def remove(self, number: int, at: datetime) -> None:
        self.drop("contacts", self.key_of(number), at)

    def removed(self, settings: Settings) -> set[str]:
        return {row["contactid"] for row in self.rows(settings) if row["deletedentity__reason"]}
