"""The object `deleted_records`: which ids of the other objects are gone (F26).

Deleted rows come with `IsDeleted` as long as the recycle bin holds them. Those that left it, or never saw it, are
known from two places, which `foundBy` names: `getDeleted`, the organisation's own feed of the last 15 days, each
night; and `comparison`, once a week, of all ids that the organisation has with those that the lake holds as alive.

    object        the object's name in the lake, such as contacts
    id            the record's id
    deletedDate   when it was deleted; of a comparison, when the organisation was asked
    foundBy       getDeleted or comparison

A record is gone when its newest `deletedDate` is not older than the `SystemModstamp` of its newest row: what was
brought back from the recycle bin has a younger stamp.

What a comparison of one object found is kept under `lake/comparisons/` at once, so that a run that dies goes on with
the next object. A comparison that would call a large share of an object deleted is refused: records that the
integration user may no longer see look the same.
"""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from muster.errors import LakeError, SourceError
from muster.sources.base import Collected, JobLost, NotYet, Reading, Ticket, WindowTask
from muster.sources.salesforce import bulk, rest
from muster.sources.salesforce.api import SalesforceApi, soql_time
from muster.sources.salesforce.comparison import DELETED, Comparison, compare
from muster.windows import Window

if TYPE_CHECKING:
    from muster.config import SalesforceSource
    from muster.lake import WindowWriter

log = logging.getLogger(__name__)

COLUMNS = ("object", "id", "deletedDate", "foundBy")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
DATASET = "comparisons"
FEW = 100  # so many may be missing, whatever share of the object they are
WITHOUT_BIN = frozenset({"users"})  # they are deactivated, never deleted


def objects_of(config: SalesforceSource) -> list[str]:
    """The objects whose records can be deleted."""
    return [name for name in config.all_objects if name != DELETED and name not in WITHOUT_BIN]


def begin(
    api: SalesforceApi, config: SalesforceSource, window: Window, now: datetime, *, is_week: bool
) -> Ticket:
    """Where a week is over, a job per object that reads all its ids; the feed needs none."""
    jobs = {}
    if is_week and config.compare_ids:
        for name in objects_of(config):
            kind = config.api_name(name)
            query = f"SELECT Id FROM {kind} WHERE IsDeleted = false"  # noqa: S608  a checked name
            jobs[name] = bulk.begin(api, query)
    return {DELETED: jobs, "until": soql_time(window.end), "asked_at": soql_time(now)}


def is_ready(api: SalesforceApi, ticket: Ticket) -> bool:
    return all(bulk.is_ready(api, job, name) for name, job in ticket[DELETED].items())


def collect(
    api: SalesforceApi,
    config: SalesforceSource,
    task: WindowTask,
    ticket: Ticket,
    reading: Reading,
    writer: WindowWriter,
) -> Collected:
    writer.write_arrow(SCHEMA.empty_table())
    count, told = 0, dict[str, dict[str, Any]]()
    for name in objects_of(config):
        found = _feed(api, config, name, task.window)
        rows = [_row(name, key, at, "getDeleted") for key, at in found.ids]
        told[name] = {"deleted": len(rows), "known_since": found.since and found.since.isoformat()}
        if job := ticket[DELETED].get(name):
            missing = _compared(api, config, name, job, ticket, found.ids, reading)
            told[name]["missing"] = len(missing)
            rows += missing.to_pylist()
        writer.write(rows)
        count += len(rows)
    return Collected(
        count, {"read": "getDeleted, and the comparison of ids where `missing` is told", "objects": told}
    )


def _feed(api: SalesforceApi, config: SalesforceSource, name: str, window: Window) -> rest.Deletions:
    """What was deleted in the window and its overlap. Raises NotYet where the feed is not that far."""
    kind = config.api_name(name) or ""
    found = rest.deletions(api, kind, window.read_from(config.overlap), window.end, api.now())
    if found.covered is not None and found.covered < window.end:
        raise NotYet(f"the deletions of {kind} are known until {found.covered.isoformat()}", where=api.where)
    return found


