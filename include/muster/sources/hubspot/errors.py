"""HubSpot's answers that say no, and what each asks for: one table. What isn't here goes by its status alone.

R  retry after a pause      Q  the day's calls are used up      F  fail
Keys are `<status> <category>`, for 429 `429 <policyName>`; `*` stands for every other one of that status.
"""

from __future__ import annotations

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    "400 VALIDATION_ERROR": "F",
    "400 *": "F",
    "401 INVALID_AUTHENTICATION": "F",
    "401 EXPIRED_AUTHENTICATION": "F",
    "401 *": "F",
    "403 MISSING_SCOPES": "F",
    "403 *": "F",
    "404 OBJECT_NOT_FOUND": "F",
    "404 *": "F",
    "405 *": "F",
    "409 CONFLICT": "F",
    "409 *": "F",
    "414 *": "F",
    "415 *": "F",
    "423 *": "R",
    "429 TEN_SECONDLY_ROLLING": "R",
    "429 SECONDLY": "R",
    "429 DAILY": "Q",
    "429 *": "R",
    "477 *": "R",
    "500 *": "R",
    "502 *": "R",
    "503 *": "R",
    "504 *": "R",
    "521 *": "R",
    "522 *": "R",
    "523 *": "R",
    "524 *": "R",
    "525 *": "R",
    "526 *": "R",
}
#: seconds to wait where the answer names none; None: our own growing pauses
PAUSES: Mapping[str, float] = {
    "423 *": 2.0,
    "429 TEN_SECONDLY_ROLLING": 10.0,
    "429 SECONDLY": 1.0,
    "429 *": 10.0,
}
HINTS: Mapping[str, str] = {
    "401": "check login and password of the connection: the password is the private app's access token",
    "403": "give the private app the scopes to read this, and save the app: a token takes them over at once",
    "477": "the account is being moved between data centres: run again later, what is committed stays",
    "DAILY": "it is renewed at midnight of the account's time zone; run again then, what is committed stays",
}
#: the vendor's words name properties, scopes and limits in these, not people
SHOWN = frozenset({"VALIDATION_ERROR", "MISSING_SCOPES", "RATE_LIMITS"})


def key_of(status: int, category: str, policy: str) -> str:
    """The row of the table that an answer belongs to."""
    exact = f"{status} {policy if status == 429 else category}"
    return exact if exact in DECISIONS else f"{status} *"


def decide(key: str) -> str:
    """R, Q or F. A status that nobody documented: 5xx may pass, anything else does not."""
    return DECISIONS.get(key) or ("R" if key[:1] == "5" else "F")
