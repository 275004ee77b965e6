"""`muster-simulators serve`: all simulated sources and the control server in one process.

With `--state` what clients wrote (a journal per source), the daily counters and the clock outlive the process; the world itself is
generated again from `--people` and `--seed`. The ports file is written last: when it is there, every server answers.
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from muster_simulators import dynamics, hubspot, marketo, salesforce
from muster_simulators.clock import SimClock, parse_iso
from muster_simulators.control import Controlled, SchemaChange, create_control
from muster_simulators.faults import FaultPlan
from muster_simulators.hubspot.world import HUBSPOT, hubspot_changes, pipelines_of
from muster_simulators.journal import Journal
from muster_simulators.store import Store
from muster_simulators.web import Running, Stats
from muster_simulators.world import build_world
from muster_simulators.world.model import AMER, EMEA, MAIN, Change

CLIENTS: Mapping[str, Mapping[str, str]] = {
    EMEA: {"emea-client": "emea-secret"},
    AMER: {"amer-client": "amer-secret"},
    MAIN: {"main-client": "main-secret"},
    dynamics.DYNAMICS: {"dynamics-client": "dynamics-secret"},
    HUBSPOT: {"main-app": "main-token"},
}
"""Ids and secrets of the simulated API users. They open nothing but these simulators."""
FIXED_ORDER = (EMEA, AMER, MAIN, "control")
EXTRAS: Mapping[str, str] = {"dynamics": dynamics.DYNAMICS, "hubspot": HUBSPOT}
"""What is served only when asked for by `--with`, on the ports after the others; their records are those of the Salesforce."""
DEFAULT_NOW = "2026-03-03T00:30:00Z"


class UsageError(Exception):
    """Something about the command line or the state folder, told to the user without a traceback."""


@dataclass
class State:
    """The state folder: whose world it is, the clock, journals and counters. Without a folder nothing is kept."""

    folder: Path | None
    _lock: Any = field(default=None, repr=False)

    def claim(self, people: int, seed: int) -> None:
        """Refuse a folder of another world, or one that another process uses."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another process serves from {self.folder}") from None
        world, wanted = self.folder / "world.json", {"people": people, "seed": seed}
        if not world.exists():
            replace_file(world, json.dumps(wanted))
        found = json.loads(world.read_text())
        if found != wanted:
            raise UsageError(
                f"{self.folder} belongs to another world ({found}, not {wanted}); take a new folder"
            )

    def now(self, default: str) -> datetime:
        """Where the clock stood when it was last kept, else `default`."""
        kept = self.folder / "clock.json" if self.folder else None
        text = json.loads(kept.read_text())["now"] if kept and kept.exists() else default
        return parse_iso(text)

    def keep_clock(self, moment: datetime) -> None:
        if self.folder is not None:
            replace_file(self.folder / "clock.json", json.dumps({"now": moment.astimezone(UTC).isoformat()}))

    def journal(self, source: str) -> Journal:
        return Journal(self.folder / f"{source}.jsonl" if self.folder else None)

    def ledger(self, source: str) -> marketo.Ledger:
        return marketo.Ledger(self.folder / f"{source}.counters.jsonl" if self.folder else None)


