"""The model that every source is mapped to: its entities, their fields, and what type each has.

A mapping file (muster.config.mapping) may fill these fields and no others; the union of all mapped sources has
exactly these columns, whether a source fills them or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cast = Literal[
    "text", "bigint", "integer", "decimal(18, 2)", "double", "boolean", "date", "timestamptz", "json"
]


@dataclass(frozen=True)
class ModelField:
    name: str
    doc: str
    cast: Cast = "text"
    is_personal: bool = False


@dataclass(frozen=True)
class Entity:
    """`id_field`: the field that holds the record's own id, and is the key where the mapping doesn't say otherwise."""

    name: str
    doc: str
    fields: tuple[ModelField, ...]
    id_field: str = ""
    has_custom: bool = False
    required: tuple[str, ...] = ()

    def field(self, name: str) -> ModelField | None:
        return next((found for found in self.fields if found.name == name), None)


CREATED = ModelField("created_at", "When it was created at its source.", "timestamptz")
UPDATED = ModelField("updated_at", "When it was last updated at its source.", "timestamptz")
DELETED = ModelField("is_deleted", "Whether it was deleted at its source.", "boolean")
MASTER = ModelField("master_record_id", "Id of the record it was merged into.")
ACCOUNT_ID = ModelField("account_id", "Account id, unique within the instance.")
PERSON_ID = ModelField("person_id", "Id of the person's record, unique within the instance.")
STATUS = ModelField("status", "Status, in the source's own words.")

PEOPLE = Entity(
    "people",
    "record that stands for a person",
    (
        ModelField("first_name", "First name.", is_personal=True),
        ModelField("last_name", "Last name.", is_personal=True),
        ModelField("email", "E-mail address.", is_personal=True),
        ModelField("ecid", "Experience Cloud id, 38 digits.", is_personal=True),
        ModelField("phone", "Telephone number.", is_personal=True),
        ModelField("title", "Job title."),
        ModelField("department", "Department."),
        ModelField("city", "City."),
        ModelField("country", "Country."),
        ACCOUNT_ID,
        ModelField("crm_contact_id", "Contact id in the CRM: of the linked one, or of this one itself."),
        ModelField("crm_lead_id", "Lead id in the CRM: of the linked one, or of this one itself."),
        ModelField("lead_score", "Lead score.", "integer"),
        ModelField("is_unsubscribed", "Whether the person withdrew from e-mail.", "boolean"),
        ModelField("do_not_call", "Whether the person must not be called.", "boolean"),
        ModelField("is_email_invalid", "Whether the address bounced for good.", "boolean"),
        ModelField(
            "is_converted",
            "Whether another record stands for this one now, such as a lead's contact.",
            "boolean",
        ),
        ModelField("source_kind", "contact or lead: a lead's values survive after a contact's."),
        CREATED,
        UPDATED,
        DELETED,
        MASTER,
    ),
    has_custom=True,
)
ACCOUNTS = Entity(
    "accounts",
    "record that stands for an account",
    (
        ACCOUNT_ID,
        ModelField("account_name", "Account name."),
        ModelField("website", "Website as typed."),
        ModelField("industry", "Industry."),
        ModelField("annual_revenue", "Revenue of a year, in major currency units.", "decimal(18, 2)"),
        ModelField("employee_count", "Employees.", "integer"),
        ModelField("country", "Country."),
        ModelField("city", "City."),
        ModelField("parent_account_id", "Id of the parent account."),
        CREATED,
        UPDATED,
        DELETED,
        MASTER,
    ),
    id_field="account_id",
    has_custom=True,
)
OPPORTUNITIES = Entity(
    "opportunities",
    "opportunity",
    (
        ModelField("opportunity_id", "Opportunity id, unique within the instance."),
        ModelField("opportunity_name", "Opportunity name."),
        ACCOUNT_ID,
        ModelField("stage_name", "Stage, in the source's own words."),
        ModelField("opportunity_type", "Kind of opportunity."),
        ModelField("amount", "Amount, in major currency units.", "decimal(18, 2)"),
        ModelField("currency", "ISO code of the amount's currency."),
        ModelField("probability", "Probability to win, in percent.", "double"),
        ModelField("is_closed", "Whether it is closed.", "boolean"),
        ModelField("is_won", "Whether it is won.", "boolean"),
        ModelField("close_on", "Expected or actual day of closing.", "date"),
        CREATED,
        UPDATED,
        DELETED,
    ),
    id_field="opportunity_id",
    has_custom=True,
)
OPPORTUNITY_PEOPLE = Entity(
    "opportunity_people",
    "person on an opportunity, with a role",
    (
        ModelField("opportunity_id", "Id of the opportunity, unique within the instance."),
        PERSON_ID,
        ModelField("role", "Role on the opportunity."),
        ModelField("is_primary", "Whether this is the first contact of the deal.", "boolean"),
        DELETED,
    ),
    required=("opportunity_id", "person_id"),
)
ACCOUNT_PEOPLE = Entity(
    "account_people",
    "relation of a person to an account",
    (
        ACCOUNT_ID,
        PERSON_ID,
        ModelField("roles", "Roles at the account, joined by semicolons."),
        ModelField("is_direct", "Whether a record of the person names the account itself.", "boolean"),
        ModelField(
            "is_active", "Whether the relation is in force; it is where the source says nothing.", "boolean"
        ),
        DELETED,
    ),
    required=("account_id", "person_id"),
)
CAMPAIGNS = Entity(
    "campaigns",
    "campaign",
    (
        ModelField("campaign_id", "Campaign id, unique within the instance."),
        ModelField("campaign_name", "Campaign name."),
        ModelField("campaign_type", "Kind of campaign."),
        STATUS,
        CREATED,
        UPDATED,
        DELETED,
    ),
    id_field="campaign_id",
)
CAMPAIGN_MEMBERS = Entity(
    "campaign_members",
    "person in a campaign",
    (
        ModelField("campaign_id", "Id of the campaign, unique within the instance."),
        PERSON_ID,
        STATUS,
        ModelField(
            "has_responded",
            "Whether the person responded; without it, whether there is a time of it.",
            "boolean",
        ),
        ModelField("responded_at", "When the person responded.", "timestamptz"),
        CREATED,
        UPDATED,
        DELETED,
    ),
    required=("campaign_id", "person_id"),
)
LISTS = Entity(
    "lists",
    "marketing list",
    (
        ModelField("list_id", "List id, unique within the instance."),
        ModelField("list_name", "List name."),
        CREATED,
        UPDATED,
        DELETED,
    ),
    id_field="list_id",
)
LIST_MEMBERS = Entity(
    "list_members",
    "person on a marketing list",
    (ModelField("list_id", "Id of the list, unique within the instance."), PERSON_ID, DELETED),
    required=("list_id", "person_id"),
)
ACTIVITIES = Entity(
    "activities",
    "thing a person did",
    (
        ModelField("activity_id", "Activity id, unique within the instance."),
        PERSON_ID,
        ModelField("activity_type", "Kind of activity, as audiences name it."),
        ModelField("activity_at", "When it happened.", "timestamptz"),
        ModelField("asset_name", "Name of the asset it is about."),
        ModelField("page_url", "The web page it is about."),
        ModelField("attributes", "One JSON object as text.", "json", is_personal=True),
        DELETED,
    ),
    id_field="activity_id",
    required=("person_id", "activity_type", "activity_at"),
)
ENTITIES = {
    entity.name: entity
    for entity in (
        PEOPLE,
        ACCOUNTS,
        OPPORTUNITIES,
        OPPORTUNITY_PEOPLE,
        ACCOUNT_PEOPLE,
        CAMPAIGNS,
        CAMPAIGN_MEMBERS,
        LISTS,
        LIST_MEMBERS,
        ACTIVITIES,
    )
}
