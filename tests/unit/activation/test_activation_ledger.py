"""The ledger folds receipts and intents into what a destination holds; the plan reads it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from activation_sandbox import AUDIENCE, LIST, NIGHT, Clock, Sandbox, people, person
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.activation import ledger, plan
from muster.activation.desired import Published, prepare
from muster.activation.records import Effect, Scribe
from muster.config import Breaker
from muster.destinations.marketo.declaration import DECLARATION
from muster.lake import Lake


class Book:
    """Writes facts of any epoch and folds them."""

    def __init__(self, root: Path) -> None:
        self.lake, self.clock, self.scribes = Lake(root), Clock(), dict[int, Scribe]()

    def scribe(self, epoch: int, days: int = 0) -> Scribe:
        stamp = {
            "destination": LIST, "audience": AUDIENCE, "run_id": "r", "attempt": 1, "epoch": epoch,
            "snapshot_id": "s1", "as_of": NIGHT + timedelta(days=days),
        }  # fmt: skip
        return self.scribes.setdefault(epoch, Scribe(self.lake, stamp, self.clock))

    def receive(self, epoch: int, operation: str, verdict: str, reason: str = "", **changes: Any) -> None:
        days = changes.pop("days", 0)
        effect = Effect("p1", "101", operation, payload_hash="h1")
        self.scribe(epoch, days).receive([replace(effect.came_out(verdict, reason), **changes)])

    def intend(self, epoch: int, operation: str) -> None:
        self.scribe(epoch).intend(f"{epoch}", [Effect("p1", "101", operation, payload_hash="h1")])

    def load(self) -> ledger.Ledger:
        return ledger.load(self.lake, LIST, AUDIENCE)

    @property
    def state(self) -> str:
        (member,) = self.load().members.to_pylist()
        return str(member["state"])


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


@pytest.mark.parametrize(
    ("operation", "verdict", "state"),
    [
        ("add", "accepted", "held"),
        ("add", "already", "held"),
        ("update", "accepted", "held"),
        ("add", "rejected", "pending"),
        ("add", "unmatched", "pending"),
        ("add", "ambiguous", "pending"),
        ("add", "unknown", "unknown"),
        ("remove", "accepted", "gone"),
        ("remove", "rejected", "held"),
        ("remove", "unknown", "unknown"),
    ],
)
def test_the_latest_receipt_says_where_a_member_stands(
    book: Book, operation: str, verdict: str, state: str
) -> None:
    book.receive(1, "add", "accepted")
    book.receive(2, operation, verdict)
    assert book.state == state


def test_an_intent_without_a_receipt_is_unknown(book: Book) -> None:
    book.intend(1, "add")
    assert book.state == "unknown"
    book.receive(1, "add", "accepted", batch="1")
    assert book.state == "held"


def test_a_receipt_that_a_zombie_wrote_after_its_successor_is_unknown_until_it_is_read_back(
    book: Book,
) -> None:
    """F56: the older epoch's call ended last, so only the destination knows which of the two is true."""
    book.receive(2, "remove", "accepted")
    assert book.state == "gone"
    book.receive(1, "add", "accepted")
    assert book.state == "unknown"
    book.receive(3, "remove", "accepted", "read_back")
    assert book.state == "gone"


def test_a_zombie_that_wrote_before_its_successor_is_simply_older(book: Book) -> None:
    book.receive(1, "add", "accepted")
    book.receive(2, "remove", "accepted")
    assert book.state == "gone"


def test_a_member_is_held_while_any_of_its_keys_is(book: Book) -> None:
    book.receive(1, "add", "accepted")
    book.receive(2, "add", "accepted", destination_key="102")
    book.receive(2, "remove", "accepted", destination_key="101")
    assert book.state == "held"


def test_the_last_epoch_is_told_by_the_names_of_the_files(book: Book) -> None:
    assert ledger.last_epoch(book.lake, LIST, AUDIENCE) == 0
    book.intend(3, "add")
    book.scribe(7).note("held", plan_id="x")
    assert ledger.last_epoch(book.lake, LIST, AUDIENCE) == 7 == book.load().last_epoch
    assert ledger.last_epoch(book.lake, LIST, "other") == 0


def test_every_receipt_of_a_member_is_found_for_a_look_up(book: Book) -> None:
    book.receive(1, "add", "accepted")
    book.receive(2, "remove", "accepted")
    assert [row["operation"] for row in ledger.receipts_of(book.lake, "p1").to_pylist()] == ["add", "remove"]
    assert len(ledger.receipts_of(book.lake, "p2")) == 0
    assert ledger.audiences(book.lake) == [(LIST, AUDIENCE)]


# ---- plans ---------------------------------------------------------------------------------------------------


