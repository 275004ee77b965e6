"""What a person writes in platform.yml, as models: nothing unknown is let in, nothing changes afterwards.

These models judge one value at a time. What needs two places of the file (topology, references) is judged in
muster.config.topology; files become models only through muster.config.load and load_platform.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from muster.config.base import ConnectionId, Instant, Slug, Source, Strict
from muster.config.base import instant as instant
from muster.config.dynamics import DynamicsSource
from muster.config.hubspot import HubSpotSource
from muster.config.limits import MarketoLimits
from muster.config.salesforce import SalesforceReading
from muster.config.tables import FilesSource, SqlSource
from muster.config.topology import CRMS
from muster.naming import custom_object, is_slug, split_connection

MARKETO_LONGEST_EXPORT = timedelta(days=31)

MarketoObject = Literal[
    "leads", "activities", "deleted_leads", "lead_changes", "static_lists", "companies", "opportunities",
    "opportunity_roles", "sales_persons", "programs", "program_members", "smart_campaigns", "named_accounts",
]  # fmt: skip
FileFormat = Literal["csv", "parquet"]


def munchkin_id(value: str) -> str:
    if not re.fullmatch(r"\d{3}-[A-Z]{3}-\d{3}", value):
        raise ValueError(f"'{value}' is not a Munchkin id such as 123-ABC-456")
    return value


def api_name(value: str) -> str:
    """The API name of a Marketo custom object: letters, digits and underscores."""
    if not re.fullmatch(r"[A-Za-z]\w*", value, re.ASCII) or not is_slug(custom_object(value)):
        raise ValueError(f"'{value}' is not the API name of a custom object, such as Contract_c")
    return value


def crm(value: str) -> str:
    """A CRM: the connection of the source that reads it, or its kind where it isn't read itself."""
    if value not in CRMS:
        split_connection(value)
    return value


ApiName = Annotated[str, AfterValidator(api_name)]
MunchkinId = Annotated[str, AfterValidator(munchkin_id)]


