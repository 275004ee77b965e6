"""How the conformance suite looks at a destination from outside, without Muster's own code."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from activation_sandbox import AUDIENCE, FILES, LIST, Sandbox, settings_in
from moto.server import ThreadedMotoServer

from muster.config import Connection
from muster.destinations import open_destination
from muster.destinations.base import Destination, Guard, MemberDestination, Place
from muster.destinations.marketo.destination import open_marketo
from muster.state import Gates
from muster_simulators.clock import SimClock
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.marketo.app import create_app
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.store import Store
from muster_simulators.web import Running, Stats, running
from muster_simulators.world.model import Change

FAST = 100  # times as fast as real time go the simulator's 20 seconds and the gate's
START = datetime(2026, 3, 3, tzinfo=UTC)
SECRET = "s3cr3t-of-the-connection"
Opened = Callable[[Destination], None]


class Harness(ABC):
    """One destination, reachable; the sandbox activates to it."""

    name: str
    sandbox: Sandbox

    @abstractmethod
    def members(self) -> set[str]:
        """Member keys that are there now, seen from outside."""

    @abstractmethod
    def break_down(self) -> None:
        """From now on every call fails."""

    @abstractmethod
    def state(self) -> Any:
        """Everything that is there, to be compared."""

    def open(
        self, config: Any, resolver: Any, place: Place, *, guard: Guard, transport: Any = None
    ) -> Destination:
        return open_destination(config, resolver, place, guard=guard, transport=transport)

    def opened(self, guard: Guard = lambda: None) -> Destination:
        """The destination itself."""
        settings = self.sandbox.settings
        place = Place("acme", "prod", AUDIENCE, settings.home.exports)
        config = settings.platform.destination(self.name)
        return self.open(config, self.sandbox.connections.__getitem__, place, guard=guard)

    def tampered(self, change: Opened) -> Callable[..., Destination]:
        """An opener whose destination was changed by `change` first."""

        def opener(*given: Any, **named: Any) -> Destination:
            target = self.open(*given, **named)
            change(target)
            return target

        return opener


class MarketoHarness(Harness):
    """The simulator, with a lead 100 + n for person n of 1 to 400."""

    name = LIST

    def __init__(self, root: Path, server: Running, store: Store, faults: FaultPlan, stats: Stats) -> None:
        self.server, self.store, self.faults, self.stats = server, store, faults, stats
        self.pauses: list[float] = []
        self.sandbox = Sandbox(root, settings_in(root), self.open)
        self.gates = Gates(
            self.sandbox.settings.home.quota,
            clock=lambda: START + timedelta(seconds=time.monotonic() * FAST),
            sleep=lambda seconds: time.sleep(seconds / FAST),
        )
        self.sandbox.connections["marketo__emea"] = Connection(
            "marketo__emea", server.url, "emea-client", SECRET
        )

    @classmethod
    @contextmanager
    def started(cls, root: Path, **options: Any) -> Iterator[MarketoHarness]:
        clock, faults, stats = SimClock(START), FaultPlan(), Stats()
        changes = [lead_change(number) for number in range(1, 401)]
        store = Store("marketo__emea", changes, clock)
        given = MarketoOptions(rate_clock=lambda: time.monotonic() * FAST, **options)
        app = create_app(
            store, clock=clock, faults=faults, clients={"emea-client": SECRET}, options=given, stats=stats
        )
        with running(app) as server:
            yield cls(root, server, store, faults, stats)

    def open(
        self, config: Any, resolver: Any, place: Place, *, guard: Guard, transport: Any = None
    ) -> Destination:
        connection = resolver(config.connection)
        gate = self.gates.destination(config, self.sandbox.settings.platform)
        return open_marketo(
            config, connection, place, guard=guard, gate=gate, transport=transport, sleep=self.pauses.append
        )

    def members(self) -> set[str]:
        return {f"p{lead - 100}" for lead in self.lead_ids()}

    def lead_ids(self, name: str = "buyers (acme/prod)") -> set[int]:
        """Members of the list of this name."""
        ids = {found["id"] for found in self.store.records("static_lists").values() if found["name"] == name}
        return {row["leadId"] for row in self.store.records("list_members").values() if row["listId"] in ids}

    def break_down(self) -> None:
        self.fault("status", "", times=None, value=503)

    def state(self) -> Any:
        kept = ("leads", "static_lists", "list_members", "folders")
        return {name: dict(self.store.records(name)) for name in kept}

    def fault(self, kind: str, match: str, **options: Any) -> Fault:
        fault = Fault("marketo__emea", kind, match, **options)
        self.faults.add(fault)
        return fault

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = self.stats.to_dict()["calls"].get("marketo__emea", {})
        return found

    def lead(self, lead_id: int, **values: Any) -> None:
        """Make or replace a lead, as somebody else in that Marketo."""
        self.store.put(
            "leads", str(lead_id), {"id": lead_id, "createdAt": START, "updatedAt": START, **values}
        )

    def foreign_list(self, name: str, folder: dict[str, Any]) -> None:
        stamps = {"createdAt": START, "updatedAt": START}
        row = {
            "id": 4711,
            "name": name,
            "folder": folder,
            "workspaceName": "Default",
            "description": "",
            **stamps,
        }
        self.store.put("static_lists", "4711", row)


def lead_change(number: int) -> Change:
    lead = {
        "id": 100 + number,
        "email": f"P{number}@Acme.example",
        "firstName": "Per",
        "lastName": f"Son{number}",
        "ecid": f"{number:038d}",
        "createdAt": START,
        "updatedAt": START,
    }
    return Change(START, START, "marketo__emea", "leads", str(lead["id"]), "upsert", lead)


class FilesHarness(Harness):
    """Reads as a consumer does: the manifest, then the CSV it names."""

    name = FILES

    @abstractmethod
    def bytes_of(self, name: str) -> bytes | None: ...

    def manifest(self) -> dict[str, Any] | None:
        data = self.bytes_of("manifest.json")
        return None if data is None else dict(json.loads(data))

    def members(self) -> set[str]:
        return {row["member_key"] for row in self.rows()}

    def rows(self) -> list[dict[str, str]]:
        manifest = self.manifest()
        if manifest is None:
            return []
        path = next(file["path"] for file in manifest["files"] if file["format"] == "csv")
        text = (self.bytes_of(path) or b"").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))


class LocalHarness(FilesHarness):
    def __init__(self, root: Path, **changes: Any) -> None:
        self.root = root / "home" / "acme" / "prod" / "exports" / FILES / AUDIENCE
        self.sandbox = Sandbox(root, settings_in(root, files__exports=changes), self.open)

    def bytes_of(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if path.exists() else None

    def break_down(self) -> None:
        """A file lies where the folder has to be."""
        if self.root.exists():
            self.root.rename(self.root.with_name("moved"))
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.write_text("not a folder")

    def state_of(self, version: str) -> dict[str, bytes]:
        """The files of one version."""
        return {path.name: path.read_bytes() for path in (self.root / version).iterdir()}

    def state(self) -> Any:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }


class S3Harness(FilesHarness):
    def __init__(self, root: Path, endpoint: str) -> None:
        self.bucket = f"bucket-{uuid.uuid4().hex[:8]}"
        keys = {"aws_access_key_id": "key-id", "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        self.client = boto3.client("s3", endpoint_url=endpoint, **keys)
        self.client.create_bucket(Bucket=self.bucket)
        place = {"path": f"s3://{self.bucket}/exports/", "connection": "files__bucket"}
        self.sandbox = Sandbox(root, settings_in(root, files__exports=place), self.open)
        extra = {"region": "us-east-1"}
        self.sandbox.connections["files__bucket"] = Connection(
            "files__bucket", endpoint, "key-id", SECRET, extra
        )

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [entry["Key"] for entry in listed]

    def bytes_of(self, name: str) -> bytes | None:
        key = f"exports/acme/prod/{AUDIENCE}/{name}"
        if key not in self.names():
            return None
        return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def break_down(self) -> None:
        for key in self.names():
            self.client.delete_object(Bucket=self.bucket, Key=key)
        self.client.delete_bucket(Bucket=self.bucket)

    def state(self) -> Any:
        return {
            key: self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.names()
        }


@contextmanager
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def dying(target: Destination, *, is_done: bool) -> None:
    """The process dies around the first call that changes members: right after it, or right before."""
    name = "add" if isinstance(target, MemberDestination) else "replace"
    real = getattr(target, name)

    def die(*given: Any) -> Any:
        if is_done:
            real(*given)
        raise KilledError

    setattr(target, name, die)


class KilledError(BaseException):
    """The process dies here."""
