"""What is right, computed from the generated world in plain Python: no SQL, nothing of Muster's own code.

The rules, which the dbt project states in SQL:

* Known: a windowed record is known in its visible state if that state's stamp lies before the window's end; if it
  lies behind, as it was known the night before (or not at all). Snapshot objects (amer's companies, opportunities
  and opportunity roles) are known as visible at the clock. Activities: stamped before the window's end and visible.
  A record that was deleted before it was ever read isn't known.
* Dead: deleted at the source, merged away, or a converted Salesforce lead; a known dead record still names its
  person (and is evidence with its last known values), but gives no attribute, no relation and no withdrawal.
  Whoever has no live record is in no audience.
* Usable e-mail: lower case, trimmed, not a role mailbox, not a placeholder, not on known records of four or more
  last names.
* Golden record: from the live records in the order Salesforce contact, Salesforce lead, Marketo emea, Marketo amer;
  within one object the most recently updated first, then the smallest record key; the first non-empty value wins,
  attribute by attribute. Unsubscribed: any live record says so. Suppressed: unsubscribed, or no live record.
* Works for: Contact.AccountId, active AccountContactRelation, emea's sfdcAccountId, amer's externalCompanyId.
  Account attributes: live Salesforce accounts first (most recently updated, then smallest key), then amer companies.
* Salesforce's and amer's opportunities are different ones; emea's aren't read (rule B2). Closed is as the source says.
* An activity belongs to the person of its lead; after a merge (activity 32) to the winner's.
* Matched in emea: the primary e-mail is on exactly one lead that is there at the clock; on several: ambiguous. On
  none: the same by the golden ECID (both identifiers may leave, rule B11); by neither: unmatched.

A person is named by the frozenset of the record keys known by then, an account by that of its live records.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from demo.oracle_audiences import finance, leaderless, pricing
from demo.oracle_records import (
    FINANCE,
    LEADERLESS,
    PEOPLE,
    PRICING,
    SNAPSHOT,
    WINDOWED,
    Matched,
    Name,
    Night,
    Person,
    Row,
    Rows,
    by_trust,
    first_filled,
)
from muster_simulators.world.model import AMER, EMEA, MAIN, NIGHTS, World, company_key, record_key

__all__ = [
    "FINANCE",
    "LEADERLESS",
    "PRICING",
    "Matched",
    "Night",
    "Oracle",
    "Person",
    "Scores",
    "compare",
    "pairwise",
]

ROLE_MAILBOXES = frozenset(
    {"info", "sales", "office", "support", "contact", "admin", "marketing", "hello", "noreply"}
)
PLACEHOLDERS = frozenset({"noemail@noemail.com", "none@none.com", "test@test.com"})
SHARED_BY = 4
"""So many different last names on one e-mail make it nobody's own."""


@dataclass(frozen=True)
class Scores:
    """Pairs of records that are, or are held to be, the same."""

    precision: float
    recall: float
    true_pairs: int
    expected_pairs: int
    actual_pairs: int


class Oracle:
    """Answers for one world. Asking is a matter of seconds; answers of nights are kept."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._nights: dict[int, Night] = {}

    def night(self, number: int) -> Night:
        """What is right when night `number` (1, 2, 3) has read: its window's end + 30 minutes."""
        if number not in self._nights:
            before = self.night(number - 1) if number > 1 else None
            end = NIGHTS[number - 1] + timedelta(days=1)
            self._nights[number] = self.at(end + timedelta(minutes=30), end, before)
        return self._nights[number]

    def at(self, clock: datetime, window_end: datetime, before: Night | None = None) -> Night:
        """What is right for a reading at `clock` of all that is stamped before `window_end`.

        `before` is the reading before; it says what is known of records that have changed since the end.
        """
        current, activities = _visible(self.world, clock, window_end)
        night = Night(clock, window_end, _known(current, window_end, before))
        _name_people(night, self.world)
        _name_accounts(night, self.world)
        there = {key: c for key, c in current[EMEA, "leads"].items() if c.op == "upsert"}
        for key, change in there.items():
            for value in (_clean(change.values.get("email")), change.values.get("ecid")):
                if value:
                    night.leads_by[value].append(int(key))
        night.members = {
            FINANCE: set(finance(night)),
            PRICING: set(pricing(night, activities)),
            LEADERLESS: set(leaderless(night)),
        }
        return night


def compare(expected: set[Name], actual: set[Name]) -> tuple[set[Name], set[Name]]:
    """(missing, extra)."""
    return expected - actual, actual - expected


