"""What a definition may name: entities, their fields with types, relations between them, and events.

The only list of it. The parser, the compiler, the JSON Schema and docs/reference/audience_language.md all read
it; a test holds it against the columns that the profile models declare. Names here become SQL identifiers, so
nothing that a user writes ever does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "texts", "number", "boolean", "date", "timestamp"]
LINK = "relation."
ATTRIBUTE = "attribute."


@dataclass(frozen=True)
class Field:
    """`column` of the entity's table; with `attribute`, the key inside the JSON text of that column."""

    name: str
    type: FieldType
    doc: str
    column: str = ""
    attribute: str = ""

    @property
    def source(self) -> str:
        return self.column or self.name


@dataclass(frozen=True)
class Bridge:
    """A table of pairs; `fields` say something about the pair, such as a role."""

    table: str
    own: str
    target: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Relation:
    """From one entity to another: `own` column here equals `theirs` there, or both stand in the bridge."""

    name: str
    target: str
    doc: str
    own: str
    theirs: str
    bridge: Bridge | None = None

    @property
    def link_fields(self) -> tuple[Field, ...]:
        return self.bridge.fields if self.bridge else ()


@dataclass(frozen=True)
class EntityKind:
    name: str
    plural: str
    table: str
    key: str
    doc: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...] = ()
    has_events: bool = False
    has_custom: bool = False
    """Whether the sources' mappings may bring further text fields, `custom__<slug>`."""

    def field(self, name: str) -> Field | None:
        return next((found for found in self.fields if found.name == name), None)

    def relation(self, name: str) -> Relation | None:
        return next((found for found in self.relations if found.name == name), None)


# The dbt model behind each name that the generated SQL uses.
MODELS = {
    "people": "dim_people",
    "accounts": "dim_accounts",
    "opportunities": "dim_opportunities",
    "activities": "fct_activities",
    "static_lists": "dim_static_lists",
    "account_people": "bridge_account_people",
    "opportunity_people": "bridge_opportunity_people",
    "static_list_people": "bridge_static_list_people",
    "evaluation": "int_lake__as_of",
}

ACCOUNT_PERSON_FIELDS = (
    Field("is_direct", "boolean", "the person's own record names the account"),
    Field("is_active", "boolean", "the relation is in force"),
    Field("roles", "texts", "what the person is at the account"),
)
OPPORTUNITY_PERSON_FIELDS = (
    Field("role", "text", "what the person is in the deal, such as Decision Maker"),
    Field("is_primary", "boolean", "the first contact of the deal"),
)


def _through_accounts(own: str, target: str) -> Bridge:
    return Bridge("account_people", own, target, ACCOUNT_PERSON_FIELDS)


def _through_opportunities(own: str, target: str) -> Bridge:
    return Bridge("opportunity_people", own, target, OPPORTUNITY_PERSON_FIELDS)


PERSON = EntityKind(
    "person",
    "people",
    "people",
    "person_key",
    "one human being, however many source records stand for them",
    (
        Field("first_name", "text", "given name"),
        Field("last_name", "text", "family name"),
        Field("email", "text", "primary e-mail address, lower case; never a shared mailbox"),
        Field("ecid", "text", "Experience Cloud id, 38 digits"),
        Field("phone", "text", "telephone number"),
        Field("title", "text", "job title as written"),
        Field("job_function", "text", "what they do"),
        Field("seniority", "text", "how senior they are"),
        Field("department", "text", "where in the company they work"),
        Field("country", "text", "country"),
        Field("city", "text", "city"),
        Field("lead_score", "number", "lead score"),
        Field("is_unsubscribed", "boolean", "unsubscribed in any source (a withdrawal anywhere wins)"),
        Field("do_not_call", "boolean", "must not be called"),
        Field("is_email_invalid", "boolean", "mail to the address bounced for good"),
        Field("record_count", "number", "source records that are this person"),
        Field("source_count", "number", "sources that know this person"),
        Field("first_seen_at", "timestamp", "when the first of the records appeared"),
        Field("created_at", "timestamp", "when the oldest record was created in its source"),
        Field("updated_at", "timestamp", "when any record last changed in its source"),
    ),
    (
        Relation(
            "accounts", "account", "every account they belong to", "person_key", "account_key",
            _through_accounts("person_key", "account_key"),
        ),
        Relation("account", "account", "their primary account", "account_key", "account_key"),
        Relation(
            "opportunities", "opportunity", "deals they are named on, with their role", "person_key",
            "opportunity_key", _through_opportunities("person_key", "opportunity_key"),
        ),
        Relation(
            "static_lists", "static_list", "static lists they are a member of", "person_key", "list_key",
            Bridge("static_list_people", "person_key", "list_key"),
        ),
    ),
    has_events=True,
    has_custom=True,
)  # fmt: skip

