"""What one Marketo subscription or one Salesforce organisation allows all of its clients together, and what Muster may take of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MarketoLimits(BaseModel):
    """How much of one subscription Muster may use, all tasks, DAGs and sandboxes together; `muster quota` shows it.

    Calls and bytes a day are renewed at midnight US Central. The defaults are those of a usual contract; where other
    integrations use the same subscription, leave them more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    calls_per_day: int = Field(default=50_000, ge=1)
    """calls in a day, those of other integrations included as far as Marketo's own count shows them"""
    calls_per_20_seconds: int = Field(default=80, ge=1)
    """calls within any 20 seconds, of the 100 that Marketo allows all clients together"""
    in_flight: int = Field(default=8, ge=1)
    """calls at the same time, of the 10 that Marketo allows all clients together"""
    export_jobs_running: int = Field(default=2, ge=1)
    """bulk exports that one run asks for at the same time; Marketo works on 2"""
    export_jobs_queued: int = Field(default=10, ge=1)
    """bulk exports in Marketo's queue, those it works on included"""
    export_bytes_per_day: int = Field(default=500_000_000, ge=1)
    """bytes of export files in a day"""
    bulk_share: float = Field(default=0.9, gt=0, le=1, strict=False)
    """nightly runs and backfills stop at this share of the day's calls; the rest is kept for activation and deltas"""


class SalesforceLimits(BaseModel):
    """How much of one organisation Muster may use, all tasks, DAGs and sandboxes together; `muster quota` shows it.

    What Salesforce limits it counts over the last 24 hours, all clients together, and says so with every answer; so
    there is no hour at which a quota is renewed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    calls_per_day: int | None = Field(default=None, ge=1)
    """calls in any 24 hours, those of other integrations included; without it what the organisation itself allows"""
    query_jobs_per_day: int | None = Field(default=None, ge=1)
    """bulk query jobs in any 24 hours; without it what the organisation itself allows"""
    in_flight: int = Field(default=10, ge=1)
    """calls at the same time; an organisation answers 25 long ones at once, all clients together"""
    query_jobs_running: int = Field(default=6, ge=1)
    """bulk query jobs that one run asks for at the same time"""
    bulk_share: float = Field(default=0.9, gt=0, le=1, strict=False)
    """nightly runs and backfills stop at this share of the day's calls and jobs; the rest is kept for what is urgent"""
