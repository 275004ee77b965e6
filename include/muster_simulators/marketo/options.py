"""What can differ between two simulated Marketo subscriptions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

CrmSync = Literal["off", "read_only", "disabled"]
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class MarketoOptions:
    """Limits, capabilities and speed of one subscription; the defaults are the documented ones.

    crm_sync: `off`; `read_only` (company and opportunity calls read, roles and writes answer 1018); `disabled`
        (all of them answer 1018). Anything but `off` also brings the sfdc* lead fields.
    updated_at_filter: False makes exports of leads, program members and custom objects by `updatedAt` answer 1035.
    enforce_rate: False lets calls beyond a rate, concurrency or daily limit pass; they are still counted as
        violations in `Stats`.
    rate_clock: real seconds for the 20-second window and for the pace of bulk jobs; tests pass their own,
        a faster one (`lambda: time.monotonic() * 10`) makes the window a tenth as long.
    job_polls, job_seconds: a bulk job moves on (Queued, Processing, Completed) when its status was asked so often
        since its last move, or so many seconds of rate_clock or a simulated minute passed, whichever is first.
    legacy_query_token: accept the token as `access_token` parameter too (removed from the real service).
    deleted_leads_days: hide deletions older than this from deletedleads.json (the real one prunes after about 14).
    static_list_id_limit: members above which `listId` of the activity calls is refused.
    program_member_limit: members of a program above which they can only be read by `leadId`.
    """

    munchkin_id: str = "123-SIM-001"
    crm_sync: CrmSync = "off"
    updated_at_filter: bool = True
    enforce_rate: bool = True
    rate_clock: Callable[[], float] = time.monotonic
    calls_per_window: int = 100
    window_seconds: float = 20.0
    calls_in_flight: int = 10
    calls_per_day: int = 50_000
    max_body_bytes: int = MEGABYTE
    max_uri_bytes: int = 8 * 1024
    token_seconds: int = 3600
    export_queue: int = 10
    export_running: int = 2
    export_bytes_per_day: int = 500 * MEGABYTE
    export_retention_days: int = 7
    job_polls: int = 1
    job_seconds: float = 5.0
    partitions: tuple[str, ...] = ("Default",)
    folders: tuple[str, ...] = ("Muster",)
    legacy_query_token: bool = False
    deleted_leads_days: int | None = None
    static_list_id_limit: int = 10_000
    program_member_limit: int = 100_000
