"""Write one window: rows stream into Parquet files that nobody sees until `commit`.

A group of rows is encoded by a thread of its own while the next one is read; one at a time, so that memory holds.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muster.errors import LakeError
from muster.lake import files
from muster.lake.manifest import NAME, FileEntry, Kind, Manifest, RunKind
from muster.windows import Window, utc

if TYPE_CHECKING:
    from muster.lake.store import Lake

GROUP_ROWS = 64 * 1024
GROUP_BYTES = 64 * 1024**2
PARQUET: dict[str, Any] = {"compression": "zstd", "write_statistics": True}
SAMPLE_ROWS = 4096
REPEATED = 0.5  # a column with fewer different values than this share of its rows is worth a dictionary
INSTANT = pa.timestamp("us", tz="UTC")
ADDED = ("_source_instance", "_extracted_at", "_window_start", "_window_end", "_run_id")
QUARANTINE = pa.schema([("row_number", pa.int64()), ("reason", pa.string()), ("raw", pa.string())])


@dataclass(frozen=True)
class Task:
    """What is being read: the arguments of `Lake.begin`."""

    system: str
    instance: str
    object: str
    kind: Kind
    window: Window
    read_from: datetime
    run_id: str
    run_kind: RunKind
    extracted_at: datetime

    def __str__(self) -> str:
        return f"{self.system}__{self.instance} {self.object} {self.window}"


class Part:
    """One Parquet file that grows by row groups; a file is finished by `close`, which gives its entry."""

    def __init__(self, path: Path, first: pa.Table) -> None:
        self.path, self.schema, self.rows = path, first.schema, 0
        self.writer = pq.ParquetWriter(path, first.schema, use_dictionary=_repeating(first), **PARQUET)

    def add(self, table: pa.Table) -> None:
        self.writer.write_table(table, row_group_size=2 * GROUP_ROWS)
        self.rows += len(table)

    def close(self) -> None:
        self.writer.close()
        files.flush(self.path)


def _repeating(rows: pa.Table) -> list[str]:
    """The columns whose values repeat, by the first rows: a dictionary of the others is work for nothing."""
    sample = rows.slice(0, SAMPLE_ROWS)
    most = max(1, REPEATED * len(sample))
    return [name for name in rows.column_names if pc.count_distinct(sample[name], mode="all").as_py() <= most]


class WindowWriter:
    """Give it rows, then `commit` with the number of rows the source announced. Leaving without it drops all."""

    def __init__(self, lake: Lake, task: Task) -> None:
        self.lake, self.task = lake, task
        self.folder = lake.incoming / uuid.uuid4().hex
        self.rows = self.quarantined_rows = 0
        self._columns: dict[str, str] = {}  # case-folded name -> name, in the order first seen
        self._waiting: list[pa.Table] = []
        self._refused: list[dict[str, Any]] = []
        self._parts: list[Part] = []
        self._quarantine: Part | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._encoding: Future[None] | None = None
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def write(self, rows: Sequence[Mapping[str, str | None]]) -> None:
        """One batch of rows as the source names them, every value text or None. A key that is missing is None."""
        if not rows:
            return
        names = list(dict.fromkeys(name for row in rows for name in row))
        try:
            columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
        except pa.ArrowException as error:
            raise self._error("a raw value is text or None, but another type was given") from error
        if not names:
            raise self._error("a row without any field can't be written")
        self.write_arrow(pa.table(columns, names=names))

    def write_arrow(self, table: pa.Table) -> None:
        """The same for many rows at once. Every column is text."""
        self._require_open()
        self._learn(table.column_names)
        if not len(table):
            return
        with files.disk_errors(self.lake.root, self.lake.free_bytes):
            self._waiting.append(self._as_text(table))
            self.rows += len(table)
            waiting = sum(len(one) for one in self._waiting), sum(one.nbytes for one in self._waiting)
            if waiting[0] >= GROUP_ROWS or waiting[1] >= GROUP_BYTES:
                self._write_group(is_last=False)

    def quarantine(self, row_number: int, reason: str, raw: str) -> None:
        """Put aside a row that can't be used: kept, counted, shown, replayable (F55)."""
        self._require_open()
        self._refused.append({"row_number": row_number, "reason": reason, "raw": raw})
        self.quarantined_rows += 1
        if len(self._refused) >= GROUP_ROWS:
            with files.disk_errors(self.lake.root, self.lake.free_bytes):
                self._write_refused()

    def commit(self, source_rows: int, evidence: Mapping[str, Any]) -> Manifest:
        """Make it visible, whole. A window that is committed already stays as it is; its manifest is returned.

        Raises LakeError when rows are missing or too many, or when the disk is full, and WindowOverlap where another
        committed window holds a part of its time; then nothing is visible.
        """
        self._require_open()
        if source_rows != self.rows + self.quarantined_rows:
            raise self._error(
                f"the source announced {source_rows:,} rows, but {self.rows:,} were written and "
                f"{self.quarantined_rows:,} put aside; nothing was committed",
                "run it again; if it stays so, the source's answer is read wrongly",
            )
        with files.disk_errors(self.lake.root, self.lake.free_bytes):
            self._finish_files()
            manifest = self._manifest(source_rows, evidence)
            files.write_whole(self._ensured() / NAME, manifest.to_json().encode())
            aside = self._quarantine.path if self._quarantine else None
            committed = self.lake.place(self.folder, manifest, aside)
        self._drop()
        return committed

    def _finish_files(self) -> None:
        self._write_group(is_last=True)
        self._write_refused()
        for part in (*self._parts, *([self._quarantine] if self._quarantine else [])):
            part.close()

    def _manifest(self, source_rows: int, evidence: Mapping[str, Any]) -> Manifest:
        task = self.task
        home = self.lake.window_folder(task.system, task.instance, task.object, task.window)
        entries = tuple(
            FileEntry(
                str((home / part.path.name).relative_to(self.lake.root)),
                part.rows,
                part.path.stat().st_size,
                files.sha256(part.path),
            )
            for part in self._parts
        )
        return Manifest(
            system=task.system,
            instance=task.instance,
            object=task.object,
            kind=task.kind,
            window=task.window,
            read_from=utc(task.read_from),
            run_id=task.run_id,
            run_kind=task.run_kind,
            committed_at=self.lake.clock(),
            source_rows=source_rows,
            rows=self.rows,
            quarantined_rows=self.quarantined_rows,
            files=entries,
            columns=tuple(self._columns.values()),
            evidence=dict(evidence),
        )

    def _learn(self, names: Sequence[str]) -> None:
        """Remember the columns. Names that differ by case only would be one column for every SQL engine."""
        seen: set[str] = set()
        for name in names:
            folded = name.casefold()
            if folded in seen or self._columns.get(folded, name) != name:
                raise self._error(f"two columns are called {name} but for their case")
            if folded in ADDED:
                raise self._error(f"the column {name} is Muster's own and can't come from a source")
            seen.add(folded)
        self._columns.update({name.casefold(): name for name in names})

    def _as_text(self, table: pa.Table) -> pa.Table:
        """The same table with plain text columns. Nothing but text is converted: raw is what the source wrote."""
        for field in table.schema:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
                raise self._error(f"the column {field.name} is {field.type}; raw columns are text")
        return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))

    def _write_group(self, *, is_last: bool) -> None:
        """One row group of what waits; a new file begins where new columns appeared."""
        self._encoded()
        if not self._waiting:
            return
        rows = self._with_added(pa.concat_tables(self._waiting, promote_options="default"))
        self._waiting = []
        files.require_space(self.lake.root, rows.nbytes, self.lake.free_bytes)
        if not self._parts or self._parts[-1].schema != rows.schema:
            self._parts.append(Part(self._ensured() / f"part-{len(self._parts):05d}.parquet", rows))
        if is_last:
            self._parts[-1].add(rows)
            return
        self._thread = self._thread or ThreadPoolExecutor(1, "parquet")
        self._encoding = self._thread.submit(self._parts[-1].add, rows)

    def _encoded(self) -> None:
        """Wait for the group before; its error is raised here."""
        if self._encoding is not None:
            encoding, self._encoding = self._encoding, None
            encoding.result()

    def _with_added(self, rows: pa.Table) -> pa.Table:
        task, count = self.task, len(rows)
        columns = [
            rows[name] if name in rows.column_names else pa.nulls(count, pa.string())
            for name in self._columns.values()
        ]
        added = (
            pa.scalar(f"{task.system}__{task.instance}", pa.string()),
            pa.scalar(utc(task.extracted_at), INSTANT),
            pa.scalar(task.window.start, INSTANT),
            pa.scalar(task.window.end, INSTANT),
            pa.scalar(task.run_id, pa.string()),
        )
        columns += [pa.repeat(value, count) for value in added]
        return pa.table(columns, names=[*self._columns.values(), *ADDED])

    def _write_refused(self) -> None:
        if not self._refused:
            return
        rows = pa.Table.from_pylist(self._refused, schema=QUARANTINE)
        files.require_space(self.lake.root, rows.nbytes, self.lake.free_bytes)
        if self._quarantine is None:
            self._quarantine = Part(self._ensured() / "quarantine.parquet", rows)
        self._quarantine.add(rows)
        self._refused = []

    def _ensured(self) -> Path:
        files.make_folder(self.folder)
        return self.folder

    def _drop(self) -> None:
        """Forget what wasn't committed."""
        self._is_open = False
        self._waiting, self._refused = [], []
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        for part in (*self._parts, *([self._quarantine] if self._quarantine else [])):
            with suppress(OSError):
                part.writer.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _require_open(self) -> None:
        if not self._is_open:
            raise self._error("this window was committed or left already")

    def _error(self, message: str, hint: str = "") -> LakeError:
        return LakeError(message, where=str(self.task), hint=hint)
