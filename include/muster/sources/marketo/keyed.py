"""Objects that Marketo gives by key only: their paths, and the keys of them that the lake holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from muster.sources.keys import known
from muster.sources.marketo.rest import Row

if TYPE_CHECKING:
    from muster.config import MarketoSource
    from muster.lake import Lake

OPPORTUNITY_ACTIVITIES = ("34", "35", "36")
ID_LENGTH = 50
PATHS = {
    "companies": "/rest/v1/companies",
    "opportunities": "/rest/v1/opportunities",
    "opportunity_roles": "/rest/v1/opportunities/roles",
    "sales_persons": "/rest/v1/salespersons",
    "named_accounts": "/rest/v1/namedaccounts",
}
READ_BY = {
    "companies": "externalCompanyId of the leads in the lake; a company without a lead is not seen",
    "sales_persons": "externalSalesPersonId of the leads and companies in the lake; one who owns neither is not seen",
    "opportunity_roles": "leadId of the leads in the lake",
    "opportunities": "externalOpportunityId of the roles in the lake, of earlier readings and of activities 34-36",
    "named_accounts": "name: company names of the leads and companies in the lake, and names of earlier readings; a "
    "named account that is called differently from every one of them is not seen",
}


def keys_of(object_name: str, lake: Lake, config: MarketoSource) -> tuple[str, set[str]]:
    """What an object is asked for by, and the values of it that the lake holds."""

    def of(name: str, column: str, **more: Any) -> set[str]:
        return known(lake, config, name, column, **more)

    if object_name == "companies":
        return "externalCompanyId", of("leads", "externalCompanyId")
    if object_name == "opportunity_roles":
        return "leadId", of("leads", "id")
    if object_name == "sales_persons":
        column = "externalSalesPersonId"
        return column, of("leads", column) | of("companies", column) | of("sales_persons", column)
    if object_name == "named_accounts":
        return "name", of("leads", "company") | of("companies", "company") | of("named_accounts", "name")
    column = "externalOpportunityId"
    named = of("activities", "primaryAttributeValue", where=("activityTypeId", OPPORTUNITY_ACTIVITIES))
    mentioned = {name for name in named if looks_like_an_id(name)}
    return column, of("opportunity_roles", column) | of("opportunities", column) | mentioned


def last_rows(lake: Lake, config: MarketoSource, object_name: str) -> dict[str, Row]:
    """The newest committed reading of a small object that is read whole, by id."""
    found = lake.committed(config.system, config.instance, object_name)
    newest = max(found, key=lambda manifest: (manifest.window.end, manifest.committed_at), default=None)
    paths = [lake.root / one.path for one in (newest.files if newest else ())]
    rows = [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]
    return {str(row["id"]): row for row in rows}


def looks_like_an_id(text: str) -> bool:
    return len(text) <= ID_LENGTH and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
