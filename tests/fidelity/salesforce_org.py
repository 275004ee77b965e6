"""A simulated organisation with the generated world, on a loopback port, and what its store holds in the API's words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import simple_salesforce
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import HTTPAdapter

from muster_simulators.clock import SimClock, parse_iso
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.salesforce import SalesforceOptions, create_app
from muster_simulators.store import Store
from muster_simulators.web import running
from muster_simulators.world import build_world
from muster_simulators.world.model import MAIN, Change

NOW = parse_iso("2026-03-03T00:30:00Z")


@cache
def changes() -> tuple[Change, ...]:
    return tuple(build_world(people=500, seed=7).changes[MAIN])


@cache
def key_pair() -> tuple[str, str]:
    """Private and public key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class ToLoopback(HTTPAdapter):
    """Sends whatever was meant for https://anywhere to one local server by plain HTTP."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._target = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        meant = urlsplit(str(request.url))
        request.url = urlunsplit(meant._replace(scheme="http", netloc=self._target.netloc))
        return super().send(request, *args, **kwargs)


class Served:
    """One organisation that answers."""

    page_size = 200
    objects: Mapping[str, str] = {
        "Account": "accounts", "Contact": "contacts", "Lead": "leads", "Opportunity": "opportunities",
        "OpportunityContactRole": "opportunity_contact_roles", "AccountContactRelation": "account_contact_relations",
        "Campaign": "campaigns", "CampaignMember": "campaign_members", "Task": "tasks", "Event": "events",
        "User": "users", "Contract__c": "custom__contract_c",
    }  # fmt: skip
    """API name -> name in the store."""

    def __init__(self) -> None:
        self.clock, self.faults = SimClock(NOW, monotonic=lambda: 0.0), FaultPlan()
        self.store = Store(MAIN, changes(), self.clock)
        self._private, public = key_pair()
        options = SalesforceOptions(
            page_size=self.page_size, queued_polls=0, running_polls=0, jwt_keys={"jwt-client": public}
        )
        self.org_id = options.org_id
        self.app = create_app(
            self.store, clock=self.clock, faults=self.faults, clients={"main-client": "main-secret"}, options=options
        )  # fmt: skip
        self.session = requests.Session()

    # ---- the library ---------------------------------------------------------------------------------------

    def client(self, **more: Any) -> simple_salesforce.Salesforce:
        who = {"consumer_key": "main-client", "consumer_secret": "main-secret", "domain": "acme.my"}
        who = more if "privatekey" in more else {**who, **more}
        return simple_salesforce.Salesforce(**who, session=self.session, version="66.0")

    @property
    def by_key(self) -> dict[str, str]:
        return {
            "username": "integration@acme.example",
            "consumer_key": "jwt-client",
            "privatekey": self._private,
        }

    # ---- the org -------------------------------------------------------------------------------------------

    @property
    def desk(self) -> Any:
        return self.app.state.org.desk

    def now(self, days: int = 0) -> datetime:
        return self.clock.now() + timedelta(days=days)

    @contextmanager
    def at_real_time(self) -> Iterator[None]:
        """The library signs assertions by the machine's clock."""
        self.clock.set(datetime.now(UTC))
        yield
        self.clock.set(NOW)

    def fault(self, kind: str, match: str, value: Any = None) -> None:
        self.faults.add(Fault(MAIN, kind, match, value))

    def records(self, stored: str) -> dict[str, Mapping[str, Any]]:
        """All of them, those in the recycle bin too."""
        return dict(self.store.records(stored))

    def living(self, stored: str) -> dict[str, Mapping[str, Any]]:
        return {
            key: one
            for key, one in self.records(stored).items()
            if not one.get("IsDeleted") and not one.get("IsArchived")
        }

    # ---- comparing -----------------------------------------------------------------------------------------

    def same(self, rows: Iterable[Mapping[str, Any]], records: Mapping[str, Mapping[str, Any]]) -> bool:
        """Are the rows of an answer these records, each once, in every field that the store holds?"""
        rows = list(rows)
        found = {row["Id"]: row for row in rows}
        return (
            len(rows) == len(found)
            and set(found) == set(records)
            and all(
                row[name] == _json(record[name])
                for key, row in found.items()
                for name, record in ((name, records[key]) for name in row if name in records[key])
            )
        )

    def same_csv(self, pages: Iterable[str], records: Mapping[str, Mapping[str, Any]]) -> bool:
        """The same of pages of CSV; a field that is absent in the store is empty."""
        rows = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
        found = {row["Id"]: row for row in rows}
        return (
            len(rows) == len(found)
            and set(found) == set(records)
            and all(
                _is_in_csv(text, records[key].get(name))
                for key, row in found.items()
                for name, text in row.items()
            )
        )


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return value.isoformat() if isinstance(value, date) else (None if value == "" else value)


def _is_in_csv(text: str, value: Any) -> bool:
    if isinstance(value, datetime):
        return text == value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, int | float):
        return float(text) == value
    return text == ("" if value is None else str(value))


@contextmanager
def served() -> Iterator[Served]:
    """An organisation of its own, so that what one check changes another doesn't see."""
    org = Served()
    with running(org.app) as server, org.session as session:
        session.mount("https://", ToLoopback(server.url))
        yield org
