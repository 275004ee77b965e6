"""Rows in quarantine, read again: by the parser of today, and mended where a person says how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muster.http.jsontext import loads
from muster.lake import Lake
from muster.lake.replay import Aside, bring_back, put_aside
from muster.sources.csv_rows import NOT_UTF8, NUL, parse_row

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.lake import Manifest


@dataclass(frozen=True)
class Mending:
    """What may be done to a row so that it can be read. Each changes a value, so none is done unasked."""

    drop_nul: bool = False  # leave NUL bytes out
    keep_escapes: bool = False  # bytes that are not UTF-8 become text such as \xed


@dataclass(frozen=True)
class Replayed:
    """One window after a replay: rows that came back, and why the others did not."""

    manifest: Manifest
    rows: int
    reasons: dict[str, int]


def replay(
    lake: Lake, config: SourceConfig, object_name: str, mending: Mending, *, run_id: str
) -> list[Replayed]:
    """Try every row in quarantine of one object again; what can be read now is committed to its window."""
    found = []
    for manifest in lake.committed(config.system, config.instance, object_name):
        good: dict[int, dict[str, str | None]] = {}
        reasons: dict[str, int] = {}
        for aside in put_aside(lake, manifest):
            record, reason = _again(manifest, aside, mending)
            if record is None:
                reasons[reason] = reasons.get(reason, 0) + 1
            else:
                good[aside.row_number] = dict(zip(manifest.columns, record, strict=True))
        if good or reasons:
            after = bring_back(lake, manifest, good, run_id) if good else manifest
            found.append(Replayed(after, len(good), reasons))
    return found


def _answered(manifest: Manifest, aside: Aside, mending: Mending) -> tuple[list[str | None] | None, str]:
    """A row of an answer: it was put aside as JSON, text by column."""
    if not mending.drop_nul:
        return None, aside.reason
    row = {name: value and value.replace("\0", "") for name, value in loads(aside.raw).items()}
    return [row.get(name) for name in manifest.columns], ""


def _again(manifest: Manifest, aside: Aside, mending: Mending) -> tuple[Sequence[str | None] | None, str]:
    """(values in the order of the window's columns, or None and the reason)."""
    if "read" in manifest.evidence and aside.reason == NUL:
        return _answered(manifest, aside, mending)
    if "files" in manifest.evidence:
        return None, f"{aside.reason} (mend the file: it is read again under its new time)"
    if "read" in manifest.evidence:
        return (
            None,
            f"{aside.reason} (it came in an answer, not in a file: only rows of files can be replayed)",
        )
    if aside.reason == NOT_UTF8 and not mending.keep_escapes:
        return None, aside.reason
    raw = aside.raw.replace("\0", "") if mending.drop_nul else aside.raw
    return parse_row(raw, len(manifest.columns))
