"""What a test or `serve` may set of one simulated organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from muster_simulators.dynamics.attributes import Attribute


@dataclass(frozen=True)
class DynamicsOptions:
    """Limits are the documented ones of one user on one web server.

    tenant: whose authority issues tokens; is_application_user: False answers 403 to every call of the client.
    page_size: the most rows of a page; count_limit: the highest `@odata.count`.
    tracked: logical names of the tables with change tracking; None for all. tracking_days: how long deletes are told.
    execution_seconds_per_row: simulated work, counted against execution_seconds.
    secured: `contact.emailaddress1`: column security hides these values from the client.
    hidden: `contact.new_tier`: attributes that aren't there (dropped, or not readable).
    custom_attributes: more attributes per logical name. custom_tables: logical name -> (set name, attributes).
    """

    tenant: str = "0f8fad5b-d9cb-469f-a165-70867728950e"
    org_id: str = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    user_id: str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    token_seconds: int = 3599
    is_application_user: bool = True
    page_size: int = 5000
    count_limit: int = 5000
    requests: int = 6000
    execution_seconds: float = 1200.0
    window_seconds: float = 300.0
    concurrent: int = 52
    execution_seconds_per_row: float = 0.0
    tracked: frozenset[str] | None = None
    tracking_days: float = 7.0
    secured: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    custom_attributes: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)
    custom_tables: Mapping[str, tuple[str, tuple[Attribute, ...]]] = field(default_factory=dict)