class Schedule(Strict):
    """When the nightly run happens. Always UTC: no interval is skipped or doubled by daylight saving (F64).

    Each moment of `cron` closes the interval that began at the moment before. `start` is the beginning of the
    first interval; `end`, where given, is the beginning of the last one.
    """

    cron: str
    """five fields, UTC; each moment closes the interval that began at the moment before"""
    start: Instant
    """beginning of the first interval"""
    end: Instant | None = None
    """beginning of the last interval; without it there is no last one"""

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        from croniter import croniter  # the parser Airflow itself uses

        if len(value.split()) != 5 or not croniter.is_valid(value):
            raise ValueError(f"'{value}' is not a cron line of five fields, such as 0 0 * * *")
        return value

    @field_validator("end")
    @classmethod
    def _in_order(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        start = info.data.get("start")
        if value is not None and start is not None and value < start:
            raise ValueError("lies before start")
        return value


class MarketoSource(Source):
    """A Marketo Engage instance, known by its Munchkin id (B1-B5)."""

    type: Literal["marketo"]
    munchkin_id: MunchkinId
    """the key of the subscription, such as `123-ABC-456`"""
    limits: MarketoLimits = MarketoLimits()
    """what Muster may use of the subscription"""
    crm_sync: Annotated[str, AfterValidator(crm)] | None = None
    """what this Marketo is natively synced with: a CRM source, or `salesforce` or `dynamics` where that CRM is not read itself; what it shows of that CRM is not read again (B2)"""
    objects: list[MarketoObject] = Field(min_length=1)
    """what is read"""
    stream_minutes: int | None = Field(default=None, ge=1, le=60)
    """read what changed every so many minutes between nights, by the DAG `stream_<connection>`; without it only by `muster extract --deltas`"""
    custom_objects: list[ApiName] = Field(default=[])
    """API names of the custom objects that are read too, of those linked to leads; `Contract_c` becomes `raw.marketo__custom_contract_c`"""

    @property
    def all_objects(self) -> tuple[str, ...]:
        return (*self.objects, *(custom_object(name) for name in self.custom_objects))

    def api_name(self, object_name: str) -> str | None:
        """The API name of a custom object by its name in the lake; None for every other object."""
        return {custom_object(name): name for name in self.custom_objects}.get(object_name)

    @property
    def longest_window(self) -> timedelta:
        """A bulk extract spans 31 days at most, and the overlap is part of what is asked for (F5)."""
        return min(timedelta(days=self.max_window_days), MARKETO_LONGEST_EXPORT - self.overlap)


class SalesforceSource(SalesforceReading, Source):
    """A Salesforce organisation, known by its organisation id."""

    type: Literal["salesforce"]


AnySource = MarketoSource | SalesforceSource | DynamicsSource | HubSpotSource | FilesSource | SqlSource
SourceConfig = Annotated[AnySource, Field(discriminator="type")]


class Breaker(Strict):
    """When a difference is too large to be sent without a person's word (F75).

    Held when more than `max_removed_share` of the members would be removed and these are at least `min_removed`,
    or when the audience would grow to more than `max_growth` times its size.
    """

    max_removed_share: float = Field(default=0.2, ge=0, le=1, strict=False)
    """hold when more than this share of the members would be removed"""
    min_removed: int = Field(default=100, ge=0)
    """and when these are at least so many"""
    max_growth: float = Field(default=2.0, ge=1, strict=False)
    """hold when the audience would grow to more than so many times its size"""


class Destination(Strict):
    """What every destination has. `name` is also its pool's and its sync models' name."""

    name: ConnectionId
    """`<system>__<instance>`; also the name of its pool, its DAG and its sync models"""
    breaker: Breaker = Breaker()
    """what is held before the first call"""


class MarketoDestination(Destination):
    """A static list per audience in one Marketo; never creates a lead (B6, B11)."""

    type: Literal["marketo"]
    connection: ConnectionId
    """id of the Airflow connection"""
    folder: str | None = Field(default=None, min_length=1)
    """name of the folder that holds the static lists; this or `program`"""
    program: str | None = Field(default=None, min_length=1, validate_default=True)
    """name of the program that holds the static lists; this or `folder`"""
    munchkin_id: MunchkinId | None = None
    """the key of the subscription; default: that of the source with the same connection"""
    limits: MarketoLimits | None = None
    """what Muster may use of the subscription; default: what that source says"""
    timeout_seconds: float = Field(default=60, gt=0, le=3600, strict=False)
    """of one call"""

    @field_validator("program")
    @classmethod
    def _one_place(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "folder" in info.data and (info.data["folder"] is None) == (value is None):
            raise ValueError("name either the folder or the program that holds the lists")
        return value


class FilesDestination(Destination):
    """Files per audience: CSV, Parquet and a manifest.json, in a folder or in an S3-compatible store."""

    type: Literal["files"]
    path: str | None = Field(default=None, min_length=1)
    """a folder, or `s3://<bucket>/<prefix>`; below it a folder per platform, sandbox and audience. Default: the sandbox's own `exports/<name>`"""
    connection: ConnectionId | None = None
    """for an `s3://` path: its host is the endpoint (empty for AWS), login and password are the keys, `region` in its extra; without it the machine's own role is used"""
    formats: list[FileFormat] = Field(default=["csv", "parquet"], min_length=1)
    """which files are written; a `manifest.json` comes with them, written last"""
    neutralise_formulas: bool = True
    """put an apostrophe before a text of the CSV that a spreadsheet would run as a formula (F103); `false` for files that only machines read"""

    @field_validator("path")
    @classmethod
    def _no_way_out(cls, value: str | None) -> str | None:
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if separator and (scheme != "s3" or not rest.strip("/")):
            raise ValueError(f"'{value}' is neither a folder nor s3://<bucket>/<prefix>")
        if ".." in PurePosixPath(value).parts or "\0" in value or value.startswith("~"):
            raise ValueError("must not contain '..', '~' or NUL")
        return value

    @field_validator("connection")
    @classmethod
    def _for_s3_only(cls, value: str | None, info: ValidationInfo) -> str | None:
        path = info.data.get("path")
        if value is not None and "path" in info.data and not (path or "").startswith("s3://"):
            raise ValueError("a connection is for s3:// paths only")
        return value


DestinationConfig = Annotated[MarketoDestination | FilesDestination, Field(discriminator="type")]


class Activation(Strict):
    """One audience kept in one destination."""

    audience: Slug
    """file of `audiences/`, without `.yml`"""
    destination: ConnectionId
    """name of a destination"""


class Platform(Strict):
    """One platform's sandbox: what flows in, what flows out, and when."""

    platform: Slug
    """name of the platform; everything is kept below `MUSTER_HOME/<platform>/<sandbox>`"""
    sandbox: Slug
    """name of the sandbox; two sandboxes share nothing but code"""
    schedule: Schedule
    """when the nightly run happens"""
    history_start: Instant
    """the first run reads back to here; later runs fill what is missing since"""
    sources: list[SourceConfig] = Field(min_length=1)
    """what flows in"""
    destinations: list[DestinationConfig] = Field(default=[])
    """where audiences are kept"""
    activations: list[Activation] = Field(default=[])
    """which audience is kept in which destination"""

    @property
    def feed(self) -> str:
        """`acme/prod`: the name a source's `feeds` uses for this file."""
        return f"{self.platform}/{self.sandbox}"

    def source(self, connection: str) -> AnySource:
        """The source of this connection. Raises KeyError."""
        return {source.connection: source for source in self.sources}[connection]

    def destination(self, name: str) -> MarketoDestination | FilesDestination:
        """The destination of this name. Raises KeyError."""
        return {destination.name: destination for destination in self.destinations}[name]

    def subscription(self, config: MarketoSource | MarketoDestination) -> tuple[str, MarketoLimits]:
        """The Marketo subscription whose quotas its calls count against, and what Muster may use of it."""
        if isinstance(config, MarketoSource):
            return config.munchkin_id, config.limits
        sources = [one for one in self.sources if isinstance(one, MarketoSource)]
        twin = next((one for one in sources if one.connection == config.connection), None)
        key = config.munchkin_id or (twin.munchkin_id if twin else config.connection)
        same = twin or next((one for one in sources if one.munchkin_id == key), None)
        return key, config.limits or (same.limits if same else MarketoLimits())

    def audiences_of(self, destination: str) -> list[str]:
        """Slugs of the audiences that are kept in this destination, in the file's order."""
        return [
            activation.audience for activation in self.activations if activation.destination == destination
        ]
