"""Find people among the leads that exist: by e-mail address first, by ECID where no lead has the address.

Nobody is made up and nobody is guessed: no lead is `unmatched`, several leads are `ambiguous` (docs/decisions.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from muster.destinations.base import CallRefusedError, Candidate, Match
from muster.destinations.marketo.calls import Calls
from muster.destinations.marketo.declaration import RECORDS_A_CALL

LEADS = "/rest/v1/leads.json"
DESCRIBE = "/rest/v1/leads/describe2.json"
EMAIL = re.compile(
    r"[!-+\--~]+@[!-+\--~]+"
)  # printable ASCII; a comma would end the value in a list of values
ECID = re.compile(r"\d{38}")
TOO_MANY = frozenset({"*"})

Found = dict[str, set[str]]
"""Per value the ids of its leads; TOO_MANY where Marketo won't list them."""


class Lookup:
    """One instance's leads, read only."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def match(self, candidates: Sequence[Candidate]) -> list[Match]:
        """Each candidate's lead, or the verdict that says why there is none."""
        emails = {c.member_key: _email(c) for c in candidates}
        found = self._leads("email", emails.values())
        by_email = {key: found.get(email, set()) for key, email in emails.items()}
        left = [c for c in candidates if not by_email[c.member_key]]
        ecids = {c.member_key: _ecid(c) for c in left} if self._can_ask_for(left) else {}
        again = self._leads("ecid", ecids.values())
        return [
            _match(c, by_email[c.member_key] or again.get(ecids.get(c.member_key, ""), set()))
            for c in candidates
        ]

    def _can_ask_for(self, candidates: Sequence[Candidate]) -> bool:
        return any(_ecid(c) for c in candidates) and self._is_ecid_searchable

    @cached_property
    def _is_ecid_searchable(self) -> bool:
        described = self.calls.read(DESCRIBE, {}).result
        return any(fields == ["ecid"] for lead in described for fields in lead.get("searchableFields", []))

    def _leads(self, field: str, values: Iterable[str]) -> Found:
        wanted = sorted({value for value in values if value})
        found: Found = {}
        for start in range(0, len(wanted), RECORDS_A_CALL):
            self._ask(field, wanted[start : start + RECORDS_A_CALL], found)
        return found

    def _ask(self, field: str, values: list[str], found: Found) -> None:
        """One question; halved where too many leads answer it (1003), until a single value stands for too many."""
        params = {
            "filterType": field,
            "filterValues": ",".join(values),
            "fields": f"id,{field}",
            "batchSize": RECORDS_A_CALL,
        }
        try:
            rows = self.calls.pages(LEADS, params)
        except CallRefusedError as refused:
            if refused.code != "1003":
                raise
            if len(values) == 1:
                found[values[0]] = set(TOO_MANY)
                return
            middle = len(values) // 2
            self._ask(field, values[:middle], found)
            self._ask(field, values[middle:], found)
            return
        for row in rows:
            value = str(row.get(field) or "").strip().lower()
            found.setdefault(value, set()).add(str(row["id"]))


def _match(candidate: Candidate, leads: set[str]) -> Match:
    if len(leads) == 1 and leads != TOO_MANY:
        return Match(candidate.member_key, next(iter(leads)))
    if leads:
        return Match(candidate.member_key, None, "ambiguous", "several_leads")
    has_any = bool(_email(candidate) or _ecid(candidate))
    return Match(candidate.member_key, None, "unmatched", "no_lead" if has_any else "no_identifier")


def _email(candidate: Candidate) -> str:
    """The address as Marketo compares it, or nothing where it can't be one."""
    email = (candidate.identifiers.get("email") or "").strip().lower()
    return email if EMAIL.fullmatch(email) else ""


def _ecid(candidate: Candidate) -> str:
    ecid = (candidate.identifiers.get("ecid") or "").strip()
    return ecid if ECID.fullmatch(ecid) else ""
