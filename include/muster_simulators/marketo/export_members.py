"""Bulk extract of program members and custom objects: which filters they take, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from muster_simulators.marketo.custom_objects import approved
from muster_simulators.marketo.custom_types import lead_link
from muster_simulators.marketo.errors import MarketoError, invalid, missing
from muster_simulators.marketo.export_files import lead_rows
from muster_simulators.marketo.export_parts import Rows, date_range, field_names, list_id
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.program_members import find_program, member_reader, members, steps_of
from muster_simulators.marketo.values import same
from muster_simulators.store import Record

PROGRAMS_PER_JOB = 10
CADENCES = ("pause", "norm")
_MEMBER_FILTERS = {"programId", "programIds", "statusNames", "isExhausted", "nurtureCadence", "updatedAt"}
_SMART = ("smartListName", "smartListId")
_CUSTOM_FILTERS = ("updatedAt", "staticListName", "staticListId", *_SMART)
Test = Callable[[Record], bool]


# ---- program members -----------------------------------------------------------------------------------------


def program_members(
    instance: Instance, fields: list[Any], criteria: dict[str, Any]
) -> tuple[list[str], Rows]:
    """Members of one program, or of up to ten with `programId` before the other columns. Filters are ANDed."""
    names = list(dict.fromkeys(field_names(fields)))
    if set(criteria) - _MEMBER_FILTERS:
        raise MarketoError("1003", "Unknown filter: " + ", ".join(sorted(set(criteria) - _MEMBER_FILTERS)))
    programs = _programs(instance, criteria)
    if "programIds" in criteria:
        names = ["programId", *(name for name in names if name != "programId")]
    read = member_reader(instance, names)
    tests = _tests(instance, programs, criteria)
    ids = [int(program["id"]) for program in programs]

    def rows() -> Iterable[Record]:
        return (member for member in members(instance, ids) if all(test(member) for test in tests))

    return names, lambda: lead_rows(rows(), read)


def _programs(instance: Instance, criteria: dict[str, Any]) -> list[Record]:
    if ("programId" in criteria) == ("programIds" in criteria):
        raise MarketoError("1003", "Exactly one filter of programId, programIds")
    given = criteria.get("programIds", [criteria.get("programId")])
    if not isinstance(given, list) or not given or not all(str(one).isdigit() for one in given):
        raise invalid(given, "Array of Integer")
    if len(given) > PROGRAMS_PER_JOB:
        raise MarketoError("1003", f"Max number of programIds exceeded: {PROGRAMS_PER_JOB}")
    return [find_program(instance, one) for one in dict.fromkeys(map(str, given))]


def _tests(instance: Instance, programs: list[Record], criteria: dict[str, Any]) -> list[Test]:
    tests: list[Test] = []
    if "statusNames" in criteria:
        tests.append(_status(instance, programs, criteria["statusNames"]))
    if "isExhausted" in criteria:
        exhausted = criteria["isExhausted"]
        if not isinstance(exhausted, bool):
            raise invalid(exhausted, "Boolean")
        tests.append(lambda member: bool(member.get("isExhausted")) == exhausted)
    if "nurtureCadence" in criteria:
        cadence = criteria["nurtureCadence"]
        if cadence not in CADENCES:
            raise invalid(cadence, "NurtureCadence")
        tests.append(lambda member: member.get("nurtureCadence") == cadence)
    if "updatedAt" in criteria:
        _allowed(instance)
        start, end = date_range(criteria["updatedAt"], "updatedAt")
        tests.append(lambda member: start <= member["updatedAt"] < end)
    return tests


def _status(instance: Instance, programs: list[Record], given: Any) -> Test:
    """Any of the names; 1003 for one that no program of the job knows."""
    if not isinstance(given, list) or not given:
        raise invalid(given, "Array of String")
    known = {step["name"] for program in programs for step in steps_of(instance, program)}
    for name in given:
        if name not in known:
            raise MarketoError("1003", f"Status '{name}' is in none of the programs")
    return lambda member: member["statusName"] in given


def _allowed(instance: Instance) -> None:
    if not instance.options.updated_at_filter:
        raise MarketoError("1035")


# ---- custom objects ------------------------------------------------------------------------------------------


def custom_objects(
    name: str, instance: Instance, fields: list[Any], criteria: dict[str, Any]
) -> tuple[list[str], Rows]:
    """Records of live leads, by exactly one filter."""
    kind = approved(instance, name)
    link = lead_link(kind)
    if link is None:
        raise MarketoError("1003", f"Object '{name}' is not linked to leads")
    names = kind.fields.chosen(field_names(fields), ())
    if set(criteria) - set(_CUSTOM_FILTERS) or len(criteria) != 1:
        raise MarketoError("1003", "Exactly one filter of " + ", ".join(_CUSTOM_FILTERS))
    ((by, given),) = criteria.items()
    if by in _SMART:
        raise MarketoError("1035")
    if by == "updatedAt":
        _allowed(instance)
        start, end = date_range(given, "updatedAt")
        found = _changed(instance, kind.object, start, end)
    elif given is None:
        raise missing(by)
    else:
        found = _of_list(instance, kind.object, link, list_id(instance, by, given))
    read = kind.fields.reader(names)

    def rows() -> Iterable[Record]:
        return (one for one in found() if instance.store.get("leads", str(one.get(link))) is not None)

    return names, lambda: lead_rows(rows(), read)


def _changed(instance: Instance, stored: str, start: datetime, end: datetime) -> Callable[[], list[Record]]:
    return lambda: instance.store.window(stored, start, end)


def _of_list(instance: Instance, stored: str, link: str, number: int) -> Callable[[], list[Record]]:
    def found() -> list[Record]:
        records, groups = instance.store.records(stored), instance.store.keys_by(stored, link, same)
        keys = [key for lead in instance.members(number) for key in groups.get(str(lead), ())]
        return [records[key] for key in keys if key in records]

    return found
