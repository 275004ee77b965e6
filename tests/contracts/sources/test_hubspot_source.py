"""What only HubSpot has: searches without paging, batches that fail in part, archived and merged records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench_hubspot import HubSpotBench, extracted
from source_benches import DAY, NEXT, NIGHT, START, Bench

from muster.config.hubspot import HubSpotLimits
from muster.errors import IntegrityError, SourceError
from muster.lake.drift import Described
from muster.sources.hubspot import records
from muster.sources.hubspot.api import HubSpotApi
from muster.sources.hubspot.records import Kind, Tally
from muster_simulators.hubspot import CustomObject, Property

Start = Callable[[Bench], Bench]
Make = Callable[..., HubSpotBench]
NOON = START + timedelta(hours=12)
MORNING = NEXT.end + timedelta(minutes=30)


# ---- records -----------------------------------------------------------------------------------------------


def test_every_described_property_is_asked_for_and_comes_as_the_text_it_is(
    hubspot: Make, start: Start
) -> None:
    own = (Property("lead_tier"), Property("archived", "bool"))
    bench = hubspot(custom_properties={"contacts": own})
    bench.person(
        1, NOON, lead_tier="gold", archived=False, hs_email_optout=True, hubspotscore=70, city="Köln"
    )
    settings = extracted(bench, start)
    (row,) = bench.rows(settings)
    assert (row["lead_tier"], row["hs_email_optout"], row["hubspotscore"], row["city"]) == (
        "gold",
        "true",
        "70",
        "Köln",
    )
    assert (row["archived"], row["property_archived"]) == ("false", "false")
    assert row["phone"] is None
    assert row["updatedAt"] == row["changed_at"] == row["lastmodifieddate"] == "2026-03-01T12:00:00.000Z"
    evidence = bench.committed(settings)[0].evidence
    assert (evidence["from"], evidence["until"]) == ("2026-02-28T23:00:00+00:00", "2026-03-02T00:00:00+00:00")
    assert (evidence["found"], evidence["searches"]) == (1, 1)


NAMES = ("NA", "null", "None", "00123", "1e5", "nan", "🎉 Zoë", "שלום עולם", "مرحبا‏ بك", "line\nbreak", "")


def test_names_arrive_as_sent_and_a_nul_is_put_aside(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    for number, name in enumerate(NAMES, start=1):
        bench.person(number, NOON, name)
    bench.person(90, NOON, "nul\0byte")
    settings = extracted(bench, start)
    assert bench.names(settings) == {str(number): name for number, name in enumerate(NAMES, start=1)}
    (aside,) = bench.aside(settings)
    assert (aside["reason"], '"90"' in aside["raw"], "nul\\u0000byte" in aside["raw"]) == (
        "a NUL byte",
        True,
        True,
    )


def test_half_a_character_is_put_aside_and_not_the_end_of_the_window() -> None:
    row = {"id": "1", "lastname": "half \ud83d"}
    assert records.fault(row) == "bytes that are not UTF-8"
    assert records.raw(row).encode() == b'{"id": "1", "lastname": "half \\ud83d"}'


@pytest.mark.parametrize(
    ("name", "stamp"), [("contacts", "lastmodifieddate"), ("companies", "hs_lastmodifieddate")]
)
def test_each_object_has_its_own_stamp_and_windows_are_half_open_to_the_millisecond(
    hubspot: Make, start: Start, name: str, stamp: str
) -> None:
    bench = hubspot()
    bench.source_settings["overlap_minutes"] = 0
    edges = (
        NIGHT.start,
        NIGHT.end - timedelta(milliseconds=1),
        NIGHT.end,
        NIGHT.start - timedelta(milliseconds=1),
    )
    for number, at in enumerate(edges, start=1):
        bench.put(name, str(number), at, {"createdate": at, stamp: at})
    settings = extracted(bench, start)
    assert {row["id"] for row in bench.rows(settings, name)} == {"1", "2"}


def test_more_records_of_one_moment_than_a_search_has_results_are_all_read(
    hubspot: Make, start: Start
) -> None:
    bench = hubspot(most_results=400)
    for number in range(1, 1_302):
        bench.person(number * 7, NOON)
    settings = extracted(bench, start)
    assert {row["id"] for row in bench.rows(settings)} == {str(number * 7) for number in range(1, 1_302)}
    assert len(bench.rows(settings)) == 1_301
    assert bench.committed(settings)[0].evidence["searches"] == 7


def test_a_record_that_leaves_the_window_meanwhile_moves_no_other_one_out_of_sight(
    hubspot: Make, start: Start
) -> None:
    """Numbers 1 to 50 change after the first page was given: a page by offset would then skip fifty others."""
    bench = hubspot()
    for number in range(1, 451):
        bench.person(number, NOON)
    for number in range(1, 51):
        bench.person(number, NIGHT.end + timedelta(minutes=30, milliseconds=100), "Changed")
    settings = extracted(bench, start)
    assert len(bench.names(settings)) == 450
    assert bench.committed(settings)[0].evidence["gone"] == 0


def test_a_page_with_fewer_results_than_it_says_is_asked_for_again_and_never_believed(
    hubspot: Make, start: Start
) -> None:
    bench = hubspot()
    for number in range(1, 31):
        bench.person(number, NOON)
    fault = bench.fault("truncated", "contacts/search", times=2)
    settings = extracted(bench, start)
    assert (fault.hits, len(bench.rows(settings))) == (2, 30)
    bench.fault("truncated", "contacts/search", times=None)
    other = bench.settings()
    with pytest.raises(SourceError, match="says 30 are left and gives 29"):
        bench.extract(other)
    assert bench.committed(other) == []


def test_what_the_index_takes_up_late_is_caught_by_the_overlap(hubspot: Make, start: Start) -> None:
    bench = hubspot(search_lag_seconds=45 * 60)
    bench.person(1, NIGHT.end - timedelta(minutes=5), "Late")
    settings = extracted(bench, start)
    assert bench.names(settings) == {}
    bench.clock.set(MORNING)
    bench.extract(settings, NEXT)
    assert bench.names(settings) == {"1": "Late"}


def test_a_stamp_that_the_token_may_not_see_is_named(hubspot: Make, start: Start) -> None:
    bench = hubspot(hidden_properties=frozenset({"contacts.lastmodifieddate"}))
    with pytest.raises(SourceError, match="contacts are described without lastmodifieddate"):
        bench.extract(start(bench).settings())


def test_a_deal_comes_with_the_labels_of_its_pipeline_and_stage_and_with_custom_properties(
    hubspot: Make, start: Start
) -> None:
    bench = hubspot(custom_properties={"deals": (Property("margin", "number"),)})
    bench.record(
        "deals", 1, NOON, dealname="Big", margin="0.30", dealstage="contractsent", pipeline="default"
    )
    settings = extracted(bench, start)
    (row,) = bench.rows(settings, "deals")
    assert (row["margin"], row["dealstage"], row["dealstage__label"], row["pipeline__label"]) == (
        "0.30",
        "contractsent",
        "Contract Sent",
        "Sales Pipeline",
    )
    assert bench.committed(settings, "deals")[0].evidence["describe"]


def test_custom_objects_are_found_by_their_schema(hubspot: Make, start: Start) -> None:
    cars = CustomObject("cars", "2-1001", (Property("plate"),))
    bench = hubspot(custom_objects=(cars,))
    bench.source_settings["custom_objects"] = ["cars"]
    bench.record("cars", 5, NOON, plate="00123")
    settings = extracted(bench, start)
    (row,) = bench.rows(settings, "custom_cars")
    assert (row["id"], row["plate"]) == ("5", "00123")


def test_a_custom_object_that_is_not_there_is_told_with_those_that_are(hubspot: Make, start: Start) -> None:
    bench = hubspot(custom_objects=(CustomObject("cars", "2-1001", (Property("plate"),)),))
    bench.source_settings["custom_objects"] = ["boats"]
    with pytest.raises(SourceError, match=r"no custom object 'boats'(.|\n)*it has: cars"):
        bench.extract(start(bench).settings())


# ---- archived and merged -----------------------------------------------------------------------------------


def test_an_archived_record_comes_with_all_its_values_in_the_window_of_its_archiving(
    hubspot: Make, start: Start
) -> None:
    bench = hubspot()
    bench.person(1, NOON)
    bench.remove(1, NOON + DAY)
    settings = extracted(bench, start)
    assert [row["archived"] for row in bench.rows(settings)] == ["false"]
    bench.clock.set(MORNING)
    bench.extract(settings, NEXT)
    newest = max(bench.rows(settings), key=lambda row: row["changed_at"])
    assert (newest["archived"], newest["email"], newest["changed_at"]) == (
        "true",
        "p1@acme.example",
        "2026-03-02T12:00:00.000Z",
    )
    assert newest["updatedAt"] == "2026-03-01T12:00:00.000Z"


def test_archived_records_of_other_windows_are_not_read_again(hubspot: Make, start: Start) -> None:
    bench = hubspot(list_limit=100)
    for number in range(1, 251):
        bench.person(number, START - 30 * DAY, archived=True, archivedAt=START - 9 * DAY)
    bench.person(300, NOON, archived=True, archivedAt=NOON)
    settings = extracted(bench, start)
    assert [row["id"] for row in bench.rows(settings)] == ["300"]
    assert bench.committed(settings)[0].evidence["archived"] == 1


def test_the_loser_of_a_merge_has_a_row_that_says_into_whom(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    for number in (1, 2, 3):
        bench.person(number, NOON)
    for number in (2, 3):
        bench.drop("contacts", str(number), NOON + DAY)
    bench.person(1, NOON + DAY, hs_merged_object_ids="2;3")
    settings = extracted(bench, start)
    bench.clock.set(MORNING)
    bench.extract(settings, NEXT)
    newest = sorted(bench.rows(settings), key=lambda row: row["changed_at"])
    found = {row["id"]: (row["archived"], row["merged_into"]) for row in newest}
    assert found == {"1": ("false", None), "2": ("true", "1"), "3": ("true", "1")}
    assert bench.committed(settings)[-1].evidence["merged"] == 2


KIND = Kind("contacts", Described({"hs_object_id": "number", "hs_merged_object_ids": "enumeration"}))


def batch(status: int, body: dict[str, Any]) -> list[Any]:
    """What reading the ids 1, 2 and 3 gives, when the batch answers this."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    bench = HubSpotBench(Path("/nowhere"))
    bench.url = "https://api.hubapi.com"
    api = HubSpotApi(bench.connection(), HubSpotLimits(), transport=transport, sleep=bench.sleep)
    tally = Tally()
    rows = [row for some in records.read_batches(api, KIND, ["1", "2", "3"], tally) for row in some]
    return [[row["id"] for row in rows], tally.gone]


