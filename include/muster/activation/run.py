"""The loop of an activation: lease, read, settle, plan, breaker, sync, read back, note.

Whatever happens in the middle, the next attempt starts from what the destination and the ledger say. Nothing is
remembered anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from muster.activation import approvals, members, snapshot
from muster.activation import plan as plans
from muster.activation.desired import Desired, Reader, prepare, read_published, sandbox_salt
from muster.activation.ledger import Ledger, last_epoch, load
from muster.activation.plan import Plan
from muster.activation.records import Datasets, Scribe
from muster.activation.result import ActivationResult, counted, standing, write
from muster.activation.settle import settle
from muster.activation.work import Done, Report, Work, silent
from muster.config import ConnectionResolver, DestinationConfig, MarketoDestination, Settings
from muster.destinations import declaration_of, open_destination
from muster.destinations.base import Clock, Destination, MemberDestination, Place, Usage, utc_now
from muster.errors import MusterError
from muster.lake import Lake
from muster.state import Gates, Lease, Leases

LEASE = timedelta(minutes=10)


def activate(
    settings: Settings,
    destination: str,
    audience: str,
    resolver: ConnectionResolver,
    *,
    run_id: str,
    attempt: int,
    dry_run: bool = False,
    approve: str | None = None,
    on_progress: Report | None = None,
    reader: Reader = read_published,
    transport: Any = None,
    clock: Clock = utc_now,
    opener: Callable[..., Destination] | None = None,
) -> ActivationResult:
    """Bring `destination` to what `audience` is in the published snapshot; only the difference is sent.

    With `dry_run` nothing is written, there or here, and no call is made: the plan is all there is. `approve`: the
    id of a plan the breaker may not hold. `transport` replaces the network (httpx or a file system), `opener` the
    whole destination.
    Raises GuardrailHeld, LeaseLost, DestinationError; after each of them the same call again goes on.
    """
    config = _configured(settings, destination, audience)
    lake = Lake(settings.home.lake)

    def desired_now() -> Desired:
        salt = sandbox_salt(settings.home, create=not dry_run)
        published = reader(settings, destination, audience)
        return prepare(published, declaration_of(config), salt, where=f"{destination} / {audience}")

    if dry_run:
        plan = _planned(config, audience, desired_now(), load(lake, destination, audience))
        return replace(_result(plan, Done(), Usage(), {}), is_dry_run=True)
    with _lease(settings, lake, destination, audience, run_id, clock) as lease:
        desired = desired_now()
        place = Place(settings.platform.platform, settings.platform.sandbox, audience, settings.home.exports)
        opened = opener or _gated(settings, config)
        target = opened(config, resolver, place, guard=lease.check, transport=transport)
        with closing(target):
            run = _Run(
                settings, config, lake, desired, target, lease, run_id, attempt, on_progress or silent, clock
            )
            return run.carry_out(audience, approve)


def _gated(settings: Settings, config: DestinationConfig) -> Callable[..., Destination]:
    """Opens the destination; the calls to a Marketo go through the gate of its subscription."""
    if not isinstance(config, MarketoDestination):
        return open_destination
    return partial(open_destination, gate=Gates.of(settings).destination(config, settings.platform))


class _Run:
    """One attempt that holds the lease."""

    def __init__(
        self,
        settings: Settings,
        config: DestinationConfig,
        lake: Datasets,
        desired: Desired,
        target: Destination,
        lease: Lease,
        run_id: str,
        attempt: int,
        report: Report,
        clock: Clock,
    ) -> None:
        self.settings, self.config, self.lake, self.target = settings, config, lake, target
        self.lease, self.run_id, self.attempt, self.report, self.clock = lease, run_id, attempt, report, clock
        self.desired = desired

    def carry_out(self, audience: str, approve: str | None) -> ActivationResult:
        work = self._work(audience)
        if settle(work, self.target):
            work.ledger = load(self.lake, self.config.name, audience)
        plan = _planned(self.config, audience, self.desired, work.ledger)
        approvals.refuse_other(plan, approve)
        if self._has_nothing_to_do(work, plan):
            return self._end(work, plan, Done())
        plan = plans.written(plan, self.settings.home)
        if not approvals.is_free(plan, work.ledger, approve):
            work.scribe.note("held", plan_id=plan.id, **_sizes(plan))
            approvals.hold(plan)
        work.scribe.note("begun", plan_id=plan.id, is_approved=approve == plan.id, **_sizes(plan))
        if isinstance(self.target, MemberDestination):
            done = members.sync(work, plan, self.target)
        else:
            done = snapshot.sync(work, plan, self.target, self.run_id)
        return self._end(work, plan, done)

    def _work(self, audience: str) -> Work:
        stamp = {
            "destination": self.config.name,
            "audience": audience,
            "run_id": self.run_id,
            "attempt": self.attempt,
            "epoch": self.lease.epoch,
            "snapshot_id": self.desired.snapshot_id,
            "as_of": self.desired.as_of,
        }
        ledger = load(self.lake, self.config.name, audience)
        scribe = Scribe(self.lake, stamp, self.clock)
        where = f"{self.config.name} / {audience}"
        return Work(where, self.lease.epoch, self.desired, ledger, scribe, self.report)

    def _has_nothing_to_do(self, work: Work, plan: Plan) -> bool:
        """Nobody to look up, to send or to write down. Files are also compared by how they are written."""
        if plan.is_new_evaluation or plan.changes_anything:
            return False
        if isinstance(self.target, MemberDestination):
            return True
        completed = work.ledger.completed()
        return completed is not None and completed["content_hash"] == snapshot.wanted_hash(work, self.target)

    def _end(self, work: Work, plan: Plan, done: Done) -> ActivationResult:
        """Add up the ledger, note the end, and write down who isn't there and why."""
        before = work.ledger.completed()
        ledger = load(self.lake, plan.destination, plan.audience)
        table = standing(self.desired.marks, ledger)
        counts = counted(table, where=work.where)
        result = _result(plan, done, self.target.usage, counts)
        write(result, table)
        if before is None or before["snapshot_id"] != plan.snapshot_id or plan.path is not None:
            hashed = (
                None
                if isinstance(self.target, MemberDestination)
                else snapshot.wanted_hash(work, self.target)
            )
            sizes = {**_sizes(plan), "acknowledged_count": result.held}
            work.scribe.note("completed", plan_id=plan.id, content_hash=hashed, **sizes, **_outcome(result))
        return result


