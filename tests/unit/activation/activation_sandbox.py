"""A sandbox to activate in: settings, a published table that tests set, and a list somewhere else, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from muster.activation import ActivationResult, activate
from muster.activation.desired import Published
from muster.activation.ledger import Ledger, load
from muster.activation.records import RECEIPTS
from muster.config import Connection, Platform, Settings
from muster.destinations.base import (
    Candidate,
    Declaration,
    Destination,
    Guard,
    Match,
    MemberDestination,
    Outcome,
    Reply,
    Usage,
)
from muster.lake import Lake
from muster.naming import Home

NIGHT = datetime(2026, 3, 3, tzinfo=UTC)
AUDIENCE, LIST, FILES = "buyers", "marketo__emea", "files__exports"

PLATFORM: dict[str, Any] = {
    "platform": "acme",
    "sandbox": "prod",
    "schedule": {"cron": "0 0 * * *", "start": "2026-03-02"},
    "history_start": "2026-01-01",
    "sources": [
        {
            "type": "marketo",
            "connection": "marketo__emea",
            "munchkin_id": "123-EMA-001",
            "feeds": ["acme/prod"],
            "objects": ["leads"],
        }
    ],
    "destinations": [
        {"type": "marketo", "name": LIST, "connection": "marketo__emea", "folder": "Muster"},
        {"type": "files", "name": FILES},
    ],
    "activations": [
        {"audience": AUDIENCE, "destination": LIST},
        {"audience": AUDIENCE, "destination": FILES},
    ],
}


def settings_in(root: Path, **changes: Mapping[str, Any]) -> Settings:
    """Settings of a small platform; `changes` by destination name replace keys of that destination."""
    destinations = [{**one, **changes.get(one["name"], {})} for one in PLATFORM["destinations"]]
    platform = Platform.model_validate({**PLATFORM, "destinations": destinations})
    return Settings(platform, Home(root / "home", "acme", "prod"), root / "config")


def person(number: int, **changes: Any) -> dict[str, Any]:
    return {"member_key": f"p{number}", "email": f"p{number}@acme.example", "ecid": None, **changes}


def people(*numbers: int) -> list[dict[str, Any]]:
    return [person(number) for number in numbers]


SCHEMA = pa.schema([(name, pa.string()) for name in ("member_key", "email", "ecid")])


class Clock:
    """Ticks by a microsecond at each reading, so that records have an order."""

    def __init__(self) -> None:
        self.now = NIGHT

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@dataclass
class Sandbox:
    """One platform's sandbox, its published table and its way to the destination."""

    root: Path
    settings: Settings
    opener: Callable[..., Destination] | None = None
    connections: dict[str, Connection] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    table: pa.Table = field(default_factory=SCHEMA.empty_table)
    night: int = 0
    snapshot: str = "s0"

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.home.lake)

    def publish(self, rows: Sequence[Mapping[str, Any]], *, is_new_night: bool = True) -> None:
        """A new snapshot with these rows; of the next night, or a rebuild of the same one."""
        self.night += is_new_night
        self.snapshot = f"s{int(self.snapshot[1:]) + 1}"
        self.table = pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)

    @property
    def as_of(self) -> datetime:
        return NIGHT + timedelta(days=self.night)

    def read(self, settings: Settings, destination: str, audience: str) -> Published:
        return Published(self.snapshot, self.as_of, self.table)

    def activate(self, destination: str = LIST, **options: Any) -> ActivationResult:
        given: dict[str, Any] = {
            "run_id": "scheduled__1",
            "attempt": 1,
            "reader": self.read,
            "clock": self.clock,
        }
        if self.opener is not None:
            given["opener"] = self.opener
        return activate(
            self.settings, destination, AUDIENCE, self.connections.__getitem__, **{**given, **options}
        )

    def ledger(self, destination: str = LIST) -> Ledger:
        return load(self.lake, destination, AUDIENCE)

    def held(self, destination: str = LIST) -> set[str]:
        """Destination keys the ledger says are there."""
        pairs = self.ledger(destination).pairs.to_pylist()
        return {pair["destination_key"] for pair in pairs if pair["state"] == "held"}

    def receipts(self, destination: str = LIST) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for file in self.lake.dataset_files(RECEIPTS):
            if file.name.startswith(f"{destination}--"):
                rows += pa.parquet.read_table(file).to_pylist()
        return sorted(rows, key=lambda row: (row["epoch"], row["seq"]))


Fault = Callable[[str, Sequence[str]], Reply | None]


class FakeList(MemberDestination):
    """A list in memory. `leads`: e-mail address to ids. `faults`: asked, one per write, before it is done."""

    declaration = Declaration("fake", frozenset({"person"}), ("email", "ecid"), ("email",), "members", 3, 3)

    def __init__(self, leads: Mapping[str, Sequence[str]] | None = None) -> None:
        self.leads = {name: list(ids) for name, ids in (leads or {}).items()}
        self.members: set[str] = set()
        self.faults: list[Fault] = []
        self.is_made = False
        self.usage = Usage()
        self.guard: Guard = lambda: None
        self.log: list[tuple[str, tuple[str, ...]]] = []

    def open(self, config: Any, resolver: Any, place: Any, *, guard: Guard, transport: Any) -> FakeList:
        self.guard, self.usage = guard, Usage()
        return self

    def close(self) -> None:
        self.log.append(("close", ()))

    def prepare(self, *, create: bool) -> bool:
        self._read()
        self.is_made = self.is_made or create
        return self.is_made

    def match(self, candidates: Sequence[Candidate]) -> list[Match]:
        self._read()
        assert len(candidates) <= self.declaration.lookup_size
        return [self._match(candidate) for candidate in candidates]

    def _match(self, candidate: Candidate) -> Match:
        found = self.leads.get(str(candidate.identifiers["email"]), [])
        if len(found) == 1:
            return Match(candidate.member_key, found[0])
        return Match(
            candidate.member_key,
            None,
            "ambiguous" if found else "unmatched",
            "several" if found else "no_lead",
        )

    def present(self, keys: Sequence[str]) -> set[str]:
        self._read()
        assert len(keys) <= self.declaration.batch_size
        return self.members & set(keys)

    def add(self, keys: Sequence[str]) -> Reply:
        return self._write("add", keys, self.members.update)

    def remove(self, keys: Sequence[str]) -> Reply:
        return self._write("remove", keys, self.members.difference_update)

    def _read(self) -> None:
        self.guard()
        self.usage.calls += 1

    def _write(self, name: str, keys: Sequence[str], do: Callable[[Sequence[str]], None]) -> Reply:
        assert 0 < len(keys) <= self.declaration.batch_size
        self.guard()
        self.usage.calls += 1
        self.usage.writes += 1
        self.log.append((name, tuple(keys)))
        given = self.faults.pop(0)(name, keys) if self.faults else None
        if given is not None:
            return given
        do(keys)
        return Reply(tuple(Outcome(key, "accepted") for key in keys), f"r{len(self.log)}")

    @property
    def writes(self) -> list[tuple[str, tuple[str, ...]]]:
        return [entry for entry in self.log if entry[0] != "close"]


def with_leads(*numbers: int, batch: int = 3) -> FakeList:
    """A list of a system where person n is lead 100 + n, and `batch` go in a call."""
    fake = FakeList({f"p{n}@acme.example": [str(100 + n)] for n in numbers})
    fake.declaration = replace(fake.declaration, batch_size=batch, lookup_size=batch)
    return fake
