"""One activation, as the kill tests of the export run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from activation_sandbox import Sandbox, settings_in

import muster.destinations.files.destination
import muster.destinations.marketo.destination  # noqa: F401 - so that a kill meets the work and not the imports
from muster.config import Connection
from muster.destinations.base import utc_now


def work(root: str, kind: str, table: str, night: int, url: str, secret: str, destinations: Any) -> None:
    settings = settings_in(Path(root), **destinations)
    sandbox = Sandbox(
        Path(root), settings, night=night, snapshot=f"s{night}", table=pq.read_table(table), clock=utc_now
    )
    sandbox.connections["marketo__emea"] = Connection("marketo__emea", url, "emea-client", secret)
    result = sandbox.activate(kind, run_id=f"scheduled__{night}")
    Path(root, "result.json").write_text(json.dumps([result.held, result.unmatched, result.rejected]))
