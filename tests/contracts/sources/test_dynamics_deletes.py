"""Deletes of Dynamics: told by delta links that live in the lake's manifests, or found by comparing keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bench_dynamics import DynamicsBench
from source_benches import DAY, NEXT, NIGHT, START, Bench

from muster.errors import IntegrityError, SourceError
from muster.lake.writer import WindowWriter
from muster.windows import Window

Start = Callable[[Bench], Bench]
Make = Callable[..., DynamicsBench]
NOON = START + timedelta(hours=12)
CONTACTS = "GET /api/data/v9.2/contacts"


def _night(bench: DynamicsBench, number: int) -> Window:
    """The night's interval, the clock half an hour behind it."""
    window = Window(START + number * DAY, START + (number + 1) * DAY)
    bench.clock.set(window.end + timedelta(minutes=30))
    return window


def _nights(bench: DynamicsBench, settings: Any, *numbers: int) -> None:
    for number in numbers:
        bench.extract(settings, _night(bench, number))


def _reasons(bench: DynamicsBench, settings: Any) -> dict[str, str]:
    rows = bench.rows(settings)
    return {row["contactid"]: row["deletedentity__reason"] for row in rows if row["deletedentity__reason"]}


def _world(bench: DynamicsBench) -> DynamicsBench:
    """Three people; the second goes away on the second day, the third on the third."""
    for number in (1, 2, 3):
        bench.person(number, NOON)
    bench.remove(2, NOON + DAY)
    bench.remove(3, NOON + 2 * DAY)
    return bench


def test_a_delta_link_is_kept_with_the_rows_it_told_and_moves_on_with_them(
    dynamics: Make, start: Start
) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1, 2)
    first, second, third = (one.evidence for one in bench.committed(settings))
    assert first["deletes"] == "by comparing all keys: no delta link yet"
    assert (second["deletes"], second["deleted_rows"], third["deleted_rows"]) == ("by delta link", 1, 1)
    assert len({str(one["delta_link"]) for one in (first, second, third)}) == 3
    assert _reasons(bench, settings) == {bench.key_of(2): "deleted", bench.key_of(3): "deleted"}


def test_a_delete_is_the_newest_version_of_its_record(dynamics: Make, start: Start) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1)
    versions = [row for row in bench.rows(settings) if row["contactid"] == bench.key_of(2)]
    newest = max(versions, key=lambda row: row["modifiedon"])
    assert (newest["deletedentity__reason"], newest["lastname"]) == ("deleted", None)
    assert newest["modifiedon"] == "2026-03-03T00:30:00Z"


