"""HubSpot's associations, lists and owners; and the generated world, read night by night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench_hubspot import PLAIN, PRIMARY, HubSpotBench, extracted
from source_benches import DAY, NIGHT, START, Bench

from muster.windows import Window
from muster_simulators.hubspot.world import hubspot_changes, pipelines_of
from muster_simulators.world import build_world
from muster_simulators.world.model import HISTORY_START, MAIN, NIGHTS

Start = Callable[[Bench], Bench]
Make = Callable[..., HubSpotBench]
NOON = START + timedelta(hours=12)


# ---- associations ------------------------------------------------------------------------------------------


def links(bench: HubSpotBench, settings: Any, name: str = "contact_companies") -> dict[tuple[str, str], Any]:
    """(is primary, labels, is deleted) of each pair's newest reading."""
    first, second = {"contact_companies": ("contact_id", "company_id")}.get(name, ("deal_id", "contact_id"))
    rows = sorted(bench.rows(settings, name), key=lambda row: row["read_at"])
    return {(row[first], row[second]): (row["is_primary"], row["labels"], row["is_deleted"]) for row in rows}


def test_associations_come_with_their_labels_and_the_primary_one(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.person(1, NOON)
    bench.person(2, NOON)
    for number in (7, 8):
        bench.record("companies", number, NOON)
    board = {"category": "USER_DEFINED", "typeId": 31, "label": "Board member"}
    bench.associate("contacts__companies", 1, 7, NOON, PRIMARY, PLAIN)
    bench.associate("contacts__companies", 1, 8, NOON, PLAIN, board)
    settings = extracted(bench, start)
    assert links(bench, settings) == {
        ("1", "7"): ("true", None, "false"),
        ("1", "8"): ("false", "Board member", "false"),
    }
    (row,) = [row for row in bench.rows(settings, "contact_companies") if row["company_id"] == "8"]
    assert '"typeId":31' in row["association_types"]


def test_a_pair_that_is_no_longer_one_is_marked_and_only_once(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.person(1, NOON)
    bench.person(2, NOON)
    for number in (7, 8):
        bench.record("companies", number, NOON)
    for one, other in ((1, 7), (1, 8), (2, 7)):
        bench.associate("contacts__companies", one, other, NOON)
    for one, other in ((1, 7), (2, 7)):
        bench.part("contacts__companies", one, other, NOON + DAY)
    bench.person(1, NOON + DAY)
    bench.person(2, NOON + DAY)
    bench.person(2, NOON + 2 * DAY)
    settings = extracted(bench, start)
    for night in (1, 2):
        bench.clock.set(NIGHT.end + night * DAY + timedelta(minutes=30))
        bench.extract(settings, type(NIGHT)(NIGHT.start + night * DAY, NIGHT.end + night * DAY))
    found = {pair: deleted for pair, (_, _, deleted) in links(bench, settings).items()}
    assert found == {("1", "7"): "true", ("1", "8"): "false", ("2", "7"): "true"}
    assert [one.evidence["no_longer"] for one in bench.committed(settings, "contact_companies")] == [0, 2, 0]


def test_more_associations_of_one_record_than_an_answer_holds_are_all_read(
    hubspot: Make, start: Start
) -> None:
    bench = hubspot(association_page=3)
    bench.record("deals", 1, NOON)
    for number in range(10, 18):
        bench.person(number, NOON)
        bench.associate("deals__contacts", 1, number, NOON)
    settings = extracted(bench, start)
    assert set(links(bench, settings, "deal_contacts")) == {("1", str(number)) for number in range(10, 18)}


def test_an_engagement_says_whom_it_was_with(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.person(11, NOON)
    bench.person(9, NOON)
    bench.record("emails", 1, NOON, hs_email_subject="Hello", hs_timestamp=NOON)
    bench.record("emails", 2, NOON, hs_email_subject="Nobody", hs_timestamp=NOON)
    bench.associate("emails__contacts", 1, 11, NOON)
    bench.associate("contacts__emails", 9, 1, NOON)
    settings = extracted(bench, start)
    found = {row["id"]: (row["contact_id"], row["contact_ids"]) for row in bench.rows(settings, "emails")}
    assert found == {"1": ("9", "9;11"), "2": (None, None)}


# ---- read whole --------------------------------------------------------------------------------------------


def test_lists_and_the_contacts_on_them_are_read_to_their_last_page(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    for number in range(1, 621):
        bench.put(
            "lists", str(number), NOON, {"name": f"List {number}", "createdAt": NOON, "updatedAt": NOON}
        )
    bench.put("lists", "700", NOON, {"name": "Companies", "objectTypeId": "0-2"})
    for number in range(1, 302):
        bench.put("list_members", f"2:{number}", NOON, {"listId": "2", "recordId": str(number)})
    bench.put("list_members", "700:1", NOON, {"listId": "700", "recordId": "1"})
    bench.source_settings["objects"] = ["lists", "list_members"]
    settings = extracted(bench, start)
    assert len({row["listId"] for row in bench.rows(settings, "lists")}) == 621
    members = {(row["listId"], row["recordId"]) for row in bench.rows(settings, "list_members")}
    assert members == {("2", str(number)) for number in range(1, 302)}


def test_a_list_that_is_deleted_meanwhile_has_no_members_and_is_no_error(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.put("lists", "1", NOON, {"name": "Gone"})
    bench.source_settings["objects"] = ["list_members"]
    body = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "List does not exist"}
    fault = bench.fault("status", "memberships", {"status": 404, "body": body})
    settings = extracted(bench, start)
    assert (fault.hits, bench.rows(settings, "list_members")) == (1, [])


def test_owners_who_have_left_come_too(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.put("owners", "1", NOON, {"email": "a@acme.example", "firstName": "Ann"})
    bench.put("owners", "2", NOON, {"email": "b@acme.example", "archived": True})
    settings = extracted(bench, start)
    assert {row["id"]: row["archived"] for row in bench.rows(settings, "owners")} == {
        "1": "false",
        "2": "true",
    }


# ---- a whole world -----------------------------------------------------------------------------------------


def test_the_generated_world_read_night_by_night_is_what_the_portal_holds(
    hubspot: Make, start: Start
) -> None:
    """Two months as a backfill, then three nights: live, archived and merged records, pairs that are and were."""
    org = build_world(people=300, seed=5).changes[MAIN]
    bench = hubspot(pipelines=pipelines_of(org))
    bench.changes = hubspot_changes(org)
    bench.source_settings["objects"] = [
        "contacts",
        "companies",
        "deals",
        "deal_contacts",
        "contact_companies",
    ]
    bench.clock.set(NIGHTS[0] + timedelta(minutes=30))
    settings = start(bench).settings()
    bench.extract(settings, Window(HISTORY_START, NIGHT.start), "backfill")
    for night in (START, *NIGHTS):
        bench.clock.set(night + DAY + timedelta(minutes=30))
        bench.extract(settings, Window(night, night + DAY))
    store = bench.store()
    for name in ("contacts", "companies", "deals"):
        newest = {
            row["id"]: row for row in sorted(bench.rows(settings, name), key=lambda row: row["changed_at"])
        }
        held = {key: bool(one.get("archived")) for key, one in store.records(name).items()}
        alive = {key for key, row in newest.items() if row["archived"] == "false"}
        assert alive == {key for key, is_archived in held.items() if not is_archived}, name
        assert {key for key, is_archived in held.items() if is_archived} <= set(newest) - alive
    for name, pair in (("deal_contacts", "deals__contacts"), ("contact_companies", "contacts__companies")):
        start_of, end_of = pair.split("__")
        live = [
            {key for key, one in store.records(kind).items() if not one.get("archived")}
            for kind in (start_of, end_of)
        ]
        held_pairs = {
            (one["from"], one["to"])
            for one in store.records(f"associations__{pair}").values()
            if one["from"] in live[0] and one["to"] in live[1]
        }
        read = {
            key for key, (_, _, is_deleted) in links(bench, settings, name).items() if is_deleted == "false"
        }
        assert held_pairs, name
        assert {one for one in read if one[0] in live[0] and one[1] in live[1]} == held_pairs, name
