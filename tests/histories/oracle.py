"""What is right, in plain Python: what each reading must have found, and what must be staged after all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.histories.history import DELETED, Activity, History, Version

from muster.windows import Window

StagedLead = tuple[Any, ...]
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass
class Oracle:
    """Knows all histories of one simulated Marketo, and is told of each reading."""

    histories: Sequence[History]
    overlap: timedelta
    found: dict[int, list[Version]] = field(default_factory=lambda: defaultdict(list))

    def leads(self, window: Window, clock: datetime) -> list[Version]:
        """The states that a reading at `clock` finds: of each lead the visible one, stamped in window and overlap."""
        return [one for one in self._present(clock) if self._is_read(one.at, window)]

    def activities(self, window: Window, clock: datetime, *, deletes: bool) -> list[Activity]:
        return [
            one
            for history in self.histories
            for one in history.activities
            if one.visible <= clock and self._is_read(one.at, window) and (one.kind == DELETED) is deletes
        ]

    def note(self, versions: Iterable[Version]) -> None:
        """These were received and can be used."""
        for one in versions:
            if not one.is_poison:
                self.found[one.lead].append(one)

    def allowed(self) -> dict[int, list[StagedLead]]:
        """By lead, what may be staged now: the newest that was received; any of them where stamps are equal."""
        chosen = {}
        for lead, versions in self.found.items():
            newest = max(one.at for one in versions)
            chosen[lead] = [staged(one) for one in versions if one.at == newest]
        return chosen

    def settled(self) -> dict[int, StagedLead]:
        """The true last state of every lead that is there and readable, when all was read."""
        return {one.lead: staged(one) for one in self._present(None) if not one.is_poison}

    def all_activities(self, *, deletes: bool) -> set[str]:
        every = (one for history in self.histories for one in history.activities)
        return {one.guid for one in every if (one.kind == DELETED) is deletes}

    def history_of(self, lead: int) -> History:
        return next(one for one in self.histories if any(version.lead == lead for version in one.versions))

    def _is_read(self, at: datetime, window: Window) -> bool:
        return window.start - self.overlap <= at < window.end

    def _present(self, clock: datetime | None) -> list[Version]:
        last: dict[int, Version] = {}
        for history in self.histories:
            for one in history.versions:
                if clock is None or one.visible <= clock:
                    last[one.lead] = one
        return [one for one in last.values() if one.values is not None]


COLUMNS = (
    "lead_id, source_instance, record_key, email, first_name, last_name, title, lead_score, is_unsubscribed, "
    "epoch_us(created_at), epoch_us(updated_at)"
)


def staged(version: Version) -> StagedLead:
    """A state as staging must show it. Marketo's files write `null` for what is empty, so that word is no value."""
    values = version.values or {}

    def text(name: str) -> str | None:
        return None if values[name] in ("", "null", None) else str(values[name])

    return (
        version.lead, "marketo__amer", f"{version.lead}@amer.marketo", text("email"), text("firstName"), text("lastName"),
        text("title"), values["leadScore"], values["unsubscribed"], _micros(values["createdAt"]), _micros(values["updatedAt"]),
    )  # fmt: skip


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
