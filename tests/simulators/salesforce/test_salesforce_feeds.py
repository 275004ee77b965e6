"""/updated and /deleted: their windows and what they cover."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from salesforce_kit import NOW, Kit, change, key_of, refusal

HOUR = timedelta(hours=1)


def feed(kit: Kit, which: str, **window: Any) -> Any:
    asked = {name: value if isinstance(value, str) else value.isoformat() for name, value in window.items()}
    return kit.get(f"/sobjects/Contact/{which}/", **asked)


@pytest.fixture
def aged() -> Kit:
    """Live contacts 1-3 and deleted ones 11-13, changed 1, 10 and 20 days ago."""
    rows = [
        change("contacts", offset + n, NOW - timedelta(days=age), LastName="x", IsDeleted=offset > 0)
        for offset in (0, 10)
        for n, age in enumerate((1, 10, 20), start=1)
    ]
    return Kit(rows)


def test_updated_names_the_living_ids_of_the_window(aged: Kit) -> None:
    body = feed(aged, "updated", start=NOW - timedelta(days=11), end=NOW).json()
    assert body == {
        "ids": [key_of("contacts", 2), key_of("contacts", 1)],
        "latestDateCovered": "2026-03-03T00:30:00.000+0000",
    }


def test_deleted_names_the_deleted_ids_with_their_time(aged: Kit) -> None:
    body = feed(aged, "deleted", start=NOW - timedelta(days=11), end=NOW).json()
    assert body["deletedRecords"] == [
        {"id": key_of("contacts", 12), "deletedDate": "2026-02-21T00:30:00.000+0000"},
        {"id": key_of("contacts", 11), "deletedDate": "2026-03-02T00:30:00.000+0000"},
    ]
    assert body["earliestDateAvailable"] == "2026-02-16T00:30:00.000+0000"
    assert body["latestDateCovered"] == "2026-03-03T00:30:00.000+0000"


def test_nothing_beyond_now_is_covered(aged: Kit) -> None:
    body = feed(aged, "updated", start=NOW - HOUR, end=NOW + HOUR).json()
    assert body == {"ids": [], "latestDateCovered": "2026-03-03T00:30:00.000+0000"}


def test_seconds_of_the_window_are_ignored_and_it_is_half_open() -> None:
    kit = Kit([change("contacts", 1, NOW - HOUR, LastName="x")])
    at = NOW - HOUR
    assert feed(kit, "updated", start=at + timedelta(seconds=59), end=NOW).json()["ids"] == [
        key_of("contacts", 1)
    ]
    assert feed(kit, "updated", start=at - HOUR, end=at + timedelta(seconds=59)).json()["ids"] == []


def test_a_bound_may_carry_an_offset(aged: Kit) -> None:
    body = feed(aged, "updated", start="2026-03-02T05:00:00+05:00", end="2026-03-02T06:30:00+05:00").json()
    assert body["ids"] == [key_of("contacts", 1)]


@pytest.mark.parametrize(
    ("which", "start", "end", "code"),
    [
        ("updated", NOW - timedelta(days=30, minutes=1), NOW, "INVALID_REPLICATION_DATE"),
        ("deleted", NOW - timedelta(days=15, minutes=1), NOW, "INVALID_REPLICATION_DATE"),
        ("updated", NOW, NOW, "INVALID_REPLICATION_DATE"),
        ("deleted", NOW, NOW + timedelta(seconds=20), "INVALID_REPLICATION_DATE"),
        ("deleted", NOW, NOW - HOUR, "INVALID_REPLICATION_DATE"),
        ("updated", "yesterday", NOW, "MALFORMED_ID"),
    ],
)
def test_a_window_out_of_reach_is_refused(aged: Kit, which: str, start: Any, end: Any, code: str) -> None:
    assert refusal(feed(aged, which, start=start, end=end))[:2] == (400, code)


def test_the_furthest_windows_are_allowed(aged: Kit) -> None:
    assert feed(aged, "updated", start=NOW - timedelta(days=30), end=NOW).status_code == 200
    assert feed(aged, "deleted", start=NOW - timedelta(days=15), end=NOW).status_code == 200


def test_a_bound_left_out_is_refused(aged: Kit) -> None:
    assert refusal(feed(aged, "updated", start=NOW))[:2] == (400, "MISSING_ARGUMENT")


def test_too_many_updated_ids_are_refused() -> None:
    rows = [change("contacts", n, NOW - HOUR, LastName="x") for n in range(4)]
    kit = Kit(rows, updated_id_limit=3)
    assert refusal(feed(kit, "updated", start=NOW - 2 * HOUR, end=NOW))[:2] == (400, "EXCEEDED_ID_LIMIT")