def replace_file(path: Path, text: str) -> None:
    """Write a small file so that readers see the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


@dataclass
class Simulators:
    """The applications of all sources over one clock, one fault plan and one set of counters."""

    clock: SimClock
    faults: FaultPlan
    stats: Stats
    state: State
    stores: dict[str, Store] = field(default_factory=dict)
    apps: dict[str, FastAPI] = field(default_factory=dict)
    journals: list[Journal] = field(default_factory=list)
    ledgers: list[marketo.Ledger] = field(default_factory=list)

    def add(self, source: str, changes: Sequence[Change], **options: Any) -> None:
        """One source: `salesforce__…` or `marketo__…`; `options` are those of its system."""
        journal = self.state.journal(source)
        store = Store(source, changes, self.clock, journal)
        app: FastAPI
        shared: dict[str, Any] = {"clock": self.clock, "faults": self.faults, "clients": CLIENTS[source]}
        if source.startswith("salesforce__"):
            chosen = salesforce.SalesforceOptions(**options)
            app = salesforce.create_app(store, options=chosen, stats=self.stats, **shared)
        elif source == dynamics.DYNAMICS:
            app = dynamics.create_app(
                store, options=dynamics.DynamicsOptions(**options), stats=self.stats, **shared
            )
        elif source.startswith("hubspot__"):
            portal = hubspot.HubSpotOptions(**options)
            app = hubspot.create_app(store, options=portal, stats=self.stats, **shared)
        else:
            ledger = self.state.ledger(source)
            self.ledgers.append(ledger)
            chosen_options = marketo.MarketoOptions(**options)
            app = marketo.create_app(store, options=chosen_options, stats=self.stats, ledger=ledger, **shared)
        self.journals.append(journal)
        self.stores[source], self.apps[source] = store, app

    def control(self) -> FastAPI:
        instances = {
            source: app.state.instance for source, app in self.apps.items() if source.startswith("marketo__")
        }
        lists = {source: instance.lists_by_name for source, instance in instances.items()}
        schemas: dict[str, SchemaChange] = {
            source: marketo.schema_control(instance) for source, instance in instances.items()
        }
        schemas |= {
            source: app.state.org.change_fields
            for source, app in self.apps.items()
            if source.startswith("salesforce__")
        }
        keep = self.state.keep_clock
        return create_control(
            Controlled(self.clock, self.faults, self.stats, self.stores, lists, keep, schemas)
        )

    def close(self) -> None:
        self.state.keep_clock(self.clock.now())
        for journal in self.journals:
            journal.close()
        for ledger in self.ledgers:
            ledger.close()


def build(arguments: argparse.Namespace) -> Simulators:
    """Generate the world, claim the state, make the applications, and bring every store up to the clock."""
    try:
        world = build_world(people=arguments.people, seed=arguments.seed)
    except ValueError as problem:
        raise UsageError(str(problem)) from None
    state = State(arguments.state)
    state.claim(arguments.people, arguments.seed)
    simulators = Simulators(SimClock(state.now(arguments.now)), FaultPlan(), Stats(), state)
    pace = arguments.rate_speed
    limits = {"rate_clock": lambda: time.monotonic() * pace, "enforce_rate": not arguments.no_enforce_rate}
    options: dict[str, dict[str, Any]] = {
        EMEA: {"munchkin_id": "123-EMA-001", "crm_sync": "disabled", **limits},
        AMER: {"munchkin_id": "456-AMR-002", **limits},
        MAIN: {},
    }
    for source in (EMEA, AMER, MAIN):
        simulators.add(source, world.changes.get(source, ()), **options[source])
        simulators.stores[source].catch_up()
    if "dynamics" in arguments.extras:
        simulators.add(dynamics.DYNAMICS, dynamics.from_salesforce(world.changes.get(MAIN, ())))
        simulators.stores[dynamics.DYNAMICS].catch_up()
    if "hubspot" in arguments.extras:
        org = world.changes.get(MAIN, ())
        portal = {"rate_clock": limits["rate_clock"], "pipelines": pipelines_of(org)}
        simulators.add(HUBSPOT, hubspot_changes(org), **portal)
        simulators.stores[HUBSPOT].catch_up()
    return simulators


def start_servers(simulators: Simulators, host: str, base: int | None) -> dict[str, Running]:
    """One server an application; with `base` on base, base+1, ... in FIXED_ORDER, then the extras."""
    apps = {**simulators.apps, "control": simulators.control()}
    servers: dict[str, Running] = {}
    extras = [source for source in EXTRAS.values() if source in apps]
    for number, name in enumerate((*FIXED_ORDER, *extras)):
        port = 0 if base is None else base + number
        try:
            servers[name] = Running(apps[name], host, port).start()
        except OSError as problem:
            for server in servers.values():
                server.stop()
            raise UsageError(f"port {port} for {name}: {problem.strerror}") from None
    return servers


@contextmanager
def without_collections() -> Iterator[None]:
    """Garbage collection off while one big live structure grows; what is there afterwards is left alone for good."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def serve(arguments: argparse.Namespace, ended: threading.Event) -> None:
    """Serve until `ended` is set."""
    with without_collections():
        simulators = build(arguments)
    servers = start_servers(simulators, arguments.host, arguments.fixed_ports)
    for name, server in servers.items():
        print(f"{name:<18} {server.url}", flush=True)
    if arguments.ports_file is not None:
        replace_file(
            arguments.ports_file, json.dumps({name: server.port for name, server in servers.items()})
        )
    ended.wait()
    for server in servers.values():
        server.stop()
    simulators.close()


@contextmanager
def signals_set(event: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set the event."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: event.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _moment(text: str) -> str:
    try:
        parse_iso(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    return text


def _extras(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [name for name in found if name not in EXTRAS]:
        raise argparse.ArgumentTypeError(f"'{unknown[0]}' is none of {', '.join(EXTRAS)}")
    return found


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="muster-simulators", description="Simulated Marketo and Salesforce servers"
    )
    command = found.add_subparsers(dest="command", required=True).add_parser(
        "serve", help="serve two Marketo subscriptions, one Salesforce org and the control server"
    )
    add = command.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    add("--people", type=int, default=20_000, help="size of the generated world (default 20000)")
    add("--seed", type=int, default=7, help="which world (default 7)")
    add("--state", type=Path, help="folder that keeps what clients wrote and the clock")
    add("--ports-file", type=Path, help="JSON file of the ports, written when every server answers")
    add("--fixed-ports", type=int, metavar="BASE", help="BASE emea, +1 amer, +2 salesforce, +3 control")
    add(
        "--now",
        type=_moment,
        default=DEFAULT_NOW,
        help=f"simulated time of a first start (default {DEFAULT_NOW})",
    )
    add(
        "--rate-speed",
        type=float,
        default=1.0,
        help="how much faster than real the rate windows pass (default 1)",
    )
    add(
        "--with",
        dest="extras",
        type=_extras,
        default=(),
        metavar="SYSTEMS",
        help=f"further systems with the same world, on the ports after the others: {', '.join(EXTRAS)}",
    )
    add("--no-enforce-rate", action="store_true", help="count calls beyond a limit instead of refusing them")
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """The console script. SIGTERM and SIGINT stop it cleanly."""
    arguments = parser().parse_args(argv)
    ended = threading.Event()
    try:
        with signals_set(ended):
            serve(arguments, ended)
    except UsageError as problem:
        print(f"muster-simulators: {problem}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
