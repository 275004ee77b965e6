"""What a test or `serve` may set of one simulated org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from muster_simulators.salesforce.fields import Field


@dataclass(frozen=True)
class SalesforceOptions:
    """All limits are the documented ones of an Enterprise org unless set otherwise.

    session_seconds: a session ends after so long without a call.
    queued_polls / queued_seconds, running_polls / running_seconds: a bulk job leaves UploadComplete and InProgress
    when it was asked about so many times there *and* so many simulated seconds passed.
    hidden_fields: `Contact.DoNotCall`: field-level security takes these away from the integration user.
    custom_fields: more fields per API object name.
    jwt_keys: consumer key -> PEM public key; jwt_users: user names that are pre-authorised.
    refresh_tokens: refresh token -> client id.
    recycle_bin_days: soft-deleted rows vanish after it; 15 in the real service. None keeps them for ever, because
    the generated history is first read when 60 days of it have passed.
    feed_lag_seconds: /updated and /deleted cover nothing younger than this (their latestDateCovered says so), as
    long-running transactions hold them back.
    not_bulk_queryable: API object names that the Bulk API refuses.
    person_accounts: accounts may be persons: `IsPersonAccount`, `PersonContactId`, `PersonEmail` ...
    currencies: `{"EUR": 1.0, "USD": 1.1}`: the org has several currencies, the first is its own; records with amounts
    have `CurrencyIsoCode`, and there is a `CurrencyType`. Empty: one currency, which nothing names.
    is_sandbox: what the `Organization` says of itself.
    """

    org_id: str = "00D5e000000MAINEAQ"
    user_id: str = "0055e000000INTGAAW"
    session_seconds: float = 7200.0
    daily_requests: int = 100_000
    daily_query_jobs: int = 10_000
    daily_query_megabytes: int = 976_562
    concurrent_long_requests: int = 25
    long_request_seconds: float = 20.0
    page_size: int = 2000
    smallest_page_size: int = 200
    cursor_seconds: float = 2 * 86400.0
    queued_polls: int = 1
    queued_seconds: float = 0.0
    running_polls: int = 1
    running_seconds: float = 0.0
    bulk_page_size: int = 100_000
    job_days: int = 7
    recycle_bin_days: int | None = None
    updated_id_limit: int = 600_000
    feed_lag_seconds: float = 0.0
    person_accounts: bool = False
    currencies: Mapping[str, float] = field(default_factory=dict)
    is_sandbox: bool = False
    not_bulk_queryable: frozenset[str] = frozenset()
    hidden_fields: frozenset[str] = frozenset()
    custom_fields: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    jwt_keys: Mapping[str, str] = field(default_factory=dict)
    jwt_users: frozenset[str] = frozenset({"integration@acme.example"})
    refresh_tokens: Mapping[str, str] = field(default_factory=dict)
    rotate_refresh_tokens: bool = False
