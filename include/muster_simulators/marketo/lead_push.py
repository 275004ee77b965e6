"""The other ways in which leads are written: push, form submission, association with a cookie."""

from __future__ import annotations

from typing import Any

from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.lead_sync import Sync
from muster_simulators.store import Record

FORM_FILLED, PUSHED = 2, 145


def push(instance: Instance, call: Call) -> Answer:
    """Upsert with one more activity, named after the program."""
    program = call.required("programName")
    lookup = call.one("lookupField", "email") or ""
    if lookup not in instance.lead_fields.searchable or lookup == "id":
        raise MarketoError("1011", f"Field '{lookup}' not supported")
    told = {"Reason": call.one("reason"), "Source": call.one("source")}
    return _written(instance, call.inputs(), lookup, PUSHED, (None, program), told)


def submit_form(instance: Instance, call: Call) -> Answer:
    """Upsert by e-mail with activity 2."""
    form = whole(call.required("formId"))
    (given,) = call.inputs()[:1] or ({},)
    values = given.get("leadFormFields")
    if not isinstance(values, dict) or not values.get("email"):
        raise missing("email")
    visit = given.get("visitorData") or {}
    told = {
        "Client IP Address": visit.get("leadClientIpAddress"),
        "Query Parameters": visit.get("queryString"),
        "Referrer URL": visit.get("pageURL"),
        "User Agent": visit.get("userAgentString"),
        "Webpage ID": None,
    }
    return _written(instance, [values], "email", FORM_FILLED, (form, f"Form {form}"), told)


def _written(
    instance: Instance, items: list[Record], lookup: str, type_id: int, primary: tuple[Any, Any], told: Record
) -> Answer:
    with instance.writing:
        sync = Sync(instance, "createOrUpdate", lookup, instance.clock.now())
        results = [sync.record(item) for item in items]
        for result in results:
            if "id" in result and result["status"] != "skipped":
                sync.changes.append(instance.activity(type_id, result["id"], primary, told, sync.now))
        if sync.changes:
            instance.store.write(sync.changes)
        for status in ("created", "updated"):
            count = sum(result["status"] == status for result in results)
            instance.stats.wrote(instance.source, f"leads_{status}", count)
    return {"result": results}


def associate(instance: Instance, call: Call, lead_id: str) -> Answer:
    """1012 for a cookie that is none. Nobody is anonymous in the simulated world, so that nothing else happens."""
    if instance.store.get("leads", lead_id) is None:
        raise MarketoError("1004", f"Lead '{lead_id}' not found")
    if "token:" not in call.required("cookie"):
        raise MarketoError("1012", "Invalid cookie value")
    return {}


ROUTES: list[Route] = [
    ("POST", "/rest/v1/leads/push.json", push),
    ("POST", "/rest/v1/leads/submitForm.json", submit_form),
    ("POST", "/rest/v1/leads/{id}/associate.json", associate),
]
