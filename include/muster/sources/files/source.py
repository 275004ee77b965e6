"""One folder or bucket: windows bring the files whose time lies in them, snapshots what is there now."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pyarrow as pa

from muster.errors import SourceError
from muster.http.retry import Patience
from muster.sources.base import Collected, Peek, Reading, Sleep, Source, Ticket, WindowTask
from muster.sources.files.choosing import Chosen, listed, of_snapshot, of_window
from muster.sources.files.looking import look_into
from muster.sources.files.places import Changed, Found, open_place
from muster.sources.files.rows import write_rows
from muster.sources.files.unpack import unpacked

if TYPE_CHECKING:
    from muster.config import Connection, FileObject, FilesSource, SourceConfig
    from muster.lake import WindowWriter
    from muster.windows import Window

T = TypeVar("T")
log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FilesReader(Source):
    """See muster.sources.base.Source. No jobs: what a window reads is decided when it is collected."""

    def __init__(
        self,
        config: FilesSource,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
        clock: Callable[[], datetime] = _utc_now,
        patience: Patience | None = None,
    ) -> None:
        self.config, self.where = config, connection.id
        self.sleep, self.patience = sleep, patience or Patience()
        self.place = open_place(
            config.path, connection, timeout=config.timeout_seconds, transport=transport, clock=clock
        )
        self._now: datetime | None = None

    @classmethod
    def snapshots(cls, config: SourceConfig) -> tuple[str, ...]:
        objects: dict[str, FileObject] = config.objects  # type: ignore[assignment]
        return tuple(name for name, wanted in objects.items() if wanted.mode == "snapshot")

    def close(self) -> None:
        self.place.close()

    def server_time(self) -> datetime:
        self._now = self._tried(self.place.now)
        return self._now

    def now(self) -> datetime:
        return self._now or self.server_time()

    def begin(self, object_name: str, window: Window) -> Ticket | None:  # noqa: ARG002
        return None

    def ready(self, ticket: Ticket | None) -> bool:  # noqa: ARG002
        return True

    def collect(
        self,
        task: WindowTask,
        ticket: Ticket | None,  # noqa: ARG002
        reading: Reading,
        writer: WindowWriter,
    ) -> Collected:
        wanted = self.config.objects[task.object]
        chosen = self._chosen(task, wanted, reading)
        names = wanted.wanted
        writer.write_arrow(pa.table([pa.array([], pa.string())] * len(names), names=names))
        files, total, left = [], 0, chosen.left
        for found in chosen.files:
            read = self._read(found, wanted, reading.scratch, writer)
            if read is None and task.kind == "snapshot":
                raise SourceError(f"{found.path} is still being written", where=self.where)
            if read is None:
                left += 1
                continue
            files.append(read)
            total += read["rows"] + read["quarantined"]
        if left:
            log.info("%s %s: %d files are not complete yet, left for later", self.where, task.object, left)
        return Collected(total, {"files": files, "left": left})

    def _chosen(self, task: WindowTask, wanted: FileObject, reading: Reading) -> Chosen:
        if task.kind == "snapshot":
            return self._tried(lambda: of_snapshot(self.place, wanted, self.where))
        committed = [
            one
            for one in reading.lake.committed(self.config.system, self.config.instance, task.object)
            if one.kind == "window"
        ]
        since = task.window.read_from(self.config.overlap)
        return self._tried(lambda: of_window(self.place, wanted, task.window, since, committed, self.where))

    def _read(
        self, found: Found, wanted: FileObject, scratch: Path, writer: WindowWriter
    ) -> dict[str, Any] | None:
        """Copy one file, check that it is the one that was listed, and write its rows; None where it is not."""
        copy = scratch / "copy"
        try:
            digest = self._tried(lambda: self.place.copy(found, copy))
        except Changed:
            return None
        rows = quarantined = 0
        for name, path in unpacked(copy, found.path, scratch, self.where):
            counts = write_rows(path, name, wanted, writer, scratch, self.where)
            rows, quarantined = rows + counts.rows, quarantined + counts.quarantined
        path_, size, modified = found.identity
        return {
            "path": path_,
            "size": size,
            "modified": modified,
            "sha256": digest,
            "rows": rows,
            "quarantined": quarantined,
        }

    def peek(self, object_name: str, rows: int) -> Peek:
        """The newest file: its columns, and the first rows of it."""
        wanted = self.config.objects[object_name]
        found = self._tried(lambda: listed(self.place, wanted, self.where))
        if not found:
            raise SourceError(
                f"no file matches {wanted.path}",
                where=self.where,
                hint="check the source's path and the object's: `*` stays within a folder, `**/` means any folders",
            )
        newest = found[-1][1]
        with TemporaryDirectory(prefix="muster-") as folder:
            scratch = Path(folder)
            self._tried(lambda: self.place.copy(newest, scratch / "copy"))
            parts: Iterator[tuple[str, Path]] = unpacked(scratch / "copy", newest.path, scratch, self.where)
            for name, path in islice(parts, 1):
                kinds, first = look_into(path, name, wanted, scratch, self.where, rows)
                return Peek(kinds, first, f"{name}, the newest of {len(found):,} files")
        raise SourceError(f"{newest.path} holds no file", where=self.where)

    def _tried(self, call: Callable[[], T]) -> T:
        """What passes is waited out. Raises the last error."""
        return self.patience.retrying(self.sleep)(call)
