"""Where files lie: a folder of this machine, or a prefix of an S3-compatible bucket. Nothing is ever written there.

Both list what matches a pattern, and copy one file to this machine: whole, as it was listed, or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

import httpx
from pyarrow import fs

from muster.config import Connection
from muster.errors import SourceError, TransientSourceError

BLOCK = 4 << 20
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({401, 403})
STATUS = re.compile(r"HTTP status (\d{3})")
NAMED = re.compile(r"AWS Error (\w+)")
STATUS_OF = {
    "SERVICE_UNAVAILABLE": 503, "SLOW_DOWN": 503, "THROTTLING": 503, "INTERNAL_FAILURE": 500,
    "REQUEST_TIMEOUT": 408, "ACCESS_DENIED": 403, "INVALID_ACCESS_KEY_ID": 403, "INVALID_SIGNATURE": 403,
    "SIGNATURE_DOES_NOT_MATCH": 403, "INVALID_CLIENT_TOKEN_ID": 403, "MISSING_AUTHENTICATION_TOKEN": 403,
    "NO_SUCH_BUCKET": 404, "RESOURCE_NOT_FOUND": 404,
}  # fmt: skip


class Changed(SourceError):
    """The file is not the one that was listed: it is still being written, or it is gone."""


@dataclass(frozen=True)
class Found:
    """One file as it was listed. `path` is relative to the place, its parts set apart by `/`."""

    path: str
    size: int
    modified: datetime

    @property
    def identity(self) -> tuple[str, int, str]:
        """The same for the same content, as far as a listing can tell."""
        return self.path, self.size, self.modified.isoformat()


def glob_regex(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder and leave hidden names out, `**/` means any folders; all else is literal."""
    parts = []
    for part in pattern.split("/"):
        if part == "**":
            parts.append(r"(?:[^/.][^/]*/)*")
            continue
        text = re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        parts.append((r"(?!\.)" if part[:1] in ("*", "?") else "") + text + "/")
    return re.compile("".join(parts).removesuffix("/"))


def fixed_folder(pattern: str) -> str:
    """The folders before the first one with a wildcard: nothing else can match. Ends with `/`, or is empty."""
    fixed = []
    for part in pattern.split("/")[:-1]:
        if set(part) & set("*?"):
            break
        fixed.append(part)
    return "".join(f"{part}/" for part in fixed)


class Place(ABC):
    """Raises TransientSourceError where another try may help, SourceError else."""

    @abstractmethod
    def now(self) -> datetime:
        """The clock that sets the times of the files. Fails where the place can't be reached or read."""

    @abstractmethod
    def files(self, folder: str) -> Iterator[Found]:
        """Every file below a folder of the place."""

    @abstractmethod
    def look(self, path: str) -> Found | None:
        """One file as it is now."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Its bytes."""

    def close(self) -> None:
        """Let go of connections."""
        return

    def matching(self, pattern: str) -> list[Found]:
        """The files that a pattern names, by path."""
        wanted = glob_regex(pattern)
        found = (one for one in self.files(fixed_folder(pattern)) if wanted.fullmatch(one.path))
        return sorted(found, key=lambda one: one.path)

    def copy(self, found: Found, target: Path) -> str:
        """Copy a file; its sha256. Raises Changed where it is not, or no longer, what was listed."""
        digest, size = hashlib.sha256(), 0
        with self.open(found.path) as source, target.open("wb") as copy:
            while block := source.read(BLOCK):
                digest.update(block)
                size += len(block)
                copy.write(block)
        if self.look(found.path) != found:
            raise Changed(f"{found.path} changed while it was read")
        if size != found.size:
            raise TransientSourceError(f"{found.path}: {size:,} bytes came of {found.size:,}")
        return digest.hexdigest()


