from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

ACTIVITIES = "/rest/v1/activities.json"
TOKEN = "/rest/v1/activities/pagingtoken.json"
CHANGES = "/rest/v1/activities/leadchanges.json"
DELETED = "/rest/v1/activities/deletedleads.json"


def since(site: Any, moment: str = "2026-03-01T00:00:00Z") -> str:
    answer = site.get(TOKEN, sinceDatetime=moment)
    assert set(answer) == {"requestId", "success", "nextPageToken"}
    return str(answer["nextPageToken"])


def test_types_carry_their_attributes(site: Any) -> None:
    rows = {row["id"]: row for row in site.get("/rest/v1/activities/types.json")["result"]}
    assert rows[1]["name"] == "Visit Webpage"
    assert rows[1]["primaryAttribute"] == {"name": "Webpage ID", "dataType": "integer"}
    assert "Webpage URL" in {found["name"] for found in rows[1]["attributes"]}


def test_attributes_are_a_list_and_empty_ones_are_left_out(site: Any) -> None:
    answer = site.get(ACTIVITIES, nextPageToken=since(site), activityTypeIds="1", leadIds="1")
    assert answer["moreResult"] is False
    assert answer["result"] == [
        {
            "id": 101,
            "marketoGUID": "101",
            "leadId": 1,
            "activityDate": "2026-03-02T19:30:00Z",
            "activityTypeId": 1,
            "primaryAttributeValueId": 71,
            "primaryAttributeValue": "acme.example/pricing",
            "attributes": [
                {"name": "Client IP Address", "value": "10.0.0.1"},
                {"name": "Webpage URL", "value": "/pricing"},
            ],
        }
    ]


@pytest.mark.parametrize("types", ["1,12", ["1", "12"]])
def test_pages_run_in_time_order_over_several_types(site: Any, types: Any) -> None:
    token, seen = since(site), []
    for _ in range(3):
        page = site.get(ACTIVITIES, nextPageToken=token, activityTypeIds=types, batchSize=1)
        seen += [row["id"] for row in page["result"]]
        token = page["nextPageToken"]
    assert (seen, page["moreResult"]) == ([101, 102, 103], False)


def test_the_last_token_resumes_where_the_reading_ended(site: Any) -> None:
    end = site.get(ACTIVITIES, nextPageToken=since(site), activityTypeIds="24")["nextPageToken"]
    site.post("/rest/v1/lists/1021/leads.json", params={"id": 3})
    found = site.get(ACTIVITIES, nextPageToken=end, activityTypeIds="24")
    assert [row["leadId"] for row in found["result"]] == [3]
    assert site.get(ACTIVITIES, nextPageToken=found["nextPageToken"], activityTypeIds="24")["result"] == []


def test_the_first_moment_is_included(site: Any) -> None:
    page = site.get(ACTIVITIES, nextPageToken=since(site, "2026-03-02T20:30:00Z"), activityTypeIds="1")
    assert [row["id"] for row in page["result"]] == [102]


def test_an_empty_page_with_more_result_keeps_its_place(site: Any) -> None:
    site.fault("empty_page", "activities.json", times=2)
    token = since(site)
    for _ in range(2):
        page = site.get(ACTIVITIES, nextPageToken=token, activityTypeIds="1")
        assert (page["result"], page["moreResult"]) == ([], True)
        token = page["nextPageToken"]
    assert len(site.get(ACTIVITIES, nextPageToken=token, activityTypeIds="1")["result"]) == 2


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        (ACTIVITIES, {"activityTypeIds": "1"}, "1002"),
        (ACTIVITIES, {"nextPageToken": "TOKEN"}, "1002"),
        (ACTIVITIES, {"nextPageToken": "TOKEN", "activityTypeIds": "1,2,3,4,5,6,7,8,9,10,11"}, "1003"),
        (
            ACTIVITIES,
            {"nextPageToken": "TOKEN", "activityTypeIds": "1", "leadIds": ",".join(map(str, range(31)))},
            "1003",
        ),
        (ACTIVITIES, {"nextPageToken": "TOKEN", "activityTypeIds": "visits"}, "1001"),
        (ACTIVITIES, {"nextPageToken": "TOKEN", "activityTypeIds": "1", "listId": "9"}, "1013"),
        (ACTIVITIES, {"nextPageToken": "nonsense", "activityTypeIds": "1"}, "1003"),
        (CHANGES, {"nextPageToken": "TOKEN"}, "1002"),
        (CHANGES, {"nextPageToken": "TOKEN", "fields": "colour"}, "1006"),
        (DELETED, {}, "1002"),
        (TOKEN, {}, "1002"),
        (TOKEN, {"sinceDatetime": "2026-03-01T00:00:00.000Z"}, "704"),
        (TOKEN, {"sinceDatetime": "yesterday"}, "704"),
    ],
)
def test_each_bad_call_has_its_code(site: Any, path: str, params: dict[str, str], code: str) -> None:
    token = since(site)
    given = {name: value.replace("TOKEN", token) for name, value in params.items()}
    assert site.code(site.get(path, **given)) == code


def test_a_list_narrows_and_a_big_one_is_refused(site: Any, new_site: Any) -> None:
    page = site.get(ACTIVITIES, nextPageToken=since(site), activityTypeIds="1,12", listId=1021)
    assert [row["leadId"] for row in page["result"]] == [1, 2]
    strict = new_site(static_list_id_limit=2)
    refused = strict.get(ACTIVITIES, nextPageToken=since(strict), activityTypeIds="1", listId=1021)
    assert strict.code(refused) == "1003"


def test_lead_changes_show_new_leads_and_the_asked_for_fields(site: Any) -> None:
    new, changed = site.get(CHANGES, nextPageToken=since(site), fields="firstName,email")["result"]
    assert (new["activityTypeId"], new["fields"]) == (12, [])
    assert changed["fields"][0] | {"id": 0} == {
        "id": 0,
        "name": "firstName",
        "newValue": "B",
        "oldValue": "A",
    }
    only_email = site.get(CHANGES, nextPageToken=since(site), fields="email")["result"]
    assert [row["activityTypeId"] for row in only_email] == [12]


def test_deleted_leads_have_the_other_date_form(site: Any) -> None:
    (gone,) = site.get(DELETED, nextPageToken=since(site))["result"]
    assert gone["activityDate"] == "2026-03-02T23:30:00+0000"
    assert (gone["activityTypeId"], gone["leadId"], gone["primaryAttributeValue"]) == (37, 99, "Gone Ghost")


def test_old_deletions_can_be_pruned(new_site: Any) -> None:
    site = new_site(deleted_leads_days=14)
    site.clock.advance(timedelta(days=15).total_seconds())
    site.login()
    assert site.get(DELETED, nextPageToken=since(site))["result"] == []
