"""Program members over REST: describe, read by filter, status and data writes, delete; and the two older calls.

A membership is stored under `<programId>:<leadId>`. Every change of its status leaves an activity 104.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from muster_simulators.marketo.call import Call, whole
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.errors import MarketoError, missing, skipped
from muster_simulators.marketo.fields import coerce
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.leads import chosen_fields, filter_values, shown
from muster_simulators.marketo.paging import page
from muster_simulators.marketo.values import parse_datetime, same
from muster_simulators.store import Record
from muster_simulators.world.model import HISTORY_START, Change

ALWAYS = ("acquiredBy", "leadId", "membershipDate", "programId", "reachedSuccess")
SEARCHABLE = ("leadId", "statusName", "reachedSuccess")
LONGEST = timedelta(days=7)
NOT_IN_PROGRAM = "Not in Program"
STATUS_CHANGED = 104


def member_key(program_id: Any, lead_id: Any) -> str:
    return f"{program_id}:{lead_id}"


def find_program(instance: Instance, program_id: Any) -> Record:
    found = instance.store.get("programs", str(program_id))
    if found is None:
        raise MarketoError("1013", f"Program with id '{program_id}' not found")
    return found


def steps_of(instance: Instance, program: Record) -> list[Record]:
    """The statuses of the program's channel in their order; none where the channel isn't known."""
    name = program.get("channel")
    channels = instance.store.records("channels").values()
    found = next((channel for channel in list(channels) if channel["name"] == name), None)
    return sorted(found["progressionStatuses"], key=lambda step: int(step["step"])) if found else []


def members(instance: Instance, program_ids: Iterable[Any]) -> list[Record]:
    """Members of these programs whose lead is there, in order of program and lead."""
    leads, held = instance.store.records("leads"), instance.store.records("program_members")
    groups = instance.store.keys_by("program_members", "programId", same)
    found = [held[key] for one in program_ids for key in groups.get(str(one), ()) if key in held]
    live = [member for member in found if str(member["leadId"]) in leads]
    return sorted(live, key=lambda member: (member["programId"], member["leadId"]))


def member_reader(instance: Instance, names: Sequence[str]) -> Callable[[Record], list[Any]]:
    """What gives a membership's values: its own fields, and those of its lead. 1006 for a name of neither."""
    own = instance.member_fields
    lead_names = instance.lead_fields.chosen([name for name in names if name not in own], ())
    read_lead = instance.lead_fields.reader(lead_names)

    def read(member: Record) -> list[Any]:
        lead = (instance.lead(member["leadId"]) or {}) if lead_names else {}
        values = iter(read_lead(lead))
        return [member.get(name) if name in own else next(values) for name in names]

    return read


# ---- reading -------------------------------------------------------------------------------------------------


def describe(instance: Instance, call: Call) -> Answer:
    described = {
        "name": "API Program Member",
        "description": "API Program Member Map",
        "createdAt": HISTORY_START,
        "updatedAt": HISTORY_START,
        "dedupeFields": ["leadId", "programId"],
        "searchableFields": [[name] for name in _searchable(instance)],
        "fields": instance.member_fields.described(),
    }
    return {"result": [described]}


def older_describe(instance: Instance, call: Call) -> Answer:
    return {"result": [{"name": "API Program Member", "fields": instance.member_fields.described()}]}


def _searchable(instance: Instance) -> list[str]:
    fields = instance.member_fields.by_name.values()
    custom = [f.name for f in fields if f.group == "custom" and f.data_type in ("string", "integer")]
    return [*SEARCHABLE, *custom]


