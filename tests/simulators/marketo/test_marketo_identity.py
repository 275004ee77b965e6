from __future__ import annotations

from typing import Any

import pytest

GOOD = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "pw"}
TOKEN = "/identity/oauth/token"
DESCRIBE = "/rest/v1/leads/describe2.json"


@pytest.mark.parametrize("form", ["GET query", "POST query", "POST form"])
def test_a_token_is_given_for_every_spelling_of_the_request(site: Any, form: str) -> None:
    method, where = form.split()
    given = {"params": GOOD} if where == "query" else {"data": GOOD}
    answer = site.client.request(method, TOKEN, **given)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert "@" in answer.json()["scope"]


def test_asking_again_gives_the_same_token_with_what_is_left_of_it(site: Any) -> None:
    first = site.get(TOKEN, **GOOD)
    site.clock.advance(3000)
    second = site.get(TOKEN, **GOOD)
    assert second["access_token"] == first["access_token"]
    assert (first["expires_in"], second["expires_in"]) == (3600, 600)


def test_an_expired_token_is_602_and_the_next_one_is_another(site: Any) -> None:
    first = site.login()
    site.clock.advance(3601)
    assert site.code(site.get(DESCRIBE)) == "602"
    assert site.login() != first
    assert site.get(DESCRIBE)["success"] is True


def test_a_token_survives_no_turning_back_of_the_clock(site: Any) -> None:
    site.clock.advance(-60)
    assert site.code(site.get(DESCRIBE)) == "602"


@pytest.mark.parametrize("wrong", [{"client_secret": "no"}, {"client_id": "nobody"}])
def test_a_bad_client_is_a_401_with_an_oauth_body(site: Any, wrong: dict[str, str]) -> None:
    answer = site.client.get(TOKEN, params={**GOOD, **wrong})
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "Bad client credentials"}


def test_only_the_bearer_header_opens_the_door(site: Any, new_site: Any) -> None:
    token = site.login()
    del site.client.headers["Authorization"]
    assert site.code(site.get(DESCRIBE)) == "601"
    assert site.code(site.get(DESCRIBE, access_token=token)) == "601"
    legacy = new_site(legacy_query_token=True)
    token = legacy.login()
    del legacy.client.headers["Authorization"]
    assert legacy.get(DESCRIBE, access_token=token)["success"] is True


def test_an_unknown_token_is_601(site: Any) -> None:
    site.client.headers["Authorization"] = "Bearer nonsense"
    assert site.code(site.get(DESCRIBE)) == "601"


def test_tokens_belong_to_clients(site: Any) -> None:
    assert site.login("reader") != site.login("other")