def _compared(
    api: SalesforceApi,
    config: SalesforceSource,
    name: str,
    job: str,
    ticket: Ticket,
    told: tuple[tuple[str, str], ...],
    reading: Reading,
) -> pa.Table:
    """The rows of one object's comparison, made now or by a run before this one that died."""
    key = f"{config.connection}__{name}__{ticket['until'].replace('-', '').replace(':', '')}"
    if (kept := _kept(reading, key)) is not None:
        return kept
    asked_at = datetime.fromisoformat(ticket["asked_at"])
    until = datetime.fromisoformat(ticket["until"])
    before = (min(asked_at, until) - config.overlap).strftime("%Y-%m-%dT%H:%M:%S.000")
    folder = reading.scratch / job
    folder.mkdir(exist_ok=True)
    found = compare(reading.lake, config, name, _ids(api, job, folder), before, told)
    _require_few(api, config, name, found)
    date = asked_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    rows = pa.Table.from_pylist([_row(name, one, date, "comparison") for one in found.missing], SCHEMA)
    try:
        reading.lake.append_rows(DATASET, rows, key)
    except LakeError:
        kept = _kept(reading, key)  # somebody else compared it at the same time
        if kept is None:
            raise
        return kept
    log.info("%s: %d of %d %s are gone", api.where, len(rows), found.alive, name)
    return rows


def _kept(reading: Reading, key: str) -> pa.Table | None:
    paths = [path for path in reading.lake.dataset_files(DATASET) if path.stem == key]
    return pq.read_table(paths[0], partitioning=None).cast(SCHEMA) if paths else None


def _ids(api: SalesforceApi, job: str, folder: Path) -> list[Path]:
    """The ids of one object, a file per page. Raises IntegrityError where one is missing (F24)."""
    announced = int(bulk.status(api, job).get("numberRecordsProcessed") or 0)
    paths, total = list[Path](), 0
    with closing(bulk.pages(api, job, folder)) as pages:
        for page in pages:
            table = _read_ids(api, job, page.path)
            path = page.path.with_suffix(".parquet")
            pq.write_table(table, path)
            page.path.unlink()
            paths.append(path)
            total += len(table)
    bulk.require_all(api, job, announced, total, len(paths))
    return paths


def _read_ids(api: SalesforceApi, job: str, path: Path) -> pa.Table:
    text = arrow_csv.ConvertOptions(column_types={"Id": pa.string()}, strings_can_be_null=False)
    if path.stat().st_size == 0:
        return pa.table({"Id": pa.array([], pa.string())})
    try:
        table = arrow_csv.read_csv(path, convert_options=text)
    except pa.ArrowInvalid:
        raise JobLost(f"the ids of job {job} can't be read", where=api.where) from None
    if table.column_names != ["Id"]:
        raise SourceError(f"job {job} gave other columns than Id", where=api.where)
    return table


def _require_few(api: SalesforceApi, config: SalesforceSource, name: str, found: Comparison) -> None:
    if len(found.missing) > max(FEW, config.max_missing_share * found.alive):
        raise SourceError(
            f"{len(found.missing):,} of {found.alive:,} {name} seem to be deleted; nothing was committed",
            where=api.where,
            hint="where the integration user lost the right to see them, give it back; where they are deleted "
            "indeed, raise max_missing_share of this source for one night",
        )


def _row(name: str, key: str, at: str, found_by: str) -> dict[str, str]:
    return {"object": name, "id": key, "deletedDate": at, "foundBy": found_by}


def weekly(window: Window, now: datetime, day: str) -> bool:
    """Does this window hold the newest end of that day? Of all windows one does, whoever reads it, and when."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (midnight.weekday() - names.index(day) - 1) % 7
    newest = midnight - timedelta(days=since)
    return window.start < newest <= window.end
