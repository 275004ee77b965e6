"""Salesforce's error codes and what each asks for: one table (F13, F35). A code that isn't here is a failure.

R  retry after a pause      T  renew the session, once      Q  wait for the quota
L  the result or its cursor is lost: a new job or query     S  ask for a shorter time      F  fail
"""

from __future__ import annotations

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    # the request is wrong, or not allowed: the same again gives the same again
    "MALFORMED_QUERY": "F",
    "INVALID_FIELD": "F",
    "INVALID_TYPE": "F",
    "INVALID_QUERY_FILTER_OPERATOR": "F",
    "INVALID_REPLICATION_DATE": "F",
    "MALFORMED_ID": "F",
    "MISSING_ARGUMENT": "F",
    "INVALID_PARAMETER": "F",
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
    "FEATURENOTENABLED": "F",
    "INVALIDENTITY": "F",
    "INVALIDBATCH": "F",
    "API_ERROR": "F",
    "API_VERSION_MISMATCH": "F",
    "QUERY_TOO_COMPLICATED": "F",
    "URI_TOO_LONG": "F",
    "REQUEST_HEADER_FIELDS_TOO_LARGE": "F",
    "UNSUPPORTED_MEDIA_TYPE": "F",
    "PRECONDITION_FAILED": "F",
    "API_DISABLED_FOR_ORG": "F",
    "API_CURRENTLY_DISABLED": "F",
    "INSUFFICIENT_ACCESS": "F",
    "INSUFFICIENT_ACCESS_OR_READONLY": "F",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "F",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "F",
    "FORBIDDEN": "F",
    "NOT_FOUND": "F",
    "METHOD_NOT_ALLOWED": "F",
    # what was begun is gone: begin it again
    "INVALIDJOB": "L",
    "INVALIDJOBSTATE": "L",
    "QUERY_TIMEOUT": "L",
    "INVALID_QUERY_LOCATOR": "L",
    "INVALID_LOCATOR": "L",
    # more than one answer may hold
    "EXCEEDED_ID_LIMIT": "S",
    # passes by itself
    "LIMIT_EXCEEDED": "R",
    "TXN_SECURITY_METERING_ERROR": "R",
    "REQUEST_LIMIT_EXCEEDED concurrent": "R",
    "UNABLE_TO_LOCK_ROW": "R",
    "UNKNOWN_EXCEPTION": "R",
    "SERVER_UNAVAILABLE": "R",
    # the session
    "INVALID_SESSION_ID": "T",
    "INVALID_AUTH_HEADER": "T",
    # the day
    "REQUEST_LIMIT_EXCEEDED daily": "Q",
    "EXCEEDED_QUOTA": "Q",
}
#: what the token endpoint says; its errors are objects, the data calls' are lists
SIGN_IN: Mapping[str, str] = {
    "invalid_grant": "F",
    "invalid_client": "F",
    "invalid_client_id": "F",
    "invalid_client_credentials": "F",
    "invalid_request": "F",
    "invalid_assertion": "F",
    "invalid_app_access": "F",
    "unsupported_grant_type": "F",
    "inactive_user": "F",
    "inactive_org": "F",
    "rate_limit_exceeded": "R",
    "unknown_error": "R",
    "server_error": "R",
    "temporarily_unavailable": "R",
}
HINTS: Mapping[str, str] = {
    "API_DISABLED_FOR_ORG": "the edition or the integration user's profile needs API access",
    "API_CURRENTLY_DISABLED": "the edition or the integration user's profile needs API access",
    "INSUFFICIENT_ACCESS": "give the integration user read access to this object",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give the integration user read access to this object",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "give the integration user read access to this object",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "let the integration user's password never expire",
    "FUNCTIONALITY_NOT_ENABLED": "the organisation lacks a feature (such as Contacts to Multiple Accounts)",
    "FEATURENOTENABLED": "the organisation lacks a feature (such as the Bulk API)",
    "INVALID_TYPE": "the object is not there, or the integration user may not see it",
    "NOT_FOUND": "the object is not there, or the integration user may not see it",
    "API_VERSION_MISMATCH": "jobs of two versions of Muster are mixed: run it again",
    "URI_TOO_LONG": "take the object out of rest_objects: a bulk job's query may be longer",
    "REQUEST_HEADER_FIELDS_TOO_LARGE": "take the object out of rest_objects: a bulk job's query may be longer",
}
SIGN_IN_HINTS: Mapping[str, str] = {
    "inactive_user": "the integration user is frozen or deactivated",
    "inactive_org": "the organisation is locked or expired",
    "invalid_assertion": "check the machine's clock, and `audience` of the connection's extra (sandboxes: https://test.salesforce.com)",
    "invalid_app_access": "give the integration user access to the app (permission set or profile)",
    "unsupported_grant_type": "enable this flow in the app's OAuth settings; client credentials need the My Domain host",
}
#: the vendor's words name fields, positions and limits in these, not people
SHOWN = frozenset(
    {
        "INVALID_FIELD", "INVALID_TYPE", "FUNCTIONALITY_NOT_ENABLED", "REQUEST_LIMIT_EXCEEDED", "NOT_FOUND",
        "INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT", "API_VERSION_MISMATCH", "INVALIDENTITY",
    }
)  # fmt: skip
#: how a bulk job says that its object can't be asked for in bulk
NOT_IN_BULK = frozenset({"INVALIDENTITY", "FEATURENOTENABLED"})
CONCURRENT_PAUSE = 60.0
TRANSIENT_STATUS = frozenset({406, 408, 420, 425, 429})


def decide(code: str, message: str, status: int) -> str:
    """R, T, Q, L, S or F."""
    key = code
    if code == "REQUEST_LIMIT_EXCEEDED":
        key += " concurrent" if "concurrent" in message.lower() else " daily"
    if not code and status == 401:
        return "T"
    decision = DECISIONS.get(key, "F")
    is_passing = status in TRANSIENT_STATUS or status >= 500
    return "R" if decision == "F" and is_passing else decision
