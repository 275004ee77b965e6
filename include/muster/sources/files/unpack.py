"""A file as it came, to the plain bytes that a reader understands: unzipped, and text as UTF-8 without a mark."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from muster.errors import IntegrityError

BLOCK = 4 << 20
LARGEST_RATIO, SMALL = 250, 1 << 30  # a bomb is what grows more than this, beyond this size
UTF8_MARK = codecs.BOM_UTF8


def unpacked(copy: Path, name: str, scratch: Path, where: str) -> Iterator[tuple[str, Path]]:
    """(name to show, file) of each file in it: one, but for a zip with several. Each is gone when the next comes.

    Raises IntegrityError for an archive that is cut, damaged, encrypted or a bomb.
    """
    lower = name.lower()
    try:
        if lower.endswith(".gz"):
            with gzip.open(copy, "rb") as source:
                yield name, _spooled(cast(IO[bytes], source), scratch / "unpacked", copy.stat().st_size)
        elif lower.endswith(".zip"):
            yield from _members(copy, name, scratch)
        else:
            yield name, copy
    except (
        EOFError,
        gzip.BadGzipFile,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise IntegrityError(
            f"{name} can't be unpacked: {type(error).__name__}",
            where=where,
            hint="it is cut, damaged or encrypted; put a whole one in its place",
        ) from None


def _members(copy: Path, name: str, scratch: Path) -> Iterator[tuple[str, Path]]:
    with zipfile.ZipFile(copy) as archive:
        for member in sorted(archive.infolist(), key=lambda one: one.filename):
            if member.is_dir() or member.filename.startswith("__MACOSX/"):
                continue
            with archive.open(member) as source:
                yield f"{name}/{member.filename}", _spooled(source, scratch / "unpacked", copy.stat().st_size)


def _spooled(source: IO[bytes], target: Path, packed: int) -> Path:
    size = 0
    with target.open("wb") as file:
        while block := source.read(BLOCK):
            size += len(block)
            if size > SMALL and size > packed * LARGEST_RATIO:
                raise zipfile.BadZipFile("a bomb")
            file.write(block)
    return target


def as_utf8(path: Path, encoding: str, scratch: Path, name: str, where: str) -> Path:
    """The same text as UTF-8 without a byte order mark. Raises IntegrityError where it is not of this encoding.

    Half a surrogate pair of UTF-16 becomes bytes that are not UTF-8, so that its row alone is put aside.
    """
    if encoding == "utf-8":
        return _without_mark(path, scratch)
    target = scratch / "text"
    try:
        with (
            path.open(
                encoding=encoding, errors="surrogatepass" if encoding == "utf-16" else "strict", newline=""
            ) as source,
            target.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file,
        ):
            while block := source.read(BLOCK):
                file.write(block)
    except UnicodeError:
        raise IntegrityError(
            f"{name} is not {encoding}", where=where, hint="state the encoding it has"
        ) from None
    return target


def _without_mark(path: Path, scratch: Path) -> Path:
    with path.open("rb") as source:
        if source.read(len(UTF8_MARK)) != UTF8_MARK:
            return path
        target = scratch / "text"
        with target.open("wb") as file:
            while block := source.read(BLOCK):
                file.write(block)
    return target
