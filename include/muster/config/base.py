"""What every part of platform.yml is made of: strict models, the kinds of single values, and what all sources have."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from muster.naming import custom_object, is_slug, split_connection


def instant(value: object) -> datetime:
    """A UTC instant from `2026-03-02` (midnight UTC) or a date-time with its offset; others are refused (F38)."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("is not a date like 2026-03-02 nor a time like 2026-03-02T00:00:00Z") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(
                "has no offset: write the time with its offset, such as 2026-03-02T00:00:00Z (F38)"
            )
        return value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueError("is not a date like 2026-03-02 nor a time like 2026-03-02T00:00:00Z")


def slug(value: str) -> str:
    if not is_slug(value):
        raise ValueError(
            f"'{value}' must be lower-case words joined by single underscores, at most 60 characters"
        )
    return value


def connection_id(value: str) -> str:
    split_connection(value)
    return value


def feed(value: str) -> str:
    """`<platform>/<sandbox>`."""
    parts = value.split("/")
    if len(parts) != 2 or not all(is_slug(part) for part in parts):
        raise ValueError(f"'{value}' is not of the form <platform>/<sandbox>, such as acme/prod")
    return value


def munchkin_id(value: str) -> str:
    if not re.fullmatch(r"\d{3}-[A-Z]{3}-\d{3}", value):
        raise ValueError(f"'{value}' is not a Munchkin id such as 123-ABC-456")
    return value


def api_name(value: str) -> str:
    """The API name of a Marketo custom object: letters, digits and underscores."""
    if not re.fullmatch(r"[A-Za-z]\w*", value, re.ASCII) or not is_slug(custom_object(value)):
        raise ValueError(f"'{value}' is not the API name of a custom object, such as Contract_c")
    return value


Instant = Annotated[datetime, BeforeValidator(instant)]
Slug = Annotated[str, AfterValidator(slug)]
ConnectionId = Annotated[str, AfterValidator(connection_id)]
Feed = Annotated[str, AfterValidator(feed)]
ApiName = Annotated[str, AfterValidator(api_name)]
MunchkinId = Annotated[str, AfterValidator(munchkin_id)]


class Strict(BaseModel):
    """No unknown key, no change after reading, no silent conversion of text to numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Source(Strict):
    """What every source has. Times are the source's own clock, not ours (F39)."""

    connection: ConnectionId
    """id of the Airflow connection, `<system>__<instance>`; the instance is part of every record's key"""
    feeds: list[Feed] = Field(min_length=1)
    """the `<platform>/<sandbox>` places that this source feeds: of one platform only (B4)"""
    overlap_minutes: int = Field(default=60, ge=0, le=1440)
    """read this far before each window again, for rows that became visible late"""
    hold_back_minutes: int = Field(default=10, ge=0, le=1440)
    """read a window only when the source's own clock is this far past its end"""
    max_window_days: int = Field(default=31, ge=1, le=31)
    """longest window; a Marketo bulk extract spans 31 days at most, the overlap included"""
    poll_seconds: float = Field(default=60, gt=0, le=3600, strict=False)
    """how often a bulk job is asked about"""
    timeout_seconds: float = Field(default=60, gt=0, le=3600, strict=False)
    """of one call"""

    @property
    def all_objects(self) -> tuple[str, ...]:
        """The names of everything that is read, as in the lake and in the raw tables."""
        return tuple(getattr(self, "objects", ()))

    @property
    def system(self) -> str:
        return split_connection(self.connection)[0]

    @property
    def instance(self) -> str:
        return split_connection(self.connection)[1]

    @property
    def overlap(self) -> timedelta:
        """How far before its start a window is read again, for rows that became visible late (F21)."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def hold_back(self) -> timedelta:
        """How long after a window's end the source's clock must be before it is read (F21)."""
        return timedelta(minutes=self.hold_back_minutes)

    @property
    def longest_window(self) -> timedelta:
        """The longest tile to plan."""
        return timedelta(days=self.max_window_days)
