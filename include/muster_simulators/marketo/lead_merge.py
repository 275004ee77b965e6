"""Merge: the winner lives on with what the losers had; activity 32 tells of it, and 37 for every loser."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.leads import removal
from muster_simulators.store import Record
from muster_simulators.world.model import Change

LOSERS_PER_MERGE = 25
MERGED = 32
_KEYED = {"list_members": "listId", "program_members": "programId"}
"""Memberships, whose key is `<what>:<leadId>`."""


def merge(instance: Instance, call: Call, lead_id: str) -> Answer:
    """POST leads/{id}/merge.json?leadIds=2,3 (or leadId=2)."""
    winner = _lead(instance, whole(lead_id))
    losing = list(dict.fromkeys(whole(text) for name in ("leadIds", "leadId") for text in call.many(name)))
    if not losing:
        raise missing("leadIds")
    if len(losing) > LOSERS_PER_MERGE:
        raise MarketoError("1080", f"Max number of losing leads exceeded: {LOSERS_PER_MERGE}")
    if (call.one("mergeInCRM") or "").lower() == "true" and instance.options.crm_sync == "off":
        raise MarketoError("1076", "mergeInCRM needs a native CRM integration")
    if int(winner["id"]) in losing:
        raise MarketoError("1003", "The winning lead can't be among the losing ones")
    losers = [_lead(instance, number) for number in losing]
    with instance.writing:
        now = instance.clock.now().replace(microsecond=0)
        instance.store.write(_changes(instance, winner, losers, now))
        instance.stats.wrote(instance.source, "leads_merged", len(losers))
    return {}


def _lead(instance: Instance, lead_id: int) -> Record:
    lead = instance.lead(lead_id)
    if lead is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    return lead


def _changes(instance: Instance, winner: Record, losers: list[Record], now: datetime) -> list[Change]:
    """The winner's empty fields take the first loser's value; whatever pointed to a loser points to the winner."""
    filled: Record = dict(winner)
    for loser in losers:
        filled |= {name: value for name, value in loser.items() if filled.get(name) in (None, "")}
    filled |= {"id": winner["id"], "createdAt": winner["createdAt"], "updatedAt": now}
    number = int(winner["id"])
    name = " ".join(part for part in (winner.get("firstName"), winner.get("lastName")) if part)
    attributes: dict[str, Any] = {
        "Master Updated": filled != {**winner, "updatedAt": now},
        "Merge IDs": f"[{', '.join(str(loser['id']) for loser in losers)}]",
        "Merge Source": "Web service API",
        "Merged in Sales": False,
    }
    changes = [
        instance.change("leads", str(number), filled, now),
        instance.activity(MERGED, number, (number, name or None), attributes, now),
    ]
    taken: set[tuple[str, str]] = set()
    for loser in losers:
        changes += _moved(instance, int(loser["id"]), number, now, taken)
        changes += removal(instance, loser, now)
    return changes


def _moved(
    instance: Instance, loser: int, winner: int, now: datetime, taken: set[tuple[str, str]]
) -> list[Change]:
    """Memberships that the winner lacks, roles and custom objects of a loser, now the winner's."""
    changes = []
    for kind, field in _KEYED.items():
        for key in instance.find(kind, "leadId", [loser], ""):
            held = instance.store.get(kind, key) or {}
            new = f"{held[field]}:{winner}"
            if instance.store.get(kind, new) is None and (kind, new) not in taken:
                taken.add((kind, new))
                changes.append(instance.change(kind, new, {**held, "leadId": winner}, now))
    for kind, field in [("opportunity_roles", "leadId"), *instance.custom_links()]:
        for key in instance.find(kind, field, [loser], ""):
            record = instance.store.get(kind, key) or {}
            changes.append(instance.change(kind, key, {**record, field: winner, "updatedAt": now}, now))
    return changes


ROUTES: list[Route] = [("POST", "/rest/v1/leads/{id}/merge.json", merge)]
