"""What is answered when something is refused: `{"error": {"code", "message"}}`; the authority answers OAuth's shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

BAD_QUERY = "0x80060888"
NO_PROPERTY = "0x80060888"
NO_RECORD = "0x80040217"
EXPIRED_TOKEN = "0x80044352"  # noqa: S105  a code
THROTTLED: Mapping[str, tuple[str, str]] = {
    "requests": ("0x80072322", "Number of requests exceeded the limit of {limit} over time window of 300 seconds."),
    "time": (
        "0x80072321",
        "Combined execution time of incoming requests exceeded limit of {limit} milliseconds over time window of "
        "300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
    ),
    "concurrent": ("0x80072326", "Number of concurrent requests exceeded the limit of {limit}."),
}  # fmt: skip


class ApiError(Exception):
    """One refusal of the Web API."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})

    def response(self) -> JSONResponse:
        body = {"error": {"code": self.code, "message": self.message}}
        return JSONResponse(body, self.status, headers=self.headers)


class AuthError(Exception):
    """One refusal of the token endpoint."""

    def __init__(self, status: int, error: str, number: int, description: str) -> None:
        super().__init__(f"{status} {error}")
        self.status, self.error, self.number = status, error, number
        self.description = f"AADSTS{number}: {description}"

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": self.description,
            "error_codes": [self.number],
        }
        return JSONResponse(body, self.status)


def bad_query(message: str) -> ApiError:
    return ApiError(400, BAD_QUERY, message)


def throttled(kind: str, limit: int, seconds: float) -> ApiError:
    """kind: `requests`, `time` or `concurrent`."""
    code, message = THROTTLED[kind]
    wait = str(max(1, round(seconds)))
    return ApiError(
        429, code, message.format(limit=f"{limit:,}" if kind == "time" else limit), {"Retry-After": wait}
    )
