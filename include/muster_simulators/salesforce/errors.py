"""What the API answers when it refuses: a JSON array of objects; the OAuth endpoints answer one object."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """One refusal of the data API: `[{"message": ..., "errorCode": ..., "fields": [...]}]`."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            body["fields"] = self.fields
        return JSONResponse([body], self.status)


class OAuthError(Exception):
    """One refusal of the token endpoint: `{"error": ..., "error_description": ...}`."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{status} {error}")
        self.status, self.error, self.description = status, error, description

    def response(self) -> JSONResponse:
        return JSONResponse({"error": self.error, "error_description": self.description}, self.status)


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def invalid_session() -> ApiError:
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def request_limit(kind: str) -> ApiError:
    """kind: `TotalRequests` (the rolling day) or `ConcurrentRequests`."""
    if kind == "ConcurrentRequests":
        return ApiError(
            403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        )
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def malformed_query(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", message)


def invalid_field(message: str) -> ApiError:
    return ApiError(400, "INVALID_FIELD", message)


CODES: dict[str, tuple[int, str]] = {
    **dict.fromkeys(
        (
            "MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "INVALID_QUERY_FILTER_OPERATOR", "MALFORMED_ID",
            "JSON_PARSER_ERROR", "REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE", "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "INVALID_CROSS_REFERENCE_KEY",
            "ENTITY_IS_DELETED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "FUNCTIONALITY_NOT_ENABLED", "INVALIDENTITY",
            "INVALIDJOB", "INVALIDBATCH", "API_ERROR", "EXCEEDED_ID_LIMIT",
        ),
        (400, "the request was refused"),
    ),
    "QUERY_TIMEOUT": (400, "Your query request was running for too long."),
    "INVALID_QUERY_LOCATOR": (400, "invalid query locator"),
    "LIMIT_EXCEEDED": (400, "limit exceeded"),
    "TXN_SECURITY_METERING_ERROR": (400, "the transaction security policy took too long"),
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "REQUEST_LIMIT_EXCEEDED concurrent": (403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    "API_DISABLED_FOR_ORG": (403, "The REST API is not enabled for this Organization."),
    "INSUFFICIENT_ACCESS": (403, "insufficient access rights on cross-reference id"),
    "INSUFFICIENT_ACCESS_OR_READONLY": (403, "insufficient access rights on object id"),
    "API_CURRENTLY_DISABLED": (403, "the API is temporarily disabled"),
    "FORBIDDEN": (403, "You do not have the permission for this request"),
    "NOT_FOUND": (404, "The requested resource does not exist"),
    "METHOD_NOT_ALLOWED": (405, "HTTP Method not allowed"),
    "UNABLE_TO_LOCK_ROW": (409, "unable to obtain exclusive access to this record"),
    "UNKNOWN_EXCEPTION": (500, "An unexpected error occurred."),
    "SERVER_UNAVAILABLE": (503, "The server is too busy."),
}  # fmt: skip
"""Every documented error code of the data API with its HTTP status; the `code` fault answers with them."""

OAUTH_CODES: dict[str, tuple[int, str]] = {
    "invalid_grant": (400, "user hasn't approved this consumer"),
    "invalid_client_id": (400, "client identifier invalid"),
    "invalid_client": (401, "invalid client credentials"),
    "unsupported_grant_type": (400, "grant type not supported"),
    "inactive_user": (400, "user is inactive"),
    "inactive_org": (400, "organization is inactive"),
    "invalid_assertion": (400, "JWT expired"),
    "rate_limit_exceeded": (400, "login rate exceeded"),
}
"""Every documented refusal of the token endpoint; the `oauth` fault answers with them."""


def planned(value: str) -> ApiError:
    """What a `code` fault of this value answers. Raises KeyError for a code that isn't documented."""
    status, message = CODES[value]
    return ApiError(status, value.split()[0], message)


def planned_oauth(value: str) -> OAuthError:
    status, description = OAUTH_CODES[value]
    return OAuthError(status, value, description)
