"""The least that a bulk export needs of a server: token, describe, job, and a file from disk by `sendfile`.

The simulator would be what is measured; this one costs next to nothing. It speaks to one reader of one file.

    python -m bench.server /tmp/leads.csv 1000000 /tmp/port
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATE = "Sun, 01 Feb 2026 06:00:00 GMT"  # behind the window that the reader asks for
JOB = "11111111-2222-4333-8444-555555555555"
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class File:
    """The file, and what a finished job says of it."""

    def __init__(self, path: Path, rows: int) -> None:
        self.path, self.size = path, path.stat().st_size
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open(encoding="utf-8") as file:
            self.fields = next(csv.reader(file))
        job = {"exportId": JOB, "format": "CSV", "status": "Completed", "numberOfRecords": rows}
        self.job = {**job, "fileSize": self.size, "fileChecksum": f"sha256:{checksum}"}


class Handler(BaseHTTPRequestHandler):
    """Answers one reader. `file` is set on the class."""

    protocol_version = "HTTP/1.1"
    file: File

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/file.json"):
            self._send_file()
        elif path.endswith("/describe2.json"):
            fields = [{"name": name, "dataType": "string"} for name in self.file.fields]
            self._answer({"success": True, "result": [{"name": "API Lead", "fields": fields}]})
        elif path.endswith("/leads/describe.json"):
            named = [{"rest": {"name": name}} for name in self.file.fields]
            rows = [{"id": number, "dataType": "string", **one} for number, one in enumerate(named, 1)]
            self._answer({"success": True, "result": rows})
        elif path.endswith("/activities/types.json"):
            self._answer({"success": True, "result": [{"id": 1, "name": "Visit Webpage", "attributes": []}]})
        elif path.endswith("/usage.json"):
            self._answer({"success": True, "result": [{"date": "2026-02-01", "total": 0, "users": []}]})
        elif path.endswith("/status.json"):
            self._answer({"success": True, "result": [self.file.job]})
        else:
            self._answer({"success": False, "errors": [{"code": "610", "message": "not here"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/identity/"):
            self._answer({"access_token": "bench", "token_type": "bearer", "expires_in": 3600})
        else:
            self._answer({"success": True, "result": [{"exportId": JOB, "status": "Queued"}]})

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps({"requestId": "1", **body}).encode()
        self._head(200, "application/json", len(data))
        self.wfile.write(data)

    def _send_file(self) -> None:
        asked = RANGE.fullmatch(self.headers.get("range") or "")
        start = int(asked[1]) if asked else 0
        self._head(206 if asked else 200, "text/csv", self.file.size - start, start if asked else None)
        self.wfile.flush()
        with self.file.path.open("rb") as file:
            self.connection.sendfile(file, start)

    def _head(self, status: int, kind: str, length: int, start: int | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Date", DATE)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{self.file.size - 1}/{self.file.size}")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


def main(path: str, rows: str, port_file: str) -> None:
    Handler.file = File(Path(path), int(rows))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fresh = Path(f"{port_file}.new")
        fresh.write_text(str(server.server_port))
        fresh.rename(port_file)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
