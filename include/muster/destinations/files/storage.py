"""Where files are kept: a folder of this machine, or a prefix of an S3-compatible bucket.

Both do four things: bring a whole folder of new files to a name that nobody reads yet, replace the manifest in one
step, say how large files are, and take old folders away.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pyarrow import fs

from muster.config import Connection
from muster.lake.files import flush, make_folder, replace, write_whole

BLOCK = 1 << 22
INCOMING = ".incoming"


class Storage(ABC):
    """One audience's place. Names are relative to it. Raises OSError."""

    @abstractmethod
    def staging(self) -> AbstractContextManager[Path]:
        """An empty folder of this machine to write into; it is gone afterwards."""

    @abstractmethod
    def bring(self, staged: Path, name: str) -> None:
        """Bring the staged files to the folder `name`, complete and on disk."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Replace one small file in one step."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """A small file's content, None where there is none."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """A file's size, None where there is none."""

    @abstractmethod
    def folders(self) -> list[str]:
        """Names of the folders there are."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Take a folder away with all that is in it."""


class LocalStorage(Storage):
    """A folder. New files are written beside their place, flushed, and renamed into it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def staging(self) -> Iterator[Path]:
        incoming = self.root / INCOMING / uuid.uuid4().hex
        make_folder(incoming)
        try:
            yield incoming
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def bring(self, staged: Path, name: str) -> None:
        for file in staged.iterdir():
            flush(file)
        flush(staged)
        staged.rename(self.root / name)
        flush(self.root)

    def put(self, name: str, data: bytes) -> None:
        fresh = self.root / f".{name}.{uuid.uuid4().hex}"
        try:
            write_whole(fresh, data)
            replace(fresh, self.root / name)
        finally:
            fresh.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def size(self, name: str) -> int | None:
        path = self.root / name
        return path.stat().st_size if path.is_file() else None

    def folders(self) -> list[str]:
        found = self.root.iterdir() if self.root.is_dir() else ()
        return sorted(path.name for path in found if path.is_dir() and path.name != INCOMING)

    def drop(self, name: str) -> None:
        shutil.rmtree(self.root / name, ignore_errors=True)


class ObjectStorage(Storage):
    """A prefix of a bucket: an object appears whole when its upload ends, or not at all."""

    def __init__(self, system: fs.FileSystem, prefix: str) -> None:
        self.system, self.prefix = system, prefix

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="muster-") as folder:
            yield Path(folder)

    def bring(self, staged: Path, name: str) -> None:
        for file in sorted(staged.iterdir()):
            with (
                file.open("rb") as source,
                self.system.open_output_stream(self._at(f"{name}/{file.name}")) as target,
            ):
                shutil.copyfileobj(source, target, BLOCK)

    def put(self, name: str, data: bytes) -> None:
        with self.system.open_output_stream(self._at(name)) as target:
            target.write(data)

    def read(self, name: str) -> bytes | None:
        if self.size(name) is None:
            return None
        with self.system.open_input_stream(self._at(name)) as source:
            return bytes(source.read())

    def size(self, name: str) -> int | None:
        info = self.system.get_file_info(self._at(name))
        return info.size if info.type == fs.FileType.File else None

    def folders(self) -> list[str]:
        selector = fs.FileSelector(self.prefix, allow_not_found=True)
        return sorted(
            i.base_name for i in self.system.get_file_info(selector) if i.type == fs.FileType.Directory
        )

    def drop(self, name: str) -> None:
        self.system.delete_dir(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self.prefix}/{name}"


def s3(connection: Connection | None) -> fs.FileSystem:
    """S3 or whatever speaks it. Without a connection: the machine's own role, as AWS's tools find it.

    Of the connection: host is the endpoint (empty for AWS), login and password the keys, extra.region the region.
    """
    if connection is None:
        return fs.S3FileSystem()
    known: dict[str, str] = {}
    if connection.host:
        scheme, _, endpoint = connection.host.partition("://")
        known |= {"scheme": scheme, "endpoint_override": endpoint}
    if connection.login:
        known |= {"access_key": connection.login, "secret_key": connection.password}
    if connection.extra.get("region"):
        known["region"] = str(connection.extra["region"])
    return fs.S3FileSystem(**known)
