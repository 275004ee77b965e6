"""Marketo's error codes and what each asks for: one table, every documented code (F13).

R  retry: as it is, after a pause      T  renew the token, then once more      Q  wait: for a place or for a reset
F  fail: another try can't help        X  a verdict on one record, or as good as done; only a whole call fails on it
E  nothing found: an empty result
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    RETRY = "R"
    RENEW = "T"
    WAIT = "Q"
    FAIL = "F"
    RECORD = "X"
    EMPTY = "E"


@dataclass(frozen=True)
class Rule:
    """`pause`: seconds, from and to, of a wait with jitter. `shows_text`: the vendor's words name fields, not people."""

    action: Action
    meaning: str
    pause: tuple[float, float] | None = None
    hint: str = ""
    shows_text: bool = False


R, T, Q, F, X, E = Action.RETRY, Action.RENEW, Action.WAIT, Action.FAIL, Action.RECORD, Action.EMPTY
PERMISSION = "give the API role the permission, and the IP allow-list this machine"
B2 = (
    "rule B2: with native CRM sync on, companies, opportunities, opportunity_roles and sales_persons come from the "
    "CRM: set crm_sync to its connection and take these objects out of this source"
)

RULES: dict[str, Rule] = {
    "http 401": Rule(
        F, "the client id or secret is wrong", hint="check login and password of the connection"
    ),
    "http 413": Rule(F, "the body is over 1 MB (10 MB for imports)", hint="split it"),
    "http 414": Rule(F, "the address is over 8 KB", hint="send it as POST with _method=GET"),
    "http 500": Rule(R, "internal error"),
    "http 502": Rule(R, "bad gateway"),
    "601": Rule(T, "access token invalid"),
    "602": Rule(T, "access token expired"),
    "603": Rule(F, "access denied", hint=PERMISSION),
    "604": Rule(R, "request timed out"),
    "605": Rule(F, "HTTP method not supported"),
    "606": Rule(R, "more calls than the rate limit within 20 seconds", pause=(5, 20)),
    "607": Rule(Q, "the daily quota of calls is used up"),
    "608": Rule(R, "API temporarily unavailable"),
    "609": Rule(F, "invalid JSON"),
    "610": Rule(F, "requested resource not found"),
    "611": Rule(R, "system error"),
    "612": Rule(F, "invalid content type"),
    "613": Rule(F, "invalid multipart request"),
    "614": Rule(R, "subscription unreachable"),
    "615": Rule(R, "concurrent access limit reached", pause=(1, 5)),
    "616": Rule(F, "invalid subscription type"),
    "701": Rule(F, "a value can't be blank", shows_text=True),
    "702": Rule(E, "no data found"),
    "703": Rule(F, "the feature isn't enabled for this subscription"),
    "704": Rule(F, "invalid date format"),
    "709": Rule(F, "a business rule forbids it"),
    "710": Rule(F, "parent folder not found"),
    "711": Rule(F, "incompatible folder type"),
    "712": Rule(F, "merge refused: person account"),
    "713": Rule(R, "transient error"),
    "714": Rule(F, "merge refused: no default record type"),
    "718": Rule(F, "external sales person id not found"),
    "719": Rule(R, "lock wait timeout"),
    "1001": Rule(F, "a value is of the wrong type"),
    "1002": Rule(F, "a required parameter has no value", shows_text=True),
    "1003": Rule(F, "invalid data", shows_text=True),
    "1004": Rule(X, "lead not found"),
    "1005": Rule(X, "lead exists already"),
    "1006": Rule(F, "field not found", shows_text=True),
    "1007": Rule(X, "several leads match"),
    "1008": Rule(X, "no access to the partition"),
    "1009": Rule(X, "a partition name is needed"),
    "1010": Rule(X, "the partition may not be changed"),
    "1011": Rule(F, "field not supported as a filter or look-up", shows_text=True),
    "1012": Rule(F, "invalid cookie value"),
    "1013": Rule(X, "object not found"),
    "1014": Rule(X, "could not create the object"),
    "1015": Rule(X, "lead not in the list"),
    "1016": Rule(Q, "too many imports"),
    "1017": Rule(X, "object exists already"),
    "1018": Rule(F, "refused because a native CRM integration is on", hint=B2),
    "1019": Rule(Q, "an import into that list is in progress"),
    "1020": Rule(F, "too many clones to the program"),
    "1021": Rule(F, "companies can't be updated by a lead sync"),
    "1022": Rule(F, "the object is in use"),
    "1025": Rule(F, "program status not found"),
    "1026": Rule(F, "custom objects are not enabled"),
    "1027": Rule(F, "the limit of activity types is reached"),
    "1028": Rule(F, "the limit of fields is reached"),
    "1029 full": Rule(Q, "too many jobs in the queue"),
    "1029 quota": Rule(Q, "the daily export quota is used up"),
    "1029 queued": Rule(X, "the job is queued already"),
    "1035": Rule(F, "the subscription doesn't support this filter"),
    "1036": Rule(F, "the same key stands twice in the input"),
    "1037": Rule(X, "lead already in or past this status"),
    "1042": Rule(F, "invalid runAt"),
    "1048": Rule(F, "the draft could not be discarded"),
    "1049": Rule(F, "attributes over 65,536 bytes"),
    "1076": Rule(F, "merge in the CRM failed"),
    "1077": Rule(F, "merge in the CRM failed"),
    "1078": Rule(F, "merge in the CRM failed"),
    "1079": Rule(F, "merge in the CRM failed"),
    "1080": Rule(F, "a merge takes 25 losing ids at most"),
}
UNKNOWN = Rule(F, "an undocumented error")


def rule_key(code: str, message: str) -> str:
    """The table's key for a code; 1029 has three meanings that only its text tells apart."""
    if code != "1029":
        return code
    text = message.lower()
    if "quota" in text:
        return "1029 quota"
    return "1029 queued" if "already" in text else "1029 full"


def rule_for(code: str, message: str = "") -> Rule:
    return RULES.get(rule_key(code, message), UNKNOWN)
