"""The words of a HubSpot source: what can be read, and what Muster may take of the account's calls."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from muster.config.base import Source, Strict
from muster.naming import custom_object, is_slug

HubSpotObject = Literal[
    "contacts", "companies", "deals", "contact_companies", "deal_contacts", "deal_companies",
    "calls", "emails", "meetings", "notes", "tasks", "owners", "lists", "list_members",
]  # fmt: skip


def schema_name(value: str) -> str:
    """The name of a custom object's schema, with or without `p<portal>_` before it."""
    if not re.fullmatch(r"[A-Za-z]\w*", value, re.ASCII) or not is_slug(custom_object(value)):
        raise ValueError(f"'{value}' is not the name of a custom object, such as cars")
    return value


SchemaName = Annotated[str, AfterValidator(schema_name)]


class HubSpotLimits(Strict):
    """How much of one HubSpot account Muster may use.

    The account's own limits (190 calls in ten seconds for a private app, 100 on small plans) are told by HubSpot with
    each answer; what is said here is what Muster leaves to others.
    """

    searches_per_second: float = Field(default=4, gt=0, le=5, strict=False)
    """searches in a second, of the 5 that HubSpot allows an account"""
    spare_calls: int = Field(default=20, ge=0)
    """when fewer calls than these are left of the ten seconds, the next ten are waited for"""
    spare_calls_of_day: int = Field(default=10_000, ge=0)
    """a run stops when fewer calls than these are left of the day"""


class HubSpotSource(Source):
    """A HubSpot account, known by its portal id. Its private app's access token is the connection's password."""

    type: Literal["hubspot"]
    portal_id: int = Field(ge=1)
    """the account's number; a token of another account is refused"""
    limits: HubSpotLimits = HubSpotLimits()
    """what Muster may use of the account"""
    objects: list[HubSpotObject] = Field(min_length=1)
    """what is read"""
    custom_objects: list[SchemaName] = Field(default=[])
    """names of the custom objects that are read too; `cars` becomes `raw.hubspot__custom_cars`"""

    @property
    def all_objects(self) -> tuple[str, ...]:
        return (*self.objects, *(custom_object(name) for name in self.custom_objects))

    def schema_name(self, object_name: str) -> str | None:
        """The name of a custom object's schema by its name in the lake; None for every other object."""
        return {custom_object(name): name for name in self.custom_objects}.get(object_name)
