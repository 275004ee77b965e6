"""Marketo's own refusals: codes of a whole call, and reasons of one record."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "605": "HTTP Method not supported",
    "606": "Max rate limit '100' exceeded with in '20' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "612": "Invalid Content Type",
    "614": "Invalid Subscription",
    "615": "Concurrent access limit reached",
    "713": "Transient error",
    "719": "Lock wait timeout exception",
    "1003": "Too many results match the filter",
    "1004": "Lead not found",
    "1015": "Lead not in list",
    "1018": "CRM Enabled",
    "1029": "Too many jobs in queue",
    "1035": "Unsupported filter type for target subscription",
}

UNCOUNTED = frozenset({"601", "602", "604", "605", "608", "611"})
"""Calls that end so don't count against the daily quota or the rate."""


class MarketoError(Exception):
    """`success: false` for the whole call."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, "The fault plan says so")
        super().__init__(f"{code} {self.message}")


def missing(parameter: str) -> MarketoError:
    return MarketoError("1002", f"Missing value for the required parameter '{parameter}'")


def invalid(value: Any, wanted: str) -> MarketoError:
    return MarketoError("1001", f"Invalid value '{value}'. Required of type '{wanted}'")


def skipped(code: str, message: str | None = None, **more: Any) -> dict[str, Any]:
    """The result of one record that was refused while the call went through."""
    reason = {"code": code, "message": message or MESSAGES[code]}
    return {**more, "status": "skipped", "reasons": [reason]}
