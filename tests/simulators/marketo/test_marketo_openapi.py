"""Real answers against Marketo's own API descriptions (Swagger 2.0), for every endpoint served."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

OPENAPI = Path(__file__).resolve().parents[4] / "shared" / "protocols" / "marketo-openapi"
FILES = ("swagger-mapi.json", "swagger-asset.json", "swagger-identity.json")

# Where the descriptions are wrong in practice: required there, absent in real answers.
NOT_REQUIRED = {
    "*": {"errors", "warnings"},
    # These belong to custom objects; companies, opportunities and roles share the definition.
    "ObjectMetaData": {"apiName", "pluralName", "status", "version"},
    # A skipped record has no id to tell.
    "CompanyResponse": {"id"},
    "CustomObject": {"marketoGUID"},
}
# Marketo's two older families describe other values than they give.
ANY_VALUE = {
    ("ProgramResponse", "status"),  # real ones may be ""
    ("BrowseAllPrograms", "status"),
    ("ProgramResponse", "type"),  # "Default", "Event", ...
    ("BrowseAllPrograms", "type"),
    ("ProgramResponse", "folder"),  # `value` instead of `id`
    ("BrowseAllPrograms", "folder"),
}
# An older form that clients still use (marketorestpython deletes leads so).
UNDESCRIBED = {("DELETE", "/rest/v1/leads.json")}

WINDOW = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}
FOLDER = '{"id":2001,"type":"Folder"}'
TOKEN = {"nextPageToken": "TOKEN"}


def plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


@cache
def descriptions() -> dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]]:
    """(method, path) -> the schema of the answer and the definitions it points into."""
    found = {}
    for name in FILES:
        given = json.loads((OPENAPI / name).read_text())
        definitions = {key: relaxed(key, value) for key, value in given["definitions"].items()}
        for path, methods in given["paths"].items():
            for method, operation in methods.items():
                responses = operation.get("responses", {}) if isinstance(operation, dict) else {}
                answer = responses.get("200") or responses.get("default") or {}
                found[method.upper(), plain(path)] = (answer.get("schema", {}), definitions)
    return found


def relaxed(name: str, definition: dict[str, Any]) -> dict[str, Any]:
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


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/rest/v1/leads/describe.json", {}),
    ("GET", "/rest/v1/leads/describe2.json", {}),
    ("GET", "/rest/v1/leads/schema/fields.json", {}),
    ("GET", "/rest/v1/leads/schema/fields/{email}.json", {}),
    ("GET", "/rest/v1/lead/{1}.json", {}),
    ("GET", "/rest/v1/leads.json", {"params": {"filterType": "id", "filterValues": "1,2,5"}}),
    ("POST", "/rest/v1/leads.json", {"json": {"input": [{"email": "person1@acme.example"}, {"colour": 1}]}}),
    ("POST", "/rest/v1/leads/delete.json", {"json": {"input": [{"id": 3}, {"id": 99}]}}),
    ("GET", "/rest/v1/leads/partitions.json", {}),
    ("POST", "/rest/v1/leads/partitions.json", {"json": {"input": [{"id": 1, "partitionName": "Default"}]}}),
    ("GET", "/rest/v1/leads/{1}/listMembership.json", {}),
    ("GET", "/rest/v1/leads/{1}/programMembership.json", {}),
    ("GET", "/rest/v1/leads/{1}/smartCampaignMembership.json", {}),
    ("GET", "/rest/v1/lists.json", {}),
    ("GET", "/rest/v1/lists/{1021}.json", {}),
    ("GET", "/rest/v1/lists/{1021}/leads.json", {"params": {"batchSize": 1}}),
    ("GET", "/rest/v1/list/{1021}/leads.json", {}),
    ("POST", "/rest/v1/lists/{1021}/leads.json", {"json": {"input": [{"id": 3}, {"id": 99}]}}),
    ("DELETE", "/rest/v1/lists/{1021}/leads.json", {"json": {"input": [{"id": 1}, {"id": 4}]}}),
    ("GET", "/rest/v1/lists/{1021}/leads/ismember.json", {"params": {"id": "1,3,99"}}),
    ("GET", "/rest/asset/v1/folders.json", {}),
    ("POST", "/rest/asset/v1/folders.json", {"data": {"name": "New", "parent": FOLDER}}),
    ("GET", "/rest/asset/v1/folder/byName.json", {"params": {"name": "Muster"}}),
    ("GET", "/rest/asset/v1/folder/{2001}.json", {}),
    ("GET", "/rest/asset/v1/programs.json", {}),
    ("GET", "/rest/asset/v1/program/byName.json", {"params": {"name": "Spring Webinar"}}),
    ("GET", "/rest/asset/v1/program/{1107}.json", {}),
    ("GET", "/rest/asset/v1/staticLists.json", {}),
    ("POST", "/rest/asset/v1/staticLists.json", {"data": {"name": "New", "folder": FOLDER}}),
    ("GET", "/rest/asset/v1/staticList/byName.json", {"params": {"name": "Seed"}}),
    ("GET", "/rest/asset/v1/staticList/{1021}.json", {}),
    ("POST", "/rest/asset/v1/staticList/{1021}.json", {"data": {"name": "Seeds"}}),
    ("POST", "/rest/asset/v1/staticList/{1021}/delete.json", {}),
    ("GET", "/rest/asset/v1/segmentation.json", {}),
    ("GET", "/rest/asset/v1/emails.json", {}),
    ("GET", "/rest/asset/v1/smartCampaigns.json", {}),
    ("GET", "/rest/asset/v1/smartLists.json", {}),
    ("GET", "/rest/asset/v1/channels.json", {}),
    ("GET", "/rest/asset/v1/folder/{2001}/tokens.json", {}),
    ("GET", "/rest/v1/campaigns.json", {}),
    ("GET", "/rest/v1/activities/types.json", {}),
    ("GET", "/rest/v1/activities/pagingtoken.json", {"params": {"sinceDatetime": "2026-03-01T00:00:00Z"}}),
    ("GET", "/rest/v1/activities.json", {"params": {**TOKEN, "activityTypeIds": "1,12,13"}}),
    ("GET", "/rest/v1/activities/leadchanges.json", {"params": {**TOKEN, "fields": "firstName"}}),
    ("GET", "/rest/v1/activities/deletedleads.json", {"params": TOKEN}),
    *(
        ("GET", f"/rest/v1/{family}/describe.json", {})
        for family in ("companies", "opportunities", "opportunities/roles")
    ),
    *(("GET", f"/rest/v1/{family}/schema/fields.json", {}) for family in ("companies", "opportunities")),
    ("GET", "/rest/v1/companies.json", {"params": {"filterType": "id", "filterValues": "77"}}),
    ("GET", "/rest/v1/opportunities.json", {"params": {"filterType": "idField", "filterValues": "g-1"}}),
    ("GET", "/rest/v1/opportunities/roles.json", {"params": {"filterType": "leadId", "filterValues": "1,2"}}),
    (
        "POST",
        "/rest/v1/companies.json",
        {"json": {"input": [{"externalCompanyId": "C-2"}, {"company": "x"}]}},
    ),
    ("POST", "/rest/v1/opportunities.json", {"json": {"input": [{"externalOpportunityId": "O-2"}]}}),
    (
        "POST",
        "/rest/v1/opportunities/roles.json",
        {"json": {"input": [{"externalOpportunityId": "O-1", "leadId": 3, "role": "Evaluator"}]}},
    ),
    ("POST", "/rest/v1/companies/delete.json", {"json": {"input": [{"externalCompanyId": "C-1"}]}}),
    ("POST", "/rest/v1/opportunities/delete.json", {"json": {"input": [{"externalOpportunityId": "O-1"}]}}),
    (
        "POST",
        "/rest/v1/opportunities/roles/delete.json",
        {"json": {"deleteBy": "idField", "input": [{"marketoGUID": "r-1"}]}},
    ),
    ("GET", "/rest/v1/stats/usage.json", {}),
    ("GET", "/rest/v1/stats/usage/last7days.json", {}),
    ("GET", "/rest/v1/stats/errors.json", {}),
    ("GET", "/rest/v1/stats/errors/last7days.json", {}),
]
BULK = [(family, base) for family in ("leads", "activities") for base in [f"/bulk/v1/{family}/export"]]


def ask(site: Any, method: str, template: str, given: dict[str, Any]) -> Any:
    given = copy.deepcopy(given)
    if given.get("params", {}).get("nextPageToken") == "TOKEN":
        since = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-01T00:00:00Z")
        given["params"]["nextPageToken"] = since["nextPageToken"]
    path = template.replace("{", "").replace("}", "")
    answer = site.client.request(method, path, **given).json()
    assert answer["success"] is True, answer
    return answer


@pytest.mark.parametrize(("method", "path", "given"), CALLS, ids=[f"{m} {p}" for m, p, _ in CALLS])
def test_an_answer_is_what_the_description_says(
    site: Any, method: str, path: str, given: dict[str, Any]
) -> None:
    check(method, re.sub(r"\{[^}]*\}", "{x}", path), ask(site, method, path, given))


@pytest.mark.parametrize(("family", "base"), BULK, ids=[family for family, _ in BULK])
def test_every_state_of_a_bulk_job_is_what_the_description_says(site: Any, family: str, base: str) -> None:
    kind = "updatedAt" if family == "leads" else "createdAt"
    fields = ["id"] if family == "leads" else []
    site.fault("failed_job", skip=1)
    for ends in ("Completed", "Failed"):
        request = {"json": {"fields": fields, "filter": {kind: WINDOW}}}
        made = ask(site, "POST", f"{base}/create.json", request)
        check("POST", f"{base}/create.json", made)
        job = f"{base}/{{x}}"
        export_id = made["result"][0]["exportId"]
        check("POST", f"{job}/enqueue.json", ask(site, "POST", f"{base}/{export_id}/enqueue.json", {}))
        for _ in range(20):
            told = ask(site, "GET", f"{base}/{export_id}/status.json", {})
            check("GET", f"{job}/status.json", told)
            if told["result"][0]["status"] == ends:
                break
        site.login("reader")
    check("POST", f"{base}/{{x}}/cancel.json", ask(site, "POST", f"{base}/{export_id}/cancel.json", {}))
    check("GET", f"{base}.json", ask(site, "GET", f"{base}.json", {"params": {"batchSize": 1}}))


def test_a_token_is_what_the_description_says(site: Any) -> None:
    given = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "pw"}
    check("GET", "/identity/oauth/token", site.get("/identity/oauth/token", **given))


def test_a_refusal_is_what_the_description_says(site: Any) -> None:
    schema, definitions = descriptions()["GET", "/rest/v1/leads.json"]
    refusal = site.get("/rest/v1/leads.json")
    name = schema["$ref"].rsplit("/", 1)[1]
    shape = copy.deepcopy(definitions[name])
    shape["required"] = ["errors", "requestId", "success"]
    problems = list(Draft4Validator({**shape, "definitions": definitions}).iter_errors(refusal))
    assert problems == []


def test_every_endpoint_served_is_described_and_was_checked(site: Any) -> None:
    served = {(method, plain(path)) for method, path in site.app.state.routes}
    bulk = {(method, path) for method, path in served if path.startswith("/bulk/")}
    checked = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path, _ in CALLS}
    assert served - bulk - checked - UNDESCRIBED == set()
    assert served - set(descriptions()) - UNDESCRIBED == set()
