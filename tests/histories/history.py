"""Random histories of a small Marketo, a few leads each: created, changed, merged, deleted, seen late, poisoned.

What happened is said twice: as the simulator's changes, and as plain facts for the oracle. Nothing here knows how
Muster reads or stages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from muster_simulators.world.model import Change

SOURCE = "marketo__amer"
START = datetime(2026, 3, 1, tzinfo=UTC)
LAST_EVENT = START + timedelta(days=3)
SETTLED = LAST_EVENT + timedelta(hours=2)  # by then all is visible
LATEST = 50 * 60  # seconds until the slowest change is visible
SECOND = timedelta(seconds=1)
LEADS, ACTIVITIES = 100, 1_000  # numbers kept for one history
NEW_LEAD, CHANGED, MERGED, DELETED = 12, 13, 32, 37
NEAR = (-3601, -3600, -3599, -60, -1, 0, 1, 59, 60, 61, 299, 300, 599, 600, 601, 3599, 3600)
TEXTS = (
    "Lee", "NA", "N/A", "None", "NULL", "nan", "null", "", "True", "1e5", "00123", "  two  spaces ", "中文名字, 山田太郎",
    "Ünïcödé 🎉", "line\nbreak", "carriage\r\nreturn", "lone\rreturn", '"quoted"', 'a "b" c', '"', '""', "comma, comma", "=1+1",
    "+cmd|' /C calc'!A0", "\ttab", "\\N", "\\", "x" * 5_000,
)  # fmt: skip
POISON = ("nul\0inside", "half a \ud83d pair")


@dataclass(frozen=True)
class Version:
    """A lead's state from `at` on, which readers see from `visible` on. `values` None: it is gone."""

    lead: int
    at: datetime
    visible: datetime
    values: dict[str, Any] | None
    is_poison: bool = False

    @property
    def tag(self) -> str:
        return str((self.values or {}).get("title"))


@dataclass(frozen=True)
class Activity:
    guid: str
    at: datetime
    visible: datetime
    lead: int
    kind: int
    attributes: dict[str, Any]
    primary: str | None


@dataclass
class History:
    """One of the many that share a simulated Marketo. Its numbers are its own."""

    number: int
    versions: list[Version] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    def changes(self) -> list[Change]:
        found = [
            Change(one.at, one.visible, SOURCE, "leads", str(one.lead), "upsert" if one.values else "delete", one.values or {})
            for one in self.versions
        ]  # fmt: skip
        return found + [_change(one) for one in self.activities]

    def __str__(self) -> str:
        """What happened, for whoever has to find out why."""
        lines = [
            (one.at, f"{one.at:%dT%H:%M:%S} seen {one.visible:%dT%H:%M:%S} lead {one.lead} {one.tag if one.values else 'gone'}")
            for one in self.versions
        ]  # fmt: skip
        return "\n".join([f"history {self.number}:", *(text for _, text in sorted(lines))])


def _change(one: Activity) -> Change:
    values = {
        "id": int(one.guid),
        "marketoGUID": one.guid,
        "leadId": one.lead,
        "activityDate": one.at,
        "activityTypeId": one.kind,
        "campaignId": None,
        "primaryAttributeValueId": 7 if one.primary else None,
        "primaryAttributeValue": one.primary,
        "attributes": one.attributes,
    }
    return Change(one.at, one.visible, SOURCE, "activities", one.guid, "upsert", values)


