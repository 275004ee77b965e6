"""The shapes of the generated world: what changes where and when, and who is whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

HISTORY_START = datetime(2026, 1, 1, tzinfo=UTC)
"""Where the history begins; the nights follow after 60 days of it."""
NIGHTS = tuple(datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 4))
"""Starts of the three daily intervals."""

EMEA = "marketo__emea"
AMER = "marketo__amer"
MAIN = "salesforce__main"
SOURCES = (EMEA, AMER, MAIN)


@dataclass(frozen=True, slots=True)
class Change:
    """One record's new state in one source.

    at: the stamp the source gives it (Marketo updatedAt/createdAt, Salesforce SystemModstamp);
    visible_at: when readers can first see it, the same or up to 50 minutes later;
    source: `marketo__emea`, `marketo__amer` or `salesforce__main`;
    object: lake object name (`leads`, `activities`, `contacts`, ...); key: the record's id as text;
    values: the *whole* record in the vendor's field names (str, None, bool, int, float, date, datetime);
    op `delete` takes the record away (Marketo); Salesforce deletes are upserts with IsDeleted=True.
    """

    at: datetime
    visible_at: datetime
    source: str
    object: str
    key: str
    op: Literal["upsert", "delete"]
    values: dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """Who is whom really.

    people: person id -> the record keys (`1001@emea.marketo`) that are this human being;
    labels: label -> person ids (or record keys for labels about records) that show the case;
    accounts: company id -> account record keys;
    unlinkable: record key -> when evidence ties it to the rest of its person (a merge), None for never.
    """

    people: Mapping[str, Sequence[str]]
    labels: Mapping[str, Sequence[str]]
    accounts: Mapping[str, Sequence[str]]
    unlinkable: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Everything that will ever happen, by source, sorted by visible_at."""

    people: int
    seed: int
    changes: Mapping[str, Sequence[Change]]
    truth: Truth
    notes: Mapping[str, Any] = field(default_factory=dict)


def record_key(record_id: str | int, source: str) -> str:
    """`1001`, `marketo__emea` -> `1001@emea.marketo`."""
    system, instance = source.split("__")
    return f"{record_id}@{instance}.{system}"


def company_key(company_id: str | int, source: str) -> str:
    """A Marketo company's key: `17.mkto_org@amer.marketo`."""
    system, instance = source.split("__")
    return f"{company_id}.mkto_org@{instance}.{system}"
