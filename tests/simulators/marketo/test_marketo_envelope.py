from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from muster_simulators.web import running

LEADS = "/rest/v1/leads.json"
BY_ID = {"filterType": "id", "filterValues": "1"}


def test_errors_are_http_200_with_the_envelope(site: Any) -> None:
    answer = site.client.get("/rest/v1/leads.json", params={"filterType": "nonsense", "filterValues": "1"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert re.fullmatch(r"[0-9a-f]+#[0-9a-f]+", answer.json()["requestId"])
    assert answer.json()["errors"] == [{"code": "1011", "message": "Field 'nonsense' not supported"}]


def test_the_lead_database_leaves_errors_out_and_assets_do_not(site: Any) -> None:
    assert "errors" not in site.get(LEADS, **BY_ID)
    assert site.get("/rest/asset/v1/folders.json")["errors"] == []


def test_the_date_header_is_the_simulated_time_and_comes_once(site: Any) -> None:
    with running(site.app) as server:
        answer = httpx.get(server.url + LEADS)
    assert answer.headers.get_list("date") == ["Tue, 03 Mar 2026 00:30:00 GMT"]


@pytest.mark.parametrize(
    ("method", "path", "given", "code"),
    [
        ("GET", "/rest/v1/nothing.json", {}, "610"),
        ("PUT", LEADS, {}, "605"),
        ("POST", LEADS, {"content": b"{", "headers": {"content-type": "application/json"}}, "609"),
        ("POST", LEADS, {"content": b"<x/>", "headers": {"content-type": "text/xml"}}, "612"),
        ("GET", LEADS, {}, "1002"),
        ("GET", f"{LEADS}?filterType=id&filterValues=1&fields=colour", {}, "1006"),
        ("GET", f"{LEADS}?filterType=id&filterValues=1&nextPageToken=abc", {}, "1003"),
        ("GET", f"{LEADS}?filterType=id&filterValues=1&batchSize=many", {}, "1001"),
    ],
)
def test_each_bad_call_has_its_code(
    site: Any, method: str, path: str, given: dict[str, Any], code: str
) -> None:
    assert site.code(site.client.request(method, path, **given).json()) == code


def test_a_body_over_one_megabyte_is_413(site: Any) -> None:
    answer = site.client.post(LEADS, content=b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413
    assert site.violations() == {"body_bytes": 1}


def test_a_long_uri_is_414_and_goes_through_as_a_form_with_method_get(site: Any) -> None:
    values = ",".join(f"person{n}@a-rather-long-domain-name.example" for n in range(290))
    asked = {"filterType": "email", "filterValues": values + ",person1@acme.example"}
    assert site.client.get(LEADS, params=asked).status_code == 414
    answer = site.post(f"{LEADS}?_method=GET", data=asked)
    assert [found["id"] for found in answer["result"]] == [1]


def test_method_get_may_stand_in_the_form_too(site: Any) -> None:
    answer = site.post(LEADS, data={"_method": "GET", **BY_ID})
    assert [found["id"] for found in answer["result"]] == [1]


def test_form_parameters_join_the_query_and_unknown_ones_are_ignored(site: Any) -> None:
    answer = site.post(f"{LEADS}?_method=GET&filterType=id&colour=red", data={"filterValues": "1,2"})
    assert [found["id"] for found in answer["result"]] == [1, 2]


def test_long_answers_are_compressed_when_asked_for(site: Any) -> None:
    long = site.client.get("/rest/v1/leads/describe.json", headers={"accept-encoding": "gzip"})
    short = site.client.get(LEADS, params=BY_ID, headers={"accept-encoding": "gzip"})
    assert long.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in short.headers


@pytest.mark.parametrize("code", ["601", "602", "606", "607", "608", "611", "615", "713", "1035"])
def test_any_code_can_be_planned(site: Any, code: str) -> None:
    site.fault("code", "GET /rest/v1/leads", code)
    assert site.code(site.get(LEADS, **BY_ID)) == code
    assert site.get(LEADS, **BY_ID)["success"] is True


def test_a_planned_code_may_bring_its_message(site: Any) -> None:
    site.fault("code", value=["1029", "Export daily quota exceeded"])
    assert site.get(LEADS, **BY_ID)["errors"] == [{"code": "1029", "message": "Export daily quota exceeded"}]


def test_a_planned_status_is_answered_without_doing_the_work(site: Any) -> None:
    site.fault("status", value=502)
    answer = site.client.post("/rest/v1/lists/1021/leads.json", params={"id": 3})
    assert (answer.status_code, site.writes()) == (502, {})


def test_drop_does_the_work_and_loses_the_answer(site: Any) -> None:
    site.fault("drop", "POST /rest/v1/lists")
    with running(site.app) as server, pytest.raises(httpx.RemoteProtocolError):
        url = f"{server.url}/rest/v1/lists/1021/leads.json?id=3"
        httpx.post(url, headers={"Authorization": site.client.headers["Authorization"]})
    assert site.writes() == {"list_members_added": 1}


def test_slow_answers_all_the_same(site: Any) -> None:
    site.fault("slow", value=0.01)
    assert site.get(LEADS, **BY_ID)["success"] is True
    assert [fault.hits for fault in site.faults.all()] == [1]