class Maker:
    """Makes one history. `cuts`: where windows will begin and end; much happens close to them.

    `start` and `end` are the bounds of what happens; a lead changes `changes` times at most.
    """

    def __init__(
        self,
        chance: random.Random,
        number: int,
        cuts: list[datetime],
        *,
        poison: bool,
        start: datetime = START,
        end: datetime = LAST_EVENT,
        changes: int = 4,
    ) -> None:
        self.chance, self.cuts, self.may_poison = chance, cuts, poison
        self.start, self.end, self.changes = start, end, changes
        self.history = History(number)

    def made(self) -> History:
        chance = self.chance
        alive = {}
        for place in range(chance.randint(1, 3)):
            lead = 1 + self.history.number * LEADS + place
            alive[lead] = self._life(lead)
        if len(alive) > 1 and chance.random() < 0.3:
            self._merge(*chance.sample(sorted(alive), 2), alive)
        for lead, last in list(alive.items()):
            if chance.random() < 0.2:
                self._gone(lead, last, self._after(last.at))
        for _ in range(chance.randint(0, 4)):
            at = self._moment()
            page = chance.choice(("/pricing", "/docs", 'a "b", c'))
            self._activity(chance.choice(sorted(alive)), 1, at, self._seen(at), {"Webpage URL": page}, page)
        return self.history

    def _life(self, lead: int) -> Version:
        """Created, then changed a few times, sometimes twice in one second."""
        at, last = self._moment(), None
        for number in range(self.chance.randint(1, 1 + self.changes)):
            kind = NEW_LEAD if last is None else CHANGED
            last = self._version(lead, number, at, last, kind)
            at = at if self.chance.random() < 0.15 else self._after(at)
        assert last is not None
        return last

    def _version(self, lead: int, number: int, at: datetime, last: Version | None, kind: int) -> Version:
        chance = self.chance
        is_poison = self.may_poison and chance.random() < 0.05
        values = {
            "id": lead,
            "email": f"p{lead}@acme.example",
            "firstName": chance.choice(TEXTS),
            "lastName": chance.choice(POISON if is_poison else TEXTS),
            "title": f"v{number}",
            "leadScore": chance.choice((None, 0, 7, -3, 2_000_000)),
            "unsubscribed": chance.random() < 0.3,
            "createdAt": (last.values or {}).get("createdAt") if last else at,
            "updatedAt": at,
        }
        visible = max(self._seen(at), last.visible if last else at)
        version = Version(lead, at, visible, values, is_poison)
        self.history.versions.append(version)
        told = (
            {"Old Value": last.tag, "New Value": version.tag} if last else {"Source Type": "Web service API"}
        )
        self._activity(lead, kind, at, visible, told, "Job Title" if last else None)
        return version

    def _merge(self, winner: int, loser: int, alive: dict[int, Version]) -> None:
        lost = alive.pop(loser)
        at = self._after(max(alive[winner].at, lost.at))
        alive[winner] = self._version(winner, 50, at, alive[winner], CHANGED)
        seen = max(alive[winner].visible, lost.visible)
        self._activity(winner, MERGED, at, seen, {"Merge IDs": f"[{loser}]"}, str(winner))
        self._gone(loser, lost, at)

    def _gone(self, lead: int, last: Version, at: datetime) -> None:
        visible = max(self._seen(at), last.visible)
        self.history.versions.append(Version(lead, at, visible, None))
        self._activity(lead, DELETED, at, visible, {}, "Ann Lee")

    def _activity(
        self,
        lead: int,
        kind: int,
        at: datetime,
        visible: datetime,
        attributes: dict[str, Any],
        primary: str | None,
    ) -> None:
        guid = str((1 + self.history.number) * ACTIVITIES + len(self.history.activities))
        self.history.activities.append(Activity(guid, at, visible, lead, kind, attributes, primary))

    def _moment(self) -> datetime:
        chance = self.chance
        if chance.random() < 0.4:
            near = chance.choice(self.cuts) + chance.choice(NEAR) * SECOND
            if self.start <= near < self.end:
                return near
        return self.start + chance.randrange(int((self.end - self.start).total_seconds())) * SECOND

    def _after(self, at: datetime) -> datetime:
        """A moment behind `at`, or `at` itself."""
        return max(at, self._moment())

    def _seen(self, at: datetime) -> datetime:
        late = self.chance.randint(1, LATEST) if self.chance.random() < 0.25 else 0
        return at + late * SECOND
