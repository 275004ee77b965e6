"""The activity types of types.json: number, name, primary attribute, attributes."""

from __future__ import annotations

from typing import Any

_MAIL = "Campaign Run ID, Choice Number, Step ID, Test Variant"
_BOUNCE = "Category, Details, Email, Subcategory, Campaign Run ID, Choice Number, Step ID"
_OPEN = "Campaign Run ID, Choice Number, Device, Is Mobile Device, Platform, Step ID, User Agent"

_TYPES: tuple[tuple[int, str, str, str], ...] = (
    (
        1,
        "Visit Webpage",
        "Webpage ID",
        "Client IP Address, Query Parameters, Referrer URL, Search Engine, Search Query, User Agent, Webpage URL",
    ),
    (
        2,
        "Fill Out Form",
        "Webform ID",
        "Client IP Address, Form Fields, Query Parameters, Referrer URL, User Agent, Webpage ID",
    ),
    (3, "Click Link", "Link ID", "Client IP Address, Query Parameters, Referrer URL, User Agent, Webpage ID"),
    (6, "Send Email", "Mailing ID", _MAIL),
    (7, "Email Delivered", "Mailing ID", _MAIL),
    (8, "Email Bounced", "Mailing ID", _BOUNCE),
    (
        9,
        "Unsubscribe Email",
        "Mailing ID",
        "Campaign Run ID, Client IP Address, Form Fields, Query Parameters, Referrer URL, User Agent, Webform ID, "
        "Webpage ID",
    ),
    (10, "Open Email", "Mailing ID", _OPEN),
    (11, "Click Email", "Mailing ID", f"{_OPEN}, Link, Link ID"),
    (12, "New Lead", "", "Created Date, Form Name, Lead Source, SFDC Type, Source Type"),
    (
        13,
        "Change Data Value",
        "Attribute Name",
        "API Method Name, Modifying User, New Value, Old Value, Reason, Request Id, Source",
    ),
    (21, "Convert Lead", "Lead ID", "Assigned To, SFDC Account ID, SFDC Contact ID, SFDC Lead ID"),
    (22, "Change Score", "Score Name", "Change Value, New Value, Old Value, Reason"),
    (23, "Change Owner", "New Owner ID", "Old Owner ID, Source"),
    (24, "Add to List", "List ID", "Source"),
    (25, "Remove from List", "List ID", "Source"),
    (27, "Email Bounced Soft", "Mailing ID", _BOUNCE),
    (32, "Merge Leads", "Lead ID", "Master Updated, Merge IDs, Merge Source, Merged in Sales"),
    (34, "Add to Opportunity", "Oppty ID", "Is Primary, Role"),
    (35, "Remove from Opportunity", "Oppty ID", "Is Primary, Role"),
    (36, "Update Opportunity", "Oppty ID", "Attribute Name, New Value, Old Value"),
    (37, "Delete Lead", "Lead ID", "Campaign, Remove From CRM"),
    (46, "Interesting Moment", "Milestone type", "Date, Description, Source"),
    (
        104,
        "Change Status in Progression",
        "Program ID",
        "Acquired By, New Status, New Status ID, Old Status, Old Status ID, Program Member ID, Reason, Success",
    ),
    (110, "Call Webhook", "Webhook", "Error Type, Payload, Response"),
)

_BOOLEANS = frozenset({"Acquired By", "Is Mobile Device", "Is Primary", "Remove From CRM", "Success"})
_INTEGERS = frozenset(
    {"Campaign Run ID", "Choice Number", "Step ID", "Change Value", "Program Member ID", "New Status ID"}
)


def _data_type(name: str) -> str:
    if name in _BOOLEANS:
        return "boolean"
    return "integer" if name in _INTEGERS else "string"


def activity_types() -> list[dict[str, Any]]:
    """The rows of types.json."""
    return [
        {
            "id": number,
            "name": name,
            "description": f"{name} activity",
            "primaryAttribute": {"name": primary or "Source", "dataType": "integer" if primary else "string"},
            "attributes": [
                {"name": attribute, "dataType": _data_type(attribute)} for attribute in names.split(", ")
            ],
        }
        for number, name, primary, names in _TYPES
    ]


ACTIVITY_TYPE_IDS = frozenset(number for number, *_ in _TYPES)