def test_a_crash_between_reading_and_commit_loses_no_delete(
    dynamics: Make, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    _nights(bench, settings, 0)
    with monkeypatch.context() as crash:
        crash.setattr(WindowWriter, "commit", _killed)
        with pytest.raises(KeyboardInterrupt):
            _nights(bench, settings, 1)
    assert len(bench.committed(settings)) == 1
    _nights(bench, settings, 1)
    assert _reasons(bench, settings) == {bench.key_of(2): "deleted"}


def _killed(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_a_damaged_window_is_read_again_with_the_deletes_it_had_told(dynamics: Make, start: Start) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1)
    (file,) = (one.path for one in bench.committed(settings)[1].files)
    (settings.home.lake / file).unlink()
    assert _reasons(bench, settings) == {}
    _nights(bench, settings, 1)
    assert _reasons(bench, settings) == {bench.key_of(2): "deleted"}


@pytest.mark.parametrize("how", ["too old", "forgotten"])
def test_a_link_that_has_expired_is_said_loudly_and_all_keys_are_read_again(
    dynamics: Make, start: Start, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    _nights(bench, settings, 0)
    if how == "forgotten":
        bench.fault("expired", CONTACTS)
    _nights(bench, settings, 2 if how == "forgotten" else 8)
    assert "the delta link of contacts" in caplog.text
    assert "has expired; reading all its keys again" in caplog.text
    assert _reasons(bench, settings) == {bench.key_of(2): "absent", bench.key_of(3): "absent"}
    newest = bench.committed(settings)[-1].evidence
    assert newest["deletes"] == "by comparing all keys: the delta link has expired: 0x80044352"
    assert newest["keys"] == 1
    caplog.clear()
    bench.extract(settings, _night(bench, 9))
    assert "expired" not in caplog.text
    assert bench.committed(settings)[-1].evidence["deleted_rows"] == 0


def test_what_a_backfill_read_before_the_first_night_is_compared_too(dynamics: Make, start: Start) -> None:
    """The backfill's own link tells what went away since; without one the keys would."""
    bench = _world(dynamics())
    settings = start(bench).settings()
    bench.extract(settings, NIGHT, "backfill")
    _nights(bench, settings, 2)
    assert set(_reasons(bench, settings)) == {bench.key_of(2), bench.key_of(3)}


def test_an_older_window_leaves_the_link_of_the_newest_alone(dynamics: Make, start: Start) -> None:
    bench = _world(dynamics())
    settings = start(bench).settings()
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT, "backfill")
    bench.extract(settings, NIGHT, "backfill")
    older, newest = (one.evidence for one in bench.committed(settings))
    assert older["deletes"] == "told with a newer window"
    assert "delta_link" not in older and "delta_link" in newest
    _nights(bench, settings, 2)
    assert _reasons(bench, settings) == {bench.key_of(3): "deleted"}


def test_a_table_that_is_not_tracked_is_compared_by_keys_each_night(
    dynamics: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = _world(dynamics(tracked=frozenset({"account"}), page_size=2))
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1, 2)
    assert "change tracking is off for contact" in caplog.text
    assert _reasons(bench, settings) == {bench.key_of(2): "absent", bench.key_of(3): "absent"}
    assert [one.evidence["deleted_rows"] for one in bench.committed(settings)] == [0, 1, 1]


def test_comparing_can_be_switched_off_and_the_manifest_says_so(dynamics: Make, start: Start) -> None:
    bench = _world(dynamics(tracked=frozenset()))
    bench.source_settings["compare_keys"] = False
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1)
    assert _reasons(bench, settings) == {}
    newest = bench.committed(settings)[-1].evidence
    assert newest["deletes"] == "not seen: change tracking is off for contact"


@pytest.mark.parametrize("tracked", [None, frozenset[str]()])
def test_keys_whose_pages_end_too_early_delete_nobody(dynamics: Make, start: Start, tracked: Any) -> None:
    bench = dynamics(page_size=10, tracked=tracked)
    for number in range(1, 36):
        bench.person(number, NOON)
    settings = start(bench).settings()
    _nights(bench, settings, 0)
    bench.fault("expired", CONTACTS)
    bench.fault("lost_link", CONTACTS)
    with pytest.raises(IntegrityError, match=r"has no delta link|were announced"):
        _nights(bench, settings, 1)
    assert len(bench.committed(settings)) == 1
    assert _reasons(bench, settings) == {}


def test_a_table_that_suddenly_shows_no_row_deletes_nobody(dynamics: Make, start: Start) -> None:
    """F48: a security role that lost its depth answers with nothing, not with an error."""
    bench = dynamics(tracked=frozenset())
    for number in range(1, 101):
        bench.person(number, NOON)
        bench.remove(number, NOON + DAY)
    settings = start(bench).settings()
    _nights(bench, settings, 0)
    with pytest.raises(SourceError, match="no row at all, but the lake holds 100"):
        _nights(bench, settings, 1)
    assert _reasons(bench, settings) == {}


def test_deletes_of_every_table_are_told(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    tables = {"accounts": "accountid", "listmembers": "listmemberid", "emails": "activityid"}
    for number, (name, key) in enumerate(tables.items(), start=1):
        bench.record(name, key, number, NOON)
        bench.drop(name, bench.key_of(number), NOON + DAY)
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1)
    for number, (name, key) in enumerate(tables.items(), start=1):
        gone = [row[key] for row in bench.rows(settings, name) if row["deletedentity__reason"] == "deleted"]
        assert gone == [bench.key_of(number)]


def test_many_deletes_come_over_many_pages(dynamics: Make, start: Start) -> None:
    bench = dynamics(page_size=10)
    for number in range(1, 48):
        bench.person(number, NOON)
        bench.remove(number, NOON + DAY)
    settings = start(bench).settings()
    _nights(bench, settings, 0, 1)
    assert len(_reasons(bench, settings)) == 47
    assert bench.committed(settings)[-1].evidence["delta_pages"] == 5
