"""Salesforce's error codes and what each asks for: one table (F13, F35). A code that isn't here is a failure.

R  retry after a pause      T  renew the session, once      Q  wait for the quota
L  the result or its cursor is lost: a new job              F  fail
"""

from __future__ import annotations

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    "MALFORMED_QUERY": "F",
    "INVALID_FIELD": "F",
    "INVALID_TYPE": "F",
    "INVALID_QUERY_FILTER_OPERATOR": "F",
    "MALFORMED_ID": "F",
    "JSON_PARSER_ERROR": "F",
    "REQUIRED_FIELD_MISSING": "F",
    "DUPLICATE_VALUE": "F",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "F",
    "STRING_TOO_LONG": "F",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "F",
    "INVALID_CROSS_REFERENCE_KEY": "F",
    "ENTITY_IS_DELETED": "F",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "F",
    "FUNCTIONALITY_NOT_ENABLED": "F",
    "INVALIDENTITY": "F",
    "INVALIDJOB": "L",
    "INVALIDBATCH": "F",
    "API_ERROR": "F",
    "QUERY_TIMEOUT": "L",
    "INVALID_QUERY_LOCATOR": "L",
    "LIMIT_EXCEEDED": "R",
    "TXN_SECURITY_METERING_ERROR": "R",
    "INVALID_SESSION_ID": "T",
    "REQUEST_LIMIT_EXCEEDED daily": "Q",
    "REQUEST_LIMIT_EXCEEDED concurrent": "R",
    "API_DISABLED_FOR_ORG": "F",
    "INSUFFICIENT_ACCESS": "F",
    "INSUFFICIENT_ACCESS_OR_READONLY": "F",
    "API_CURRENTLY_DISABLED": "F",
    "FORBIDDEN": "F",
    "NOT_FOUND": "F",
    "METHOD_NOT_ALLOWED": "F",
    "UNABLE_TO_LOCK_ROW": "R",
    "UNKNOWN_EXCEPTION": "R",
    "SERVER_UNAVAILABLE": "R",
}
HINTS: Mapping[str, str] = {
    "API_DISABLED_FOR_ORG": "the edition or the integration user's profile needs API access",
    "INSUFFICIENT_ACCESS": "give the integration user read access to this object",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give the integration user read access to this object",
    "FUNCTIONALITY_NOT_ENABLED": "the organisation lacks a feature (such as Contacts to Multiple Accounts)",
    "INVALID_TYPE": "the object is not there, or the integration user may not see it",
    "NOT_FOUND": "the object is not there, or the integration user may not see it",
}
#: the vendor's words name fields, positions and limits in these, not people
SHOWN = frozenset(
    {"INVALID_FIELD", "INVALID_TYPE", "FUNCTIONALITY_NOT_ENABLED", "REQUEST_LIMIT_EXCEEDED", "NOT_FOUND"}
)
CONCURRENT_PAUSE = 60.0
TRANSIENT_STATUS = frozenset({406, 420})


def decide(code: str, message: str, status: int) -> str:
    """R, T, Q, L or F."""
    key = code
    if code == "REQUEST_LIMIT_EXCEEDED":
        key += " concurrent" if "concurrent" in message.lower() else " daily"
    decision = DECISIONS.get(key, "F")
    is_passing = status in TRANSIENT_STATUS or status == 429 or status >= 500
    return "R" if decision == "F" and is_passing else decision
