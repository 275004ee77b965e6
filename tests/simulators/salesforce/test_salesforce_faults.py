"""Every fault kind and every limit, and that a fault which is over leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from salesforce_kit import CLIENTS, Kit, contacts, refusal

from muster_simulators.salesforce.meter import InFlight
from muster_simulators.web import running

ALL = "SELECT LastName FROM Contact"


def test_a_session_may_end_in_the_middle_of_paging_and_the_rest_comes_after_a_new_sign_in() -> None:
    kit = Kit(contacts(5), page_size=2, smallest_page_size=1)
    fault = kit.fault("session", r"GET /services/data/v66\.0/query/01g", skip=1)
    first = kit.get("/query", q=ALL).json()
    second = kit.get(first["nextRecordsUrl"]).json()
    lost = kit.get(second["nextRecordsUrl"])
    assert refusal(lost)[:2] == (401, "INVALID_SESSION_ID")
    assert kit.get("/limits").status_code == 401
    kit.login()
    assert kit.get(second["nextRecordsUrl"]).json()["records"][0]["LastName"] == "L00005"
    assert fault.hits == 1


@pytest.mark.parametrize(("value", "said"), [(None, "TotalRequests"), ("concurrent", "ConcurrentRequests")])
def test_the_limit_fault_answers_403_with_either_message(kit: Kit, value: str | None, said: str) -> None:
    kit.fault("limit", "GET .*/query", value)
    status, code, message = kit.refusal(ALL)
    assert (status, code) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert message.startswith(said)
    assert kit.get("/query", q=ALL).status_code == 200
    assert kit.stats.to_dict()["violations"] == {}


def test_a_query_and_its_next_pages_may_time_out() -> None:
    kit = Kit(contacts(3), page_size=2, smallest_page_size=1)
    kit.fault("query_timeout", "GET .*/query$")
    assert kit.refusal(ALL)[:2] == (400, "QUERY_TIMEOUT")
    following = kit.get("/query", q=ALL).json()["nextRecordsUrl"]
    kit.fault("query_timeout", "/query/01g")
    assert refusal(kit.get(following))[:2] == (400, "QUERY_TIMEOUT")
    assert kit.get(following).status_code == 200


def test_a_doomed_job_fails_after_its_polls_with_the_message_given(kit: Kit) -> None:
    kit.fault("failed_job", "POST .*/jobs/query Contact", "InternalServerError: unexpected")
    spared = kit.finished("SELECT Id FROM Lead")
    doomed = kit.finished(ALL)
    body = kit.get(f"/jobs/query/{doomed}").json()
    assert (body["state"], body["errorMessage"]) == ("Failed", "InternalServerError: unexpected")
    assert body["numberRecordsProcessed"] == 0
    assert refusal(kit.results(doomed))[:2] == (400, "INVALIDJOBSTATE")
    assert kit.get(f"/jobs/query/{spared}").json()["state"] == "JobComplete"
    assert kit.get(f"/jobs/query/{kit.finished(ALL)}").json()["state"] == "JobComplete"
    assert kit.http.delete(kit.url(f"/jobs/query/{doomed}")).status_code == 204


@pytest.mark.parametrize(("value", "said"), [(None, 4), (3, 8)])
def test_a_finished_job_may_announce_a_wrong_count(kit: Kit, value: int | None, said: int) -> None:
    key = kit.finished(ALL)
    kit.fault("wrong_count", "Contact$", value)
    assert kit.get(f"/jobs/query/{key}").json()["numberRecordsProcessed"] == said
    assert kit.get(f"/jobs/query/{key}").json()["numberRecordsProcessed"] == 5


def test_a_job_that_runs_does_not_use_up_the_wrong_count(kit: Kit) -> None:
    fault = kit.fault("wrong_count")
    key = kit.create(ALL).json()["id"]
    for _ in range(2):
        kit.get(f"/jobs/query/{key}")
    assert fault.hits == 0


def test_a_page_may_come_without_its_locator(kit: Kit) -> None:
    key = kit.finished(ALL)
    kit.fault("lost_locator", "results Contact", skip=1)
    locator = kit.results(key, maxRecords=2).headers["Sforce-Locator"]
    second = kit.results(key, maxRecords=2, locator=locator)
    assert "Sforce-Locator" not in second.headers
    assert second.headers["Sforce-NumberOfRecords"] == "2"
    assert kit.results(key, maxRecords=2, locator=locator).headers["Sforce-Locator"] != "null"


def test_results_may_be_refused_for_their_version(kit: Kit) -> None:
    key = kit.finished(ALL)
    kit.fault("version", "/results")
    assert kit.results(key).status_code == 409
    assert kit.results(key).status_code == 200


# ---- over a real connection --------------------------------------------------------------------------------


@contextmanager
def signed_in(url: str) -> Iterator[httpx.Client]:
    form = {
        "grant_type": "client_credentials",
        "client_id": "main-client",
        "client_secret": CLIENTS["main-client"],
    }
    with httpx.Client(base_url=url) as client:
        token = client.post("/services/oauth2/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.mark.parametrize("sent", [0, 1, 15, 40])
def test_the_connection_may_die_within_a_page_after_exactly_so_many_bytes(kit: Kit, sent: int) -> None:
    key = kit.finished(ALL)
    whole = kit.results(key).content
    kit.fault("cut", "/results", sent)
    with running(kit.app) as server, signed_in(server.url) as client:
        got = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            client.stream("GET", kit.url(f"/jobs/query/{key}/results")) as answer,
        ):
            assert int(answer.headers["Content-Length"]) == len(whole)
            for piece in answer.iter_raw():
                got += piece
        assert got == whole[:sent]
        assert client.get(kit.url(f"/jobs/query/{key}/results")).content == whole


def test_a_dropped_call_did_its_work_and_gave_no_answer(kit: Kit) -> None:
    kit.fault("drop", "POST .*/jobs/query")
    with running(kit.app) as server, signed_in(server.url) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(kit.url("/jobs/query"), json={"operation": "query", "query": ALL})
        assert len(client.get(kit.url("/jobs/query")).json()["records"]) == 1


def test_a_status_fault_answers_at_once_and_still_tells_the_calls_used(kit: Kit) -> None:
    kit.fault(
        "status", "/limits", {"status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}]}
    )
    answer = kit.get("/limits")
    assert refusal(answer) == (503, "SERVER_UNAVAILABLE", "x")
    assert "Sforce-Limit-Info" in answer.headers
    assert kit.get("/limits").status_code == 200


def test_a_slow_fault_only_waits(kit: Kit) -> None:
    fault = kit.fault("slow", "/limits", 0.0)
    assert kit.get("/limits").status_code == 200
    assert fault.hits == 1


# ---- limits ------------------------------------------------------------------------------------------------


def test_the_daily_calls_run_out_and_come_back_after_a_rolling_day() -> None:
    kit = Kit(contacts(1), daily_requests=3)
    assert [kit.get("/limits").status_code for _ in range(4)] == [200, 200, 200, 403]
    refused = kit.get("/query", q=ALL)
    assert refusal(refused) == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=3/3"
    assert kit.stats.to_dict()["violations"]["salesforce__main"] == {"daily_requests": 2}
    kit.clock.advance(23 * 3600)
    kit.login()
    assert kit.get("/limits").status_code == 403
    kit.clock.advance(3600)
    assert kit.get("/limits").status_code == 200


def test_limits_count_calls_jobs_and_result_bytes() -> None:
    kit = Kit(contacts(5), daily_query_jobs=2)
    kit.results(kit.finished(ALL))
    body = kit.get("/limits").json()
    assert body["DailyApiRequests"] == {"Max": 100_000, "Remaining": 100_000 - 6}
    assert body["DailyBulkV2QueryJobs"] == {"Max": 2, "Remaining": 1}
    assert body["DailyBulkV2QueryFileStorageMB"] == {"Max": 976_562, "Remaining": 976_562}
    assert body["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 15_000}
    kit.create(ALL)
    assert refusal(kit.create(ALL))[:2] == (400, "LIMIT_EXCEEDED")


def test_calls_in_flight_become_long_with_time() -> None:
    now = [100.0]
    calls = InFlight(20.0, monotonic=lambda: now[0])
    with calls.one() as one:
        now[0] += 20
        with calls.one() as two:
            assert (one, two, calls.long()) == (1, 2, 1)
    assert calls.long() == 0


def test_too_many_long_calls_at_once_are_refused() -> None:
    kit = Kit(contacts(1), concurrent_long_requests=1)
    clock = [0.0]
    kit.app.state.org.in_flight = InFlight(20.0, monotonic=lambda: clock[0])
    with kit.app.state.org.in_flight.one():
        clock[0] = 19.0
        assert kit.get("/limits").status_code == 200
        clock[0] = 20.0
        assert refusal(kit.get("/limits"))[1:] == (
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        )
    assert kit.get("/limits").status_code == 200


def test_an_address_or_headers_over_sixteen_kilobytes_are_refused(kit: Kit) -> None:
    assert refusal(kit.get("/query", q="x" * 16_400))[0] == 414
    assert refusal(kit.get("/limits", headers={"X-Long": "x" * 16_400}))[0] == 431
    assert kit.get("/query", q=ALL + " " * 15_000).status_code == 200


def test_calls_are_counted_by_path_family(kit: Kit) -> None:
    kit.stats.clear()
    kit.results(kit.finished(ALL))
    calls = kit.stats.to_dict()["calls"]["salesforce__main"]
    assert calls == {
        "POST /services/data/v66.0/jobs/query": 1,
        "GET /services/data/v66.0/jobs/query/{id}": 3,
        "GET /services/data/v66.0/jobs/query/{id}/results": 1,
    }