ACCOUNT = EntityKind(
    "account",
    "accounts",
    "accounts",
    "account_key",
    "one company, however many source records stand for it",
    (
        Field("name", "text", "company name"),
        Field("domain", "text", "web domain, lower case"),
        Field("industry", "text", "industry"),
        Field("annual_revenue", "number", "revenue of a year, in major currency units"),
        Field("employee_count", "number", "employees"),
        Field("country", "text", "country of the billing address"),
        Field("city", "text", "city of the billing address"),
        Field("record_count", "number", "source records that are this account"),
        Field("created_at", "timestamp", "when the oldest record was created in its source"),
        Field("updated_at", "timestamp", "when any record last changed in its source"),
    ),
    (
        Relation(
            "people", "person", "everyone who belongs to it", "account_key", "person_key",
            _through_accounts("account_key", "person_key"),
        ),
        Relation("opportunities", "opportunity", "its deals", "account_key", "account_key"),
        Relation("parent", "account", "the account right above it", "parent_account_key", "account_key"),
        Relation("children", "account", "the accounts right below it", "account_key", "parent_account_key"),
        Relation(
            "family", "account", "every account of the same hierarchy, itself included", "root_account_key",
            "root_account_key",
        ),
    ),
    has_custom=True,
)  # fmt: skip

OPPORTUNITY = EntityKind(
    "opportunity",
    "opportunities",
    "opportunities",
    "opportunity_key",
    "one deal",
    (
        Field("name", "text", "name of the deal"),
        Field("stage_name", "text", "sales stage"),
        Field("opportunity_type", "text", "kind of deal"),
        Field("amount", "number", "amount, in major currency units"),
        Field("probability", "number", "probability to win, in percent"),
        Field("is_closed", "boolean", "won or lost"),
        Field("is_won", "boolean", "won"),
        Field("source_instance", "text", "connection it came from, such as salesforce__main"),
        Field("close_on", "date", "day it closed or is expected to"),
        Field("created_at", "timestamp", "when it was created in its source"),
        Field("updated_at", "timestamp", "when it last changed in its source"),
    ),
    (
        Relation("account", "account", "the account it belongs to", "account_key", "account_key"),
        Relation(
            "people", "person", "people named on it, with their role", "opportunity_key", "person_key",
            _through_opportunities("opportunity_key", "person_key"),
        ),
    ),
    has_custom=True,
)  # fmt: skip

STATIC_LIST = EntityKind(
    "static_list",
    "static lists",
    "static_lists",
    "list_key",
    "one static list of a Marketo",
    (
        Field("name", "text", "name of the list"),
        Field("program_name", "text", "name of the program it belongs to"),
        Field("workspace_name", "text", "name of the workspace it belongs to"),
        Field("source_instance", "text", "connection it came from, such as marketo__emea"),
    ),
)

EVENT = EntityKind(
    "event",
    "events",
    "activities",
    "activity_key",
    "something a person did, or that was done to them",
    (
        Field("asset_name", "text", "page, form, e-mail or list it is about"),
        Field("page_url", "text", "address of the page"),
        Field("source_instance", "text", "connection it came from, such as marketo__emea"),
    ),
)
EVENT_PERSON = "person_key"

ENTITIES = {kind.name: kind for kind in (PERSON, ACCOUNT, OPPORTUNITY, STATIC_LIST)}
AUDIENCE_ENTITIES = ("person", "account")

CUSTOM_EVENT = r"type_[0-9]{1,10}"
"""Custom activities have no name of their own here: `type_` and the number that Marketo gave them."""

EVENT_TYPES = (
    "add_to_list",
    "add_to_opportunity",
    "call_webhook",
    "change_data_value",
    "change_owner",
    "change_score",
    "change_status_in_progression",
    "click_email",
    "click_link",
    "convert_lead",
    "email_bounced",
    "email_bounced_soft",
    "email_delivered",
    "fill_out_form",
    "interesting_moment",
    "merge_leads",
    "new_lead",
    "open_email",
    "remove_from_list",
    "remove_from_opportunity",
    "send_email",
    "unsubscribe_email",
    "update_opportunity",
    "visit_webpage",
)
