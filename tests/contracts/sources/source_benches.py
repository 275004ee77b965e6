"""What the conformance suite needs of each source: a simulator with a world made by hand, and how to read it.

The suite knows people only: every source has an object of them (`people`), a key and a last name. The simulators run
on real loopback sockets; their clock stands where the test puts it, and a pause moves it on instead of being slept.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from muster.config import Connection, Platform, Settings
from muster.lake import Lake, Manifest
from muster.naming import Home
from muster.sources import Source, WindowTask, extract, extract_deltas, open_source, plan_windows
from muster.state import Gates
from muster.windows import Window
from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.store import Store
from muster_simulators.web import Stats, running
from muster_simulators.world.model import Change

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
NIGHT = Window(START, START + DAY)
NEXT = Window(START + DAY, START + 2 * DAY)
HOLD_BACK = timedelta(minutes=10)
SECRET = "a-secret-that-must-not-show"


@dataclass
class Bench:
    """One source under test. `url` is set when its simulator runs."""

    tmp: Path
    system: str
    instance: str
    people: str
    key: str
    last_name: str
    job_calls: tuple[str, ...]
    file_call: str
    objects: tuple[str, ...]
    clock: SimClock = field(
        default_factory=lambda: SimClock(NIGHT.end + timedelta(minutes=30), monotonic=lambda: 0.0)
    )
    faults: FaultPlan = field(default_factory=FaultPlan)
    stats: Stats = field(default_factory=Stats)
    changes: list[Change] = field(default_factory=list)
    url: str = ""
    pauses: list[float] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    homes: itertools.count = field(default_factory=itertools.count)
    source_settings: dict[str, Any] = field(default_factory=dict)
    failed_job: str = ""  # the call after which a bulk job fails; empty where there are no jobs
    lasting: str = "HTTP 503"  # how an error tells of a `status` fault of 503

    @property
    def id(self) -> str:
        return f"{self.system}__{self.instance}"

    # ---- the world -----------------------------------------------------------------------------------------

    def put(
        self, name: str, key: str, at: datetime, values: Mapping[str, Any], *, late: timedelta = timedelta(0)
    ) -> None:
        """A record's state from `at` on; `late`: how long after that readers first see it."""
        self.changes.append(Change(at, at + late, self.id, name, key, "upsert", dict(values)))

    def drop(self, name: str, key: str, at: datetime) -> None:
        self.changes.append(Change(at, at, self.id, name, key, "delete", {}))

    def person(self, number: int, at: datetime, last_name: str = "Lee", **more: Any) -> None:
        raise NotImplementedError

    def remove(self, number: int, at: datetime) -> None:
        raise NotImplementedError

    def removed(self, settings: Settings) -> set[str]:
        """Keys of the people that the lake knows as deleted."""
        raise NotImplementedError

    def app(self, store: Store) -> Any:
        raise NotImplementedError

    def serve(self, stack: ExitStack) -> None:
        """From now on the source can be reached; until the stack ends."""
        self.url = stack.enter_context(running(self.app(self.store()))).url

    def key_of(self, number: int) -> str:
        raise NotImplementedError

    def store(self) -> Store:
        return Store(self.id, sorted(self.changes, key=lambda change: change.visible_at), self.clock)

    def fault(self, kind: str, match: str, value: Any = None, **more: Any) -> Fault:
        fault = Fault(self.id, kind, match, value, **more)
        self.faults.add(fault)
        return fault

    # ---- reading it ----------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)

    def connection(self, password: str = SECRET) -> Connection:
        return Connection(self.id, self.url, "client", password)

    def settings(self) -> Settings:
        """A sandbox of its own at each call: an empty lake."""
        source = {
            "type": self.system,
            "connection": self.id,
            "feeds": ["acme/prod"],
            "objects": list(self.objects),
            "poll_seconds": 1,
            "timeout_seconds": 10,
            **self.source_settings,
        }
        platform = Platform.model_validate(
            {
                "platform": "acme",
                "sandbox": "prod",
                "schedule": {"cron": "0 0 * * *", "start": "2026-03-01"},
                "history_start": "2026-03-01",
                "sources": [source],
            }
        )
        return Settings(platform, Home(self.tmp / f"home{next(self.homes)}", "acme", "prod"), self.tmp)

    def gates(self, settings: Settings) -> Gates:
        """The quota gates of a sandbox, on the simulated clock: who waits for a place moves it on."""
        return Gates(Gates.of(settings).path, clock=self.clock.now, sleep=self.sleep)

    def open(self, settings: Settings, password: str = SECRET) -> Source:
        return open_source(
            settings.platform.source(self.id),
            self.connection(password),
            gates=self.gates(settings),
            sleep=self.sleep,
        )

    def extract(
        self, settings: Settings, interval: Window = NIGHT, kind: Any = "nightly", **options: Any
    ) -> list[Manifest]:
        return extract(
            settings, self.id, interval, kind, lambda _: self.connection(), on_progress=self.events.append,
            sleep=self.sleep, gates=self.gates(settings), **options,
        )  # fmt: skip

    def deltas(self, settings: Settings) -> list[Manifest]:
        return extract_deltas(
            settings, self.id, lambda _: self.connection(), sleep=self.sleep, gates=self.gates(settings)
        )

    def plan(self, settings: Settings, interval: Window = NIGHT, kind: Any = "nightly") -> list[WindowTask]:
        config = settings.platform.source(self.id)
        return plan_windows(settings, config, interval, run_kind=kind, lake=Lake(settings.home.lake))

    def task(self, settings: Settings, name: str | None = None) -> WindowTask:
        return next(task for task in self.plan(settings) if task.object == (name or self.people))

    def rows(self, settings: Settings, name: str | None = None) -> list[dict[str, Any]]:
        """Every committed row of one object, in file order."""
        files = Lake(settings.home.lake).raw_files(self.system, name or self.people)
        tables = [pq.read_table(path, partitioning=None) for path in files]
        return pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []

    def names(self, settings: Settings) -> dict[str, str]:
        """Last names by key, of each person's newest reading."""
        rows = sorted(self.rows(settings), key=lambda row: row["_window_start"])
        return {row[self.key]: row[self.last_name] for row in rows}

    def aside(self, settings: Settings) -> list[dict[str, Any]]:
        files = Lake(settings.home.lake).quarantine_files(self.system, self.people)
        return [row for path in files for row in pq.read_table(path, partitioning=None).to_pylist()]

    def committed(self, settings: Settings, name: str | None = None) -> list[Manifest]:
        return Lake(settings.home.lake).committed(self.system, self.instance, name or self.people)

    def calls(self, part: str = "") -> int:
        """How many calls reached the simulator whose method and path hold this text."""
        counts = self.stats.to_dict()["calls"].get(self.id, {})
        return sum(count for family, count in counts.items() if part in family)

    def through_json(self, ticket: Any) -> Any:
        """A ticket as another process gets it."""
        return json.loads(json.dumps(ticket))


