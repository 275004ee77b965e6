"""Dataverse's error codes and what each asks for: one table (F13, F35). A code that isn't here is a failure, unless its HTTP status passes.

R  retry after the pause it names      T  renew the token, once      X  the delta token is of no use: read all keys again
F  fail

Where the authority refuses to issue a token, it answers OAuth's own words: `OAUTH`.
"""

from __future__ import annotations

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    "0x80072322": "R",  # service protection: number of requests
    "0x80072321": "R",  # service protection: execution time
    "0x80072326": "R",  # service protection: concurrent requests
    "0x80044150": "R",  # a database error
    "0x80044151": "R",  # the database was too slow
    "0x80040216": "R",  # an unexpected error
    "0x80044352": "X",  # version stamp expired: too old, or the table's metadata changed
    "0x80040217": "F",  # no such record or table
    "0x80060888": "F",  # no such resource, property or parameter
    "0x80040203": "F",  # an invalid argument
    "0x80041103": "F",  # no such attribute
    "0x80040220": "F",  # a privilege is missing
    "0x80048306": "F",  # a privilege is missing
    "0x80072560": "F",  # the user is not a member of the organisation
    "0x80040225": "F",  # the user is disabled
    "0x80040265": "F",  # a plug-in of the organisation refused
}
HINTS: Mapping[str, str] = {
    "0x80040217": "the table is not there, or the application user may not see it",
    "0x80060888": "the table or a column is not there, or the application user may not see it",
    "0x80040220": "give the application user a security role that reads this table in the whole organisation",
    "0x80048306": "give the application user a security role that reads this table in the whole organisation",
    "0x80072560": "add the application as an application user of the environment",
    "0x80040225": "enable the application user in the environment",
    "0x80040265": "a plug-in on this table refuses reads: its owner must let the application user pass",
}
#: the vendor's words name tables, columns and limits in these, not people
SHOWN = frozenset({"0x80060888", "0x80041103", "0x80072322", "0x80072321", "0x80072326"})
OAUTH: Mapping[str, str] = {
    "temporarily_unavailable": "R",
    "invalid_client": "F",
    "unauthorized_client": "F",
    "invalid_request": "F",
    "invalid_scope": "F",
    "invalid_grant": "F",
    "access_denied": "F",
    "unsupported_grant_type": "F",
}
PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def decide(code: str, status: int) -> str:
    """R, T, X or F."""
    decision = DECISIONS.get(code)
    if decision is not None and decision != "F":
        return decision
    if status == 401:
        return "T"
    return "R" if decision is None and status in PASSING_STATUS else "F"
