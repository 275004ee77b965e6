"""HubSpot under the conformance suite: contacts of one portal, changed, archived, merged and associated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from source_benches import SECRET, Bench

from muster.config import Settings
from muster_simulators.store import Store

PORTAL = 424242
OBJECTS = (
    "contacts", "companies", "deals", "contact_companies", "deal_contacts", "deal_companies", "calls", "emails",
    "meetings", "notes", "tasks", "owners", "lists", "list_members",
)  # fmt: skip
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}


class HubSpotBench(Bench):
    def __init__(self, tmp: Path, **more: Any) -> None:
        super().__init__(
            tmp, "hubspot", "main", "contacts", "id", "lastname",
            job_calls=(
                "GET /account-info/v3/details", "GET /crm/v3/properties/contacts",
                "POST /crm/v3/objects/contacts/search", "POST /crm/v3/objects/contacts/batch/read",
                "GET /crm/v3/objects/contacts$",
            ),
            file_call="POST /crm/v3/objects/contacts/batch/read",
            objects=OBJECTS,
        )  # fmt: skip
        self.source_settings = {"portal_id": PORTAL}
        self.more = more

    def app(self, store: Store) -> Any:
        from muster_simulators.hubspot import HubSpotOptions, create_app

        options = HubSpotOptions(**{"rate_clock": self._passed, **self.more})
        return create_app(
            store,
            clock=self.clock,
            faults=self.faults,
            clients={"client": SECRET},
            options=options,
            stats=self.stats,
        )

    def _passed(self) -> float:
        """Real seconds and those that the reader meant to sleep: it paces itself by both."""
        return self.clock.now().timestamp() + time.monotonic()

    def key_of(self, number: int) -> str:
        return str(number)

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
            "email": f"p{number}@acme.example",
            "firstname": "Ann",
            "lastname": last_name,
            "createdate": at,
            "lastmodifieddate": at,
            **more,
        }
        self.put("contacts", str(number), at, values, late=late)

    def record(self, name: str, number: int, at: datetime, **more: Any) -> None:
        """A company, a deal, an engagement or a record of a custom object."""
        created = "createdate" if name in ("companies", "deals") else "hs_createdate"
        self.put(name, str(number), at, {created: at, "hs_lastmodifieddate": at, **more})

    def associate(self, pair: str, one: int, other: int, at: datetime, *types: Mapping[str, Any]) -> None:
        """`contacts__companies`: these two belong together from now on, by these types."""
        values = {"from": str(one), "to": str(other), "types": [dict(kind) for kind in types or (PLAIN,)]}
        self.put(f"associations__{pair}", f"{one}:{other}", at, values)

    def part(self, pair: str, one: int, other: int, at: datetime) -> None:
        self.drop(f"associations__{pair}", f"{one}:{other}", at)

    def remove(self, number: int, at: datetime) -> None:
        """Archived: its last change stays what it was."""
        self.person(number, at - timedelta(hours=24), archived=True, archivedAt=at)
        self.changes[-1] = replace(self.changes[-1], at=at, visible_at=at)

    def removed(self, settings: Settings) -> set[str]:
        return {row["id"] for row in self.rows(settings) if row["archived"] == "true"}


def extracted(bench: HubSpotBench, start: Callable[[Bench], Bench]) -> Settings:
    """Serve the bench's world and read the night; the sandbox that it was read into."""
    settings = start(bench).settings()
    bench.extract(settings)
    return settings
