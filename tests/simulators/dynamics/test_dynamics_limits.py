"""Signing in and the service protection limits of the simulated organisation; faults."""

from __future__ import annotations

import pytest
from dynamics_kit import NOW, Kit, contacts


def test_client_credentials_give_a_token_for_an_hour() -> None:
    kit = Kit(contacts(1))
    body = kit.ask_token().json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
    assert kit.body("WhoAmI")["OrganizationId"] == kit.options.org_id
    kit.clock.advance(3598)
    assert kit.get("WhoAmI").status_code == 200
    kit.clock.advance(2)
    assert kit.get("WhoAmI").status_code == 401


@pytest.mark.parametrize(
    ("changed", "tenant", "refused"),
    [
        ({"client_secret": "wrong"}, "", (401, "invalid_client", 7000215)),
        ({"client_id": "nobody"}, "", (400, "unauthorized_client", 700016)),
        ({"grant_type": "password"}, "", (400, "unsupported_grant_type", 70003)),
        ({"scope": "https://acme.example"}, "", (400, "invalid_scope", 70011)),
        ({}, "another-tenant", (400, "invalid_request", 90002)),
    ],
)
def test_the_authority_refuses_in_its_own_words(
    changed: dict[str, str], tenant: str, refused: tuple[int, str, int]
) -> None:
    answer = Kit().ask_token(tenant, **changed)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"][0]) == refused
    assert body["error_description"].startswith(f"AADSTS{refused[2]}:")


def test_a_call_without_a_token_or_by_a_stranger_is_refused() -> None:
    kit = Kit(contacts(1), is_application_user=False)
    assert kit.refusal("contacts") == (403, "0x80072560")
    kit.http.headers["Authorization"] = "Bearer nothing"
    assert kit.get("contacts").status_code == 401


def test_requests_are_counted_over_five_minutes() -> None:
    kit = Kit(contacts(1), requests=3)
    for _ in range(3):
        kit.body("contacts")
        kit.clock.advance(10)
    answer = kit.get("contacts")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "0x80072322")
    assert answer.headers["retry-after"] == "270"
    kit.clock.advance(270)
    kit.body("contacts")


def test_execution_time_is_counted_over_five_minutes() -> None:
    kit = Kit(contacts(10), execution_seconds=15, execution_seconds_per_row=1)
    kit.body("contacts")
    kit.body("contacts")
    assert kit.refusal("contacts") == (429, "0x80072321")
    kit.clock.advance(300)
    kit.body("contacts")


def test_calls_at_the_same_time_are_counted() -> None:
    kit = Kit(contacts(1), concurrent=0)
    assert kit.refusal("contacts") == (429, "0x80072326")


def test_every_answer_carries_the_simulated_time() -> None:
    kit = Kit(contacts(1))
    assert kit.get("WhoAmI").headers["date"] == "Tue, 03 Mar 2026 00:30:00 GMT"
    assert kit.clock.now() == NOW


@pytest.mark.parametrize("kind", ["lost_link", "same_link", "foreign_link"])
def test_faults_of_links_change_the_link_only(kind: str) -> None:
    kit = Kit(contacts(35))
    page = "odata.maxpagesize=10"
    second = kit.body("contacts", prefer=page)["@odata.nextLink"]
    good = kit.body(second, prefer=page)
    fault = kit.fault(kind, "GET /api/data/v9.2/contacts")
    bad = kit.body(second, prefer=page)
    assert fault.hits == 1
    assert bad["value"] == good["value"]
    assert bad.get("@odata.nextLink") != good["@odata.nextLink"]


def test_a_throttle_fault_says_how_long() -> None:
    kit = Kit(contacts(1))
    kit.fault("throttle", "contacts", {"kind": "time", "seconds": 12})
    answer = kit.get("contacts")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "12")
    kit.body("contacts")
