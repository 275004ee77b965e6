"""What the API answers when it refuses: `{"status": "error", "message", "correlationId", "category", ...}`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """One refusal. `more` goes into the body beside the usual fields."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{status} {category}")
        self.status, self.category, self.message = status, category, message
        self.headers, self.more = dict(headers or {}), more

    def body(self) -> dict[str, Any]:
        usual = {"status": "error", "message": self.message, "correlationId": correlation_id()}
        named = {"category": self.category} if self.category else {}
        return {**usual, **named, **self.more}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, headers=self.headers)


def correlation_id() -> str:
    return str(uuid.uuid4())


def invalid(message: str, **more: Any) -> ApiError:
    return ApiError(400, "VALIDATION_ERROR", message, **more)


def unauthenticated() -> ApiError:
    return ApiError(
        401, "INVALID_AUTHENTICATION", "Authentication credentials not found or not valid for this API."
    )


def missing_scopes(scopes: list[str]) -> ApiError:
    """The scopes that would let the call through are named in `errors[0].context`."""
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": scopes},
    }
    return ApiError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call.",
        errors=[detail],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def not_found(message: str = "resource not found") -> ApiError:
    return ApiError(404, "OBJECT_NOT_FOUND", message)


def over_limit(policy: str) -> ApiError:
    """policy: `TEN_SECONDLY_ROLLING`, `SECONDLY` (searches) or `DAILY`."""
    return ApiError(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
    )
