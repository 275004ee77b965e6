"""The token endpoint and the life of a session."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from salesforce_kit import NOW, Kit, contacts, refusal

TOKEN = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def basic(client: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


def claims(**changed: Any) -> dict[str, Any]:
    whole = {
        "iss": "jwt-client",
        "sub": "integration@acme.example",
        "aud": "https://login.salesforce.com",
        "exp": NOW.timestamp() + 180,
    }
    return whole | changed


@pytest.fixture
def by_jwt() -> Kit:
    return Kit(contacts(1), jwt_keys={"jwt-client": PUBLIC})


def sign_in(kit: Kit, key: Any = PRIVATE, **changed: Any) -> Any:
    assertion = jwt.encode(claims(**changed), key, algorithm="RS256")
    return kit.http.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion})


def test_client_credentials_in_the_body_give_a_session_at_the_address_that_was_called(kit: Kit) -> None:
    form = {"grant_type": "client_credentials", "client_id": "main-client", "client_secret": "main-secret"}
    body = kit.http.post(TOKEN, data=form).json()
    assert body["token_type"] == "Bearer"
    assert body["instance_url"] == "http://main.example"
    assert body["issued_at"] == str(int(NOW.timestamp() * 1000))
    assert body["id"].startswith("http://main.example/id/00D")
    assert "expires_in" not in body
    assert "refresh_token" not in body


def test_client_credentials_may_come_by_http_basic(kit: Kit) -> None:
    answer = kit.http.post(
        TOKEN, data={"grant_type": "client_credentials"}, headers=basic("main-client", "main-secret")
    )
    kit.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert kit.get("/limits").status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_id": "nobody", "client_secret": "main-secret"}, 400, "invalid_client_id"),
        ({"client_id": "main-client", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "main-client"}, 401, "invalid_client"),
        ({}, 400, "invalid_client_id"),
        ({"grant_type": "password", "username": "u", "password": "p"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
    ],
)
def test_a_refused_grant_answers_one_object_with_the_reason(
    kit: Kit, form: dict[str, str], status: int, error: str
) -> None:
    answer = kit.http.post(TOKEN, data={"grant_type": "client_credentials", **form})
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_a_grant_without_a_type_or_with_broken_basic_is_refused(kit: Kit) -> None:
    assert kit.http.post(TOKEN, data={"x": "y"}).json()["error"] == "invalid_request"
    broken = {"Authorization": "Basic ***"}
    answer = kit.http.post(TOKEN, data={"grant_type": "client_credentials"}, headers=broken)
    assert answer.json()["error"] == "invalid_client_id"


def test_a_signed_assertion_opens_a_session(by_jwt: Kit) -> None:
    answer = sign_in(by_jwt)
    assert answer.status_code == 200
    by_jwt.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert by_jwt.get("/limits").status_code == 200


@pytest.mark.parametrize(
    "audience", ["https://test.salesforce.com", "http://main.example", ["x", "http://main.example/"]]
)
def test_the_login_hosts_and_the_orgs_own_address_are_audiences(by_jwt: Kit, audience: Any) -> None:
    assert sign_in(by_jwt, aud=audience).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"exp": NOW.timestamp() - 1}, "invalid_assertion", "JWT expired"),
        ({"exp": NOW.timestamp() + 400}, "invalid_assertion", "JWT lifetime is too long"),
        ({"exp": None}, "invalid_assertion", "expiry is missing"),
        ({"aud": "https://evil.example"}, "invalid_grant", "audience is invalid"),
        ({"sub": "stranger@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    by_jwt: Kit, changed: dict[str, Any], error: str, description: str
) -> None:
    answer = sign_in(by_jwt, **changed)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_an_assertion_signed_by_another_key_or_algorithm_is_refused(by_jwt: Kit) -> None:
    assert sign_in(by_jwt, STRANGER).json()["error"] == "invalid_grant"
    weak = jwt.encode(claims(), "a shared secret that is long enough for it", algorithm="HS256")
    for assertion in (weak, jwt.encode(claims(), "", algorithm="none"), "not a token", ""):
        answer = by_jwt.http.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion})
        assert answer.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def refresh(kit: Kit, token: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return kit.http.post(TOKEN, data=form, headers=basic("main-client", "main-secret"))


def test_a_refresh_token_opens_session_after_session() -> None:
    kit = Kit(refresh_tokens={"r1": "main-client"})
    assert refresh(kit, "r1").status_code == refresh(kit, "r1").status_code == 200
    assert refresh(kit, "r2").json()["error"] == "invalid_grant"


def test_a_rotating_refresh_token_is_good_once_and_brings_the_next() -> None:
    kit = Kit(refresh_tokens={"r1": "main-client"}, rotate_refresh_tokens=True)
    following = refresh(kit, "r1").json()["refresh_token"]
    assert refresh(kit, "r1").status_code == 400
    assert refresh(kit, following).status_code == 200


def test_without_a_session_every_data_call_answers_401_as_an_array(kit: Kit) -> None:
    for headers in (
        {"Authorization": ""},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic eDp5"},
    ):
        for path in ("/limits", "/query?q=SELECT Id FROM Contact", "/sobjects", "/jobs/query"):
            answer = kit.get(path, headers=headers)
            assert refusal(answer) == (401, "INVALID_SESSION_ID", "Session expired or invalid")


def test_a_session_ends_after_two_idle_hours_and_not_before(kit: Kit) -> None:
    for _ in range(3):
        kit.clock.advance(7200)
        assert kit.get("/limits").status_code == 200
    kit.clock.advance(7201)
    assert kit.get("/limits").status_code == 401
    kit.login()
    assert kit.get("/limits").status_code == 200


def test_a_session_survives_a_clock_that_was_set_back(kit: Kit) -> None:
    kit.clock.set(NOW - timedelta(days=3))
    assert kit.get("/limits").status_code == 200
