"""Identifiers as the vendors make them."""

from __future__ import annotations

from collections import defaultdict
from random import Random

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
PREFIX = {
    "accounts": "001",
    "contacts": "003",
    "leads": "00Q",
    "opportunities": "006",
    "opportunity_contact_roles": "00K",
    "account_contact_relations": "07k",
    "users": "005",
    "campaigns": "701",
    "campaign_members": "00v",
    "tasks": "00T",
    "events": "00U",
    "custom__contract_c": "a0B",
}


def salesforce_id(object_name: str, number: int) -> str:
    """18 characters: 15 whose case matters, 3 that make them safe where it doesn't."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return checked(PREFIX[object_name] + "5e00000" + digits.rjust(5, "A"))


def checked(first: str) -> str:
    """The 15 characters with the 3 that say which of them are capitals."""
    check = ""
    for start in (0, 5, 10):
        check += _CHECK[sum(1 << place for place in range(5) if first[start + place].isupper())]
    return first + check


class Counter:
    """Hands out the next id of each kind."""

    def __init__(self) -> None:
        self._next: dict[str, int] = defaultdict(int)

    def salesforce(self, object_name: str) -> str:
        self._next[object_name] += 1
        return salesforce_id(object_name, self._next[object_name])

    def marketo(self, kind: str, first: int = 1) -> int:
        """1, 2, 3 ... from `first`; each instance counts for itself, so that ids of two instances collide."""
        self._next[kind] += 1
        return first + self._next[kind] - 1

    def guid(self, kind: str) -> str:
        """The form of a marketoGUID."""
        self._next[kind] += 1
        return f"{sum(kind.encode()) % 65536:04x}{self._next[kind]:08x}-5e00-4d0e-9a57-0c1d2e3f4a5b"


def ecid(random: Random) -> str:
    """38 digits, the first not zero."""
    return str(random.randrange(10**37, 10**38))
