"""One call of every described endpoint of our objects, for the site that `whole_world` makes.

A path's parameters stand in braces with their value: `/rest/v1/lead/{1}.json`.
"""

from __future__ import annotations

from typing import Any

WINDOW = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}
FOLDER = '{"id":2001,"type":"Folder"}'
TOKEN = {"nextPageToken": "TOKEN"}
THING = {"apiName": "thing_c", "displayName": "Thing"}
KEY = {"input": [{"name": "key", "dataType": "string", "isDedupeField": True}]}
VISIT = {
    "apiName": "visit",
    "name": "Visit",
    "triggerName": "Visits",
    "filterName": "Visited",
    "primaryAttribute": {"apiName": "place", "name": "Place"},
}
ROOM = {"attributes": [{"apiName": "room", "name": "Room", "dataType": "string"}]}
FIELD = {"name": "tier", "displayName": "Tier", "dataType": "string"}
NEW_TYPE = ("POST", "/rest/v1/customobjects/schema.json", {"json": THING})
NEW_KEY = ("POST", "/rest/v1/customobjects/schema/{thing_c}/addField.json", {"json": KEY})
NEW_VISIT = ("POST", "/rest/v1/activities/external/type.json", {"json": VISIT})
NEW_ROOM = ("POST", "/rest/v1/activities/external/type/{visit}/attributes/create.json", {"json": ROOM})
LIVE_VISIT = ("POST", "/rest/v1/activities/external/type/{visit}/approve.json", {})
NEW_CAMPAIGN = ("POST", "/rest/asset/v1/smartCampaigns.json", {"data": {"name": "New", "folder": FOLDER}})

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
    (
        "GET",
        "/rest/asset/v1/program/byName.json",
        {"params": {"name": "Spring Webinar", "includeTags": "true", "includeCosts": "true"}},
    ),
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
    # ---- leads, written otherwise -------------------------------------------------------------------------------
    ("POST", "/rest/v1/leads/schema/fields.json", {"json": {"input": [FIELD]}}),
    ("POST", "/rest/v1/leads/schema/fields/{title}.json", {"json": {"input": [{"displayName": "Role"}]}}),
    ("POST", "/rest/v1/leads/{1}/merge.json", {"params": {"leadIds": "2,3"}}),
    ("POST", "/rest/v1/leads/{1}/associate.json", {"params": {"cookie": "id:1&token:_mch-acme-1"}}),
    (
        "POST",
        "/rest/v1/leads/push.json",
        {"json": {"programName": "Spring Webinar", "input": [{"email": "new@acme.example"}]}},
    ),
    (
        "POST",
        "/rest/v1/leads/submitForm.json",
        {"json": {"formId": 12, "input": [{"leadFormFields": {"email": "new@acme.example"}}]}},
    ),
    # ---- program members ----------------------------------------------------------------------------------------
    ("GET", "/rest/v1/programs/members/describe.json", {}),
    ("GET", "/rest/v1/program/members/describe.json", {}),
    (
        "GET",
        "/rest/v1/programs/{1107}/members.json",
        {"params": {"filterType": "statusName", "filterValues": "Registered", "fields": "email,updatedAt"}},
    ),
    (
        "POST",
        "/rest/v1/programs/{1107}/members/status.json",
        {"json": {"statusName": "Registered", "input": [{"leadId": 1}, {"leadId": 4}, {"leadId": 99}]}},
    ),
    (
        "POST",
        "/rest/v1/programs/{1107}/members.json",
        {"json": {"input": [{"leadId": 1, "statusReason": "x"}, {"leadId": 4, "statusReason": "x"}]}},
    ),
    (
        "POST",
        "/rest/v1/programs/{1107}/members/delete.json",
        {"json": {"input": [{"leadId": 1}, {"leadId": 4}]}},
    ),
    ("GET", "/rest/v1/leads/programs/{1107}.json", {"params": {"batchSize": 2}}),
    (
        "POST",
        "/rest/v1/leads/programs/{1107}/status.json",
        {"json": {"status": "Attended", "input": [{"id": 1}, {"id": 4}]}},
    ),
    ("GET", "/rest/v1/programs/members/schema/fields.json", {}),
    ("POST", "/rest/v1/programs/members/schema/fields.json", {"json": {"input": [FIELD]}}),
    ("GET", "/rest/v1/programs/members/schema/fields/{statusName}.json", {}),
    (
        "POST",
        "/rest/v1/programs/members/schema/fields/{statusName}.json",
        {"json": {"input": [{"isHidden": True}]}},
    ),
    # ---- objects by key -----------------------------------------------------------------------------------------
    *(("GET", f"/rest/v1/{family}/describe.json", {}) for family in ("salespersons", "namedaccounts")),
    ("GET", "/rest/v1/salespersons.json", {"params": {"filterType": "id", "filterValues": "5"}}),
    ("POST", "/rest/v1/salespersons.json", {"json": {"input": [{"externalSalesPersonId": "SP-6"}]}}),
    ("POST", "/rest/v1/salespersons/delete.json", {"json": {"input": [{"externalSalesPersonId": "SP-5"}]}}),
    ("GET", "/rest/v1/namedaccounts.json", {"params": {"filterType": "name", "filterValues": "Acme"}}),
    (
        "POST",
        "/rest/v1/namedaccounts.json",
        {"json": {"input": [{"name": "New"}, {"colour": "x", "name": "y"}]}},
    ),
    ("POST", "/rest/v1/namedaccounts/delete.json", {"json": {"input": [{"name": "Acme"}, {"name": "x"}]}}),
    ("GET", "/rest/v1/namedaccounts/schema/fields.json", {}),
    *(
        ("GET", f"/rest/v1/{family}/schema/fields/{{createdAt}}.json", {})
        for family in ("companies", "opportunities", "namedaccounts")
    ),
    # ---- custom objects -----------------------------------------------------------------------------------------
    ("GET", "/rest/v1/customobjects.json", {"params": {"names": "contract_c"}}),
    ("GET", "/rest/v1/customobjects/{contract_c}/describe.json", {}),
    (
        "GET",
        "/rest/v1/customobjects/{contract_c}.json",
        {"params": {"filterType": "leadId", "filterValues": "1", "fields": "product,amount"}},
    ),
    (
        "POST",
        "/rest/v1/customobjects/{contract_c}.json",
        {"json": {"input": [{"contractNumber": "C-9", "leadId": 1}, {"leadId": 1}]}},
    ),
    (
        "POST",
        "/rest/v1/customobjects/{contract_c}/delete.json",
        {"json": {"input": [{"contractNumber": "C-1"}, {"contractNumber": "C-99"}]}},
    ),
    ("GET", "/rest/v1/customobjects/schema.json", {}),
    NEW_TYPE,
    NEW_KEY,
    ("GET", "/rest/v1/customobjects/schema/fieldDataTypes.json", {}),
    ("GET", "/rest/v1/customobjects/schema/linkableObjects.json", {}),
    ("GET", "/rest/v1/customobjects/schema/{contract_c}/describe.json", {}),
    ("GET", "/rest/v1/customobjects/schema/{contract_c}/dependentAssets.json", {}),
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/approve.json", {}),
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/discardDraft.json", {}),
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/delete.json", {}),
    (
        "POST",
        "/rest/v1/customobjects/schema/{thing_c}/deleteField.json",
        {"json": {"input": [{"name": "key"}]}},
    ),
    (
        "POST",
        "/rest/v1/customobjects/schema/{thing_c}/{key}/updateField.json",
        {"json": {"displayName": "Key"}},
    ),
    # ---- custom activities --------------------------------------------------------------------------------------
    ("GET", "/rest/v1/activities/external/types.json", {}),
    NEW_VISIT,
    NEW_ROOM,
    LIVE_VISIT,
    ("POST", "/rest/v1/activities/external/type/{visit}.json", {"json": {"description": "of a place"}}),
    ("GET", "/rest/v1/activities/external/type/{visit}/describe.json", {"params": {"draft": "true"}}),
    ("POST", "/rest/v1/activities/external/type/{visit}/discardDraft.json", {}),
    ("POST", "/rest/v1/activities/external/type/{visit}/delete.json", {}),
    ("POST", "/rest/v1/activities/external/type/{visit}/attributes/update.json", {"json": ROOM}),
    ("POST", "/rest/v1/activities/external/type/{visit}/attributes/delete.json", {"json": ROOM}),
    (
        "POST",
        "/rest/v1/activities/external.json",
        {
            "json": {
                "input": [
                    {
                        "leadId": number,
                        "activityDate": "2026-03-02T10:00:00Z",
                        "activityTypeId": 100001,
                        "primaryAttributeValue": "Hall",
                    }
                    for number in (1, 99)
                ]
            }
        },
    ),
    # ---- programs, channels, tags -------------------------------------------------------------------------------
    (
        "POST",
        "/rest/asset/v1/programs.json",
        {"data": {"name": "New", "type": "Event", "channel": "Webinar", "folder": FOLDER}},
    ),
    ("GET", "/rest/asset/v1/program/byTag.json", {"params": {"tagType": "Region", "tagValue": "EMEA"}}),
    ("POST", "/rest/asset/v1/program/{1107}.json", {"data": {"description": "changed"}}),
    ("GET", "/rest/asset/v1/program/{1200}/smartList.json", {"params": {"includeRules": "true"}}),
    ("POST", "/rest/asset/v1/program/{1200}/approve.json", {}),
    ("POST", "/rest/asset/v1/program/{1200}/unapprove.json", {}),
    ("POST", "/rest/asset/v1/program/{1107}/clone.json", {"data": {"name": "Twin", "folder": FOLDER}}),
    ("POST", "/rest/asset/v1/program/{1107}/delete.json", {}),
    ("GET", "/rest/asset/v1/channel/byName.json", {"params": {"name": "Webinar"}}),
    ("GET", "/rest/asset/v1/tagTypes.json", {}),
    ("GET", "/rest/asset/v1/tagType/byName.json", {"params": {"name": "Region"}}),
    ("GET", "/rest/asset/v1/segmentation/{1}/segments.json", {}),
    # ---- smart campaigns ----------------------------------------------------------------------------------------
    ("GET", "/rest/asset/v1/smartCampaign/{8022}.json", {}),
    ("GET", "/rest/asset/v1/smartCampaign/byName.json", {"params": {"name": "Score"}}),
    ("GET", "/rest/asset/v1/smartCampaign/{8022}/smartList.json", {}),
    NEW_CAMPAIGN,
    ("POST", "/rest/asset/v1/smartCampaign/{8022}.json", {"data": {"description": "changed"}}),
    ("POST", "/rest/asset/v1/smartCampaign/{8022}/activate.json", {}),
    ("POST", "/rest/asset/v1/smartCampaign/{8022}/deactivate.json", {}),
    ("POST", "/rest/asset/v1/smartCampaign/{8022}/clone.json", {"data": {"name": "Twin", "folder": FOLDER}}),
    ("POST", "/rest/asset/v1/smartCampaign/{8023}/delete.json", {}),
    ("GET", "/rest/v1/campaigns/{8022}.json", {}),
    ("POST", "/rest/v1/campaigns/{8022}/trigger.json", {"json": {"input": {"leads": [{"id": 1}]}}}),
    (
        "POST",
        "/rest/v1/campaigns/{8023}/schedule.json",
        {"json": {"input": {"runAt": "2026-03-04T10:00:00Z"}}},
    ),
]
BEFORE: dict[tuple[str, str], list[tuple[str, str, dict[str, Any]]]] = {
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/addField.json"): [NEW_TYPE],
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/approve.json"): [NEW_TYPE, NEW_KEY],
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/discardDraft.json"): [NEW_TYPE],
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/delete.json"): [NEW_TYPE],
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/deleteField.json"): [NEW_TYPE, NEW_KEY],
    ("POST", "/rest/v1/customobjects/schema/{thing_c}/{key}/updateField.json"): [NEW_TYPE, NEW_KEY],
    ("GET", "/rest/v1/activities/external/types.json"): [NEW_VISIT, NEW_ROOM, LIVE_VISIT],
    ("POST", "/rest/v1/activities/external.json"): [NEW_VISIT, LIVE_VISIT],
    ("POST", "/rest/v1/activities/external/type/{visit}/attributes/create.json"): [NEW_VISIT],
    ("POST", "/rest/v1/activities/external/type/{visit}/approve.json"): [NEW_VISIT],
    ("POST", "/rest/v1/activities/external/type/{visit}.json"): [NEW_VISIT],
    ("GET", "/rest/v1/activities/external/type/{visit}/describe.json"): [NEW_VISIT],
    ("POST", "/rest/v1/activities/external/type/{visit}/discardDraft.json"): [
        NEW_VISIT,
        LIVE_VISIT,
        NEW_ROOM,
    ],
    ("POST", "/rest/v1/activities/external/type/{visit}/delete.json"): [NEW_VISIT],
    ("POST", "/rest/v1/activities/external/type/{visit}/attributes/update.json"): [NEW_VISIT, NEW_ROOM],
    ("POST", "/rest/v1/activities/external/type/{visit}/attributes/delete.json"): [NEW_VISIT, NEW_ROOM],
    ("POST", "/rest/asset/v1/program/{1200}/unapprove.json"): [
        ("POST", "/rest/asset/v1/program/{1200}/approve.json", {})
    ],
    ("POST", "/rest/asset/v1/smartCampaign/{8022}/activate.json"): [
        ("POST", "/rest/asset/v1/smartCampaign/{8022}/deactivate.json", {})
    ],
}
"""Calls that another one needs to have been made first."""
EMPTY = {"/rest/v1/customobjects/schema/{x}/dependentAssets.json"}
"""Reading calls of our objects that have nothing to show in any simulated world."""
BULK = {
    "leads": (["id"], {"updatedAt": WINDOW}),
    "activities": ([], {"createdAt": WINDOW}),
    "program/members": (["leadId", "email"], {"programId": 1107}),
    "customobjects/contract_c": (["contractNumber"], {"updatedAt": WINDOW}),
}
BULK_CALLS = (
    *(("GET", ".json"), ("POST", "/create.json"), ("POST", "/{}/enqueue.json"), ("POST", "/{}/cancel.json")),
    *(("GET", "/{}/status.json"), ("GET", "/{}/file.json")),
)
