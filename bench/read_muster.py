"""One window from the server's bulk file to a commit in an empty lake: what a task of the nightly run does.

python -m bench.read_muster leads 1000000 http://127.0.0.1:8000 /tmp/home
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from muster.config import Connection, Platform, Settings
from muster.naming import Home
from muster.sources import extract
from muster.windows import Window

JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
ID = "marketo__bench"


def settings(family: str, home: Path) -> Settings:
    source = {
        "type": "marketo",
        "connection": ID,
        "munchkin_id": "123-BEN-001",
        "feeds": ["acme/prod"],
        "objects": [family],
        "poll_seconds": 0.1,
        "limits": {"export_bytes_per_day": 10**12},
    }
    platform = {
        "platform": "acme",
        "sandbox": "prod",
        "schedule": {"cron": "0 0 * * *", "start": "2026-01-01"},
        "history_start": "2026-01-01",
        "sources": [source],
    }
    return Settings(Platform.model_validate(platform), Home(home, "acme", "prod"), home)


def main(family: str, rows: str, url: str, home: str) -> None:
    connection = Connection(ID, url, "bench", "bench")
    (manifest,) = extract(settings(family, Path(home)), ID, JANUARY, "nightly", lambda _: connection)
    if (manifest.rows, manifest.quarantined_rows) != (int(rows), 0):
        raise SystemExit(f"{manifest.rows} rows and {manifest.quarantined_rows} put aside, not {rows}")


if __name__ == "__main__":
    main(*sys.argv[1:])
