"""The bytes of bulk files: CSV of leads, activities, program members and custom objects, row by row to disk."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from muster_simulators.marketo.values import csv_text, iso_z, render
from muster_simulators.store import Record

DELIMITERS = {"CSV": ",", "TSV": "\t", "SSV": ";"}
ROWS_PER_CHUNK = 5000

ACTIVITY_FIELDS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
)
_json_text = json.JSONEncoder(default=render, ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class ExportFile:
    """A finished file. `checksum` is the SHA-256 of exactly these bytes, in hex."""

    path: Path
    records: int
    size: int
    checksum: str


class _Lines:
    """Takes the csv writer's rows. Its lines end in CR LF so that both are quoted; the file's end in LF."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> int:
        self.lines.append(line[:-2])
        return len(line)

    def taken(self) -> bytes:
        text = "\n".join(self.lines) + "\n" if self.lines else ""
        self.lines = []
        return text.encode("utf-8", "surrogatepass")


def write_file(path: Path, form: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> ExportFile:
    """Write header and rows; returns what the job tells about the file."""
    lines, digest, size, count = _Lines(), hashlib.sha256(), 0, 0
    writer: Any = csv.writer(lines, delimiter=DELIMITERS[form], lineterminator="\r\n")
    writer.writerow(header)
    iterator = iter(rows)
    with path.open("wb") as handle:
        while True:
            chunk = list(islice(iterator, ROWS_PER_CHUNK))
            writer.writerows(chunk)
            count += len(chunk)
            data = lines.taken()
            handle.write(data)
            digest.update(data)
            size += len(data)
            if len(chunk) < ROWS_PER_CHUNK:
                return ExportFile(path, count, size, digest.hexdigest())


def lead_rows(leads: Iterable[Record], read: Callable[[Record], Iterable[Any]]) -> Iterator[list[Any]]:
    """One row a lead, with what `read` gives of it. Program members and custom objects go the same way."""
    for lead in leads:
        yield [
            value if type(value) is str and value else csv_text(value or _null_if_blank(value))
            for value in read(lead)
        ]


def _null_if_blank(value: Any) -> Any:
    return None if value == "" else value


def activity_rows(activities: Iterable[Record], fields: Sequence[str]) -> Iterator[list[Any]]:
    """One row an activity; `attributes` is one JSON object as text, without its empty values."""
    columns = [_COLUMNS[name] for name in fields]
    for activity in activities:
        yield [column(activity) for column in columns]


def _attributes(activity: Record) -> str:
    found = activity.get("attributes") or {}
    return _json_text({name: value for name, value in found.items() if value is not None})


def _plain(name: str) -> Callable[[Record], Any]:
    def column(activity: Record) -> Any:
        value = activity.get(name)
        return "null" if value is None or value == "" else value

    return column


_COLUMNS: dict[str, Callable[[Record], Any]] = {
    **{name: _plain(name) for name in ACTIVITY_FIELDS},
    "activityDate": lambda activity: iso_z(activity["activityDate"]),
    "attributes": _attributes,
    "actionResult": lambda activity: activity.get("actionResult") or "succeeded",
}
