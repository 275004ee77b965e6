"""The lake of one sandbox: where commits lie, and which of them count.

    raw/<system>/<instance>/<object>/<window>/part-*.parquet, manifest.json
    quarantine/<system>/<instance>/<object>/<window>.parquet
    activation/{intents,receipts,runs}/<name>.parquet
    .incoming/                                  what is being written; swept when a day old

A window's folder is made elsewhere, manifest and all, and gets its name by one rename, which fails when somebody
was first. So a folder is there whole or not at all, and the first of several writers wins. Committed windows of one
object never overlap: whoever comes second with a window that shares time with another is refused (WindowOverlap).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from muster.errors import LakeError, WindowOverlap
from muster.lake import files
from muster.lake.manifest import NAME, Kind, Manifest, RunKind, is_whole, load
from muster.lake.writer import PARQUET, Task, WindowWriter
from muster.naming import is_slug
from muster.windows import Window

log = logging.getLogger(__name__)

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
LEFTOVER_SECONDS = 24 * 3600
Stamp = tuple[int, int, int]
_known: dict[Path, tuple[Stamp, Manifest | None]] = {}  # manifests read by this process, by path


def now() -> datetime:
    return datetime.now(UTC)


class Lake:
    """Everything received and everything sent. Safe for several processes on one file system."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], datetime] = now,
        free_bytes: files.FreeBytes = files.free_bytes,
    ) -> None:
        self.root, self.clock, self.free_bytes = root, clock, free_bytes
        self.raw, self.quarantined, self.incoming = root / "raw", root / "quarantine", root / ".incoming"

    def manifests(self) -> list[Manifest]:
        """Every commit, by system, instance, object and window."""
        return list(self._listed("*/*/*"))

    def committed(self, system: str, instance: str, object: str) -> list[Manifest]:
        """The commits of one object of one source, by window."""
        return list(self._listed("/".join(_checked(system, instance, object))))

    def raw_files(self, system: str, object: str) -> list[Path]:
        """The Parquet files of every instance; of an object that is read whole, its newest reading only."""
        system, object = _checked(system, object)
        by_instance: dict[str, list[Manifest]] = {}
        for manifest in self._listed(f"{system}/*/{object}"):
            by_instance.setdefault(manifest.instance, []).append(manifest)
        return [
            self.root / file.path
            for manifests in by_instance.values()
            for manifest in current(manifests)
            for file in manifest.files
        ]

    def quarantine_files(self, system: str, object: str) -> list[Path]:
        """What was put aside of the commits that count."""
        system, object = _checked(system, object)
        return [
            self._quarantine_file(manifest)
            for manifest in self._listed(f"{system}/*/{object}")
            if manifest.quarantined_rows
        ]

    def begin(
        self,
        *,
        system: str,
        instance: str,
        object: str,
        kind: Kind,
        window: Window,
        read_from: datetime,
        run_id: str,
        run_kind: RunKind,
        extracted_at: datetime,
    ) -> WindowWriter:
        """A writer for one window; use it in a `with`. Raises LakeError when the disk is nearly full."""
        _checked(system, instance, object)
        task = Task(system, instance, object, kind, window, read_from, run_id, run_kind, extracted_at)
        self._sweep()
        files.require_space(self.root, 0, self.free_bytes)
        return WindowWriter(self, task)

    def append_rows(self, dataset: str, rows: pa.Table, name: str) -> Path:
        """Add one file to a dataset such as `activation/receipts`; returns its path. A name is written once.

        Raises LakeError when the name exists with other content.
        """
        folder = self.root.joinpath(*_checked(*dataset.split("/")))
        if not FILE_NAME.fullmatch(name):
            raise LakeError(f"'{name}' can't be a file name", where=dataset)
        path, fresh = folder / f"{name}.parquet", self.incoming / f"{uuid.uuid4().hex}.parquet"
        files.require_space(self.root, rows.nbytes, self.free_bytes)
        with files.disk_errors(folder, self.free_bytes):
            for needed in (self.incoming, folder):
                files.make_folder(needed)
            try:
                pq.write_table(rows, fresh, **PARQUET)
                digest = files.sha256(fresh)
                is_ours = files.link_once(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
        if not is_ours and files.sha256(path) != digest:
            raise LakeError(
                f"{path.name} exists with other content; what is in the lake never changes",
                where=dataset,
                hint="two runs use one name: this one must take a new epoch or number",
            )
        return path

    def dataset_files(self, dataset: str) -> list[Path]:
        """The files of a dataset, by name."""
        folder = self.root.joinpath(*_checked(*dataset.split("/")))
        return sorted(path for path in folder.glob("*.parquet") if FILE_NAME.fullmatch(path.stem))

    def window_folder(self, system: str, instance: str, object: str, window: Window) -> Path:
        return self.raw.joinpath(*_checked(system, instance, object), str(window))

    def place(self, folder: Path, manifest: Manifest, quarantine: Path | None) -> Manifest:
        """Give a complete folder its final name, unless the window is committed: then the first one stays.

        For WindowWriter. One at a time per object, so that the rows put aside are those of the winner, and so that
        no two windows ever overlap: raises WindowOverlap where another one holds a part of this one's time.
        """
        final = self.window_folder(manifest.system, manifest.instance, manifest.object, manifest.window)
        files.make_folder(final.parent)
        with files.locked(final.parent / ".lock"):
            if first := self._read(final / NAME):
                return first
            self._make_way(final, manifest)
            self._place_quarantine(manifest, quarantine)
            files.flush(folder)
            folder.rename(final)
            files.flush(final.parent)
        return self._read(final / NAME) or manifest

    def _place_quarantine(self, manifest: Manifest, fresh: Path | None) -> None:
        """Before the commit: rows put aside by an attempt that died are replaced by, or go before, this one's."""
        path = self._quarantine_file(manifest)
        if fresh is None:
            path.unlink(missing_ok=True)
            return
        files.make_folder(path.parent)
        files.replace(fresh, path)

    def _make_way(self, final: Path, manifest: Manifest) -> None:
        """Refuse a window that overlaps another one. What is damaged doesn't count and must not be in the way (F41)."""
        folders = _overlapping(final.parent, manifest.window) if manifest.kind == "window" else [final]
        found = [(folder, self._read(folder / NAME)) for folder in folders]
        there = [str(one.window) for _, one in found if one is not None and one.kind == "window"]
        if there:
            raise WindowOverlap(
                f"it would overlap {', '.join(there[:3])} ({len(there)} in all); nothing was committed",
                where=f"{manifest.source_instance} {manifest.object} {manifest.window}",
                hint="run it again: it reads what is still missing",
            )
        for folder, one in found:
            if one is None and folder.exists():
                self._put_aside_broken(folder)

    def _put_aside_broken(self, folder: Path) -> None:
        log.warning("replacing the damaged window %s", folder.relative_to(self.root))
        files.make_folder(self.incoming)
        os.utime(folder)
        folder.rename(self.incoming / f"broken-{uuid.uuid4().hex}")

    def _quarantine_file(self, manifest: Manifest) -> Path:
        place = (manifest.system, manifest.instance, manifest.object, f"{manifest.window}.parquet")
        return self.quarantined.joinpath(*place)

    def _listed(self, pattern: str) -> Iterator[Manifest]:
        """The readable manifests under raw/<pattern>/<window>/, in path order, which is window order."""
        for path in sorted(self.raw.glob(f"{pattern}/*/{NAME}")):
            if manifest := self._read(path):
                yield manifest

    def _read(self, path: Path) -> Manifest | None:
        """A manifest, or None where it or a file of it is damaged. Parsed once per process and version."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = _known.get(path)
        if known is None or known[0] != stamp:
            known = _known[path] = (stamp, self._loaded(path))
        manifest = known[1]
        if manifest is not None and not is_whole(manifest, self.root):
            log.warning("%s does not count: a file of it is missing or cut", path.relative_to(self.root))
            return None
        return manifest

    def _loaded(self, path: Path) -> Manifest | None:
        try:
            return load(path, self.root)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s does not count: %s: %s", path.relative_to(self.root), type(error).__name__, error)
            return None

    def _sweep(self) -> None:
        """Remove what killed processes left in `.incoming` more than a day ago."""
        if not self.incoming.is_dir():
            return
        oldest = time.time() - LEFTOVER_SECONDS
        for entry in os.scandir(self.incoming):
            path = Path(entry.path)
            if _last_touched(path) >= oldest:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def current(manifests: list[Manifest]) -> list[Manifest]:
    """Of one object of one source: every window, or the newest reading of what is always read whole."""
    snapshots = [manifest for manifest in manifests if manifest.kind == "snapshot"]
    if not snapshots:
        return manifests
    return [max(snapshots, key=lambda manifest: (manifest.window.end, manifest.committed_at))]


def _overlapping(folder: Path, window: Window) -> list[Path]:
    """The folders of windows that share time with this one, damaged ones too, in time order."""
    found = []
    for path in folder.iterdir():
        try:
            other = Window.parse(path.name)
        except ValueError:
            continue
        if other.overlaps(window):
            found.append((other, path))
    return [path for _, path in sorted(found)]


def _last_touched(path: Path) -> float:
    """The newest change of a file, or of a folder and what is in it; now where it just went away."""
    try:
        inside = [one.lstat().st_mtime for one in path.iterdir()] if path.is_dir() else []
        return max([path.lstat().st_mtime, *inside])
    except FileNotFoundError:
        return time.time()


def _checked(*parts: Any) -> tuple[str, ...]:
    """Names that are safe as folders. Raises LakeError."""
    for part in parts:
        if not isinstance(part, str) or not is_slug(part):
            raise LakeError(f"'{part}' can't be a folder of the lake: lower-case words joined by _ only")
    return parts
