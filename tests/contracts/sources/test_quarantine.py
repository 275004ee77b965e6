"""Rows that were put aside: seen, and brought back into their own window once somebody says how (F55)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import NIGHT, START, Bench, MarketoBench

from muster.lake import Lake, Manifest
from muster.lake.replay import bring_back, put_aside
from muster.sources.replay import Mending, Replayed, replay

Start = Callable[[Bench], Bench]
Make = Callable[..., MarketoBench]
NOON = START + timedelta(hours=12)


def again(bench: Bench, settings: Any, **mending: bool) -> list[Replayed]:
    config = settings.platform.source(bench.id)
    return replay(Lake(settings.home.lake), config, bench.people, Mending(**mending), run_id="replay")


@pytest.fixture
def poisoned(job_bench: Bench, start: Start) -> tuple[Bench, Any]:
    """Only rows of a bulk job's files come back by a replay: a file or row of others is mended where it lies."""
    bench = job_bench
    bench.person(1, NOON, "before")
    bench.person(2, NOON, "nul\0byte")
    bench.person(3, NOON, 'nul\0 "and",\nmore')
    settings = start(bench).settings()
    bench.extract(settings)
    return bench, settings


def test_a_row_comes_back_into_its_window_and_the_counts_add_up(poisoned: tuple[Bench, Any]) -> None:
    bench, settings = poisoned
    (before,) = bench.committed(settings)
    (found,) = again(bench, settings, drop_nul=True)
    assert (found.rows, found.reasons) == (2, {})
    (after,) = bench.committed(settings)
    assert (after.source_rows, after.rows, after.quarantined_rows) == (3, 3, 0)
    assert after.window == before.window == NIGHT
    assert after.files[: len(before.files)] == before.files
    names = {bench.key_of(1): "before", bench.key_of(2): "nulbyte", bench.key_of(3): 'nul "and",\nmore'}
    assert bench.names(settings) == names
    rows = {row[bench.key]: row for row in bench.rows(settings)}
    assert rows[bench.key_of(2)]["_run_id"] == "replay"
    assert rows[bench.key_of(2)]["_source_instance"] == bench.id
    assert rows[bench.key_of(2)]["_window_end"] == NIGHT.end
    assert set(rows[bench.key_of(2)]) == set(rows[bench.key_of(1)])


def test_without_a_word_nothing_is_mended(poisoned: tuple[Bench, Any]) -> None:
    bench, settings = poisoned
    before = bench.committed(settings)
    (found,) = again(bench, settings)
    assert (found.rows, found.reasons) == (0, {"a NUL byte": 2})
    assert bench.committed(settings) == before


def test_a_second_replay_and_a_second_night_bring_nothing_twice(poisoned: tuple[Bench, Any]) -> None:
    bench, settings = poisoned
    again(bench, settings, drop_nul=True)
    before = bench.rows(settings)
    assert again(bench, settings, drop_nul=True) == []
    assert bench.extract(settings) == []
    assert bench.rows(settings) == before


def test_the_manifest_before_stays_beside_the_new_one(poisoned: tuple[Bench, Any]) -> None:
    bench, settings = poisoned
    (before,) = bench.committed(settings)
    lake = Lake(settings.home.lake)
    rows = {aside.row_number: {bench.key: "x", bench.last_name: "y"} for aside in put_aside(lake, before)}
    first, second = sorted(rows)
    bring_back(lake, before, {first: rows[first]}, "one")
    assert [aside.row_number for aside in put_aside(lake, bench.committed(settings)[0])] == [second]
    after = bring_back(lake, before, rows, "two")
    assert (after.rows, after.quarantined_rows, after.evidence["replayed"]) == (3, 0, [first, second])
    folder = lake.window_folder(bench.system, bench.instance, bench.people, NIGHT)
    kept = [Manifest.from_json((folder / f"manifest.v{version}.json").read_text()) for version in (1, 2)]
    assert [one.quarantined_rows for one in kept] == [2, 1]
    assert kept[0] == before


def test_a_kill_before_the_manifest_leaves_the_window_as_it_was(
    poisoned: tuple[Bench, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, settings = poisoned
    before, rows = bench.committed(settings), bench.rows(settings)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("muster.lake.replay._replace_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            again(bench, settings, drop_nul=True)
    assert bench.committed(settings) == before
    assert bench.rows(settings) == rows
    again(bench, settings, drop_nul=True)
    assert len(bench.rows(settings)) == 3


def test_bytes_that_are_not_utf8_come_back_only_as_the_text_that_quarantine_has(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    bench.person(1, NOON, "lone \ud800 surrogate")
    settings = start(bench).settings()
    bench.extract(settings)
    (found,) = again(bench, settings, drop_nul=True)
    assert found.reasons == {"bytes that are not UTF-8": 1}
    again(bench, settings, keep_escapes=True)
    assert bench.names(settings) == {"1": r"lone \xed\xa0\x80 surrogate"}


def test_a_row_of_an_answer_stays_aside_and_says_why(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.people = "deleted_leads"
    row = {"id": 1, "marketoGUID": "1", "leadId": 1, "activityDate": "never", "activityTypeId": 37}
    body = {"requestId": "a#b", "success": True, "moreResult": False, "result": [row]}
    bench.fault("status", "deletedleads", {"status": 200, "body": json.loads(json.dumps(body))}, times=None)
    settings = start(bench).settings()
    bench.extract(settings)
    (found,) = again(bench, settings, drop_nul=True)
    assert found.rows == 0
    assert next(iter(found.reasons)).startswith("activityDate is not a time (it came in an answer")