def roles(book: Book, rows: list[dict[str, Any]], *, days: int) -> dict[str, str]:
    import pyarrow as pa
    from activation_sandbox import SCHEMA

    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    desired = prepare(
        Published("s9", NIGHT + timedelta(days=days), table), DECLARATION, b"salt", where="a / b"
    )
    found = plan.compute(LIST, AUDIENCE, desired, book.load(), DECLARATION, Breaker())
    assert sum(found.counts.values()) == len(found.roles)
    return {row["member_key"]: row["role"] for row in found.roles.to_pylist()}


def payload(book: Book, row: dict[str, Any]) -> str:
    import pyarrow as pa
    from activation_sandbox import SCHEMA

    table = pa.Table.from_pylist([row], schema=SCHEMA)
    desired = prepare(Published("s9", NIGHT, table), DECLARATION, b"salt", where="a / b")
    return str(desired.marks["payload_hash"][0].as_py())


def test_a_member_with_the_same_payload_is_kept_and_another_is_an_update(book: Book) -> None:
    book.receive(1, "add", "accepted", payload_hash=payload(book, person(1)))
    assert roles(book, people(1), days=1) == {"p1": "keep"}
    assert roles(book, [person(1, email="x@acme.example")], days=1) == {"p1": "update"}
    assert roles(book, [], days=1) == {"p1": "remove"}


@pytest.mark.parametrize("verdict", ["unmatched", "ambiguous"])
def test_who_was_not_found_waits_for_the_next_evaluation(book: Book, verdict: str) -> None:
    book.receive(1, "add", verdict, payload_hash=payload(book, person(1)), destination_key=None)
    assert roles(book, people(1), days=0) == {"p1": "wait"}
    assert roles(book, people(1), days=1) == {"p1": "retry"}
    assert roles(book, [person(1, email="x@acme.example")], days=0) == {"p1": "retry"}
    assert roles(book, [], days=0) == {"p1": "forget"}


def test_who_is_rejected_again_and_again_is_tried_less_and_less(book: Book) -> None:
    tried, hashed = [], payload(book, person(1))
    for day in range(16):
        if day == 0 or roles(book, people(1), days=day) == {"p1": "retry"}:
            book.receive(day + 1, "add", "rejected", "1003", payload_hash=hashed, days=day)
            tried.append(day)
    assert tried == [0, 1, 3, 7, 14]


def test_a_refused_removal_is_stuck_for_this_evaluation_only(book: Book) -> None:
    book.receive(1, "remove", "rejected", "1003")
    assert roles(book, [], days=0) == {"p1": "stuck"}
    assert roles(book, [], days=1) == {"p1": "remove"}


def test_what_did_not_arrive_is_due_at_once(book: Book) -> None:
    book.receive(1, "add", "rejected", "not_arrived", payload_hash=payload(book, person(1)))
    assert roles(book, people(1), days=0) == {"p1": "retry"}
    book.receive(2, "remove", "rejected", "not_arrived")
    assert roles(book, [], days=0) == {"p1": "remove"}


NUMBERS = st.sets(st.integers(1, 12), max_size=8)


@pytest.mark.slow
@given(nights=st.lists(st.tuples(NUMBERS, NUMBERS, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_whatever_the_nights_the_list_is_the_audience_and_strangers_stay(
    tmp_path_factory: pytest.TempPathFactory, nights: list[tuple[set[int], set[int], bool]]
) -> None:
    """Each night: who is wanted, which leads exist, whether the first try dies in its first call."""
    from activation_sandbox import settings_in, with_leads

    root = tmp_path_factory.mktemp("nights")
    fake = with_leads()
    lax = {"breaker": {"max_removed_share": 1, "min_removed": 1000}}
    sandbox = Sandbox(root, settings_in(root, marketo__emea=lax), fake.open)
    fake.is_made, fake.members = True, {"900"}
    for wanted, leads, dies in nights:
        fake.leads = {f"p{n}@acme.example": [str(100 + n)] for n in leads}
        sandbox.publish(people(*wanted))
        approve = sandbox.activate(dry_run=True).plan.id
        if dies:
            fake.faults = [die]
            with contextlib.suppress(KeyboardInterrupt):
                sandbox.activate(approve=approve)
            fake.faults = []
        result = sandbox.activate(attempt=2, approve=approve)
        assert fake.members == {"900"} | {str(100 + n) for n in wanted & leads}
        assert sandbox.held() == fake.members - {"900"}
        assert (result.held, result.unmatched) == (len(wanted & leads), len(wanted - leads))
        assert sandbox.activate(approve=approve).calls == 0


def die(name: str, keys: Any) -> None:
    raise KeyboardInterrupt
