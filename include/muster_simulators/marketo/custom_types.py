"""Custom object types: the definition of each as records keep it, and the type that the routes work with.

A definition has an approved version (`fields`) and maybe a draft (`draft`); one that was never approved has only the
draft. `contract_c` is in every subscription.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muster_simulators.marketo.fields import Field, FieldSet, fields
from muster_simulators.marketo.object_types import STAMPS, ObjectType
from muster_simulators.store import Record

DATA_TYPES = (
    "string", "boolean", "integer", "float", "link", "email", "currency", "date", "datetime", "phone", "text",
    "percent", "score", "url",
)  # fmt: skip
STORED_IN = "custom_object_types"


def _field(name: str, data_type: str = "string", **more: Any) -> Record:
    return {"name": name, "displayName": more.pop("displayName", None), "dataType": data_type, **more}


CONTRACT: Record = {
    "apiName": "contract_c",
    "displayName": "Contract",
    "pluralName": "Contracts",
    "description": "A contract of a lead",
    "draft": None,
    "fields": [
        _field("contractNumber", isDedupeField=True),
        _field("leadId", "integer", relatedTo={"name": "Lead", "field": "Id"}),
        _field("product"),
        _field("amount", "currency"),
        _field("signedOn", "date"),
        _field("renewsOn", "date"),
        _field("seats", "integer"),
        _field("isActive", "boolean"),
        _field("notes", "text"),
    ],
}
BUILT_IN: Mapping[str, Record] = {"contract_c": CONTRACT}


def state_of(definition: Record) -> str:
    if definition.get("fields") is None:
        return "draft"
    return "approvedWithDraft" if definition.get("draft") is not None else "approved"


def type_of(definition: Record, *, draft: bool = False) -> ObjectType:
    """The type that a definition's approved (or draft) version describes."""
    version: Sequence[Record] = (definition["draft"] if draft else definition["fields"]) or ()
    dedupe = tuple(field["name"] for field in version if field.get("isDedupeField"))
    links = [field for field in version if field.get("relatedTo")]
    searchable = [dedupe, ("marketoGUID",), *((field["name"],) for field in links)]
    if len(dedupe) > 1:
        searchable += [(name,) for name in dedupe]
    found = [
        Field(
            field["name"],
            field.get("dataType") or "string",
            group="custom",
            title=field.get("displayName"),
            description=field.get("description") or "",
        )
        for field in version
    ]
    name = str(definition["apiName"])
    return ObjectType(
        family=f"customobjects/{name}",
        object=f"custom__{name}",
        label=definition.get("displayName") or name,
        id_field="marketoGUID",
        dedupe_fields=dedupe,
        searchable=tuple(dict.fromkeys(searchable)),
        default_fields=("marketoGUID", *dedupe, "createdAt", "updatedAt"),
        fields=FieldSet([*fields("marketoGUID", length=36, read_only=True), *found, *STAMPS]),
        relationships=tuple(
            {"field": field["name"], "type": "child", "relatedTo": field["relatedTo"]} for field in links
        ),
        in_crm=False,
        api_name=name,
        plural=definition.get("pluralName") or name,
        about=definition.get("description") or "",
    )


def lead_link(kind: ObjectType) -> str | None:
    """The field that links a record to its lead, None for a type that isn't linked to leads."""
    found = (link["field"] for link in kind.relationships if link["relatedTo"]["name"] == "Lead")
    return next(found, None)
