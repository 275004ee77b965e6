"""How one simulated portal behaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from muster_simulators.hubspot.schema import Property


@dataclass(frozen=True)
class CustomObject:
    """A custom object of the portal, by its short name: `cars` is `2-1001` and `p424242_cars`."""

    name: str
    type_id: str
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True)
class HubSpotOptions:
    """
    portal_id: the account's number.
    ten_seconds, searches_a_second, daily_calls: what the account may call; the first is 190 for a private app from
    Professional on, 100 below. rate_clock: seconds that the first two are counted by.
    search_lag_seconds: how long a change is not found by a search; by its id it is found at once.
    most_results: how many results of one search can be paged through; longest_search: characters of a search's body.
    list_limit, search_limit, batch_limit, association_limit, list_search_limit, member_limit: largest pages.
    association_page: how many targets of one record come with one answer.
    hidden_properties: `contacts.jobtitle`: sensitive ones, that the token may not see.
    missing_scopes: scopes that the token was not given.
    """

    portal_id: int = 424242
    ten_seconds: int = 190
    searches_a_second: int = 5
    daily_calls: int = 650_000
    rate_clock: Callable[[], float] = time.monotonic
    search_lag_seconds: float = 0.0
    most_results: int = 10_000
    longest_search: int = 3_000
    list_limit: int = 100
    search_limit: int = 200
    batch_limit: int = 100
    association_limit: int = 1_000
    association_page: int = 500
    list_search_limit: int = 500
    member_limit: int = 250
    hidden_properties: frozenset[str] = frozenset()
    missing_scopes: frozenset[str] = frozenset()
    custom_objects: tuple[CustomObject, ...] = ()
    custom_properties: Mapping[str, tuple[Property, ...]] = field(default_factory=dict)
    pipelines: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...] = (
        (
            "default",
            "Sales Pipeline",
            (
                ("appointmentscheduled", "Appointment Scheduled", "0.2"),
                ("contractsent", "Contract Sent", "0.9"),
                ("closedwon", "Closed Won", "1.0"),
                ("closedlost", "Closed Lost", "0.0"),
            ),
        ),
    )
