"""Fields that come, go and change their type while we read: every row still lands, and the lake says what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from source_benches import DAY, NEXT, NIGHT, START, Bench, MarketoBench

from muster.lake import Lake, drift

Start = Callable[[Bench], Bench]
Make = Callable[..., MarketoBench]
NOON = START + timedelta(hours=12)
FIELDS = {
    "id": "integer",
    "email": "email",
    "lastName": "string",
    "createdAt": "datetime",
    "updatedAt": "datetime",
}


def describe(bench: Bench, fields: dict[str, str], numbers: dict[str, int] | None = None) -> None:
    """What both calls say of the leads from now on."""
    bench.faults.clear()
    shown = [{"name": name, "dataType": kind} for name, kind in fields.items()]
    numbered = [
        {"id": (numbers or {}).get(name, 1000 + place), "rest": {"name": name}}
        for place, name in enumerate(sorted(fields))
    ]
    answers = {"describe2": [{"name": "API Lead", "fields": shown}], "describe.json": numbered}
    for call, result in answers.items():
        body = {"requestId": "a#b", "success": True, "result": result}
        bench.fault("status", f"leads/{call}", {"status": 200, "body": body}, times=None)


def events(settings: Any) -> list[tuple[str, str, str | None]]:
    rows = drift.events(Lake(settings.home.lake)).to_pylist()
    return sorted((row["change"], row["field"], row["previous"]) for row in rows)


def two_nights(
    bench: Bench, start: Start, after: dict[str, str], numbers: tuple[dict[str, int], ...] = ({}, {})
) -> Any:
    bench.objects = ("leads",)
    bench.person(1, NOON, "Lee", title="CMO")
    bench.person(2, NOON, "Kim", title="CIO")
    bench.person(1, NOON + DAY, "Lee-Park", title="CMO")
    settings = start(bench).settings()
    describe(bench, FIELDS | {"leadScore": "integer"}, numbers[0])
    bench.extract(settings)
    describe(bench, after, numbers[1])
    bench.clock.set(NEXT.end + timedelta(minutes=30))
    bench.extract(settings, NEXT)
    return settings


def test_every_commit_names_the_description_it_was_read_by(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    lake = Lake(settings.home.lake)
    for name in ("leads", "activities", "companies", "opportunities", "opportunity_roles"):
        (manifest,) = bench.committed(settings, name)
        version = drift.newest(lake, bench.id, name)
        assert version is not None
        assert manifest.evidence["describe"] == version.digest
    assert events(settings) == []


def test_a_new_field_appears_in_raw_and_is_an_event(marketo: Make, start: Start) -> None:
    bench = marketo()
    settings = two_nights(bench, start, FIELDS | {"leadScore": "integer", "title": "string"})
    assert events(settings) == [("added", "title", None)]
    assert {
        row["id"]: row.get("title") for row in bench.rows(settings) if row["_window_end"] == NEXT.end
    } == {"1": "CMO"}
    assert bench.names(settings) == {"1": "Lee-Park", "2": "Kim"}


def test_a_field_that_is_gone_is_not_asked_for_and_its_last_values_stay_in_raw(
    marketo: Make, start: Start
) -> None:
    bench = marketo()
    settings = two_nights(bench, start, FIELDS)
    assert events(settings) == [("dropped", "leadScore", None)]
    first, second = bench.committed(settings)
    assert ("leadScore" in first.columns, "leadScore" in second.columns) == (True, False)
    assert {row["leadScore"] for row in bench.rows(settings) if row["_window_end"] == NIGHT.end} == {"7"}


def test_a_field_of_another_type_is_text_still(marketo: Make, start: Start) -> None:
    bench = marketo()
    settings = two_nights(bench, start, FIELDS | {"leadScore": "float"})
    assert events(settings) == [("retyped", "leadScore", "integer")]
    assert {row["leadScore"] for row in bench.rows(settings)} == {"7"}


@pytest.mark.parametrize("number", [77, 78])
def test_a_rename_is_told_only_where_the_fields_number_proves_it(
    marketo: Make, start: Start, number: int
) -> None:
    bench = marketo()
    after = FIELDS | {"priority": "integer"}
    settings = two_nights(bench, start, after, ({"leadScore": 77}, {"priority": number}))
    if number == 77:
        assert events(settings) == [("renamed", "priority", "leadScore")]
    else:
        assert events(settings) == [("added", "priority", None), ("dropped", "leadScore", None)]


def test_a_new_activity_type_and_a_new_attribute_are_events(marketo: Make, start: Start) -> None:
    bench = marketo()
    bench.objects = ("activities",)
    settings = start(bench).settings()
    types = [
        {"id": 1, "name": "Visit Webpage", "attributes": [{"name": "Webpage URL", "dataType": "string"}]}
    ]
    for night, found in (
        (NIGHT, types),
        (
            NEXT,
            [
                {**types[0], "attributes": [*types[0]["attributes"], {"name": "Device"}]},
                {"id": 2, "name": "Form"},
            ],
        ),  # type: ignore[misc]
    ):
        bench.faults.clear()
        body = {"requestId": "a#b", "success": True, "result": found}
        bench.fault("status", "activities/types", {"status": 200, "body": body}, times=None)
        bench.clock.set(night.end + timedelta(minutes=30))
        bench.extract(settings, night)
    assert events(settings) == [("added", "1.Device", None), ("added", "2", None)]
