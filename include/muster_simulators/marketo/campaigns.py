"""Smart campaigns: the asset view, the lead-database view, and what may be asked of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from muster_simulators.marketo.asset_kit import (
    asset_page,
    by_id,
    found_or_warning,
    needed,
    stamps,
    updated_within,
)
from muster_simulators.marketo.assets import reference
from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.paging import page
from muster_simulators.marketo.programs import smart_list_row
from muster_simulators.marketo.values import parse_datetime
from muster_simulators.store import Record

FIRST_NUMBER = 90_000
LEADS_PER_TRIGGER = 100
SOONEST = timedelta(minutes=5)
STORED_IN = "smart_campaigns"


def _find(instance: Instance, campaign_id: str) -> Record:
    found = instance.store.get(STORED_IN, campaign_id)
    if found is None:
        raise MarketoError("1013", f"Campaign '{campaign_id}' not found")
    return found


# ---- the asset view ------------------------------------------------------------------------------------------


def _row(found: Record) -> dict[str, Any]:
    number, program = int(found["id"]), found.get("programId")
    row: dict[str, Any] = {
        "id": number,
        "name": found["name"],
        "description": found.get("description") or "",
        **stamps(found),
        "type": found.get("type") or "batch",
        "isSystem": False,
        "isActive": bool(found.get("isActive")),
        "isRequestable": bool(found.get("isRequestable")),
        "recurrence": found.get("recurrence"),
        "qualificationRuleType": "any",
        "qualificationRuleInterval": 0,
        "qualificationRuleUnit": "day",
        "maxMembers": 0,
        "isCommunicationLimitEnabled": False,
        "smartListId": int(found.get("smartListId") or number + 1000),
        "flowId": int(found.get("flowId") or number + 2000),
        "folder": found.get("folder") or {"id": program or 21, "type": "Program" if program else "Folder"},
        "workspace": found.get("workspace") or "Default",
        "status": found.get("status") or "Never Run",
        "computedUrl": f"https://app-sim.marketo.com/#SC{number}A1",
    }
    if program:
        row["parentProgramId"] = program
    return row


def browse(instance: Instance, call: Call) -> Answer:
    found = updated_within(call, by_id(instance, STORED_IN))
    if call.one("isActive") is not None:
        wanted = (call.one("isActive") or "").lower() == "true"
        found = [campaign for campaign in found if bool(campaign.get("isActive")) == wanted]
    if call.one("folder") is not None:
        folder = reference(instance, call, "folder")
        found = [campaign for campaign in found if _row(campaign)["folder"] == folder]
    return asset_page(call, [_row(campaign) for campaign in found])


def one(instance: Instance, call: Call, campaign_id: str) -> Answer:
    found = instance.store.get(STORED_IN, campaign_id)
    return found_or_warning([_row(found)] if found else [])


def by_name(instance: Instance, call: Call) -> Answer:
    name = needed(call, "name")
    return found_or_warning([_row(f) for f in by_id(instance, STORED_IN) if f["name"] == name])


def smart_list(instance: Instance, call: Call, campaign_id: str) -> Answer:
    return {"result": [smart_list_row(call, _find(instance, campaign_id))]}


def create(instance: Instance, call: Call) -> Answer:
    folder = reference(instance, call, "folder")
    values = {"type": "batch", "isActive": False, "status": "Never Run", "isRequestable": False}
    return _made(instance, call, {**values, "folder": folder})


def clone(instance: Instance, call: Call, campaign_id: str) -> Answer:
    found, folder = _find(instance, campaign_id), reference(instance, call, "folder")
    return _made(
        instance, call, {**found, "folder": folder, "isActive": False, "smartListId": None, "flowId": None}
    )


def _made(instance: Instance, call: Call, values: Record) -> Answer:
    name = needed(call, "name")
    with instance.writing:
        _unused(instance, name)
        now, number = instance.clock.now(), instance.next_id(STORED_IN, first=FIRST_NUMBER)
        program = values["folder"]["id"] if values["folder"]["type"] == "Program" else None
        campaign = {**values, "id": number, "name": name, "description": call.one("description") or ""}
        campaign |= {"programId": program, "createdAt": now, "updatedAt": now}
        instance.store.put(STORED_IN, str(number), campaign, at=now)
        instance.stats.wrote(instance.source, "smart_campaigns_created")
    return {"result": [_row(campaign)]}


def _unused(instance: Instance, name: str, but: Any = None) -> None:
    if any(found["name"] == name and found["id"] != but for found in by_id(instance, STORED_IN)):
        raise MarketoError("709", "Smart campaign with the same name already exists")


def update(instance: Instance, call: Call, campaign_id: str) -> Answer:
    found = _find(instance, campaign_id)
    name = call.one("name") or found["name"]
    _unused(instance, name, found["id"])
    description = call.one("description") or found.get("description")
    return {"result": [_row(_changed(instance, found, name=name, description=description))]}


def _changed(instance: Instance, found: Record, **values: Any) -> Record:
    now = instance.clock.now()
    campaign = {**found, **values, "updatedAt": now}
    instance.store.put(STORED_IN, str(found["id"]), campaign, at=now)
    instance.stats.wrote(instance.source, "smart_campaigns_updated")
    return campaign


def activate(instance: Instance, call: Call, campaign_id: str) -> Answer:
    return _switch(instance, campaign_id, on=True)


def deactivate(instance: Instance, call: Call, campaign_id: str) -> Answer:
    return _switch(instance, campaign_id, on=False)


def _switch(instance: Instance, campaign_id: str, *, on: bool) -> Answer:
    found = _find(instance, campaign_id)
    if found.get("type") != "trigger":
        raise MarketoError("709", "Only a trigger campaign can be activated")
    if bool(found.get("isActive")) == on:
        raise MarketoError("709", f"The campaign is {'active' if on else 'inactive'} already")
    _changed(instance, found, isActive=on, status="Active" if on else "Inactive")
    return {"result": [{"id": found["id"]}]}


def delete(instance: Instance, call: Call, campaign_id: str) -> Answer:
    """709 for an active one."""
    found = _find(instance, campaign_id)
    if found.get("isActive"):
        raise MarketoError("709", "An active campaign can't be deleted")
    instance.store.delete(STORED_IN, campaign_id)
    instance.stats.wrote(instance.source, "smart_campaigns_deleted")
    return {"result": [{"id": found["id"]}]}


# ---- the lead-database view ----------------------------------------------------------------------------------


def _campaign(instance: Instance, found: Record) -> dict[str, Any]:
    program = instance.store.get("programs", str(found.get("programId")))
    row = {
        "id": found["id"],
        "name": found["name"],
        "description": found.get("description") or "",
        "type": "trigger" if found.get("type") == "trigger" else "batch",
        "active": bool(found.get("isActive")),
        "programId": found.get("programId"),
        "programName": program["name"] if program else None,
        "workspaceName": found.get("workspace") or "Default",
        "createdAt": found["createdAt"],
        "updatedAt": found["updatedAt"],
    }
    return {name: value for name, value in row.items() if value is not None}


def campaigns(instance: Instance, call: Call) -> Answer:
    found = [f for f in by_id(instance, STORED_IN) if _is_requestable(f) or not call.one("isTriggerable")]
    rows = [_campaign(instance, one) for one in found]
    for parameter in ("id", "name", "programName", "workspaceName"):
        wanted = set(call.many(parameter))
        if wanted:
            rows = [row for row in rows if str(row.get(parameter)) in wanted]
    part, beside = page(instance, call, "campaigns", rows)
    return {"result": list(part), **beside}


def _is_requestable(found: Record) -> bool:
    return bool(found.get("type") == "trigger" and found.get("isActive") and found.get("isRequestable"))


def campaign(instance: Instance, call: Call, campaign_id: str) -> Answer:
    return {"result": [_campaign(instance, _find(instance, campaign_id))]}


def trigger(instance: Instance, call: Call, campaign_id: str) -> Answer:
    """Passes up to 100 leads to an active campaign that can be requested. Their flow has no effect here."""
    found = _find(instance, campaign_id)
    if not _is_requestable(found):
        raise MarketoError("1003", "The campaign is not active or has no 'Campaign is Requested' trigger")
    given = (call.body or {}).get("input") if isinstance(call.body, dict) else None
    leads = (given or {}).get("leads") or []
    if not leads:
        raise missing("leads")
    if len(leads) > LEADS_PER_TRIGGER:
        raise MarketoError("1003", f"Max number of leads exceeded: {LEADS_PER_TRIGGER}")
    for lead in leads:
        if instance.lead(whole(lead.get("id"))) is None:
            raise MarketoError("1004", f"Lead '{lead.get('id')}' not found")
    instance.stats.wrote(instance.source, "campaigns_requested", len(leads))
    return {"result": [{"id": found["id"]}]}


def schedule(instance: Instance, call: Call, campaign_id: str) -> Answer:
    """A batch campaign at `runAt`, five minutes from now at the soonest."""
    found = _find(instance, campaign_id)
    if found.get("type") == "trigger":
        raise MarketoError("1003", "Only a batch campaign can be scheduled")
    given = ((call.body or {}).get("input") if isinstance(call.body, dict) else None) or {}
    now = instance.clock.now()
    at = parse_datetime(given["runAt"], "1042") if given.get("runAt") else now + SOONEST
    if at < now + SOONEST - timedelta(seconds=1):
        raise MarketoError("1042", "Invalid runAt: at least five minutes from now")
    _changed(instance, found, status="Single Run")
    return {"result": [{"id": found["id"]}]}


BASE = "/rest/asset/v1"
ROUTES: list[Route] = [
    ("GET", f"{BASE}/smartCampaigns.json", browse),
    ("POST", f"{BASE}/smartCampaigns.json", create),
    ("GET", f"{BASE}/smartCampaign/byName.json", by_name),
    ("GET", f"{BASE}/smartCampaign/{{id}}.json", one),
    ("POST", f"{BASE}/smartCampaign/{{id}}.json", update),
    ("GET", f"{BASE}/smartCampaign/{{id}}/smartList.json", smart_list),
    ("POST", f"{BASE}/smartCampaign/{{id}}/activate.json", activate),
    ("POST", f"{BASE}/smartCampaign/{{id}}/deactivate.json", deactivate),
    ("POST", f"{BASE}/smartCampaign/{{id}}/clone.json", clone),
    ("POST", f"{BASE}/smartCampaign/{{id}}/delete.json", delete),
    ("GET", "/rest/v1/campaigns.json", campaigns),
    ("GET", "/rest/v1/campaigns/{id}.json", campaign),
    ("POST", "/rest/v1/campaigns/{id}/trigger.json", trigger),
    ("POST", "/rest/v1/campaigns/{id}/schedule.json", schedule),
]
