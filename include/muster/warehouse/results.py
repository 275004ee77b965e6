"""What a build left: a record next to its file, written last, so that a build without one never happened."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from muster.errors import WarehouseError
from muster.lake import files
from muster.warehouse.engine import table


@dataclass(frozen=True)
class PublishedTable:
    """A table that is exported. `layer`: profile, audiences, activation or observability."""

    name: str
    schema: str
    layer: str

    @property
    def place(self) -> str:
        """Its name in SQL."""
        return table(self.schema, self.name)


@dataclass(frozen=True)
class BuildResult:
    """One finished warehouse file. `reports` is the folder of dbt's artefacts and docs.

    A build with `select` holds some models only: it is for looking at, never audited nor published.
    """

    id: str
    path: Path
    as_of: datetime
    reports: Path
    seconds: float
    tables: tuple[PublishedTable, ...] = ()
    select: str | None = None
    models: int = 0
    tests: int = 0
    warnings: int = 0

    @property
    def fingerprint(self) -> str:
        """Changes when the file does. Raises WarehouseError where it is gone."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            raise WarehouseError(
                "the warehouse file of this build is gone",
                where=self.id,
                hint="run `muster build`: it makes a new one",
            ) from None
        return f"{status.st_size}-{status.st_mtime_ns}"

    @property
    def record(self) -> Path:
        return self.path.with_suffix(".json")

    def save(self) -> None:
        facts = asdict(self)
        facts.update(path=self.path.name, reports=str(self.reports), as_of=self.as_of.isoformat())
        write_json(self.record, facts)

    @classmethod
    def load(cls, record: Path) -> BuildResult:
        facts = json.loads(record.read_text())
        facts["path"] = record.with_name(facts["path"])
        facts["reports"] = Path(facts["reports"])
        facts["as_of"] = datetime.fromisoformat(facts["as_of"])
        facts["tables"] = tuple(PublishedTable(**table) for table in facts["tables"])
        return cls(**facts)


def write_json(path: Path, facts: Mapping[str, Any]) -> None:
    """Replace a file as a whole."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        files.write_whole(fresh, (json.dumps(facts, indent=1) + "\n").encode())
        os.replace(fresh, path)  # noqa: PTH105 - the atomic one, named as such
        files.flush(path.parent)
    finally:
        fresh.unlink(missing_ok=True)