class Folder(Place):
    """A folder of this machine. A link that leads out of it is refused, and no other kind of file is opened."""

    def __init__(self, root: Path, where: str, clock: Callable[[], datetime]) -> None:
        self.root, self.where, self.clock = root, where, clock

    def now(self) -> datetime:
        with self._called():
            os.scandir(self.root).close()
        return self.clock()

    def files(self, folder: str) -> Iterator[Found]:
        self._require_inside(folder)
        with self._called():
            if (self.root / folder).is_dir() or not folder:
                yield from self._walk(folder)

    def _walk(self, folder: str) -> Iterator[Found]:
        with os.scandir(self.root / folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        for entry in entries:
            path = f"{folder}{entry.name}"
            if entry.is_symlink():
                self._require_inside(path)
                if entry.is_dir():
                    continue  # it is inside, so what is in it is listed under its own name
            if entry.is_dir():
                yield from self._walk(f"{path}/")
            elif entry.is_file():
                yield _found(path, entry.stat())

    def look(self, path: str) -> Found | None:
        with self._called():
            try:
                status = (self.root / path).stat()
            except FileNotFoundError:
                return None
            return _found(path, status) if stat.S_ISREG(status.st_mode) else None

    def open(self, path: str) -> BinaryIO:
        real = self._require_inside(path)
        with self._called():
            try:
                descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except FileNotFoundError:
                raise Changed(f"{path} is gone", where=self.where) from None
            return os.fdopen(descriptor, "rb")

    def _require_inside(self, path: str) -> Path:
        """Where it really lies. Raises SourceError outside the folder."""
        real = (self.root / path).resolve()
        if not real.is_relative_to(self.root.resolve()):
            raise SourceError(
                f"{path} leads out of the source's folder",
                where=self.where,
                hint="put the file itself there, or point the source's path at where it lies",
            )
        return real

    @contextmanager
    def _called(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceError(
                f"the folder can't be read: {error.strerror or type(error).__name__}",
                where=self.where,
                hint="check the path and its permissions",
            ) from None


def _found(path: str, status: os.stat_result) -> Found:
    return Found(path, status.st_size, datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1_000_000, UTC))


class Bucket(Place):
    """A prefix of a bucket. Its clock is the `Date` of the store's answers; times are of whole seconds (F39)."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.where = connection.id
        self.bucket, _, prefix = path.strip("/").partition("/")
        self.prefix = f"{self.bucket}/{prefix}".rstrip("/")
        self.endpoint = connection.host or f"https://s3.{_region(connection) or 'us-east-1'}.amazonaws.com"
        self.system = s3(connection, timeout)
        self.client = httpx.Client(timeout=timeout, transport=transport)

    def close(self) -> None:
        self.client.close()

    def now(self) -> datetime:
        """One unsigned call for the time, one signed one that shows whether we may read."""
        try:
            answer = self.client.head(f"{self.endpoint}/{self.bucket}")
        except httpx.HTTPError as error:
            raise TransientSourceError(f"no answer: {type(error).__name__}", where=self.where) from None
        if answer.status_code in PASSING:
            raise TransientSourceError(f"HTTP {answer.status_code} to HEAD", where=self.where)
        with self._called("list"):
            self.system.get_file_info(fs.FileSelector(self.prefix, allow_not_found=True))
        try:
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            raise SourceError("the answer holds no Date", where=self.where) from None

    def files(self, folder: str) -> Iterator[Found]:
        selector = fs.FileSelector(
            f"{self.prefix}/{folder}".rstrip("/"), recursive=True, allow_not_found=True
        )
        with self._called("list"):
            listed = self.system.get_file_info(selector)
        for info in listed:
            if info.type == fs.FileType.File:
                yield self._found(info)

    def look(self, path: str) -> Found | None:
        with self._called("look at a file"):
            info = self.system.get_file_info(f"{self.prefix}/{path}")
        return self._found(info) if info.type == fs.FileType.File else None

    def open(self, path: str) -> BinaryIO:
        with self._called("open a file"):
            try:
                return self.system.open_input_file(f"{self.prefix}/{path}")
            except FileNotFoundError:
                raise Changed(f"{path} is gone", where=self.where) from None

    def copy(self, found: Found, target: Path) -> str:
        with self._called("read a file"):
            return super().copy(found, target)

    def _found(self, info: fs.FileInfo) -> Found:
        modified = info.mtime.astimezone(UTC).replace(microsecond=0)
        return Found(info.path.removeprefix(f"{self.prefix}/"), info.size, modified)

    @contextmanager
    def _called(self, what: str) -> Iterator[None]:
        """An error of the store as a source's. Its own text names keys and headers, so only the status is told."""
        try:
            yield
        except OSError as error:
            number, name = _status_of(str(error))
            said = f"HTTP {number} to '{what}'" if number else f"no answer to '{what}'"
            if number in REFUSED:
                hint = (
                    "check login and password of the connection, and that they may list and read the bucket"
                )
                raise SourceError(f"{said}: refused", where=self.where, code=name, hint=hint) from None
            if not number or number in PASSING:
                raise TransientSourceError(said, where=self.where, code=name) from None
            hint = "check the path and the connection"
            raise SourceError(said, where=self.where, code=name, hint=hint) from None


def _status_of(text: str) -> tuple[int, str]:
    """(HTTP status or 0, the store's name of the error) as Arrow tells them."""
    status, named = STATUS.search(text), NAMED.search(text)
    name = named[1] if named else ""
    return (int(status[1]) if status else STATUS_OF.get(name, 0)), name


def s3(connection: Connection, timeout: float) -> fs.S3FileSystem:
    """S3 or whatever speaks it; without a login by the machine's own role. We retry ourselves."""
    known: dict[str, object] = {}
    if connection.host:
        scheme, _, endpoint = connection.host.partition("://")
        known |= {"scheme": scheme, "endpoint_override": endpoint}
    if connection.login:
        known |= {"access_key": connection.login, "secret_key": connection.password}
    if region := _region(connection):
        known["region"] = region
    elif connection.host:
        known["region"] = "us-east-1"
    once = fs.AwsStandardS3RetryStrategy(max_attempts=1)
    return fs.S3FileSystem(**known, retry_strategy=once, request_timeout=timeout, connect_timeout=timeout)


def _region(connection: Connection) -> str:
    return str(connection.extra.get("region") or "")


def open_place(
    path: str,
    connection: Connection,
    *,
    timeout: float,
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], datetime],
) -> Place:
    """The place that a source's `path` names."""
    if path.startswith("s3://"):
        return Bucket(connection, path.removeprefix("s3://"), timeout=timeout, transport=transport)
    return Folder(Path(path), connection.id, clock)
