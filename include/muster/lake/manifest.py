"""A manifest: what one committed window holds, where it is, and how we know that it is all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from muster.windows import Window

Kind = Literal["window", "snapshot"]
RunKind = Literal["nightly", "backfill", "delta"]
NAME = "manifest.json"
VERSION = 1


@dataclass(frozen=True)
class FileEntry:
    """One Parquet file. `path` is relative to the lake's root."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One commit. Always true: source_rows == rows + quarantined_rows."""

    system: str
    instance: str
    object: str
    kind: Kind
    window: Window
    read_from: datetime
    run_id: str
    run_kind: RunKind
    committed_at: datetime
    source_rows: int
    rows: int
    quarantined_rows: int
    files: tuple[FileEntry, ...]
    columns: tuple[str, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source_instance(self) -> str:
        """The connection id, as in `_source_instance` of the raw rows."""
        return f"{self.system}__{self.instance}"

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def to_json(self) -> str:
        facts = asdict(self)
        facts["window"] = {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()}
        for name in ("read_from", "committed_at"):
            facts[name] = facts[name].isoformat()
        return json.dumps({"version": VERSION, **facts}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Raises ValueError, KeyError or TypeError where the text is not a whole manifest."""
        facts = json.loads(text)
        if facts.pop("version") != VERSION:
            raise ValueError("a manifest of another version")
        window = facts.pop("window")
        facts["window"] = Window(*(datetime.fromisoformat(window[name]) for name in ("start", "end")))
        for name in ("read_from", "committed_at"):
            facts[name] = datetime.fromisoformat(facts[name])
        facts["files"] = tuple(FileEntry(**entry) for entry in facts["files"])
        facts["columns"] = tuple(facts["columns"])
        return cls(**facts)


def load(path: Path, root: Path) -> Manifest:
    """Read a manifest. Raises OSError, ValueError, KeyError or TypeError where it is cut, wrong or misplaced."""
    manifest = Manifest.from_json(path.read_text())
    place = (manifest.system, manifest.instance, manifest.object, str(manifest.window))
    if path.parent.relative_to(root).parts[1:] != place:
        raise ValueError("it describes another window than the one it lies in")
    if manifest.source_rows != manifest.rows + manifest.quarantined_rows:
        raise ValueError("its counts do not add up")
    if any((root / file.path).parent != path.parent for file in manifest.files):
        raise ValueError("it names a file that lies somewhere else")
    return manifest


def is_whole(manifest: Manifest, root: Path) -> bool:
    """Are its files there in full length? Cheap enough to be asked each time."""
    try:
        return all((root / file.path).stat().st_size == file.bytes for file in manifest.files)
    except OSError:
        return False
