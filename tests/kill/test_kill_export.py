"""`kill -9` of an activation at any moment; after the retry nobody is lost, doubled or touched who isn't ours.

MUSTER_KILLS sets how often (30 by default).
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from activation_sandbox import FILES, LIST, SCHEMA, Sandbox, people
from destination_harness import SECRET, START, LocalHarness, MarketoHarness

KILLS = int(os.environ.get("MUSTER_KILLS", "30"))
HERE = Path(__file__).resolve().parent
FOREIGN = {399, 400}
SEED = 20261124
NOBODY = "http://127.0.0.1:9"

NURSERY = """
import json, os, sys, traceback
sys.path[:0] = sys.argv[1:]
from pathlib import Path
import pyarrow.parquet as pq
from activation_sandbox import Sandbox, settings_in
import muster.destinations.files.destination, muster.destinations.marketo.destination
from muster.config import Connection
from muster.destinations.base import utc_now

def work(root, kind, table, night, url, secret, destinations):
    settings = settings_in(Path(root), **destinations)
    sandbox = Sandbox(Path(root), settings, night=night, snapshot=f"s{night}", table=pq.read_table(table), clock=utc_now)
    sandbox.connections["marketo__emea"] = Connection("marketo__emea", url, "emea-client", secret)
    result = sandbox.activate(kind, run_id=f"scheduled__{night}")
    Path(root, "result.json").write_text(json.dumps([result.held, result.unmatched, result.rejected]))

print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            work(*json.loads(line))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
LAX = {name: {"breaker": {"max_removed_share": 1}} for name in (LIST, FILES)}


class Nursery:
    """Forks an activation per request: its imports are done, so a kill meets the work and not the start."""

    def __init__(self, root: Path, errors: Path) -> None:
        self.root, self.errors = root, errors
        paths = [str(HERE.parent / folder) for folder in ("unit/activation", "contracts/destinations")]
        with errors.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-c", NURSERY, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert self._line() == "ready"

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def run(self, kind: str, table: Path, night: int, url: str, *, kill_after: float | None = None) -> int:
        """The exit code of one activation; -9 where it was killed."""
        assert self.process.stdin is not None
        request = [str(self.root), kind, str(table), night, url, SECRET, LAX]
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        child = int(self._line())
        if kill_after is not None and not select.select([self.process.stdout], [], [], kill_after)[0]:
            os.kill(child, signal.SIGKILL)
        return int(self._line())

    def finish(self, kind: str, table: Path, night: int, url: str) -> list[int]:
        """One activation to its end: members held, unmatched, rejected."""
        assert self.run(kind, table, night, url) == 0, self.errors.read_text()
        return [int(number) for number in json.loads((self.root / "result.json").read_text())]

    def _line(self) -> str:
        """Unbuffered, so that `select` sees what is waiting."""
        assert self.process.stdout is not None
        text = b""
        while not text.endswith(b"\n"):
            byte = os.read(self.process.stdout.fileno(), 1)
            assert byte, self.errors.read_text()
            text += byte
        return text.decode().strip()


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    found = Nursery(tmp_path, tmp_path / "errors.txt")
    yield found
    found.close()


def audience(rng: random.Random, size: int) -> set[int]:
    """Numbers of people, most of them leads of that Marketo, the rest unknown to it; never a foreign member."""
    return set(rng.sample(range(1, 395), size)) | set(rng.sample(range(500, 540), 5))


def write_table(path: Path, numbers: set[int]) -> Path:
    pq.write_table(pa.Table.from_pylist(people(*sorted(numbers)), schema=SCHEMA), path)
    return path


def assert_readable(lake: Path) -> None:
    """No file that a reader would find is cut, and nothing half-made stands among them."""
    for file in lake.rglob("*.parquet"):
        if ".incoming" not in file.parts:
            assert pq.read_table(file).num_rows > 0, file


@pytest.fixture
def marketo(tmp_path: Path) -> Iterator[MarketoHarness]:
    with MarketoHarness.started(tmp_path) as harness:
        yield harness


@pytest.mark.kill
def test_a_killed_export_to_marketo_ends_right_after_its_retry(
    marketo: MarketoHarness, nursery: Nursery, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    leads = dict(marketo.store.records("leads"))
    killed, span = 0, 1.5
    for night in range(1, KILLS + 1):
        wanted = audience(rng, rng.randint(150, 200))
        table = write_table(tmp_path / "wanted.parquet", wanted)
        killed += nursery.run(LIST, table, night, marketo.server.url, kill_after=rng.uniform(0.0, span)) != 0
        began = time.monotonic()
        held, unmatched, rejected = nursery.finish(LIST, table, night, marketo.server.url)
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
    assert_readable(marketo.sandbox.settings.home.lake)


@pytest.mark.kill
def test_a_killed_export_to_files_leaves_the_old_or_the_new_content(nursery: Nursery, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    local = LocalHarness(tmp_path)
    before: set[str] = set()
    killed, span = 0, 1.0
    for night in range(1, KILLS + 1):
        wanted = audience(rng, rng.randint(150, 200))
        table = write_table(tmp_path / "wanted.parquet", wanted)
        now = {f"p{number}" for number in wanted}
        killed += nursery.run(FILES, table, night, NOBODY, kill_after=rng.uniform(0.0, span)) != 0
        assert local.members() in (before, now)
        began = time.monotonic()
        assert nursery.finish(FILES, table, night, NOBODY) == [len(now), 0, 0]
        span = max(0.3, min(span, time.monotonic() - began))
        assert local.members() == now == Sandbox(tmp_path, local.sandbox.settings).held(FILES)
        assert_whole(local)
        assert_readable(local.sandbox.settings.home.lake)
        before = now
    assert killed >= KILLS // 3


def assert_whole(local: LocalHarness) -> None:
    """Every file of the manifest has the bytes it names, and at most the content before it stays beside it."""
    manifest: dict[str, Any] = json.loads((local.root / "manifest.json").read_text())
    for file in manifest["files"]:
        assert (local.root / file["path"]).stat().st_size == file["bytes"]
    folders = {path.name for path in local.root.iterdir() if path.is_dir() and path.name != ".incoming"}
    assert folders <= {manifest["version"], manifest["previous_version"]}
