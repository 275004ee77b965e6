"""A bulk file that is cut, at any byte and in any way, is never taken for whole: 1,000 cuts, 1,000 refused (F1).

The server is a transport in this process. A cut shows as a broken connection, as a body that ends early, or as a
shorter file that claims to be whole; the next call gets the rest, the whole again, another part, or another cut.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from source_benches import MarketoBench

from muster.errors import MusterError
from muster.lake import Lake
from muster.sources import Source, open_source
from muster.sources.base import Reading
from muster.state import Gates

SEED = 20260301
CUTS = 1_000
JOB = "11111111-2222-4333-8444-555555555555"
FIELDS = ("id", "email", "lastName", "createdAt", "updatedAt")
NAMES = ("Lee", "Ünïcödé 🎉", "line\nbreak", 'a "b" c', "comma, comma", "山田太郎", "=1+1", "null", "x" * 300)
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
CUT = ("broken", "ends early", "claims to be whole")
THEN = ("the rest", "the whole", "another part", "another cut")


def bulk_file(rows: int = 60) -> bytes:
    text = io.StringIO(newline="")
    writer: Any = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    stamp = "2026-03-01T12:00:00Z"
    for number in range(rows):
        writer.writerow([number, f"p{number}@acme.example", NAMES[number % len(NAMES)], stamp, stamp])
    return text.getvalue().encode()


class Breaking(httpx.SyncByteStream):
    """A body whose connection breaks after its last byte."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __iter__(self) -> Iterator[bytes]:
        middle = len(self.data) // 2
        yield from (part for part in (self.data[:middle], self.data[middle:]) if part)
        raise httpx.ReadError("the connection broke")


@dataclass
class Server:
    """Speaks the export protocol of one finished job; `cuts` says how each call for the file ends, None for ever."""

    whole: bytes = field(default_factory=bulk_file)
    cuts: list[tuple[int, str]] = field(default_factory=list)
    then: str = "the rest"
    for_ever: bool = False
    calls: int = 0
    wholes: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/identity/"):
            return self._json({"access_token": "t", "expires_in": 3600})
        if path.endswith("/describe2.json"):
            fields = [{"name": name, "dataType": "string"} for name in FIELDS]
            return self._json({"success": True, "result": [{"name": "API Lead", "fields": fields}]})
        if path.endswith("/describe.json"):
            rows = [{"id": n, "rest": {"name": name}} for n, name in enumerate(FIELDS, 1)]
            return self._json({"success": True, "result": rows})
        if path.endswith("/file.json"):
            return self._file(request)
        if path.endswith("/usage.json"):
            return self._json({"success": True, "result": [{"date": "2026-03-02", "total": 1, "users": []}]})
        return self._json({"success": True, "result": [self._job()]})

    def _job(self) -> dict[str, Any]:
        return {
            "exportId": JOB,
            "status": "Completed",
            "numberOfRecords": 60,
            "fileSize": len(self.whole),
            "fileChecksum": f"sha256:{hashlib.sha256(self.whole).hexdigest()}",
        }

    def _json(self, body: dict[str, Any]) -> httpx.Response:
        return httpx.Response(200, json={"requestId": "1", **body}, headers=self._date())

    def _date(self) -> dict[str, str]:
        return {"date": "Mon, 02 Mar 2026 00:30:00 GMT"}

    def _file(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        asked = RANGE.fullmatch(request.headers.get("range", ""))
        start = int(asked[1]) if asked else 0
        cut = (self.cuts[0] if self.for_ever else self.cuts.pop(0)) if self.cuts else None
        if asked and self.then == "the whole":
            start = 0
        if asked and self.then == "another part":
            start, self.then = max(0, start - 7), "the rest"
        status = 206 if asked and self.then != "the whole" else 200
        self.wholes += status == 200
        body, how = self.whole[start:], ""
        if cut is not None:
            body, how = self.whole[start : max(start, cut[0])], cut[1]
        headers = {**self._date(), "content-type": "text/csv"}
        if status == 206:
            headers["content-range"] = f"bytes {start}-{len(self.whole) - 1}/{len(self.whole)}"
        length = len(body) if how == "claims to be whole" else len(self.whole) - start
        headers["content-length"] = str(length)
        stream = Breaking(body) if how == "broken" else httpx.ByteStream(body)
        return httpx.Response(status, headers=headers, stream=stream)


class Rows:
    """A writer that keeps what it is given."""

    task: Any = None
    run_id = "run"

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []
        self.task = self

    def write_arrow(self, table: pa.Table) -> None:
        self.tables.append(table)

    def quarantine(self, row_number: int, reason: str, raw: str) -> None:
        raise AssertionError(reason)

    @property
    def found(self) -> list[list[str]]:
        whole = pa.concat_tables(self.tables)
        return [list(row) for row in zip(*whole.to_pydict().values(), strict=True)]


@dataclass
class Reader:
    source: Source
    task: Any
    reading: Reading
    ticket: Any
    server: Server

    def read(self) -> Rows:
        rows = Rows()
        self.source.collect(self.task, self.ticket, self.reading, rows)  # type: ignore[arg-type]
        return rows


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    bench, server = MarketoBench(tmp_path), Server()
    bench.url = "https://acme.mktorest.com"
    bench.source_settings = {
        **bench.source_settings,
        "limits": {"calls_per_20_seconds": 1_000_000, "calls_per_day": 10_000_000},
    }
    settings = bench.settings()
    config, task = settings.platform.source(bench.id), bench.task(settings)
    (scratch := tmp_path / "scratch").mkdir()
    reading = Reading(Lake(settings.home.lake), scratch)
    transport = httpx.MockTransport(server)
    gates = Gates(tmp_path / "quota.db", sleep=bench.sleep)
    with open_source(
        config, bench.connection(), gates=gates, transport=transport, sleep=lambda _: None
    ) as source:
        yield Reader(source, task, reading, source.begin(task.object, task.window), server)


def test_a_thousand_cuts_are_refused_and_fetched_again_to_the_same_content(reader: Reader) -> None:
    chance, server = random.Random(SEED), reader.server
    expected = list(csv.reader(io.StringIO(server.whole.decode(), newline="")))[1:]
    refused = resumed = anew = 0
    for number in range(CUTS):
        offset = chance.randrange(len(server.whole))
        then = server.then = chance.choice(THEN)
        server.cuts = [(offset, chance.choice(CUT))]
        if then == "another cut":
            server.cuts.append((chance.randrange(offset, len(server.whole)), chance.choice(CUT)))
        wanted = len(server.cuts) + 1
        server.calls = server.wholes = 0
        rows = reader.read()
        told = f"seed {SEED}, cut {number} at byte {offset}, then {then}"
        assert rows.found == expected, told
        assert server.calls >= wanted, told
        refused += server.calls >= wanted
        resumed += server.wholes == 1
        anew += server.wholes > 1
    assert (refused, resumed + anew) == (CUTS, CUTS)
    assert min(resumed, anew) > CUTS / 10


@pytest.mark.parametrize("how", CUT)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_that_is_cut_for_ever_is_an_error_and_gives_no_row(
    reader: Reader, how: str, share: float
) -> None:
    server = reader.server
    server.cuts, server.for_ever = [(int(share * len(server.whole)), how)], True
    server.then = "the whole"
    rows = Rows()
    with pytest.raises(MusterError, match=r"ended early|did not get through|SHA-256"):
        reader.source.collect(reader.task, reader.ticket, reader.reading, rows)  # type: ignore[arg-type]
    assert sum(len(table) for table in rows.tables) == 0