def by_filter(instance: Instance, call: Call, program_id: str) -> Answer:
    """Members by one field's values, or by `updatedAt` within at most 7 days."""
    find_program(instance, program_id)
    kind = call.required("filterType")
    names = list(dict.fromkeys([*ALWAYS, *call.many("fields")]))
    read = member_reader(instance, names)
    if kind != "updatedAt" and kind not in _searchable(instance):
        raise MarketoError("1011", f"Field '{kind}' not supported")
    found = members(instance, [program_id])
    most = instance.options.program_member_limit
    if kind != "leadId" and len(found) > most:
        raise MarketoError(
            "1003",
            f"Total membership size: {len(found):,} exceeds the limit allowed {most:,} for the filter",
        )
    found = _narrowed(instance, call, kind, found)
    part, beside = page(instance, call, f"members of {program_id}", found)
    rows = []
    for seq, member in enumerate(part):
        values = dict(zip(names, read(member), strict=True))
        rows.append({"seq": seq, **{name: value for name, value in values.items() if value is not None}})
    return {"result": rows, **beside}


def _narrowed(instance: Instance, call: Call, kind: str, found: list[Record]) -> list[Record]:
    if kind != "updatedAt":
        wanted = {same(value) for value in filter_values(call)}
        return [member for member in found if same(member.get(kind)) in wanted]
    start = parse_datetime(call.required("startAt"))
    end = parse_datetime(call.required("endAt"))
    if end <= start or end - start > LONGEST:
        raise MarketoError("1003", "Filter 'updatedAt' takes a date range of at most 7 days")
    return [member for member in found if start <= member["updatedAt"] < end]


# ---- writing -------------------------------------------------------------------------------------------------


def set_status(instance: Instance, call: Call, program_id: str) -> Answer:
    """Into the program, or on to a later status: 1037 for a member in or past it."""
    wanted = call.required("statusName")
    return _each(instance, call, program_id, "leadId", lambda one: _move(instance, one, wanted))


def change_status(instance: Instance, call: Call, program_id: str) -> Answer:
    """The older call: members only, and `id` for the lead."""
    wanted = call.required("status")

    def move(one: _One) -> dict[str, Any]:
        return _move(instance, one, wanted) if one.member else skipped("1013", "Lead is not a member")

    return _each(instance, call, program_id, "id", move)


def set_data(instance: Instance, call: Call, program_id: str) -> Answer:
    """Fields of present members; 1003 for those that can't be written."""
    return _each(instance, call, program_id, "leadId", lambda one: _set(instance, one))


def delete(instance: Instance, call: Call, program_id: str) -> Answer:
    def remove(one: _One) -> dict[str, Any]:
        if one.member is None:
            return skipped("1013", "Lead is not a member of the program")
        one.changes.append(instance.change("program_members", one.key, None, one.now))
        return {"status": "deleted"}

    return _each(instance, call, program_id, "leadId", remove)


class _One:
    """One record of a write: its program, lead and membership as they stand after the records before it."""

    def __init__(
        self, instance: Instance, program: Record, lead: Record, item: Record, changes: list[Change]
    ) -> None:
        self.program, self.lead, self.item, self.changes = program, lead, item, changes
        self.now = instance.clock.now().replace(microsecond=0)
        self.key = member_key(program["id"], lead["id"])
        fresh = [c for c in changes if (c.object, c.key) == ("program_members", self.key)]
        stored = instance.store.get("program_members", self.key)
        self.member: Record | None = (fresh[-1].values or None) if fresh else stored


def _each(
    instance: Instance, call: Call, program_id: str, field: str, do: Callable[[_One], dict[str, Any]]
) -> Answer:
    """`do` for every record; `seq` beside the newer calls' results."""
    program, results, changes = find_program(instance, program_id), [], list[Change]()
    with instance.writing:
        for seq, item in enumerate(call.inputs()):
            if item.get(field) is None:
                raise missing(field)
            lead_id = whole(item[field])
            lead = instance.lead(lead_id)
            told = do(_One(instance, program, lead, item, changes)) if lead else skipped("1004")
            results.append({**({"seq": seq} if field == "leadId" else {}), field: lead_id, **told})
        if changes:
            instance.store.write(changes)
        count = sum(change.object == "program_members" for change in changes)
        instance.stats.wrote(instance.source, "program_members_written", count)
    return {"result": results}


