"""Every documented error can be planned, with its status, and the call after it goes through."""

from __future__ import annotations

import pytest
from salesforce_kit import Kit, refusal

from muster_simulators.salesforce.errors import CODES, OAUTH_CODES

DOCUMENTED = {
    400: "MALFORMED_QUERY INVALID_FIELD INVALID_TYPE INVALID_QUERY_FILTER_OPERATOR MALFORMED_ID JSON_PARSER_ERROR "
    "REQUIRED_FIELD_MISSING DUPLICATE_VALUE FIELD_CUSTOM_VALIDATION_EXCEPTION STRING_TOO_LONG "
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST INVALID_CROSS_REFERENCE_KEY ENTITY_IS_DELETED "
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY FUNCTIONALITY_NOT_ENABLED INVALIDENTITY INVALIDJOB INVALIDBATCH API_ERROR "
    "EXCEEDED_ID_LIMIT QUERY_TIMEOUT INVALID_QUERY_LOCATOR LIMIT_EXCEEDED TXN_SECURITY_METERING_ERROR",
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED API_DISABLED_FOR_ORG INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY "
    "API_CURRENTLY_DISABLED FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "UNABLE_TO_LOCK_ROW",
    500: "UNKNOWN_EXCEPTION",
    503: "SERVER_UNAVAILABLE",
}
STATUS = {code: status for status, codes in DOCUMENTED.items() for code in codes.split()}
OAUTH = (
    *("invalid_grant", "invalid_client_id", "invalid_client", "unsupported_grant_type", "inactive_user"),
    *("inactive_org", "invalid_assertion", "rate_limit_exceeded"),
)


def test_no_documented_error_is_missing() -> None:
    assert {code.split()[0]: status for code, (status, _) in CODES.items()} == STATUS
    assert set(OAUTH_CODES) == set(OAUTH)


@pytest.mark.parametrize("path", ["/query?q=SELECT Id FROM Contact", "/limits", "/sobjects/Contact/describe"])
@pytest.mark.parametrize("code", sorted(CODES))
def test_a_planned_error_is_answered_once(kit: Kit, code: str, path: str) -> None:
    fault = kit.fault("code", "", code)
    status, said, message = refusal(kit.get(path))
    assert (status, said) == (STATUS[said], code.split()[0]) and fault.hits == 1
    assert ("Concurrent" in message) == code.endswith("concurrent")
    assert kit.get(path).status_code == 200


@pytest.mark.parametrize("code", OAUTH)
def test_a_planned_refusal_of_a_sign_in_is_answered_once(kit: Kit, code: str) -> None:
    kit.fault("oauth", "token", code)
    form = {"grant_type": "client_credentials", "client_id": "main-client", "client_secret": "main-secret"}
    answer = kit.http.post("/services/oauth2/token", data=form)
    assert answer.status_code == (401 if code == "invalid_client" else 400)
    assert answer.json()["error"] == code and answer.json()["error_description"]
    assert kit.http.post("/services/oauth2/token", data=form).status_code == 200


@pytest.mark.parametrize("status", [406, 415, 420, 428, 429, 502, 504])
def test_every_documented_bare_status_can_be_planned(kit: Kit, status: int) -> None:
    kit.fault("status", "/limits", status)
    assert kit.get("/limits").status_code == status
    assert kit.get("/limits").status_code == 200