def pairwise(expected: Iterable[Iterable[str]], actual: Iterable[Iterable[str]]) -> Scores:
    """Precision and recall over pairs of records, counted per cluster: giants cost nothing.

    Records that `expected` doesn't hold are left out of `actual`; one that `actual` lacks costs recall.
    """
    right = {key: number for number, keys in enumerate(expected) for key in keys}
    found = {key: number for number, keys in enumerate(actual) for key in keys if key in right}
    expected_pairs = _pairs(Counter(right.values()))
    actual_pairs = _pairs(Counter(found.values()))
    true_pairs = _pairs(Counter((number, right[key]) for key, number in found.items()))
    precision = true_pairs / actual_pairs if actual_pairs else 1.0
    recall = true_pairs / expected_pairs if expected_pairs else 1.0
    return Scores(precision, recall, true_pairs, expected_pairs, actual_pairs)


def _pairs(sizes: Mapping[Any, int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


# ---- what is known -----------------------------------------------------------------------------------------


def _visible(
    world: World, clock: datetime, end: datetime
) -> tuple[dict[tuple[str, str], dict[str, Any]], list[Any]]:
    """The last visible change of every record, and the activities before `end`."""
    current: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    activities = []
    for source, changes in world.changes.items():
        for change in changes:
            if change.visible_at > clock:
                break
            if change.object == "activities":
                if change.at < end:
                    activities.append(change)
            else:
                current[source, change.object][change.key] = change
    return current, activities


def _known(
    current: Mapping[tuple[str, str], Mapping[str, Any]], end: datetime, before: Night | None
) -> dict[tuple[str, str], Rows]:
    known: dict[tuple[str, str], Rows] = {}
    for place in WINDOWED:
        old = before.known[place] if before else {}
        rows = dict(old)
        for key, change in current.get(place, {}).items():
            name = record_key(key, place[0])
            if change.at >= end:
                continue
            if change.op == "upsert":
                rows[name] = _row(name, place, change)
            elif name in old:
                rows[name] = Row(name, old[name].rank, old[name].updated, old[name].values, True)
        known[place] = rows
    for place in SNAPSHOT:
        present = [c for c in current.get(place, {}).values() if c.op == "upsert"]
        known[place] = {_snapshot_key(place, c): _row(_snapshot_key(place, c), place, c) for c in present}
    return known


def _snapshot_key(place: tuple[str, str], change: Any) -> str:
    return company_key(change.key, AMER) if place[1] == "companies" else record_key(change.key, AMER)


def _row(key: str, place: tuple[str, str], change: Any) -> Row:
    rank = PEOPLE.index(place) if place in PEOPLE else (0 if place[0] == MAIN else 1)
    is_dead = bool(change.values.get("IsDeleted") or change.values.get("IsConverted"))
    return Row(key, rank, change.at, change.values, is_dead)


# ---- who is whom -------------------------------------------------------------------------------------------


def _name_people(night: Night, world: World) -> None:
    rows = {row.key: row for place in PEOPLE for row in night.known[place].values()}
    unusable = _shared_emails(rows.values())
    for keys in world.truth.people.values():
        seen = [key for key in keys if key in rows]
        odd = [key for key in seen if not _is_tied(world.truth.unlinkable, key, night.as_of)]
        groups = [[key for key in seen if key not in odd], *([key] for key in odd)]
        for group in groups:
            if group:
                person = _golden(frozenset(group), [rows[key] for key in group], unusable)
                night.people[person.name] = person
                night.person_of.update(dict.fromkeys(group, person.name))


def _is_tied(unlinkable: Mapping[str, datetime | None], key: str, as_of: datetime) -> bool:
    if key not in unlinkable:
        return True
    since = unlinkable[key]
    return since is not None and since < as_of


def _shared_emails(rows: Iterable[Row]) -> set[str]:
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        email, last = _clean(row.get("Email", "email")), _clean(row.get("LastName", "lastName"))
        if email and last:
            names[email].add(last)
    return {email for email, last_names in names.items() if len(last_names) >= SHARED_BY}


def _clean(text: Any) -> str | None:
    return str(text).strip().lower() or None if text is not None else None


def _golden(name: Name, rows: list[Row], shared: set[str]) -> Person:
    live = by_trust(row for row in rows if not row.is_dead)
    emails = (_clean(row.get("Email", "email")) for row in live)
    return Person(
        name=name,
        email=next((email for email in emails if email and _is_usable(email, shared)), None),
        ecid=first_filled(live, "ecid"),
        title=first_filled(live, "Title", "title"),
        is_live=bool(live),
        is_unsubscribed=any(row.get("HasOptedOutOfEmail", "unsubscribed") for row in live),
    )


def _is_usable(email: str, shared: set[str]) -> bool:
    return email not in shared and email not in PLACEHOLDERS and email.split("@")[0] not in ROLE_MAILBOXES


def _name_accounts(night: Night, world: World) -> None:
    rows = {**night.known[MAIN, "accounts"], **night.known[AMER, "companies"]}
    for keys in world.truth.accounts.values():
        seen = [key for key in keys if key in rows]
        name = frozenset(key for key in seen if not rows[key].is_dead)
        night.account_of.update(dict.fromkeys(seen, name))
