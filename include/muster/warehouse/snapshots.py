"""Published snapshots: folders that never change, and one pointer that says which of them is in force.

<home.published>/snapshots/<id>/<table>.parquet, snapshot.json
<home.published>/current.json
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from muster.config import Settings
from muster.errors import WarehouseError
from muster.naming import Home

FACTS = "snapshot.json"


@dataclass(frozen=True)
class Snapshot:
    """One published state. `tables`: name -> rows, sha256 (of the content, whatever its order) and bytes.

    `is_new` and `changed_rows` say what publishing it changed; of a snapshot that is read back, is_new is False.
    """

    id: str
    as_of: datetime
    is_new: bool
    changed_rows: int
    tables: dict[str, dict[str, Any]]
    build_id: str
    published_at: datetime
    folder: Path

    def to_json(self) -> dict[str, Any]:
        facts = asdict(replace(self, is_new=False))
        times = {name: facts[name].isoformat() for name in ("as_of", "published_at")}
        del facts["folder"], facts["is_new"]
        return {**facts, **times}

    @classmethod
    def load(cls, folder: Path) -> Snapshot:
        facts = json.loads((folder / FACTS).read_text())
        for name in ("as_of", "published_at"):
            facts[name] = datetime.fromisoformat(facts[name])
        return cls(**facts, is_new=False, folder=folder)


def folder_of(home: Home) -> Path:
    return home.published / "snapshots"


def pointer_of(home: Home) -> Path:
    return home.published / "current.json"


def current_snapshot(settings: Settings) -> Snapshot | None:
    """The snapshot in force, or None when nothing was published yet."""
    try:
        pointed = json.loads(pointer_of(settings.home).read_text())["snapshot"]
    except FileNotFoundError:
        return None
    try:
        return Snapshot.load(folder_of(settings.home) / pointed)
    except FileNotFoundError:
        raise WarehouseError(
            "the snapshot in force is gone from the disk",
            where=pointed,
            hint="build and publish again, or go back to another one: `muster rollback` lists them",
        ) from None


def snapshots(settings: Settings) -> list[Snapshot]:
    """Every snapshot that is kept, newest first."""
    found = [Snapshot.load(path.parent) for path in folder_of(settings.home).glob(f"[!.]*/{FACTS}")]
    return sorted(found, key=lambda snapshot: snapshot.published_at, reverse=True)
