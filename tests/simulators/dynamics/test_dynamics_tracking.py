"""Change tracking of the simulated Web API: what a delta link tells, and when it stops telling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dynamics_kit import NOW, Kit, change, contacts, gone, key_of

TRACK = "odata.track-changes"


def _link(kit: Kit, path: str = "contacts", query: Any = None) -> str:
    return str(kit.body(path, query or {"$select": "contactid"}, TRACK)["@odata.deltaLink"])


def _told(body: Any) -> tuple[set[int], set[int]]:
    """Numbers of the changed, and of the deleted."""
    changed = {int(row["contactid"][-12:]) for row in body["value"] if "contactid" in row}
    return changed, {int(row["id"][-12:]) for row in body["value"] if "reason" in row}


def test_a_link_tells_what_is_new_changed_and_deleted_since_it_was_given() -> None:
    later = NOW + timedelta(hours=1)
    kit = Kit(
        [*contacts(3), change("contacts", 4, later), change("contacts", 1, later), gone("contacts", 2, later)]
    )
    first = kit.body("contacts", {"$select": "lastname"}, TRACK)
    assert _told(first) == ({1, 2, 3}, set())
    assert _told(kit.body(first["@odata.deltaLink"])) == (set(), set())
    kit.clock.set(later)
    kit.sign_in()
    body = kit.body(first["@odata.deltaLink"])
    assert _told(body) == ({1, 4}, {2})
    (deleted,) = [row for row in body["value"] if "reason" in row]
    assert deleted == {
        "@odata.context": "http://acme.example/api/data/v9.2/$metadata#contacts/$deletedEntity",
        "id": key_of(2),
        "reason": "deleted",
    }
    assert set(body["value"][0]) == {"@odata.etag", "contactid", "lastname"}
    assert _told(kit.body(body["@odata.deltaLink"])) == (set(), set())


def test_an_old_link_tells_again_what_it_told() -> None:
    later = NOW + timedelta(hours=1)
    kit = Kit([*contacts(2), gone("contacts", 2, later)])
    link = _link(kit)
    kit.clock.set(later)
    kit.sign_in()
    assert _told(kit.body(link)) == _told(kit.body(link)) == (set(), {2})


def test_what_came_and_went_between_two_looks_is_not_told() -> None:
    kit = Kit(contacts(1))
    link = _link(kit)
    kit.store.put("contacts", key_of(7), {"contactid": key_of(7)})
    kit.store.delete("contacts", key_of(7))
    assert _told(kit.body(link)) == (set(), set())


def test_tables_have_links_of_their_own() -> None:
    kit = Kit([*contacts(1), change("accounts", 5)])
    link = _link(kit, "accounts", {"$select": "name"})
    kit.store.delete("contacts", key_of(1))
    assert kit.body(link)["value"] == []
    kit.store.delete("accounts", key_of(5))
    assert [row["id"] for row in kit.body(link)["value"]] == [key_of(5)]


@pytest.mark.parametrize(("days", "is_alive"), [(6.9, True), (7.1, False)])
def test_a_link_lives_seven_days(days: float, is_alive: bool) -> None:
    kit = Kit(contacts(1))
    link = _link(kit)
    kit.clock.advance(days * 86_400)
    kit.sign_in()
    if is_alive:
        assert kit.body(link)["value"] == []
    else:
        assert kit.refusal(link) == (400, "0x80044352")


def test_pages_of_changes_end_in_one_link() -> None:
    kit = Kit(contacts(25))
    body, links = kit.body("contacts", {"$select": "contactid"}, f"{TRACK},odata.maxpagesize=10"), 0
    while "@odata.nextLink" in body:
        assert "@odata.deltaLink" not in body
        body, links = kit.body(body["@odata.nextLink"], prefer="odata.maxpagesize=10"), links + 1
    assert links == 2
    assert "@odata.deltaLink" in body


@pytest.mark.parametrize("query", [{"$filter": "statecode eq 0"}, {"$orderby": "lastname"}, {"$top": "1"}])
def test_tracking_takes_no_filter_order_or_top(query: dict[str, str]) -> None:
    assert Kit(contacts(1)).refusal("contacts", query, TRACK) == (400, "0x80060888")


def test_a_table_that_is_not_tracked_refuses_to_track() -> None:
    kit = Kit(contacts(1), tracked=frozenset({"account"}))
    assert kit.refusal("contacts", {}, TRACK) == (400, "0x80040203")


def test_a_token_that_is_none_is_refused() -> None:
    assert Kit(contacts(1)).refusal("contacts", {"$deltatoken": "x"}) == (400, "0x80060888")
