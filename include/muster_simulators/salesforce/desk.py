"""What the people of an org do to its records: delete, undelete, empty the bin, merge, convert, change.

Each is a list of `Change`s made of the records as they are, so that a generated history and a living store share one
meaning: `deleted`, `hard_deleted`, `merged`, `converted` for the one, `Desk` for the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from muster_simulators.salesforce.schema import Schema, SObject
from muster_simulators.store import Store
from muster_simulators.world.ids import checked
from muster_simulators.world.model import Change

GONE = "__gone"
"""Records of `contacts__gone` say which contacts were deleted for good, and when; only /deleted reads them."""

Values = Mapping[str, Any]


def changed(
    source: str, stored_as: str, record: Values, at: datetime, visible: datetime | None = None, **values: Any
) -> Change:
    """The record with some other values and new stamps."""
    new = {**record, **values, "LastModifiedDate": at, "SystemModstamp": at}
    return Change(at, visible or at, source, stored_as, str(record["Id"]), "upsert", new)


def deleted(
    source: str, stored_as: str, record: Values, at: datetime, visible: datetime | None = None
) -> Change:
    """Into the recycle bin."""
    return changed(source, stored_as, record, at, visible, IsDeleted=True)


def hard_deleted(
    source: str, stored_as: str, record: Values, at: datetime, visible: datetime | None = None
) -> list[Change]:
    """Gone from every query; /deleted names it by the moment at which it was first deleted."""
    seen, key = visible or at, str(record["Id"])
    when = record["SystemModstamp"] if record.get("IsDeleted") else at
    return [
        Change(at, seen, source, stored_as, key, "delete", {}),
        Change(at, seen, source, stored_as + GONE, key, "upsert", {"Id": key, "deletedDate": when}),
    ]


def merged(
    source: str,
    stored_as: str,
    winner: Values,
    losers: Sequence[Values],
    at: datetime,
    visible: datetime | None = None,
    **values: Any,
) -> list[Change]:
    """The losers go into the bin and name the winner, which takes `values` of them."""
    gone = [
        changed(source, stored_as, one, at, visible, IsDeleted=True, MasterRecordId=winner["Id"])
        for one in losers
    ]
    return [*gone, changed(source, stored_as, winner, at, visible, **values)]


def converted(
    source: str,
    lead: Values,
    at: datetime,
    visible: datetime | None = None,
    *,
    contact: str,
    account: str,
    opportunity: str | None = None,
) -> Change:
    """The lead stays, read only, and says what became of it."""
    became = {
        "IsConverted": True,
        "Status": "Closed - Converted",
        "ConvertedDate": at.date(),
        "ConvertedContactId": contact,
        "ConvertedAccountId": account,
        "ConvertedOpportunityId": opportunity,
    }
    return changed(source, "leads", lead, at, visible, **became)


class Desk:
    """Does it to a living org, now."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store, self._schema = store, schema
        self._made = 0

    def change(self, sobject: str, key: str, **values: Any) -> None:
        self._store.write([self._changed(sobject, key, values)])

    def delete(self, sobject: str, key: str) -> None:
        self._store.write([self._changed(sobject, key, {"IsDeleted": True})])

    def undelete(self, sobject: str, key: str) -> None:
        self._store.write([self._changed(sobject, key, {"IsDeleted": False})])

    def hard_delete(self, sobject: str, key: str) -> None:
        kind = self._schema.get(sobject)
        self._store.write(
            hard_deleted(self._store.source, kind.stored_as, self._record(kind, key), self._store.clock.now())
        )

    def merge(self, sobject: str, winner: str, losers: Sequence[str], **values: Any) -> None:
        """What pointed at a loser points at the winner afterwards."""
        kind, now = self._schema.get(sobject), self._store.clock.now()
        records = [self._record(kind, key) for key in (winner, *losers)]
        changes = merged(self._store.source, kind.stored_as, records[0], records[1:], now, **values)
        self._store.write([*changes, *self._repointed(kind, winner, frozenset(losers), now)])

    def convert(self, lead: str, *, account: str | None = None, opportunity: str | None = None) -> str:
        """The id of the new contact. Without `account` there is a new one of the lead's company."""
        kind, now = self._schema.get("Lead"), self._store.clock.now()
        values, source = self._record(kind, lead), self._store.source
        changes: list[Change] = []
        if account is None:
            account = self._new_key("Account")
            changes.append(self._born("Account", account, now, Name=values.get("Company")))
        contact = self._new_key("Contact")
        same = ("FirstName", "LastName", "Name", "Email", "Phone", "Title", "HasOptedOutOfEmail", "DoNotCall")
        kept = {name: values.get(name) for name in same}
        changes.append(self._born("Contact", contact, now, AccountId=account, **kept))
        if opportunity is not None:
            key = self._new_key("Opportunity")
            deal = {"Name": opportunity, "AccountId": account, "StageName": "Prospecting"}
            changes.append(self._born("Opportunity", key, now, CloseDate=now.date(), **deal))
            opportunity = key
        became = converted(source, values, now, contact=contact, account=account, opportunity=opportunity)
        self._store.write([*changes, became])
        return contact

    # ---- parts ---------------------------------------------------------------------------------------------

    def _changed(self, sobject: str, key: str, values: Values) -> Change:
        kind = self._schema.get(sobject)
        record = self._record(kind, key)
        return changed(self._store.source, kind.stored_as, record, self._store.clock.now(), **values)

    def _record(self, kind: SObject, key: str) -> Values:
        found = self._store.get(kind.stored_as, key)
        if found is None:
            raise KeyError(f"no {kind.name} {key}")
        return found

    def _born(self, sobject: str, key: str, now: datetime, **values: Any) -> Change:
        kind = self._schema.get(sobject)
        record = {"Id": key, "IsDeleted": False, "CreatedDate": now, **values}
        return changed(self._store.source, kind.stored_as, record, now)

    def _new_key(self, sobject: str) -> str:
        """Of a range that generated worlds don't use."""
        kind, taken = self._schema.get(sobject), True
        while taken:
            self._made += 1
            key = checked(f"{kind.prefix}5e90000{self._made:05d}")
            taken = self._store.get(kind.stored_as, key) is not None
        return key

    def _repointed(self, kind: SObject, winner: str, losers: frozenset[str], now: datetime) -> list[Change]:
        found: dict[tuple[str, str], tuple[Values, dict[str, Any]]] = {}
        for other, field in self._schema.references_to(kind):
            if field.name == "MasterRecordId" or field.compute is not None:
                continue
            for key, record in list(self._store.records(other.stored_as).items()):
                if record.get(field.name) in losers and not (other is kind and key in losers):
                    _, values = found.setdefault((other.stored_as, key), (record, {}))
                    values[field.name] = winner
        return [
            changed(self._store.source, stored_as, record, now, **values)
            for (stored_as, _), (record, values) in found.items()
        ]
