"""What stands around the records: the account, properties, pipelines, schemas of custom objects, owners."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from muster_simulators.hubspot.calls import entered, is_true, page_size
from muster_simulators.hubspot.portal import Portal, text_of
from muster_simulators.hubspot.routes_objects import next_page
from muster_simulators.hubspot.schema import ObjectType

router = APIRouter()
BORN = "2020-01-01T00:00:00.000Z"


@router.get("/account-info/v3/details")
async def account(request: Request) -> JSONResponse:
    portal = entered(request)
    return JSONResponse(
        {
            "portalId": portal.options.portal_id,
            "accountType": "STANDARD",
            "timeZone": "US/Eastern",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "-05:00",
            "utcOffsetMilliseconds": -18_000_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


@router.get("/crm/v3/properties/{object_type}")
async def properties(request: Request, object_type: str) -> JSONResponse:
    portal = entered(request)
    kind = portal.type_of(object_type)
    if kind.scope in portal.options.missing_scopes:
        entered(request, kind.scope)
    group = f"{kind.name.removesuffix('s')}information"
    return JSONResponse({"results": [one.describe(group) for one in kind.properties]})


@router.get("/crm/v3/pipelines/{object_type}")
async def pipelines(request: Request, object_type: str) -> JSONResponse:
    portal = entered(request, "crm.objects.deals.read")
    given = portal.options.pipelines if portal.type_of(object_type).name == "deals" else ()
    return JSONResponse({"results": [_pipeline(place, *one) for place, one in enumerate(given)]})


def _pipeline(place: int, key: str, label: str, stages: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    common = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    shown = [
        {
            "id": stage,
            "label": name,
            "displayOrder": number,
            "metadata": {"isClosed": str(probability in ("0.0", "1.0")).lower(), "probability": probability},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **common,
        }
        for number, (stage, name, probability) in enumerate(stages)
    ]
    return {"id": key, "label": label, "displayOrder": place, "stages": shown, **common}


@router.get("/crm-object-schemas/v3/schemas")
async def schemas(request: Request) -> JSONResponse:
    portal = entered(request, "crm.schemas.custom.read")
    kinds = [portal.types[one.name] for one in portal.options.custom_objects]
    return JSONResponse({"results": [_schema(portal, kind) for kind in kinds]})


def _schema(portal: Portal, kind: ObjectType) -> dict[str, Any]:
    return {
        "id": kind.type_id.partition("-")[2],
        "name": kind.name,
        "objectTypeId": kind.type_id,
        "fullyQualifiedName": kind.fully_qualified,
        "labels": {"singular": kind.name.removesuffix("s").title(), "plural": kind.name.title()},
        "primaryDisplayProperty": kind.properties[-1].name,
        "secondaryDisplayProperties": [],
        "requiredProperties": [],
        "searchableProperties": [],
        "properties": [one.describe(f"{kind.name}_information") for one in kind.properties],
        "associations": [],
        "archived": False,
        "createdAt": BORN,
        "updatedAt": BORN,
    }


@router.get("/crm/v3/owners")
@router.get("/crm/v3/owners/")
async def owners(request: Request) -> JSONResponse:
    portal = entered(request, "crm.objects.owners.read")
    asked = request.query_params
    size, after = page_size(asked.get("limit"), 100, 500), int(asked.get("after") or 0)
    archived = is_true(asked.get("archived"))
    rows = sorted(
        (int(key), row)
        for key, row in portal.store.records("owners").items()
        if bool(row.get("archived")) == archived and int(key) > after
    )
    body: dict[str, Any] = {"results": [_owner(key, row) for key, row in rows[:size]]}
    if len(rows) > size:
        body["paging"] = next_page(request, str(rows[size - 1][0]))
    return JSONResponse(body)


def _owner(key: int, row: dict[str, Any]) -> dict[str, Any]:
    given = {name: row.get(name) for name in ("email", "firstName", "lastName", "userId")}
    stamps = {name: text_of(row.get(name)) or BORN for name in ("createdAt", "updatedAt")}
    return {"id": str(key), "type": "PERSON", **given, **stamps, "archived": bool(row.get("archived"))}
