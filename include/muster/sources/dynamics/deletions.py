"""Which records are gone, told with the newest window of their table: by change tracking, or by comparing all keys.

A delta link says what went away since it was given. It is kept in the manifest of the window that it was given with,
so it moves on with the rows it told, in one commit, or not at all: what a process that died had read, the next one is
told again (F36). Where there is no link yet, or the service has dropped what it knew since (too long ago, or the
table's metadata changed), all keys are read: what the lake holds and the organisation doesn't is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muster.errors import IntegrityError, SourceError
from muster.sources.dynamics.api import TRACKED, DynamicsApi, Page, Params, TokenExpired, odata_time
from muster.sources.dynamics.reading import key_pages
from muster.sources.dynamics.tables import REASON, Row, Table
from muster.sources.keys import known

if TYPE_CHECKING:
    from muster.config import DynamicsSource
    from muster.lake import Lake
    from muster.sources.base import WindowTask

log = logging.getLogger(__name__)

DELETED, ABSENT = "deleted", "absent"  # told by the organisation; found by comparing keys
MANY = 100  # so many rows don't go away in a day: no row at all is then a matter of access
LINK = "delta_link"  # in a manifest's evidence: the parameters of the link


@dataclass(frozen=True)
class Gone:
    """`rows` for the raw table, and what the manifest says about them."""

    rows: list[Row]
    evidence: Mapping[str, Any]


class Deletions:
    """Of one table of one organisation."""

    def __init__(
        self, api: DynamicsApi, config: DynamicsSource, lake: Lake, table: Table, object_name: str
    ) -> None:
        self.api, self.config, self.lake, self.table, self.object = api, config, lake, table, object_name

    def of(self, task: WindowTask) -> Gone:
        """Nothing for a window that isn't the newest of its table: the newest tells all there is."""
        committed = self.lake.committed(self.config.system, self.config.instance, self.object)
        if any(one.window.end > task.window.end for one in committed):
            return Gone([], {"deletes": "told with a newer window"})
        if not self.table.is_tracked:
            return self._untracked()
        links = [one for one in committed if LINK in one.evidence]
        if not links:
            return self._by_keys("no delta link yet", is_tracked=True)
        newest = max(links, key=lambda one: (one.window.end, one.committed_at))
        try:
            return self._since(newest.evidence[LINK])
        except TokenExpired as error:
            log.warning(
                "%s: the delta link of %s (window %s) has expired; reading all its keys again",
                self.api.where, self.table.path, newest.window,
            )  # fmt: skip
            return self._by_keys(f"the delta link has expired: {error.code}", is_tracked=True)

    def _since(self, link: Params) -> Gone:
        """What went away since the link was given, and the next link."""
        keys, pages = list[str](), 0
        delta = None
        for page in self.api.pages(self.table.path, link, prefer=TRACKED):
            keys += [str(row["id"]) for row in page.rows if _is_gone(row)]
            pages, delta = pages + 1, page.delta
        return self._told(
            keys, DELETED, {"deletes": "by delta link", "delta_pages": pages}, self._needed(delta)
        )

    def _untracked(self) -> Gone:
        told = f"change tracking is off for {self.table.name}"
        hint = "switch on 'Track changes' for the table in Power Apps"
        if self.config.compare_keys:
            log.warning("%s: %s, so all its keys are compared each night; %s", self.api.where, told, hint)
            return self._by_keys(told, is_tracked=False)
        log.warning("%s: %s, so its deletes are not seen; %s", self.api.where, told, hint)
        return Gone([], {"deletes": f"not seen: {told}"})

    def _by_keys(self, why: str, *, is_tracked: bool) -> Gone:
        """Read every key. The lake's keys are taken first: what is created meanwhile is in neither, or in both."""
        left, live, link = self._known() if self.config.compare_keys else set(), 0, None
        for page in self._key_pages(is_tracked=is_tracked):
            keys = _keys(page, self.table.key)
            left.difference_update(keys)
            live, link = live + len(keys), page.delta
        if not live and len(left) >= MANY:
            raise SourceError(
                f"{self.table.path} has no row at all, but the lake holds {len(left):,} of it (F48)",
                where=self.api.where,
                hint="look at the application user's security role; if they are truly gone, compare_keys: false lets it pass",
            )
        how = "by comparing all keys" if self.config.compare_keys else "not seen"
        evidence = {"deletes": f"{how}: {why}", "keys": live}
        return self._told(sorted(left), ABSENT, evidence, self._needed(link) if is_tracked else None)

    def _key_pages(self, *, is_tracked: bool) -> Iterator[Page]:
        if is_tracked:
            return self.api.pages(self.table.path, {"$select": self.table.key}, prefer=TRACKED)
        return key_pages(self.api, self.table)

    def _known(self) -> set[str]:
        """Keys that the lake holds and hasn't been told to be gone."""
        found = known(self.lake, self.config, self.object, self.table.key)
        return found - known(
            self.lake, self.config, self.object, self.table.key, where=(REASON, (DELETED, ABSENT))
        )

    def _needed(self, delta: Params | None) -> Params:
        """Without a link for the next night deletes would be lost for ever: an error of the answer (F25)."""
        if delta is None:
            told = f"{self.table.path}: the last page of changes has no delta link"
            raise IntegrityError(told, where=self.api.where)
        return delta

    def _told(
        self, keys: Iterable[str], reason: str, evidence: Mapping[str, Any], link: Params | None
    ) -> Gone:
        now = odata_time(self.api.now())
        rows = [self.table.gone(key, reason, now) for key in keys]
        found = {**evidence, "deleted_rows": len(rows), "deletes_told_at": now}
        return Gone(rows, {**found, LINK: dict(link)} if link is not None else found)


def _is_gone(row: Mapping[str, Any]) -> bool:
    return str(row.get("@odata.context", "")).endswith("/$deletedEntity")


def _keys(page: Page, key: str) -> list[str]:
    try:
        return [str(row[key]) for row in page.rows]
    except KeyError:
        raise SourceError(f"a row came without its {key}") from None
