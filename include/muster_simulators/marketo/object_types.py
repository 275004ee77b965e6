"""The lead-database objects that are read by key: their keys, what they can be searched by, their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster_simulators.marketo.fields import Field, FieldSet, fields


@dataclass(frozen=True)
class ObjectType:
    """A key-only lead-database object. `family` is its path below /rest/v1/."""

    family: str
    object: str
    label: str
    id_field: str
    dedupe_fields: tuple[str, ...]
    searchable: tuple[tuple[str, ...], ...]
    default_fields: tuple[str, ...]
    fields: FieldSet
    relationships: tuple[Mapping[str, Any], ...] = ()
    in_crm: bool = True
    """Whether a native CRM sync takes it over."""
    api_name: str | None = None
    """Of a custom object: its own name, with `plural` and `about`."""
    plural: str = ""
    about: str = ""


STAMPS = fields("createdAt updatedAt", "datetime", read_only=True)

COMPANIES = ObjectType(
    family="companies",
    object="companies",
    label="Company",
    id_field="id",
    dedupe_fields=("externalCompanyId",),
    searchable=(("externalCompanyId",), ("id",), ("company",)),
    default_fields=("id", "externalCompanyId", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("id", "integer", read_only=True),
            Field("externalCompanyId", length=100),
            *fields("company site sicCode industry"),
            Field("website", "url"),
            Field("mainPhone", "phone"),
            Field("annualRevenue", "currency"),
            Field("numberOfEmployees", "integer"),
            *fields("billingStreet billingCity billingState billingPostalCode billingCountry"),
            Field("externalSalesPersonId", length=100),
            *STAMPS,
        ]
    ),
)
OPPORTUNITIES = ObjectType(
    family="opportunities",
    object="opportunities",
    label="Opportunity",
    id_field="marketoGUID",
    dedupe_fields=("externalOpportunityId",),
    searchable=(("externalOpportunityId",), ("marketoGUID",)),
    default_fields=("marketoGUID", "externalOpportunityId", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("marketoGUID", length=36, read_only=True),
            Field("externalOpportunityId", length=50),
            *fields("name type stage source externalCompanyId externalSalesPersonId"),
            Field("description", "text"),
            *fields("amount expectedRevenue quantity", "currency"),
            Field("probability", "integer"),
            *fields("isClosed isWon", "boolean"),
            *fields("closeDate lastActivityDate", "date"),
            *fields("fiscal fiscalQuarter fiscalYear forecastCategoryName nextStep"),
            Field("externalCreatedDate", "datetime"),
            *STAMPS,
        ]
    ),
)
ROLES = ObjectType(
    family="opportunities/roles",
    object="opportunity_roles",
    label="Opportunity Role",
    id_field="marketoGUID",
    dedupe_fields=("externalOpportunityId", "leadId", "role"),
    searchable=(
        ("externalOpportunityId", "leadId", "role"),
        ("marketoGUID",),
        ("leadId",),
        ("externalOpportunityId",),
    ),
    default_fields=("marketoGUID", "externalOpportunityId", "leadId", "role", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("marketoGUID", length=36, read_only=True),
            Field("externalOpportunityId", length=50),
            Field("leadId", "integer"),
            Field("role", length=50),
            Field("isPrimary", "boolean"),
            Field("externalCreatedDate", "datetime"),
            *STAMPS,
        ]
    ),
    relationships=(
        {"field": "leadId", "type": "child", "relatedTo": {"name": "Lead", "field": "id"}},
        {
            "field": "externalOpportunityId",
            "type": "child",
            "relatedTo": {"name": "Opportunity", "field": "externalOpportunityId"},
        },
    ),
)
SALES_PERSONS = ObjectType(
    family="salespersons",
    object="sales_persons",
    label="Sales Person",
    id_field="id",
    dedupe_fields=("externalSalesPersonId",),
    searchable=(("externalSalesPersonId",), ("id",), ("email",)),
    default_fields=(
        "id",
        "externalSalesPersonId",
        "email",
        "firstName",
        "lastName",
        "createdAt",
        "updatedAt",
    ),
    fields=FieldSet(
        [
            Field("id", "integer", read_only=True),
            Field("externalSalesPersonId", length=100),
            Field("email", "email"),
            *fields("phone mobilePhone fax", "phone"),
            *fields("firstName lastName title"),
            *STAMPS,
        ]
    ),
)
_NAMED_SEARCHABLE = (
    "name marketoGUID industry domainName city state country sicCode membershipCount opptyCount opptyAmount"
    " annualRevenue numberOfEmployees score1 score2 score3 score4 score5"
)
NAMED_ACCOUNTS = ObjectType(
    family="namedaccounts",
    object="named_accounts",
    label="Named Account",
    id_field="marketoGUID",
    dedupe_fields=("name",),
    searchable=tuple((name,) for name in _NAMED_SEARCHABLE.split()),
    default_fields=("marketoGUID", "name", "createdAt", "updatedAt"),
    fields=FieldSet(
        [
            Field("marketoGUID", length=36, read_only=True),
            *fields("name domainName industry sicCode city state country logoUrl"),
            Field("annualRevenue", "currency"),
            Field("numberOfEmployees", "integer"),
            *fields("membershipCount opptyCount", "integer", read_only=True),
            Field("opptyAmount", "currency", read_only=True),
            *fields("score1 score2 score3 score4 score5", "integer"),
            *STAMPS,
        ]
    ),
    in_crm=False,
)
PROGRAM_MEMBER_FIELDS = FieldSet(
    [
        *fields("acquiredBy isExhausted reachedSuccess", "boolean", read_only=True),
        *fields("leadId programId attendanceLikelihood", "integer", read_only=True),
        *fields("waitlistPriority registrationLikelihood", "integer"),
        *fields("program statusName nurtureCadence trackName", read_only=True),
        Field("statusReason"),
        *fields("membershipDate reachedSuccessDate", "datetime", read_only=True),
        *STAMPS,
    ]
)