def _configured(settings: Settings, destination: str, audience: str) -> DestinationConfig:
    if audience not in settings.platform.audiences_of(destination):
        raise MusterError(
            f"the audience '{audience}' is not activated to '{destination}'",
            where=str(settings.platform_file),
            hint="add it to activations",
        )
    return settings.platform.destination(destination)


@contextmanager
def _lease(
    settings: Settings, lake: Datasets, destination: str, audience: str, run_id: str, clock: Clock
) -> Iterator[Lease]:
    """The right to act. The holder names the work, not the attempt: a retry takes over from its own zombie at once."""
    leases = Leases(settings.home.state / "leases.db", clock=clock)
    name = f"activate/{destination}/{audience}"
    lease = leases.acquire(name, f"{name}/{run_id}", LEASE, floor=last_epoch(lake, destination, audience))
    try:
        yield lease
    finally:
        lease.release()


def _planned(config: DestinationConfig, audience: str, desired: Desired, ledger: Ledger) -> Plan:
    return plans.compute(config.name, audience, desired, ledger, declaration_of(config), config.breaker)


def _result(plan: Plan, done: Done, usage: Usage, counts: Mapping[str, int]) -> ActivationResult:
    return ActivationResult(
        plan.destination, plan.audience, plan.snapshot_id, plan.as_of, plan.id, plan.path, plan, False,
        added=done.added, removed=done.removed, updated=done.updated, calls=usage.calls, writes=usage.writes, **counts,
    )  # fmt: skip


def _sizes(plan: Plan) -> dict[str, int]:
    return {"desired_count": plan.desired_count, "acknowledged_count": plan.acknowledged_count}


def _outcome(result: ActivationResult) -> dict[str, int]:
    names = ("added", "updated", "removed", "already", "unmatched", "ambiguous", "rejected")
    return {f"{name}_count": getattr(result, name) for name in names} | {
        "call_count": result.calls,
        "write_count": result.writes,
    }