class MarketoBench(Bench):
    options: Any = None

    def __init__(self, tmp: Path, **more: Any) -> None:
        super().__init__(
            tmp, "marketo", "amer", "leads", "id", "lastName",
            job_calls=(
                "GET /rest/v1/leads/describe2", "POST /bulk/v1/leads/export/create",
                "POST /bulk/v1/leads/export/.*/enqueue", "GET /bulk/v1/leads/export/.*/status",
                "GET /bulk/v1/leads/export/.*/file", "POST /identity",
            ),
            file_call="GET /bulk/v1/leads/export/.*/file",
            failed_job="leads/export/.*/enqueue",
            objects=(
                "leads", "activities", "deleted_leads", "lead_changes", "static_lists", "companies", "opportunities",
                "opportunity_roles", "sales_persons", "programs", "program_members", "smart_campaigns",
                "named_accounts",
            ),
        )  # fmt: skip
        self.source_settings = {"munchkin_id": "456-AMR-002", "custom_objects": ["contract_c"]}
        self.more = more

    def app(self, store: Store) -> Any:
        from muster_simulators.marketo import MarketoOptions, create_app

        options = MarketoOptions(**{"enforce_rate": True, "rate_clock": self._fast, **self.more})
        return create_app(
            store,
            clock=self.clock,
            faults=self.faults,
            clients={"client": SECRET},
            options=options,
            stats=self.stats,
        )

    def _fast(self) -> float:
        """The window of the rate limit goes by the simulated clock."""
        return self.clock.now().timestamp()

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
            "id": number,
            "email": f"p{number}@acme.example",
            "firstName": "Ann",
            "lastName": last_name,
            "createdAt": more.pop("createdAt", at),
            "updatedAt": at,
            "leadScore": 7,
            "unsubscribed": False,
            **more,
        }
        self.put("leads", str(number), at, values, late=late)

    def activity(self, guid: str, at: datetime, kind: int = 1, lead: int = 1, **more: Any) -> None:
        values = {
            "id": int(guid),
            "marketoGUID": guid,
            "leadId": lead,
            "activityDate": at,
            "activityTypeId": kind,
            "campaignId": None,
            "primaryAttributeValueId": 71,
            "primaryAttributeValue": "acme.example/pricing",
            "attributes": {"Webpage URL": "/pricing", "Client IP Address": "10.0.0.1"},
            **more,
        }
        self.put("activities", guid, at, values)

    def remove(self, number: int, at: datetime) -> None:
        self.drop("leads", str(number), at)
        self.activity(str(900_000 + number), at, 37, number, primaryAttributeValue="Ann Lee", attributes={})

    def removed(self, settings: Settings) -> set[str]:
        return {row["leadId"] for row in self.rows(settings, "deleted_leads")}


