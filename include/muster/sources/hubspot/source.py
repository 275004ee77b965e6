"""One HubSpot account: records and associations by windows of their last change, lists and owners whole."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pyarrow as pa

from muster.errors import SourceError
from muster.lake import drift
from muster.sources.base import Collected, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.hubspot import links, records, whole
from muster.sources.hubspot.api import HubSpotApi
from muster.sources.hubspot.records import Kind, Row, Tally
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import Connection, HubSpotSource
    from muster.lake import WindowWriter

log = logging.getLogger(__name__)

API = "crm v3, associations v4"
ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")
CONTACT_COLUMNS = ("contact_id", "contact_ids")
#: properties whose internal value is a code, and where its label is found
LABELLED = {"deals": ("pipeline", "dealstage")}
LABEL = "__label"


class HubSpotReader(Source):
    """See muster.sources.base.Source. HubSpot has no bulk jobs for reading: nothing is begun, a window is collected."""

    snapshot_objects: ClassVar[tuple[str, ...]] = ("owners", "lists", "list_members")

    def __init__(
        self,
        config: HubSpotSource,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config
        self.api = HubSpotApi(
            connection, config.limits, timeout=config.timeout_seconds, transport=transport, sleep=sleep
        )

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        """HubSpot's clock, by a call that proves the token and that it opens the account that is configured."""
        portal = str(self.api.account().get("portalId"))
        if portal != str(self.config.portal_id):
            raise SourceError(
                f"the token opens the account {portal}, not {self.config.portal_id}",
                where=self.api.where,
                hint="take the access token of that account's private app, or mend portal_id",
            )
        return self.api.session.server_time()

    def now(self) -> datetime:
        return self.api.now()

    def begin(self, object_name: str, window: Window) -> Ticket | None:  # noqa: ARG002
        return None

    def ready(self, ticket: Ticket | None) -> bool:  # noqa: ARG002
        return True

    # ---- collecting ----------------------------------------------------------------------------------------

    def collect(
        self,
        task: WindowTask,
        ticket: Ticket | None,  # noqa: ARG002
        reading: Reading,
        writer: WindowWriter,
    ) -> Collected:
        if task.object in self.snapshot_objects:
            return self._whole(task.object, writer)
        if task.object in links.LINKS:
            return self._links(task, reading, writer)
        return self._records(task, reading, writer)

    def _records(self, task: WindowTask, reading: Reading, writer: WindowWriter) -> Collected:
        kind = self._kind(task.object)
        digest = drift.record(
            reading.lake, self.config.connection, task.object, kind.described,
            at=self.now(), window=task.window, run_id=writer.task.run_id,
        )  # fmt: skip
        labels, read, tally = self._labels(task.object, kind), self._read(task), Tally()
        names = [*kind.columns, *(f"{name}{LABEL}" for name in labels)]
        names += CONTACT_COLUMNS if task.object in ENGAGEMENTS else ()
        _with_columns(writer, names)
        count = 0
        for rows in self._rows(task.object, kind, read, tally):
            for row in rows:
                row |= {f"{name}{LABEL}": known.get(row.get(name) or "") for name, known in labels.items()}
            count = _write(rows, writer, count)
        evidence = {"read": f"ids by search of {kind.changed_by}, records by batch", **tally.evidence()}
        span = {"from": read.start.isoformat(), "until": read.end.isoformat()}
        return Collected(count, {**evidence, **span, "describe": digest, "api_version": API})

    def _rows(self, object_name: str, kind: Kind, read: Window, tally: Tally) -> Iterator[list[Row]]:
        """Live records first, archived ones after them: one that is archived meanwhile is met at least once."""
        for ids in records.changed_ids(self.api, kind, read, tally):
            for rows in records.read_batches(self.api, kind, ids, tally):
                yield self._with_contacts(kind.path, rows) if object_name in ENGAGEMENTS else rows
        for ids in records.archived_ids(self.api, kind, read):
            tally.archived += len(ids)
            yield from records.read_batches(self.api, kind, ids, tally, archived=True)

    def _with_contacts(self, path: str, rows: list[Row]) -> list[Row]:
        """Whom an engagement was with: all contacts, and the first of them as the one it is counted for."""
        ids = [row["id"] or "" for row in rows]
        found: dict[str, list[str]] = {}
        for _, pairs in links.pairs(self.api, path, "contacts", ids):
            for one, other in pairs:
                found.setdefault(one, []).append(other)
        for row in rows:
            contacts = sorted(found.get(row["id"] or "", []), key=int)
            row["contact_id"] = contacts[0] if contacts else None
            row["contact_ids"] = ";".join(contacts) or None
        return rows

    def _links(self, task: WindowTask, reading: Reading, writer: WindowWriter) -> Collected:
        start, end = links.LINKS[task.object][:2]
        kind, read, tally = self._kind(start), self._read(task), Tally()
        _with_columns(writer, links.columns_of(task.object))
        ids = [one for some in records.changed_ids(self.api, kind, read, tally) for one in some]
        known = links.known_pairs(reading.lake, self.config, task.object, ids)
        read_at, count, gone = self.now().astimezone(UTC).isoformat(), 0, 0
        for _, found in links.pairs(self.api, start, end, ids):
            rows = [links.row_of(task.object, pair, types, read_at) for pair, types in found.items()]
            known.difference_update(found)
            count = _write(rows, writer, count)
        for pair in sorted(known):
            count, gone = _write([links.gone(task.object, pair, read_at)], writer, count), gone + 1
        evidence = {
            "read": f"associations of the {start} that changed",
            "changed": len(ids),
            "no_longer": gone,
        }
        return Collected(count, {**evidence, "api_version": API})

    def _whole(self, object_name: str, writer: WindowWriter) -> Collected:
        _with_columns(writer, whole.COLUMNS[object_name])
        count = 0
        for rows in whole.read(self.api, object_name):
            count = _write(rows, writer, count)
        return Collected(count, {"read": f"{object_name}, to the last page", "api_version": API})

    # ---- what is asked for ---------------------------------------------------------------------------------

    def _kind(self, object_name: str) -> Kind:
        name = self.config.schema_name(object_name)
        return records.describe(self.api, records.schema_path(self.api, name) if name else object_name)

    def _read(self, task: WindowTask) -> Window:
        return Window(task.window.read_from(self.config.overlap), task.window.end)

    def _labels(self, object_name: str, kind: Kind) -> dict[str, dict[str, str]]:
        """The labels of coded values, by property: those of a deal's pipelines and stages."""
        wanted = [name for name in LABELLED.get(object_name, ()) if name in kind.described.types]
        if not wanted:
            return {}
        body = self.api.call("GET", f"/crm/v3/pipelines/{object_name}")
        pipelines: list[Any] = list(body.get("results") or [])
        stages = [stage for one in pipelines for stage in one.get("stages") or []]
        found = {"pipeline": _labels_of(pipelines), "dealstage": _labels_of(stages)}
        return {name: found[name] for name in wanted}


def _labels_of(items: Iterable[Any]) -> dict[str, str]:
    return {str(one["id"]): str(one["label"]) for one in items if one.get("id") and one.get("label")}


def _with_columns(writer: WindowWriter, names: Sequence[str]) -> None:
    """So that an empty window has its columns too."""
    writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in names}))


def _write(rows: Sequence[Row], writer: WindowWriter, before: int) -> int:
    """Rows into the lake, poison ones into its quarantine. Returns how many there are now."""
    good = []
    for number, row in enumerate(rows, start=before + 1):
        if reason := records.fault(row):
            writer.quarantine(number, reason, records.raw(row))
        else:
            good.append(row)
    writer.write(good)
    return before + len(rows)
