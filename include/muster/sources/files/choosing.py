"""Which files a window reads: those whose time lies in it, and those of committed windows that came after these.

A file is known by path, size and time. What a committed window's evidence names is not read again; what it doesn't
name although its time lies there came late, or was still being written, and is read by the next window. So a file
that keeps its old time when it is moved in, or is named by yesterday's date, is not lost (F21).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from muster.errors import SourceError
from muster.sources.files.places import Found, Place

if TYPE_CHECKING:
    from muster.config import FileObject
    from muster.lake import Manifest
    from muster.windows import Window


@dataclass(frozen=True)
class Chosen:
    """The files to read, oldest first; `left` have their time in the window but no marker yet."""

    files: tuple[Found, ...]
    left: int


def time_of(found: Found, date_in_name: str | None, where: str) -> datetime:
    """The file's time: of its last change, or midnight UTC of the date in its path. Raises SourceError without one."""
    if date_in_name is None:
        return found.modified
    match = re.search(date_in_name, found.path)
    try:
        at = datetime.fromisoformat(match["date"]) if match else None
    except (ValueError, TypeError):
        at = None
    if at is None:
        raise SourceError(
            f"{found.path}: date_in_name finds no date in it",
            where=where,
            hint="narrow the object's path, or widen its date_in_name; dates are written 2026-03-01 or 20260301",
        )
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def listed(place: Place, wanted: FileObject, where: str) -> list[tuple[datetime, Found]]:
    """Every file of the object with its time, oldest first."""
    found = [(time_of(one, wanted.date_in_name, where), one) for one in place.matching(wanted.path)]
    return sorted(found, key=lambda one: (one[0], one[1].path))


def of_window(
    place: Place,
    wanted: FileObject,
    window: Window,
    read_from: datetime,
    committed: Sequence[Manifest],
    where: str,
) -> Chosen:
    """What a window of an incremental object reads. `committed`: every commit of the object."""
    known = {identity for manifest in committed for identity in read_files(manifest)}
    covered = [manifest.window for manifest in committed]
    due = [
        one
        for at, one in listed(place, wanted, where)
        if at < window.end
        and one.identity not in known
        and (at >= read_from or any(past.start <= at < past.end for past in covered))
    ]
    complete = with_marker(place, wanted, due)
    return Chosen(tuple(complete), len(due) - len(complete))


def of_snapshot(place: Place, wanted: FileObject, where: str) -> Chosen:
    """What a snapshot reads: all files, or those of the newest date where names hold one.

    Raises SourceError where there is none or one has no marker yet: an empty snapshot would say that all are gone.
    """
    found = listed(place, wanted, where)
    if wanted.date_in_name is not None and found:
        complete = with_marker(place, wanted, [one for _, one in found])
        found = [(at, one) for at, one in found if one in complete]
        found = [(at, one) for at, one in found if at == found[-1][0]]
    files = [one for _, one in found]
    if not files:
        raise SourceError(
            f"no complete file matches {wanted.path}",
            where=where,
            hint="a snapshot of nothing would delete everything",
        )
    if len(with_marker(place, wanted, files)) < len(files):
        raise SourceError(f"a file that matches {wanted.path} has no marker yet", where=where)
    return Chosen(tuple(files), 0)


def with_marker(place: Place, wanted: FileObject, files: Iterable[Found]) -> list[Found]:
    """The files that have the marker beside them; all where none is asked for."""
    files = list(files)
    if wanted.marker is None or not files:
        return files
    folders = {one.path.rpartition("/")[0] for one in files}
    there = {one.path for folder in folders for one in place.files(f"{folder}/" if folder else "")}
    return [one for one in files if _marker(one.path, wanted.marker) in there]


def _marker(path: str, marker: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{marker.replace('{name}', name)}"


def read_files(manifest: Manifest) -> Iterable[tuple[str, int, str]]:
    """Identities of the files that a commit was read from."""
    return [(one["path"], one["size"], one["modified"]) for one in manifest.evidence.get("files", ())]