def test_records_that_are_named_as_gone_are_counted_and_not_missed() -> None:
    said = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2", "3"]}}
    assert batch(207, {"results": [{"id": "1", "properties": {}}], "errors": [said]}) == [["1"], 2]


def test_a_record_that_was_merged_after_the_search_comes_as_its_winner() -> None:
    winner = {"id": "9", "properties": {"hs_merged_object_ids": "2;3"}}
    found, gone = batch(200, {"results": [{"id": "1", "properties": {}}, winner]})
    assert (found, gone) == (["1", "9", "2", "3"], 2)


def test_records_that_are_neither_given_nor_named_are_never_passed_over() -> None:
    with pytest.raises(IntegrityError, match="2 of 3 records were neither given nor named"):
        batch(200, {"results": [{"id": "1", "properties": {}}]})


def test_a_batch_that_fails_in_part_for_another_reason_is_an_error() -> None:
    said = {"category": "MISSING_SCOPES", "message": "Ann Lee", "context": {}}
    with pytest.raises(SourceError, match="part of the batch failed") as caught:
        batch(207, {"results": [], "errors": [said]})
    assert "Ann" not in str(caught.value)


def test_an_answer_without_results_is_no_empty_one() -> None:
    with pytest.raises(IntegrityError, match="has no results"):
        batch(200, {"status": "COMPLETE"})
