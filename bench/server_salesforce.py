"""The least that a Bulk API 2.0 query needs of a server: token, describe, limits, one job, its pages from disk by `sendfile`.

python -m bench.server_salesforce /tmp/contacts.csv 5000000 /tmp/port      # pages: /tmp/contacts-00000.csv, ...
"""

from __future__ import annotations

import csv
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.bulk_files import PAGE_ROWS, pages_of
from bench.server import DATE

JOB = "750000000000001AAA"
STAMPS = {"Id": "id", "IsDeleted": "boolean", "SystemModstamp": "datetime"}


class Pages:
    """The files, in order, and what their header says."""

    def __init__(self, path: Path, rows: int) -> None:
        self.paths, self.rows = pages_of(path), rows
        with self.paths[0].open(encoding="utf-8") as file:
            self.fields = next(csv.reader(file))

    def rows_of(self, number: int) -> int:
        return min(PAGE_ROWS, self.rows - number * PAGE_ROWS)


class Handler(BaseHTTPRequestHandler):
    """Answers one reader. `pages` is set on the class."""

    protocol_version = "HTTP/1.1"
    pages: Pages

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/results"):
            self._send_page(int(parse_qs(url.query).get("locator", ["0"])[0]))
        elif url.path.endswith("/describe"):
            fields = [{"name": name, "type": STAMPS.get(name, "string")} for name in self.pages.fields]
            self._answer({"name": "Contact", "fields": fields})
        elif url.path.endswith("/limits"):
            left = {"Max": 100_000, "Remaining": 100_000}
            self._answer({"DailyApiRequests": left, "DailyBulkV2QueryJobs": left})
        elif "/jobs/query/" in url.path:
            self._answer({"id": JOB, "state": "JobComplete", "numberRecordsProcessed": self.pages.rows})
        else:
            self._answer([])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/services/oauth2/"):
            host = f"http://{self.headers['host']}"
            self._answer({"access_token": "bench", "instance_url": host, "token_type": "Bearer"})
        else:
            self._answer({"id": JOB, "state": "UploadComplete"})

    def _answer(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self._head("application/json", len(data))
        self.wfile.write(data)

    def _send_page(self, number: int) -> None:
        path = self.pages.paths[number]
        following = str(number + 1) if number + 1 < len(self.pages.paths) else "null"
        more = {"Sforce-NumberOfRecords": str(self.pages.rows_of(number)), "Sforce-Locator": following}
        self._head("text/csv", path.stat().st_size, more)
        self.wfile.flush()
        with path.open("rb") as file:
            self.connection.sendfile(file)

    def _head(self, kind: str, length: int, more: dict[str, str] | None = None) -> None:
        self.send_response_only(200)
        headers = {"Date": DATE, "Content-Type": kind, "Content-Length": str(length), **(more or {})}
        for name, value in {**headers, "Sforce-Limit-Info": "api-usage=1/100000"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


def main(path: str, rows: str, port_file: str) -> None:
    Handler.pages = Pages(Path(path), int(rows))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fresh = Path(f"{port_file}.new")
        fresh.write_text(str(server.server_port))
        fresh.rename(port_file)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
