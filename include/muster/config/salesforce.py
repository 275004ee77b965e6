"""What a Salesforce source may be told: its organisation, its objects, and how some of them are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from muster.config.limits import SalesforceLimits
from muster.naming import custom_object, is_slug

SalesforceObject = Literal[
    "accounts", "contacts", "leads", "opportunities", "opportunity_contact_roles", "account_contact_relations",
    "campaigns", "campaign_members", "tasks", "events", "users", "deleted_records",
]  # fmt: skip
WeekDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
#: API names of the objects, by their names in the lake; `deleted_records` is none of them
SALESFORCE_OBJECTS: Mapping[str, str] = {
    "accounts": "Account",
    "contacts": "Contact",
    "leads": "Lead",
    "opportunities": "Opportunity",
    "opportunity_contact_roles": "OpportunityContactRole",
    "account_contact_relations": "AccountContactRelation",
    "campaigns": "Campaign",
    "campaign_members": "CampaignMember",
    "tasks": "Task",
    "events": "Event",
    "users": "User",
}


def api_name(value: str) -> str:
    """The API name of a Salesforce object: letters, digits and underscores; custom ones end in `__c`."""
    if not re.fullmatch(r"[A-Za-z]\w*", value, re.ASCII) or not is_slug(custom_object(value)):
        raise ValueError(f"'{value}' is not the API name of an object, such as Contract__c")
    known = {name.lower(): ours for ours, name in SALESFORCE_OBJECTS.items()}
    if ours := known.get(value.lower()):
        raise ValueError(f"'{value}' is no custom object: name it among the objects, as {ours}")
    return value


ApiName = Annotated[str, AfterValidator(api_name)]


class SalesforceReading(BaseModel):
    """The part of a Salesforce source that other sources don't have."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    org_id: str
    """the organisation's id, 15 or 18 characters"""
    limits: SalesforceLimits = SalesforceLimits()
    """what Muster may use of the organisation"""
    objects: list[SalesforceObject] = Field(min_length=1)
    """what is read; `deleted_records` holds the ids that were deleted, those whose rows are gone for good included"""
    custom_objects: list[ApiName] = []
    """API names of further objects; `Contract__c` becomes `raw.salesforce__custom_contract_c`"""
    rest_objects: list[str] = ["users", "campaigns"]
    """of these objects, those that are small enough to be read by REST queries instead of bulk jobs, by their names in the lake"""
    formula_objects: list[str] = []
    """objects that are read whole once a week, by their names in the lake: a formula that changes moves no stamp (F28)"""
    compare_ids: bool = True
    """once a week compare every object's ids with those in the lake; what is no longer there becomes a row of `deleted_records` (F26)"""
    max_missing_share: float = Field(default=0.2, ge=0, le=1, strict=False)
    """refuse a comparison that would call more than this share of an object (and more than 100 records) deleted: records that the integration user may no longer see look the same"""
    weekly_on: WeekDay = "sunday"
    """the day whose night does what is done once a week (UTC)"""

    @field_validator("org_id")
    @classmethod
    def _org(cls, value: str) -> str:
        if not re.fullmatch(r"00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", value):
            raise ValueError(
                f"'{value}' is not a Salesforce organisation id: 00D and 12 or 15 more characters"
            )
        return value

    @field_validator("formula_objects")
    @classmethod
    def _are_read(cls, value: list[str], info: ValidationInfo) -> list[str]:
        read = {*info.data.get("objects", value), *map(custom_object, info.data.get("custom_objects", ()))}
        for name in value:
            if name not in read or name == "deleted_records":
                raise ValueError(f"'{name}' is not among the objects that are read")
        return value

    @field_validator("rest_objects")
    @classmethod
    def _are_known(cls, value: list[str], info: ValidationInfo) -> list[str]:
        known = {*SALESFORCE_OBJECTS, *map(custom_object, info.data.get("custom_objects", ()))}
        for name in value:
            if name not in known:
                raise ValueError(f"there is no object '{name}'")
        return value

    @property
    def all_objects(self) -> tuple[str, ...]:
        """The names of everything that is read; deletions last, because they are looked for among the others' rows."""
        named = (*self.objects, *(custom_object(name) for name in self.custom_objects))
        return tuple(sorted(named, key=lambda name: name == "deleted_records"))

    def api_name(self, object_name: str) -> str | None:
        """The API name of an object by its name in the lake; None for what is no object of Salesforce."""
        customs = {custom_object(name): name for name in self.custom_objects}
        return SALESFORCE_OBJECTS.get(object_name) or customs.get(object_name)