class SalesforceBench(Bench):
    def __init__(self, tmp: Path, **more: Any) -> None:
        super().__init__(
            tmp, "salesforce", "main", "contacts", "Id", "LastName",
            job_calls=(
                "POST /services/oauth2/token", "GET /services/data/v66.0/sobjects/Contact/describe",
                "POST /services/data/v66.0/jobs/query", "GET /services/data/v66.0/jobs/query/[^/]*$",
                "GET /services/data/v66.0/jobs/query/.*/results",
            ),
            file_call="GET .*/results Contact",
            failed_job="POST .*/jobs/query Contact",
            objects=(
                "accounts", "contacts", "leads", "opportunities", "opportunity_contact_roles",
                "account_contact_relations", "campaigns", "campaign_members", "users", "deleted_records",
            ),
        )  # fmt: skip
        self.source_settings = {"org_id": "00D5e000000MAIN"}
        self.more = more

    def app(self, store: Store) -> Any:
        from muster_simulators.salesforce import SalesforceOptions, create_app

        options = SalesforceOptions(**self.more)
        return create_app(
            store,
            clock=self.clock,
            faults=self.faults,
            clients={"client": SECRET},
            options=options,
            stats=self.stats,
        )

    def key_of(self, number: int) -> str:
        return f"0035e00000{number:08d}"

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
            "Id": self.key_of(number),
            "IsDeleted": False,
            "Email": f"p{number}@acme.example",
            "FirstName": "Ann",
            "LastName": last_name,
            "Name": f"Ann {last_name}",
            "CreatedDate": at,
            "LastModifiedDate": at,
            "SystemModstamp": at,
            **more,
        }
        self.put("contacts", self.key_of(number), at, values, late=late)

    def remove(self, number: int, at: datetime) -> None:
        self.person(number, at, IsDeleted=True)

    def removed(self, settings: Settings) -> set[str]:
        return {row["Id"] for row in self.rows(settings) if row["IsDeleted"] == "true"}
