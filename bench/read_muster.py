"""One window from the server's bulk file to a commit in an empty lake: what a task of the nightly run does.

python -m bench.read_muster leads 1000000 http://127.0.0.1:8000 /tmp/home
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muster.config import Connection, Platform, Settings
from muster.naming import Home
from muster.sources import extract
from muster.windows import Window

JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
SALESFORCE = frozenset({"contacts"})


def source_of(family: str) -> dict[str, Any]:
    common = {"feeds": ["acme/prod"], "objects": [family], "poll_seconds": 0.1}
    if family in SALESFORCE:
        own: dict[str, Any] = {"type": "salesforce", "org_id": "00D000000000BEN"}
    else:
        own = {
            "type": "marketo",
            "munchkin_id": "123-BEN-001",
            "limits": {"export_bytes_per_day": 10**12},
        }
    return {**common, **own, "connection": f"{own['type']}__bench"}


def settings(source: dict[str, Any], home: Path) -> Settings:
    platform = {
        "platform": "acme",
        "sandbox": "prod",
        "schedule": {"cron": "0 0 * * *", "start": "2026-01-01"},
        "history_start": "2026-01-01",
        "sources": [source],
    }
    return Settings(Platform.model_validate(platform), Home(home, "acme", "prod"), home)


def main(family: str, rows: str, url: str, home: str) -> None:
    source = source_of(family)
    name = source["connection"]
    connection = Connection(name, url, "bench", "bench")
    (manifest,) = extract(settings(source, Path(home)), name, JANUARY, "nightly", lambda _: connection)
    if (manifest.rows, manifest.quarantined_rows) != (int(rows), 0):
        raise SystemExit(f"{manifest.rows} rows and {manifest.quarantined_rows} put aside, not {rows}")


if __name__ == "__main__":
    main(*sys.argv[1:])
