"""Random histories of a small Salesforce, a few records each: created, changed, merged, converted, deleted, seen late.

What happened is said twice: as the simulator's changes, and as plain facts for the oracle. Nothing here knows how
Muster reads or stages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.histories.history import LAST_EVENT, LATEST, NEAR, SECOND, START, TEXTS

from muster_simulators.salesforce.desk import GONE
from muster_simulators.world.ids import PREFIX, checked
from muster_simulators.world.model import Change

SOURCE = "salesforce__main"
OBJECTS = ("accounts", "contacts", "leads", "opportunities")
TAG = {"accounts": "Website", "contacts": "Title", "leads": "Title", "opportunities": "Name"}
"""The field that names a state: `v3`."""

Key = tuple[str, str]
Values = dict[str, Any]


@dataclass(frozen=True)
class State:
    """A record from `at` on, which readers see from `visible` on. `values` None: it is deleted for good.

    `deleted_on` of such a one: what the service's list of deleted records says of it.
    """

    object: str
    key: str
    at: datetime
    visible: datetime
    values: Values | None
    deleted_on: datetime | None = None

    @property
    def tag(self) -> str:
        return str((self.values or {}).get(TAG[self.object]))


@dataclass
class History:
    """One of the many that share a simulated organisation. Its ids are its own."""

    number: int
    states: list[State] = field(default_factory=list)

    def changes(self) -> list[Change]:
        found = []
        for one in self.states:
            if one.values is not None:
                found.append(Change(one.at, one.visible, SOURCE, one.object, one.key, "upsert", one.values))
                continue
            listed = {"Id": one.key, "deletedDate": one.deleted_on}
            found += [
                Change(one.at, one.visible, SOURCE, one.object, one.key, "delete", {}),
                Change(one.at, one.visible, SOURCE, one.object + GONE, one.key, "upsert", listed),
            ]
        return found

    def __str__(self) -> str:
        """What happened, for whoever has to find out why."""
        lines = [f"history {self.number}:"]
        for one in sorted(self.states, key=lambda state: state.at):
            values = one.values or {}
            told = "gone" if one.values is None else one.tag + " deleted" * bool(values["IsDeleted"])
            more = {name: values.get(name) for name in ("MasterRecordId", "ConvertedContactId")}
            told += "".join(f" {name}={value}" for name, value in more.items() if value)
            seen = f"{one.at:%dT%H:%M:%S} seen {one.visible:%dT%H:%M:%S}"
            lines.append(f"{seen} {one.object} {one.key} {told}")
        return "\n".join(lines)


class Maker:
    """Makes one history. `cuts`: where windows will begin and end; much happens close to them."""

    def __init__(self, chance: random.Random, number: int, cuts: list[datetime]) -> None:
        self.chance, self.cuts = chance, cuts
        self.history = History(number)
        self.last: dict[Key, State] = {}
        self.made_keys = 0

    def made(self) -> History:
        chance = self.chance
        for name, fewest, most in (("accounts", 1, 2), ("contacts", 1, 3), ("leads", 0, 2)):
            for _ in range(chance.randint(fewest, most)):
                self._life(name)
        for _ in range(chance.randint(0, 1)):
            self._life("opportunities")
        for key in self._living("leads"):
            if chance.random() < 0.4:
                self._convert(key)
        for name in ("accounts", "contacts", "leads"):
            if len(self._living(name)) > 1 and chance.random() < 0.3:
                self._merge(*chance.sample(self._living(name), 2))
        for key in list(self.last):
            self._end(key)
        return self.history

    def _life(self, name: str) -> None:
        """Created, then changed a few times, sometimes twice in one second."""
        key = self._new_key(name)
        at = self._moment()
        self._put([(key, self._born(name, key[1], at))], at)
        for _ in range(self.chance.randint(0, 3)):
            at = at if self.chance.random() < 0.15 else self._after(at)
            self._put([(key, self._other(name))], at)

    def _convert(self, lead: Key) -> None:
        """The lead becomes a contact of an account, there already or new, and now and then an opportunity."""
        values, at = self.last[lead].values or {}, self._after(self.last[lead].at)
        account, contact = self._living("accounts")[0], self._new_key("contacts")
        at = max(at, self.last[account].at)
        together: list[tuple[Key, Values]] = []
        if self.chance.random() < 0.5:
            account = self._new_key("accounts")
            together.append((account, self._born("accounts", account[1], at)))
        person = {name: values[name] for name in ("FirstName", "LastName", "Email")}
        born = {**self._born("contacts", contact[1], at), **person, "AccountId": account[1]}
        became = {
            "IsConverted": True, "ConvertedContactId": contact[1], "ConvertedAccountId": account[1], "ConvertedDate": at.date()
        }  # fmt: skip
        if self.chance.random() < 0.3:
            deal = self._new_key("opportunities")
            together.append((deal, {**self._born("opportunities", deal[1], at), "AccountId": account[1]}))
            became["ConvertedOpportunityId"] = deal[1]
        self._put([*together, (contact, born), (lead, became)], at)
        if self.chance.random() < 0.5:
            self._put([(contact, self._other("contacts"))], self._after(at))

    def _merge(self, winner: Key, loser: Key) -> None:
        """The loser goes into the bin and names the winner; what pointed at it points at the winner."""
        pointing = [
            (key, {"AccountId": winner[1]})
            for key, one in self.last.items()
            if loser[0] == "accounts" and (one.values or {}).get("AccountId") == loser[1]
        ]
        lost = {"IsDeleted": True, "MasterRecordId": winner[1]}
        together = [(loser, lost), (winner, self._other(winner[0])), *pointing]
        self._put(together, self._after(max(self.last[key].at for key, _ in together)))

    def _end(self, key: Key) -> None:
        """Deleted, and taken out of the bin again, or emptied out of it; or deleted for good at once."""
        chance, last = self.chance, self.last[key]
        is_deleted = bool((last.values or {}).get("IsDeleted"))
        if not is_deleted and chance.random() < 0.2:
            self._put([(key, {"IsDeleted": True})], self._after(last.at))
            is_deleted = True
            if chance.random() < 0.3:
                self._put([(key, {"IsDeleted": False})], self._after(self.last[key].at))
                is_deleted = False
        if chance.random() < (0.5 if is_deleted else 0.07):
            self._gone(key, is_deleted)

    def _gone(self, key: Key, is_deleted: bool) -> None:
        last = self.last[key]
        at = self._after(last.at)
        when = last.at if is_deleted else at
        state = State(*key, at, max(self._seen(at), last.visible), None, when)
        self.last[key] = state
        self.history.states.append(state)

    def _put(self, together: list[tuple[Key, Values]], at: datetime) -> None:
        """One transaction: its records become visible at the same moment, and none before its own past."""
        before = [self.last[key].visible for key, _ in together if key in self.last]
        visible = max([self._seen(at), *before])
        for key, values in together:
            last = self.last.get(key)
            whole = {**(last.values or {} if last else {}), **values}
            number = sum(one.key == key[1] for one in self.history.states)
            whole |= {TAG[key[0]]: f"v{number}", "LastModifiedDate": at, "SystemModstamp": at}
            self.last[key] = State(*key, at, visible, whole)
            self.history.states.append(self.last[key])

    # ---- values --------------------------------------------------------------------------------------------

    def _born(self, name: str, key: str, at: datetime) -> Values:
        values = {"Id": key, "IsDeleted": False, "CreatedDate": at, "MasterRecordId": None}
        if name in ("contacts", "leads"):
            values["Email"] = f"{key}@acme.example"
        if name in ("contacts", "opportunities"):
            accounts = self._living("accounts")
            values["AccountId"] = self.chance.choice([None, *(each for _, each in accounts)])
        if name == "leads":
            values |= {"IsConverted": False, "ConvertedContactId": None}
        if name == "opportunities":
            values["CloseDate"] = date(2026, 6, 30)
        return {**values, **self._other(name)}

    def _other(self, name: str) -> Values:
        """Some new values."""
        chance = self.chance
        text, more = chance.choice(TEXTS), chance.choice(TEXTS)
        if name == "accounts":
            return {
                "Name": text,
                "Industry": more,
                "NumberOfEmployees": chance.choice((None, 0, 7, 2_000_000)),
            }
        if name == "opportunities":
            amount = chance.choice((None, 0.0, 12.5, 99_999.99, 12_345_678.25))
            return {"StageName": text, "Amount": amount, "IsClosed": chance.random() < 0.3}
        flag = {"HasOptedOutOfEmail": chance.random() < 0.3}
        if name == "contacts":
            return {"FirstName": text, "LastName": more, "Phone": chance.choice(TEXTS), **flag}
        return {"FirstName": text, "LastName": more, "Company": chance.choice(TEXTS), **flag}

    # ---- keys and moments ----------------------------------------------------------------------------------

    def _new_key(self, name: str) -> Key:
        self.made_keys += 1
        return name, checked(f"{PREFIX[name]}5e{self.history.number:07d}{self.made_keys:03d}")

    def _living(self, name: str) -> list[Key]:
        """Those that are there and can be worked with: not deleted, not converted."""
        return [
            key
            for key, one in self.last.items()
            if key[0] == name
            and one.values
            and not one.values["IsDeleted"]
            and not one.values.get("IsConverted")
        ]

    def _moment(self) -> datetime:
        chance = self.chance
        if chance.random() < 0.4:
            near = chance.choice(self.cuts) + chance.choice(NEAR) * SECOND
            if START <= near < LAST_EVENT:
                return near
        return START + chance.randrange(int((LAST_EVENT - START).total_seconds())) * SECOND

    def _after(self, at: datetime) -> datetime:
        """A moment behind `at`, or `at` itself."""
        return max(at, self._moment())

    def _seen(self, at: datetime) -> datetime:
        late = self.chance.randint(1, LATEST) if self.chance.random() < 0.25 else 0
        return at + late * SECOND
