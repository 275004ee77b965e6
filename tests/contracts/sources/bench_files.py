"""Files in a bucket: moto answers, behind the simulated clock, the fault plan and a check of who is calling.

A moment's changes are one CSV file, last modified at that moment and listed from the moment that it becomes visible.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import re
import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

from a2wsgi import WSGIMiddleware
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from source_benches import SECRET, Bench
from starlette.types import Message, Receive, Scope, Send

from muster.config import Connection
from muster_simulators.store import Store
from muster_simulators.web import hang_up, new_app

COLUMNS = ("id", "last_name", "email", "changed_at", "is_deleted")
LISTED = "GET /{bucket}"


class FilesBench(Bench):
    def __init__(self, tmp: Path) -> None:
        self.bucket = f"bucket-{uuid.uuid4().hex[:8]}"
        super().__init__(
            tmp, "files", "main", "people", "id", "last_name",
            job_calls=(
                f"HEAD /{self.bucket}$", f"GET /{self.bucket}/?$", f"HEAD /{self.bucket}/in/people/",
                f"GET /{self.bucket}/in/people/", f"(GET|HEAD) /{self.bucket}/",
            ),
            file_call=f"GET /{self.bucket}/in/people/",
            objects=("people",),
        )  # fmt: skip
        people = {
            "path": "people/*.csv",
            "format": "csv",
            "key": ["id"],
            "columns": list(COLUMNS),
        }
        self.source_settings = {"path": f"s3://{self.bucket}/in", "objects": {"people": people}}
        self.extra_files: dict[str, tuple[datetime, bytes]] = {}

    def connection(self, password: str = SECRET) -> Connection:
        return Connection(self.id, self.url, "client", password)

    def key_of(self, number: int) -> str:
        return f"P-{number:05d}"

    def person(
        self,
        number: int,
        at: datetime,
        last_name: str = "Lee",
        *,
        late: timedelta = timedelta(0),
        **more: Any,
    ) -> None:
        values = {
            "id": self.key_of(number),
            "last_name": last_name,
            "email": f"p{number}@acme.example",
            "changed_at": at.isoformat(),
            "is_deleted": "false",
            **more,
        }
        self.put("people", self.key_of(number), at, values, late=late)

    def remove(self, number: int, at: datetime) -> None:
        self.person(number, at, is_deleted="true")

    def removed(self, settings: Any) -> set[str]:
        return {row["id"] for row in self.rows(settings) if row["is_deleted"] == "true"}

    # ---- the bucket ----------------------------------------------------------------------------------------

    def app(self, store: Store) -> Any:
        app = new_app(self.id, self.clock, self.faults, self.stats)
        backend = s3_backends["123456789012"]["aws"]
        if self.bucket not in backend.buckets:
            backend.create_bucket(self.bucket, "us-east-1")
        app.mount("/", Bucket(self))
        return app

    def sync(self) -> None:
        """Put what is visible by now into the bucket."""
        grouped: dict[tuple[datetime, datetime], list[Any]] = defaultdict(list)
        for change in self.changes:
            if change.visible_at <= self.clock.now():
                grouped[change.at, change.visible_at].append(change.values)
        for (at, visible), rows in grouped.items():
            self.place(f"people/{at:%Y%m%dT%H%M%S}_{visible:%Y%m%dT%H%M%S}.csv", at, written(rows))

    def place(self, name: str, at: datetime, data: bytes) -> None:
        backend = s3_backends["123456789012"]["aws"]
        keys = backend.buckets[self.bucket].keys
        path = f"in/{name}"
        if path in keys and keys[path].value == data and keys[path].last_modified == at.replace(tzinfo=None):
            return
        backend.put_object(self.bucket, path, data).last_modified = at.replace(tzinfo=None)


def written(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class Bucket:
    """moto as an ASGI application: who signs wrongly is refused, and a body may be cut."""

    def __init__(self, bench: FilesBench) -> None:
        self.bench = bench
        self.moto = WSGIMiddleware(DomainDispatcherApplication(create_backend_app))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if not is_signed(scope, headers, SECRET):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        self.bench.sync()
        cut = None
        if scope["method"] == "GET" and "/in/" in scope["path"]:
            cut = self.bench.faults.take(self.bench.id, scope["method"], scope["path"], "cut")
        left = cut.value if cut else None

        async def passed(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0].lower() != b"date"]
            elif left is not None:
                message = {**message, "body": message.get("body", b"")[:left], "more_body": True}
                left -= len(message["body"])
            await send(message)

        await self.moto(scope, receive, passed)
        if cut:
            await hang_up(receive, send)


def is_signed(scope: Scope, headers: dict[str, str], secret: str) -> bool:
    """AWS signature version 4 of the whole call, computed anew."""
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d+)/([\w-]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)",
        headers.get("authorization", ""),
    )
    if match is None:
        return False
    _, day, region, names, signature = match.groups()
    pairs = sorted(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    canonical = "\n".join(
        [
            scope["method"],
            quote(scope["path"]),
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs),
            *(f"{name}:{headers.get(name, '').strip()}" for name in names.split(";")),
            "",
            names,
            headers["x-amz-content-sha256"],
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    told = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{day}/{region}/s3/aws4_request\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request", told):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), signature)
