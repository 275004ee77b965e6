"""What is right, in plain Python: what each reading must have found, and what must be staged after all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.histories.salesforce_history import History, Key, State

from muster.windows import Window

Row = tuple[Any, ...]
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass
class Oracle:
    """Knows all histories of one simulated organisation, and is told of each reading."""

    histories: Sequence[History]
    overlap: timedelta
    received: dict[Key, list[tuple[State, frozenset[str]]]] = field(default_factory=lambda: defaultdict(list))
    told_gone: dict[Key, datetime] = field(default_factory=dict)
    """What readings were told of as deleted, and when it was last."""

    def found(self, name: str, window: Window, clock: datetime) -> list[State]:
        """The states that a reading at `clock` finds: of each record the visible one, stamped in window and overlap."""
        return [one for one in self._present(name, clock) if one.values and self._is_read(one.at, window)]

    def listed_as_deleted(self, name: str, window: Window, clock: datetime) -> list[str]:
        """Ids that are gone for good, by the moment that the service says of them."""
        return [
            one.key
            for one in self._present(name, clock)
            if one.deleted_on is not None and self._is_read(one.deleted_on, window)
        ]

    def was_deleted(self, name: str, key: str, clock: datetime) -> bool:
        """Was the record ever deleted, for a while or for good, as far as can be seen at `clock`?"""
        return any(
            one.values is None or one.values["IsDeleted"]
            for history in self.histories
            for one in history.states
            if (one.object, one.key) == (name, key) and one.visible <= clock
        )

    def note_deletion(self, name: str, key: str, at: datetime) -> None:
        self.told_gone[name, key] = max(at, self.told_gone.get((name, key), at))

    def note(self, states: Iterable[State], hidden: frozenset[str]) -> None:
        """These were received, without the hidden fields."""
        for one in states:
            self.received[one.object, one.key].append((one, hidden))

    def allowed(self, name: str) -> dict[str, list[Row]]:
        """By id, what may be staged now: the newest that was received; any of them where stamps are equal."""
        chosen = {}
        for (object_name, key), states in self.received.items():
            if object_name == name:
                newest = max(one.at for one, _ in states)
                is_gone = (told := self.told_gone.get((name, key))) is not None and told >= newest
                chosen[key] = [
                    staged(one, hidden, is_gone=is_gone) for one, hidden in states if one.at == newest
                ]
        return chosen

    def settled(self, name: str) -> dict[str, list[Row]]:
        """The true last state of every record that is there, as it may be staged when all was read."""
        true = {}
        for one in self._present(name, None):
            if one.values:
                seen = {hidden for state, hidden in self.received[name, one.key] if state is one}
                ways = {
                    False,
                    self.told_gone.get((name, one.key)) == one.at,
                }  # which came first, nobody can tell
                true[one.key] = [staged(one, hidden, is_gone=way) for hidden in seen for way in ways]
        return true

    def gone(self, name: str) -> set[str]:
        """Ids of all that was deleted for good."""
        return {one.key for one in self._present(name, None) if one.values is None}

    def history_of(self, key: str) -> History:
        return next(one for one in self.histories if any(state.key == key for state in one.states))

    def _is_read(self, at: datetime, window: Window) -> bool:
        return window.start - self.overlap <= at < window.end

    def _present(self, name: str, clock: datetime | None) -> list[State]:
        last: dict[str, State] = {}
        for history in self.histories:
            for one in history.states:
                if one.object == name and (clock is None or one.visible <= clock):
                    last[one.key] = one
        return list(last.values())


STAGED: dict[str, tuple[tuple[str, str], ...]] = {
    "accounts": (
        ("account_id", "Id"), ("master_account_id", "MasterRecordId"), ("account_name", "Name"), ("website", "Website"),
        ("industry", "Industry"), ("employee_count", "NumberOfEmployees"),
    ),
    "contacts": (
        ("contact_id", "Id"), ("master_contact_id", "MasterRecordId"), ("account_id", "AccountId"), ("email", "Email"),
        ("first_name", "FirstName"), ("last_name", "LastName"), ("title", "Title"), ("phone", "Phone"),
        ("is_unsubscribed", "HasOptedOutOfEmail"),
    ),
    "leads": (
        ("lead_id", "Id"), ("master_lead_id", "MasterRecordId"), ("converted_contact_id", "ConvertedContactId"),
        ("email", "Email"), ("first_name", "FirstName"), ("last_name", "LastName"), ("title", "Title"),
        ("company_name", "Company"), ("is_unsubscribed", "HasOptedOutOfEmail"), ("is_converted", "IsConverted"),
    ),
    "opportunities": (
        ("opportunity_id", "Id"), ("account_id", "AccountId"), ("opportunity_name", "Name"), ("stage_name", "StageName"),
        ("amount", "Amount"), ("is_closed", "IsClosed"),
    ),
}  # fmt: skip
"""By object: the staged column and the field that it shows. Flag and stamps of the record come behind them."""


IS_DELETED = -3
"""Where the flag stands in a row."""


def columns(name: str) -> str:
    own = ", ".join(column for column, _ in STAGED[name])
    return f"{own}, source_instance, record_key, is_deleted, epoch_us(created_at), epoch_us(updated_at)"


def staged(state: State, hidden: frozenset[str], *, is_gone: bool = False) -> Row:
    """A state as staging must show it; `is_gone`: a list of deletions names it since. Salesforce has no empty text; what is hidden is not there."""
    values = state.values or {}
    own = [
        None if f"{state.object}.{name}" in hidden else _value(values.get(name))
        for _, name in STAGED[state.object]
    ]
    stamps = (_micros(values["CreatedDate"]), _micros(values["SystemModstamp"]))
    return (*own, "salesforce__main", f"{state.key}@main.salesforce", values["IsDeleted"] or is_gone, *stamps)


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value)).quantize(Decimal("0.01"))
    return None if value == "" else value


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
