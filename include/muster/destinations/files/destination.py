"""One audience as files: `<place>/<audience>/<version>/<audience>.csv` and `.parquet`, listed by `manifest.json`.

A new content goes to a new folder; then the manifest is replaced in one step (F81). Whoever reads the manifest
first sees the old content or the new one, and the folder it named stays until the content after the next.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from muster.config import Connection, FilesDestination
from muster.destinations.base import Content, Guard, Place, SnapshotDestination, Usage, utc_now
from muster.destinations.files import tables
from muster.destinations.files.declaration import DECLARATION
from muster.destinations.files.storage import LocalStorage, ObjectStorage, Storage, s3
from muster.errors import DestinationError

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
S3 = "s3://"


def open_files(
    config: FilesDestination, connection: Connection | None, place: Place, *, guard: Guard
) -> FilesFolder:
    return FilesFolder(config, _storage(config, connection, place), place, guard)


def _storage(config: FilesDestination, connection: Connection | None, place: Place) -> Storage:
    """Below a configured path lies a folder per sandbox, so that two of them never share a manifest (F86)."""
    if config.path is None:
        return LocalStorage(place.exports / config.name / place.audience)
    inside = f"{place.platform}/{place.sandbox}/{place.audience}"
    if config.path.startswith(S3):
        return ObjectStorage(s3(connection), f"{config.path.removeprefix(S3).strip('/')}/{inside}")
    return LocalStorage(Path(config.path) / inside)


class FilesFolder(SnapshotDestination):
    """See SnapshotDestination."""

    declaration = DECLARATION

    def __init__(self, config: FilesDestination, storage: Storage, place: Place, guard: Guard) -> None:
        self.config, self.storage, self.place, self.guard = config, storage, place, guard
        self.usage = Usage()
        self.where = f"{config.name} / {place.audience}"

    def close(self) -> None:
        """Nothing is kept open between calls."""
        return

    def fingerprint(self) -> str:
        formats = ",".join(sorted(self.config.formats))
        return f"files/{tables.VERSION};{formats};neutralise={self.config.neutralise_formulas}"

    def content(self) -> str | None:
        manifest = self._manifest()
        return str(manifest["content_hash"]) if manifest and self._is_complete(manifest) else None

    def replace(self, content: Content) -> str:
        before = self._manifest()
        version = f"{content.as_of:%Y%m%dT%H%M%SZ}_{content.content_hash[:12]}_{uuid.uuid4().hex[:8]}"
        with self._called(), self.storage.staging() as staged:
            files = self._write(content, staged, version)
            self._change()
            self.storage.bring(staged, version)
            self._change()
            self.storage.put(MANIFEST, _dumped(self._described(content, version, before, files)))
        self._sweep({version, str((before or {}).get("version"))})
        return version

    def _write(self, content: Content, staged: Path, version: str) -> list[dict[str, Any]]:
        files = []
        for kind in sorted(set(self.config.formats)):
            path = staged / f"{self.place.audience}.{kind}"
            if kind == "csv":
                tables.write_csv(content.rows, path, neutralise=self.config.neutralise_formulas)
            else:
                tables.write_parquet(content.rows, path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            entry = {"path": f"{version}/{path.name}", "format": kind, "rows": len(content.rows)}
            files.append({**entry, "bytes": path.stat().st_size, "sha256": digest})
        return files

    def _described(
        self, content: Content, version: str, before: dict[str, Any] | None, files: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """`as_of`, `snapshot_id` and `run_id` are of the run that brought this content; an equal one later changes nothing."""
        return {
            "schema_version": SCHEMA_VERSION,
            "platform": self.place.platform,
            "sandbox": self.place.sandbox,
            "audience": self.place.audience,
            "mode": "full",
            "version": version,
            "previous_version": before.get("version") if before else None,
            "content_hash": content.content_hash,
            "as_of": content.as_of.isoformat(),
            "snapshot_id": content.snapshot_id,
            "run_id": content.run_id,
            "written_at": utc_now().isoformat(timespec="seconds"),
            "row_count": len(content.rows),
            "columns": [{"name": field.name, "type": str(field.type)} for field in content.rows.schema],
            "files": files,
        }

    def _manifest(self) -> dict[str, Any] | None:
        self.guard()
        with self._called():
            data = self.storage.read(MANIFEST)
        if data is None:
            return None
        try:
            found = json.loads(data)
        except ValueError:
            return None
        return found if isinstance(found, dict) and "content_hash" in found else None

    def _is_complete(self, manifest: dict[str, Any]) -> bool:
        with self._called():
            return all(self.storage.size(file["path"]) == file["bytes"] for file in manifest["files"])

    def _sweep(self, keep: set[str]) -> None:
        """Take away what no reader can be sent to any more, and what killed runs left."""
        with self._called():
            for name in self.storage.folders():
                if name not in keep:
                    self.storage.drop(name)

    def _change(self) -> None:
        self.guard()
        self.usage.writes += 1

    @contextmanager
    def _called(self) -> Iterator[None]:
        """Count a call; an error of the file system or the store as a destination's."""
        self.usage.calls += 1
        try:
            yield
        except OSError as error:
            kind = error.strerror or type(error).__name__
            raise DestinationError(
                f"the files can't be read or written: {kind}",
                where=self.where,
                hint="check the path, its permissions and the connection; then run it again",
            ) from error


def _dumped(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
