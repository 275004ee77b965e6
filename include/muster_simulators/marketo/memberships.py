"""What one lead is in: static lists, programs, smart campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.paging import page
from muster_simulators.marketo.program_members import membership
from muster_simulators.marketo.values import parse_datetime
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START


def _lead(instance: Instance, lead_id: str) -> None:
    if instance.store.get("leads", lead_id) is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")


def _held(instance: Instance, kind: str, lead_id: str) -> list[Record]:
    keys = instance.find(kind, "leadId", [lead_id], "")
    return [found for key in keys if (found := instance.store.get(kind, key)) is not None]


def _within(call: Call, assets: Iterable[Record | None]) -> list[Record]:
    """Those of the assets that are there, updated within the bounds of the call."""
    earliest, latest = call.one("earliestUpdatedAt"), call.one("latestUpdatedAt")
    start = parse_datetime(earliest) if earliest else None
    end = parse_datetime(latest) if latest else None
    found = []
    for asset in assets:
        at = (asset.get("updatedAt") or HISTORY_START) if asset else None
        if at is None or (start and at < start) or (end and at > end):
            continue
        found.append(asset or {})
    return found


def _answer(instance: Instance, call: Call, kind: str, rows: list[dict[str, Any]]) -> Answer:
    part, beside = page(instance, call, kind, rows)
    return {"result": list(part), **beside}


def _stamps(asset: Record) -> dict[str, Any]:
    return {"createdAt": asset["createdAt"], "updatedAt": asset["updatedAt"]}


def lists(instance: Instance, call: Call, lead_id: str) -> Answer:
    _lead(instance, lead_id)
    held = _held(instance, "list_members", lead_id)
    found = _within(call, (instance.store.get("static_lists", str(m["listId"])) for m in held))
    rows = [{"listId": one["id"], **_stamps(one)} for one in found]
    return _answer(instance, call, "list membership", rows)


def programs(instance: Instance, call: Call, lead_id: str) -> Answer:
    _lead(instance, lead_id)
    held = {str(member["programId"]): member for member in _held(instance, "program_members", lead_id)}
    if call.one("filterType") not in (None, "programId"):
        raise MarketoError("1011", f"Field '{call.one('filterType')}' not supported")
    wanted = set(call.many("filterValues")) or set(held)
    found = _within(call, (instance.store.get("programs", key) for key in held if key in wanted))
    rows = [
        {"id": one["id"], **membership(held[str(one["id"])]), "updatedAt": one["updatedAt"]} for one in found
    ]
    return _answer(instance, call, "program membership", rows)


def smart_campaigns(instance: Instance, call: Call, lead_id: str) -> Answer:
    """The campaigns that have done something to the lead, as its activities tell."""
    _lead(instance, lead_id)
    ids = {str(found.get("campaignId")) for found in _held(instance, "activities", lead_id)}
    known = sorted(ids & set(instance.store.records("smart_campaigns")))
    found = _within(call, (instance.store.get("smart_campaigns", key) for key in known))
    rows = [{"smartCampaignId": one["id"], **_stamps(one)} for one in found]
    return _answer(instance, call, "campaign membership", rows)


ROUTES: list[Route] = [
    ("GET", "/rest/v1/leads/{id}/listMembership.json", lists),
    ("GET", "/rest/v1/leads/{id}/programMembership.json", programs),
    ("GET", "/rest/v1/leads/{id}/smartCampaignMembership.json", smart_campaigns),
]
