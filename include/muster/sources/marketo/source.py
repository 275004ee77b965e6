"""One Marketo Engage instance (B1-B5): which object is read how.

    leads, activities          bulk, a job per window                 deleted_leads, lead_changes   paging token, a window
    program_members            bulk, a job per ten programs           custom objects                bulk, or by their leads
    programs, smart_campaigns, static_lists                           whole, each night
    companies, sales_persons, opportunity_roles, opportunities, named_accounts      by key, whole, each night

Objects that are read by key are as complete as the keys that the lake holds: `keyed.READ_BY` says which these are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import httpx
import pyarrow as pa

from muster.errors import SourceError
from muster.http.jsontext import dumps
from muster.http.marketo import MarketoApi
from muster.lake import drift
from muster.sources.base import BATCH_ROWS, Collected, NotYet, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.csv_rows import write_csv
from muster.sources.keys import known, recent
from muster.sources.marketo import bulk, keyed, rest
from muster.state.central import next_reset
from muster.windows import Window, gaps

if TYPE_CHECKING:
    from muster.config import Connection, MarketoSource
    from muster.lake import WindowWriter
    from muster.state import QuotaGate

log = logging.getLogger(__name__)

DELETE_LEAD = 37  # not offered in bulk; deletedleads.json gives it
DELTA = "delta"  # a ticket with this is read by REST, whatever the object's other way is
FEEDS = {"deleted_leads": rest.DELETED_LEAD_COLUMNS, "lead_changes": rest.LEAD_CHANGE_COLUMNS}


class MarketoReader(Source):
    """See muster.sources.base.Source."""

    snapshot_objects: ClassVar[tuple[str, ...]] = (
        "static_lists",
        "programs",
        "smart_campaigns",
        "companies",
        "sales_persons",
        "opportunity_roles",
        "opportunities",
        "named_accounts",
    )
    bulk_objects: ClassVar[frozenset[str]] = frozenset({"leads", "activities", "program_members"})
    delta_objects: ClassVar[tuple[str, ...]] = ("activities", "lead_changes", "deleted_leads", "leads")

    def __init__(
        self,
        config: MarketoSource,
        connection: Connection,
        *,
        gate: QuotaGate,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config, self.jobs_at_once = config, config.limits.export_jobs_running
        self.api = MarketoApi(
            connection, gate=gate, timeout=config.timeout_seconds, transport=transport, sleep=sleep
        )

    @classmethod
    def is_bulk(cls, object_name: str) -> bool:
        return object_name in cls.bulk_objects or object_name.startswith("custom_")

    def quota_reset(self, now: datetime) -> datetime:
        """Midnight US Central."""
        return next_reset(now)

    def close(self) -> None:
        self.api.close()

    def server_time(self) -> datetime:
        return self.api.server_time()

    def now(self) -> datetime:
        return self.api.now()

    # ---- bulk ----------------------------------------------------------------------------------------------

    def begin(self, object_name: str, window: Window) -> Ticket | None:
        if not self.is_bulk(object_name):
            return None
        start = window.read_from(self.config.overlap)
        described = self._described(object_name)
        ticket = self._begin(object_name, described.names, start, window.end)
        return {**ticket, "described": described.to_dict(), "described_at": self.now().isoformat()}

    def _begin(self, object_name: str, fields: Sequence[str], start: datetime, end: datetime) -> Ticket:
        if object_name == "leads":
            return bulk.begin_leads(self.api, fields, start, end)
        if object_name == "activities":
            return bulk.begin_activities(self.api, self._activity_types, start, end)
        if object_name == "program_members":
            fields = [name for name in fields if name != "programId"]  # it comes first, unasked
            return bulk.begin_program_members(self.api, fields, self._programs, start, end)
        return bulk.begin_custom_object(self.api, self._api_name(object_name), fields, start, end)

    def _described(self, object_name: str) -> drift.Described:
        if object_name in ("leads", "lead_changes"):
            return self._leads_described
        if object_name == "activities":
            return self._activities_described
        if object_name == "program_members":
            return rest.describe(self.api, "/rest/v1/programs/members")[0]
        return rest.describe(self.api, self._custom_path(object_name))[0]

    @cached_property
    def _leads_described(self) -> drift.Described:
        return rest.describe_leads(self.api)

    @cached_property
    def _activities_described(self) -> drift.Described:
        return rest.describe_activities(self.api)

    @cached_property
    def _activity_types(self) -> list[int]:
        return [one for one in rest.type_ids(self._activities_described) if one != DELETE_LEAD]

    @cached_property
    def _programs(self) -> list[int]:
        pages = rest.assets(self.api, "/rest/asset/v1/programs.json", ("id",))
        return sorted({int(row["id"] or 0) for rows in pages for row in rows})

    def _api_name(self, object_name: str) -> str:
        if (name := self.config.api_name(object_name)) is None:
            raise SourceError(f"'{object_name}' is not among the custom objects", where=self.api.where)
        return name

    def _custom_path(self, object_name: str) -> str:
        return f"/rest/v1/customobjects/{self._api_name(object_name)}"

    def ready(self, ticket: Ticket) -> bool:
        return DELTA in ticket or bulk.all_ready(self.api, ticket)

    # ---- collecting ----------------------------------------------------------------------------------------

    def collect(
        self, task: WindowTask, ticket: Ticket | None, reading: Reading, writer: WindowWriter
    ) -> Collected:
        if ticket is not None and DELTA in ticket:
            return self._delta(task, reading, writer)
        if ticket is not None:
            return self._from_bulk(task, ticket, reading, writer)
        readers: dict[str, Callable[[], Collected]] = {
            "deleted_leads": lambda: self._feed(task, reading, writer, set()),
            "lead_changes": lambda: self._feed(task, reading, writer, set()),
            "static_lists": lambda: self._static_lists(writer),
            "programs": lambda: self._programs_whole(reading, writer),
            "smart_campaigns": lambda: self._assets("smartCampaigns", rest.CAMPAIGN_COLUMNS, writer),
        }
        if task.object in readers:
            return readers[task.object]()
        if task.object not in keyed.PATHS:
            raise SourceError(f"'{task.object}' can't be read without a bulk job", where=self.api.where)
        return self._by_key(task, reading, writer)

    def _from_bulk(
        self, task: WindowTask, ticket: Ticket, reading: Reading, writer: WindowWriter
    ) -> Collected:
        described = drift.Described.from_dict(ticket["described"])
        at = datetime.fromisoformat(ticket["described_at"])
        known_as = {"describe": self._record(task, described, at, reading, writer)}
        fields = ticket["fields"]
        writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in fields}))
        if "degraded" in ticket and not bulk.jobs(ticket) and task.object != "program_members":
            return self._custom_by_lead(task, ticket, known_as, reading, writer)
        count, told = 0, []
        for number, job in enumerate(bulk.jobs(ticket)):
            file, records, evidence = bulk.fetch(self.api, job, reading.scratch / f"export{number}.csv")
            write_csv(file.path, fields, writer, where=self.api.where, first_row=count)
            file.path.unlink()
            count += records
            told.append(evidence)
        if "jobs" not in ticket:
            return Collected(count, {**told[0], **known_as})
        degraded = {name: ticket[name] for name in ("degraded",) if name in ticket}
        return Collected(count, {"jobs": told, **degraded, **known_as})

    def _record(
        self,
        task: WindowTask,
        described: drift.Described,
        at: datetime,
        reading: Reading,
        writer: WindowWriter,
    ) -> str:
        """What the object looks like goes into the lake's registry; a change of it becomes drift events."""
        return drift.record(
            reading.lake, self.config.connection, task.object, described,
            at=at, window=task.window, run_id=writer.task.run_id,
        )  # fmt: skip

    def _feed(self, task: WindowTask, reading: Reading, writer: WindowWriter, seen: set[str]) -> Collected:
        """Rows of a paged feed in the window and its overlap, but those `seen` already."""
        read, evidence = Window(task.window.read_from(self.config.overlap), task.window.end), {}
        if task.object == "deleted_leads":
            found = rest.deleted_leads(self.api, read)
        elif task.object == "activities":
            described = self._activities_described
            evidence["describe"] = self._record(task, described, self.now(), reading, writer)
            found = rest.activities(self.api, self._activity_types, read)
        else:
            described = self._leads_described
            evidence["describe"] = self._record(task, described, self.now(), reading, writer)
            found = rest.lead_changes(self.api, described.names, read)
        count = self._write_judged(found, writer, seen)
        return Collected(count, {"read": "by paging token, to the end of its pages", **evidence})

    def _write_judged(
        self, found: Iterable[tuple[rest.Row, str]], writer: WindowWriter, seen: set[str]
    ) -> int:
        rows, count = list[rest.Row](), 0
        for row, fault in found:
            if row["marketoGUID"] in seen:
                continue
            count += 1
            if fault:
                writer.quarantine(count, fault, dumps(row))
            else:
                rows.append(row)
            if len(rows) >= BATCH_ROWS:
                writer.write(rows)
                rows = []
        writer.write(rows)
        return count

    def _static_lists(self, writer: WindowWriter) -> Collected:
        count = self._write(rest.list_members(self.api), writer)
        return Collected(count, {"read": "lists.json and the members of each"})

    def _assets(self, kind: str, columns: Sequence[str], writer: WindowWriter) -> Collected:
        count = self._write(rest.assets(self.api, f"/rest/asset/v1/{kind}.json", columns), writer)
        return Collected(count, {"read": f"{kind}.json, to an empty page"})

    def _programs_whole(self, reading: Reading, writer: WindowWriter) -> Collected:
        """Every program; its tags and costs are asked for one by one, and only when it has changed since last night."""
        before = keyed.last_rows(reading.lake, self.config, "programs")
        asked = 0

        def detailed() -> Iterator[list[rest.Row]]:
            nonlocal asked
            for rows in rest.assets(self.api, "/rest/asset/v1/programs.json", rest.PROGRAM_COLUMNS):
                done = []
                for row in rows:
                    old = before.get(row["id"] or "")
                    if old is not None and old["updatedAt"] == row["updatedAt"]:
                        done.append({**row, "tags": old["tags"], "costs": old["costs"]})
                    else:
                        asked += 1
                        done.append(rest.program_details(self.api, row))
                yield done

        count = self._write(detailed(), writer)
        return Collected(count, {"read": "programs.json, to an empty page", "details_asked": asked})

    # ---- by key --------------------------------------------------------------------------------------------

    def _by_key(self, task: WindowTask, reading: Reading, writer: WindowWriter) -> Collected:
        path = keyed.PATHS[task.object]
        described, _ = rest.describe(self.api, path)
        digest = self._record(task, described, self.now(), reading, writer)
        filter_type, keys = keyed.keys_of(task.object, reading.lake, self.config)
        count, left_out = self._read_keys(path, filter_type, keys, described.names, writer)
        evidence = {"read": f"by {filter_type}", "keys": len(keys), "left_out": left_out}
        return Collected(count, {**evidence, "keys_are": keyed.READ_BY[task.object], "describe": digest})

    def _custom_by_lead(
        self,
        task: WindowTask,
        ticket: Ticket,
        known_as: dict[str, str],
        reading: Reading,
        writer: WindowWriter,
    ) -> Collected:
        """Every record of a custom object that belongs to a lead in the lake, where it can't be asked for by change."""
        leads = reading.lake.committed(self.config.system, self.config.instance, "leads")
        if gaps(task.window, (one.window for one in leads)):
            told = f"{task.object} is read by its leads, and those of {task.window} are not committed yet"
            kind = NotYet if "leads" in self.config.objects else SourceError
            raise kind(told, where=self.api.where, hint="leads must be among the objects of this source")
        path = self._custom_path(task.object)
        _, facts = rest.describe(self.api, path)
        link = next(
            (
                one
                for one in facts.get("relationships") or []
                if (one.get("relatedTo") or {}).get("name") == "Lead"
            ),
            None,
        )
        if link is None:
            raise SourceError(f"{path} is not linked to leads, so it can't be read", where=self.api.where)
        column = {"Id": "id"}.get(link["relatedTo"]["field"], link["relatedTo"]["field"])
        keys = known(reading.lake, self.config, "leads", column)
        count, left_out = self._read_keys(path, link["field"], keys, ticket["fields"], writer)
        evidence = {"read": f"by {link['field']}", "keys": len(keys), "left_out": left_out}
        return Collected(count, {**evidence, "degraded": ticket["degraded"], **known_as})

    def _read_keys(
        self, path: str, filter_type: str, keys: set[str], fields: Sequence[str], writer: WindowWriter
    ) -> tuple[int, int]:
        """(rows read, keys left out). One with a comma can't be asked for: counted, and said loudly."""
        askable = {key for key in keys if "," not in key}
        left_out = len(keys) - len(askable)
        if left_out:
            log.warning(
                "%s: %d keys of %s hold a comma and can't be asked for", self.api.where, left_out, path
            )
        return self._write(rest.by_key(self.api, path, filter_type, askable, fields), writer), left_out

    def _write(self, pages: Iterable[Sequence[rest.Row]], writer: WindowWriter) -> int:
        count = 0
        for rows in pages:
            writer.write(rows)
            count += len(rows)
        return count

    # ---- deltas --------------------------------------------------------------------------------------------

    def begin_delta(self, object_name: str, window: Window) -> Ticket:  # noqa: ARG002
        return {DELTA: str(window)}

    def _delta(self, task: WindowTask, reading: Reading, writer: WindowWriter) -> Collected:
        """What changed since the last commit, by REST; what the overlap brings a second time is left out."""
        if task.object == "leads":
            return self._changed_leads(task, reading, writer)
        read = Window(task.window.read_from(self.config.overlap), task.window.end)
        seen = recent(reading.lake, self.config, task.object, "marketoGUID", "activityDate", read)
        columns = FEEDS.get(task.object, rest.ACTIVITY_COLUMNS)
        writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in columns}))
        return self._feed(task, reading, writer, seen)

    def _changed_leads(self, task: WindowTask, reading: Reading, writer: WindowWriter) -> Collected:
        """The leads that an activity of the window names, as they are now: 300 a call. There is no filter by change."""
        if not {"activities", "lead_changes"} & set(self.config.objects):
            hint = "take activities into its objects: they say which leads changed"
            raise SourceError("leads can't be read by deltas alone", where=self.api.where, hint=hint)
        described = self._leads_described
        digest = self._record(task, described, self.now(), reading, writer)
        writer.write_arrow(pa.table({name: pa.array([], pa.string()) for name in described.names}))
        ids: set[str] = set()
        for name in ("activities", "lead_changes"):
            ids |= known(reading.lake, self.config, name, "leadId", within=task.window)
        count, _ = self._read_keys("/rest/v1/leads", "id", ids, described.names, writer)
        return Collected(
            count, {"read": "leads that an activity names", "keys": len(ids), "describe": digest}
        )
