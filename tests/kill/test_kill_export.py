"""`kill -9` of an activation at any moment; after the retry nobody is lost, doubled or touched who isn't ours.

MUSTER_KILLS sets how often (30 by default).
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from activation_sandbox import FILES, LIST, SCHEMA, Sandbox, people
from destination_harness import SECRET, START, LocalHarness, MarketoHarness
from kill_kit import HERE, KILLS, Nursery, assert_readable

FOREIGN = {399, 400}
NOBODY = "http://127.0.0.1:9"
LAX = {name: {"breaker": {"max_removed_share": 1}} for name in (LIST, FILES)}


class Exports(Nursery):
    """Activations of one sandbox."""

    def __init__(self, root: Path) -> None:
        folders = [HERE.parent / folder for folder in ("unit/activation", "contracts/destinations")]
        super().__init__("work_export", root / "errors.txt", folders)
        self.root = root

    def killed(self, kind: str, table: Path, night: int, url: str, after: float) -> bool:
        ended = self.run(str(self.root), kind, str(table), night, url, SECRET, LAX, kill_after=after)
        return ended.code != 0

    def counts(self, kind: str, table: Path, night: int, url: str) -> list[int]:
        """One activation to its end: members held, unmatched, rejected."""
        self.finish(str(self.root), kind, str(table), night, url, SECRET, LAX)
        return [int(number) for number in json.loads((self.root / "result.json").read_text())]


@pytest.fixture
def exports(tmp_path: Path) -> Iterator[Exports]:
    found = Exports(tmp_path)
    yield found
    found.close()


def audience(rng: random.Random, size: int) -> set[int]:
    """Numbers of people, most of them leads of that Marketo, the rest unknown to it; never a foreign member."""
    return set(rng.sample(range(1, 395), size)) | set(rng.sample(range(500, 540), 5))


def write_table(path: Path, numbers: set[int]) -> Path:
    pq.write_table(pa.Table.from_pylist(people(*sorted(numbers)), schema=SCHEMA), path)
    return path


@pytest.fixture
def marketo(tmp_path: Path) -> Iterator[MarketoHarness]:
    with MarketoHarness.started(tmp_path) as harness:
        yield harness


@pytest.mark.kill
def test_a_killed_export_to_marketo_ends_right_after_its_retry(
    marketo: MarketoHarness, exports: Exports, seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    leads = dict(marketo.store.records("leads"))
    killed, span = 0, 1.5
    for night in range(1, KILLS + 1):
        wanted = audience(rng, rng.randint(150, 200))
        table = write_table(tmp_path / "wanted.parquet", wanted)
        killed += exports.killed(LIST, table, night, marketo.server.url, rng.uniform(0.0, span))
        began = time.monotonic()
        held, unmatched, rejected = exports.counts(LIST, table, night, marketo.server.url)
        span = max(0.4, min(span, time.monotonic() - began))
        matched = {number for number in wanted if number < 500}
        assert (held, unmatched, rejected) == (len(matched), 5, 0)
        check_marketo(marketo, tmp_path, night, {100 + number for number in matched})
        if night == 1:
            add_foreign(marketo)
    assert dict(marketo.store.records("leads")) == leads
    assert marketo.stats.to_dict()["violations"] == {}
    assert killed >= KILLS // 3


def add_foreign(marketo: MarketoHarness) -> None:
    list_id = int(next(iter(marketo.store.records("static_lists"))))
    for number in FOREIGN:
        marketo.store.put(
            "list_members",
            f"{list_id}:{number + 100}",
            {"listId": list_id, "leadId": number + 100, "at": START},
        )


def check_marketo(marketo: MarketoHarness, root: Path, night: int, wanted: set[int]) -> None:
    foreign = {number + 100 for number in FOREIGN} if night > 1 else set()
    ledger = {int(key) for key in Sandbox(root, marketo.sandbox.settings).held(LIST)}
    assert marketo.lead_ids() == wanted | foreign
    assert ledger == wanted
    assert len(marketo.store.records("static_lists")) == 1
    assert_readable(marketo.sandbox.settings.home.lake, least=1)


@pytest.mark.kill
def test_a_killed_export_to_files_leaves_the_old_or_the_new_content(
    exports: Exports, seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    local = LocalHarness(tmp_path)
    before: set[str] = set()
    killed, span = 0, 1.0
    for night in range(1, KILLS + 1):
        wanted = audience(rng, rng.randint(150, 200))
        table = write_table(tmp_path / "wanted.parquet", wanted)
        now = {f"p{number}" for number in wanted}
        killed += exports.killed(FILES, table, night, NOBODY, rng.uniform(0.0, span))
        assert local.members() in (before, now)
        began = time.monotonic()
        assert exports.counts(FILES, table, night, NOBODY) == [len(now), 0, 0]
        span = max(0.3, min(span, time.monotonic() - began))
        assert local.members() == now == Sandbox(tmp_path, local.sandbox.settings).held(FILES)
        assert_whole(local)
        assert_readable(local.sandbox.settings.home.lake, least=1)
        before = now
    assert killed >= KILLS // 3


def assert_whole(local: LocalHarness) -> None:
    """Every file of the manifest has the bytes it names, and at most the content before it stays beside it."""
    manifest: dict[str, Any] = json.loads((local.root / "manifest.json").read_text())
    for file in manifest["files"]:
        assert (local.root / file["path"]).stat().st_size == file["bytes"]
    folders = {path.name for path in local.root.iterdir() if path.is_dir() and path.name != ".incoming"}
    assert folders <= {manifest["version"], manifest["previous_version"]}