def _move(instance: Instance, one: _One, wanted: str) -> dict[str, Any]:
    steps = {step["name"]: step for step in steps_of(instance, one.program)}
    if wanted not in steps:
        raise MarketoError("1025", f"Program status '{wanted}' not found")
    new, member = steps[wanted], one.member
    old = steps.get(member["statusName"]) if member else None
    if old is not None and int(old["step"]) >= int(new["step"]):
        return skipped("1037", "Lead skipped because it is already in or past this status")
    found = member or _new(instance, one)
    reached = found.get("reachedSuccessDate") or (one.now if new["success"] else None)
    values = {**found, "statusName": wanted, "reachedSuccess": reached is not None, "updatedAt": one.now}
    values["reachedSuccessDate"] = reached
    one.changes.append(instance.change("program_members", one.key, values, one.now))
    attributes = {
        "Acquired By": found["acquiredBy"],
        "New Status": wanted,
        "New Status ID": new["step"],
        "Old Status": old["name"] if old else NOT_IN_PROGRAM,
        "Old Status ID": old["step"] if old else 0,
        "Program Member ID": found["id"],
        "Reason": "Web service API",
        "Success": new["success"],
    }
    primary = (int(one.program["id"]), one.program["name"])
    one.changes.append(instance.activity(STATUS_CHANGED, int(one.lead["id"]), primary, attributes, one.now))
    return {"status": "updated" if member else "created"}


def _new(instance: Instance, one: _One) -> Record:
    return {
        **dict.fromkeys(instance.member_fields.by_name),
        "id": instance.next_id("program_members"),
        "leadId": int(one.lead["id"]),
        "programId": int(one.program["id"]),
        "program": one.program["name"],
        "membershipDate": one.now,
        "acquiredBy": False,
        "isExhausted": False,
        "createdAt": one.now,
    }


def _set(instance: Instance, one: _One) -> dict[str, Any]:
    if one.member is None:
        return skipped("1013", "Lead is not a member of the program")
    values = {}
    for name, value in one.item.items():
        if name == "leadId":
            continue
        field = instance.member_fields.by_name.get(name)
        if field is None:
            return skipped("1006", f"Field '{name}' not found")
        if field.read_only:
            return skipped("1003", f"Field '{name}' is not updateable")
        values[name] = coerce(field, value)
    values = {**one.member, **values, "updatedAt": one.now}
    one.changes.append(instance.change("program_members", one.key, values, one.now))
    return {"status": "updated"}


# ---- the older way -------------------------------------------------------------------------------------------


def leads_of_program(instance: Instance, call: Call, program_id: str) -> Answer:
    """Lead records of the members, each with its membership."""
    find_program(instance, program_id)
    fields = chosen_fields(instance, call)
    part, beside = page(instance, call, f"leads of {program_id}", members(instance, [program_id]))
    rows = []
    for member in part:
        lead = instance.lead(member["leadId"])
        if lead is not None:
            rows.append({**shown(instance, lead, fields), "membership": membership(member)})
    return {"result": rows, **beside}


def membership(member: Record) -> dict[str, Any]:
    """A membership as lead answers show it."""
    row = {
        "progressionStatus": member["statusName"],
        "isExhausted": bool(member.get("isExhausted")),
        "acquiredBy": member["acquiredBy"],
        "reachedSuccess": member["reachedSuccess"],
        "membershipDate": member["membershipDate"],
        "nurtureCadence": member.get("nurtureCadence"),
        "stream": member.get("trackName"),
    }
    return {name: value for name, value in row.items() if value is not None}


ROUTES: list[Route] = [
    ("GET", "/rest/v1/programs/members/describe.json", describe),
    ("GET", "/rest/v1/program/members/describe.json", older_describe),
    ("GET", "/rest/v1/programs/{id}/members.json", by_filter),
    ("POST", "/rest/v1/programs/{id}/members.json", set_data),
    ("POST", "/rest/v1/programs/{id}/members/status.json", set_status),
    ("POST", "/rest/v1/programs/{id}/members/delete.json", delete),
    ("GET", "/rest/v1/leads/programs/{id}.json", leads_of_program),
    ("POST", "/rest/v1/leads/programs/{id}/status.json", change_status),
]
