"""Marketo's own API descriptions (Swagger 2.0): where they lie, which of their errors are known, and the check."""

from __future__ import annotations

import copy
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "protocols" / "marketo-openapi"
OPENAPI = Path(os.environ.get("MUSTER_MARKETO_OPENAPI", BESIDE))
FILES = ("swagger-mapi.json", "swagger-asset.json", "swagger-identity.json")

FAMILIES = {
    "swagger-identity.json": {"Identity"},
    "swagger-mapi.json": {
        *(
            "Leads",
            "Activities",
            "Static Lists",
            "Companies",
            "Opportunities",
            "Sales Persons",
            "Named Accounts",
        ),
        *("Custom Objects", "Program Members", "Campaigns", "Usage"),
        *("Bulk Export Leads", "Bulk Export Activities"),
        *("Bulk Export Program Members", "Bulk Export Custom Objects"),
    },
    "swagger-asset.json": {"Programs", "Channels", "Tags", "Smart Campaigns", "Static Lists"},
}
"""The tags of our objects: every endpoint of these is served. Others are served where a reader of ours needs them
(folders), or answered as empty for third-party readers (segmentations, e-mails, smart lists, tokens)."""

# Known errors of the description: required there, absent in real answers.
NOT_REQUIRED = {
    # Only refusals carry errors.
    "*": {"errors", "warnings"},
    # These belong to custom objects; companies, opportunities and roles share the definition, and the property that
    # is meant by `status` is called `state`. The list of types leaves the fields to describe.
    "ObjectMetaData": {"apiName", "pluralName", "status", "version", "fields"},
    # A skipped record has no id to tell.
    "CompanyResponse": {"id"},
    "CustomObject": {"marketoGUID"},
    "NamedAccount": {"marketoGUID"},
    # Added or skipped activities are told by id, marketoGUID and status.
    "CustomActivity": {
        *("activityDate", "activityTypeId", "attributes", "errors", "id", "leadId", "primaryAttributeValue"),
    },
    # Trigger and schedule answer with the campaign's id only.
    "Campaign": {"createdAt", "name", "type", "updatedAt"},
    # byName without includeTags and includeCosts.
    "ProgramResponse": {"tags", "costs"},
    # Only a scheduled campaign recurs.
    "SmartCampaignResponse": {"recurrence"},
}
# Known errors of the description: other values than real ones.
ANY_VALUE = {
    ("ProgramResponse", "status"),  # real ones may be ""
    ("BrowseAllPrograms", "status"),
    ("ProgramResponse", "type"),  # "Default", "Event", ...
    ("BrowseAllPrograms", "type"),
    ("ProgramResponse", "folder"),  # `value` instead of `id`
    ("BrowseAllPrograms", "folder"),
    ("ProgramMemberStatusResponse", "status"),  # `created` for a lead that joins
    ("SmartCampaignResponse", "recurrence"),  # null
    ("LeadAttribute2SearchableFields", "*"),  # lists of names, where an object is described
}
# An older form that clients still use (marketorestpython deletes leads so).
UNDESCRIBED = {("DELETE", "/rest/v1/leads.json")}


def plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


@cache
def descriptions() -> dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]]:
    """(method, path) -> the schema of the answer and the definitions it points into."""
    found = {}
    for name in FILES:
        given = json.loads((OPENAPI / name).read_text())
        definitions = {key: relaxed(key, value) for key, value in given["definitions"].items()}
        definitions["Empty"] = {}  # pointed to and nowhere defined
        for path, methods in given["paths"].items():
            for method, operation in methods.items():
                responses = operation.get("responses", {}) if isinstance(operation, dict) else {}
                answer = responses.get("200") or responses.get("default") or {}
                found[method.upper(), plain(path)] = (answer.get("schema", {}), definitions)
    return found


@cache
def families() -> dict[tuple[str, str], str]:
    """(method, path) of every described endpoint of our objects -> its family."""
    found = {}
    for name, tags in FAMILIES.items():
        for path, methods in json.loads((OPENAPI / name).read_text())["paths"].items():
            for method, operation in methods.items():
                ours = [tag for tag in operation.get("tags", []) if tag in tags]
                if ours:
                    found[method.upper(), plain(path)] = f"{ours[0]} ({name[8:-5]})"
    return found


def relaxed(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    if (name, "*") in ANY_VALUE:
        return {}
    found = copy.deepcopy(definition)
    dropped = NOT_REQUIRED["*"] | NOT_REQUIRED.get(name, set())
    required = [key for key in found.get("required", ()) if key not in dropped]
    found.pop("required", None)
    if required:
        found["required"] = required
    for key, schema in found.get("properties", {}).items():
        if schema == {"type": "object"} or (schema.get("type") == "object" and "properties" not in schema):
            schema.pop("type")  # "object" there means any value
        if (name, key) in ANY_VALUE:
            schema.clear()
    return found


def check(method: str, path: str, answer: Any) -> None:
    schema, definitions = descriptions()[method, plain(path)]
    whole = {**schema, "definitions": definitions}
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in Draft4Validator(whole).iter_errors(answer)]
    assert problems == []
