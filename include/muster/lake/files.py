"""Files that appear whole or not at all: temporary name, flush to disk, rename or link, flush the folder."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from muster.errors import LakeError

FULL = (errno.ENOSPC, errno.EDQUOT)
KEEP_FREE = 256 * 1024**2
FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write on the file system that holds `folder`."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_space(folder: Path, needed: int, free: FreeBytes = free_bytes) -> None:
    """Raise LakeError unless `needed` bytes fit and 256 MiB stay free for the warehouse and the logs (F51)."""
    left = free(folder)
    if left < needed + KEEP_FREE:
        raise full_disk(folder, needed, left)


def full_disk(folder: Path, needed: int, left: int) -> LakeError:
    mib = 1024**2
    return LakeError(
        f"the disk is too full: {left / mib:,.0f} MiB are free, {needed / mib:,.1f} MiB are to be written "
        f"and {KEEP_FREE / mib:,.0f} MiB are kept free; nothing was committed",
        where=str(folder),
        hint="make room (old warehouse files may go), then run the same thing again: it goes on where it stopped",
    )


@contextmanager
def disk_errors(folder: Path, free: FreeBytes = free_bytes) -> Iterator[None]:
    """A full disk, or any other refusal of the file system, becomes a LakeError that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise full_disk(folder, 0, free(folder)) from error
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise LakeError(
            f"the file system refused: {reason}; nothing was committed",
            where=str(folder),
            hint="mend the file system or its permissions, then run the same thing again",
        ) from error


def flush(path: Path) -> None:
    """Bring a file's content, or a folder's list of names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder with its parents, each of them flushed into the one above."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        flush(one.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that nobody reads yet, and flush it."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(fresh: Path, path: Path) -> None:
    """Put a complete file in another one's place."""
    flush(fresh)
    fresh.replace(path)
    flush(path.parent)


def link_once(fresh: Path, path: Path) -> bool:
    """Give a complete file its name, unless somebody was first: of several processes one gets True."""
    flush(fresh)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    flush(path.parent)
    return True


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; it ends with the process, however that ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
