"""A Microsoft Dynamics 365 (Dataverse) organisation as a source."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from muster.config.base import Source
from muster.naming import custom_object, is_slug

DynamicsObject = Literal[
    "accounts", "contacts", "leads", "opportunities", "connections", "campaigns", "lists", "listmembers",
    "activitypointers", "emails", "phonecalls", "appointments", "systemusers",
]  # fmt: skip
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def organisation(value: str) -> str:
    if not GUID.fullmatch(value):
        raise ValueError(f"'{value}' is not an organisation id such as 7c9e6679-7425-40de-944b-e07fc1f90ae7")
    return value.lower()


def logical_name(value: str) -> str:
    if not re.fullmatch(r"[a-z]\w*", value, re.ASCII) or not is_slug(custom_object(value)):
        raise ValueError(f"'{value}' is not the logical name of a table, such as new_contract")
    return value


class DynamicsSource(Source):
    """A Dynamics 365 organisation, known by its organisation id. The connection's extra holds `tenant_id`."""

    type: Literal["dynamics"]
    org_id: Annotated[str, AfterValidator(organisation)]
    """the organisation's id, as `WhoAmI` and the Power Platform admin center show it; another organisation is refused"""
    objects: list[DynamicsObject] = Field(min_length=1)
    """what is read, by the names of its entity sets"""
    custom_tables: list[Annotated[str, AfterValidator(logical_name)]] = Field(default=[])
    """logical names of further tables that are read; `new_contract` becomes `raw.dynamics__custom_new_contract`"""
    compare_keys: bool = True
    """where a table has no change tracking, and where its delta link has expired, read all its keys and tell which are gone; `false`: such deletes are not seen"""

    @property
    def all_objects(self) -> tuple[str, ...]:
        return (*self.objects, *(custom_object(name) for name in self.custom_tables))

    def custom_table(self, object_name: str) -> str | None:
        """The logical name of a custom table by its name in the lake; None for every other object."""
        return {custom_object(name): name for name in self.custom_tables}.get(object_name)
