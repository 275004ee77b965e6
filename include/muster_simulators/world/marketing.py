"""Programs with their members, channels and smart campaigns of both Marketos.

All of it is made after the rest of the world and draws from streams of its own: nothing else depends on it. A member's
steps are told by activities 104, at the same second as the membership's own stamp.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world.cast import Person, Scene
from muster_simulators.world.lists import PROGRAMS as FIRST_PROGRAMS
from muster_simulators.world.model import AMER, EMEA, HISTORY_START, NIGHTS, record_key
from muster_simulators.world.moments import (
    CLOSING,
    DAY,
    SECOND,
    after,
    in_gap,
    in_morning,
    late_on_night,
    on_night,
)

Status = tuple[str, int, bool]
"""name, step, whether it is a success"""

CHANNELS: tuple[tuple[int, str, str, tuple[Status, ...]], ...] = (
    (1, "Email Send", "email", (("Member", 10, False), ("Clicked", 20, True))),
    (
        2,
        "Webinar",
        "event",
        (("Invited", 10, False), ("Registered", 20, False), ("No Show", 30, False), ("Attended", 40, True)),
    ),
    (
        3,
        "Tradeshow",
        "event",
        (("Invited", 10, False), ("Visited Booth", 20, True), ("Meeting Held", 30, True)),
    ),
    (4, "Nurture", "nurture", (("Member", 10, False), ("Engaged", 20, True))),
    (
        5,
        "Content",
        "default",
        (("Viewed", 10, False), ("Filled-out Form", 20, False), ("Influenced", 30, True)),
    ),
)
"""id, name, type of program, statuses in their order"""

_EUR = "Q1, booked late"
PROGRAMS: tuple[tuple[int, str, str, str, str, dict[str, str], tuple[tuple[str, int, str], ...]], ...] = (
    (1109, "Summit 2026", "Event", "Tradeshow", "", {"Region": "EMEA"}, (("2026-02-01", 25_000, "Hall"),)),
    (
        1110,
        'Product "Deep Dive", live',
        "Event with Webinar",
        "Webinar",
        "",
        {"Region": "Global", "Product Line": "Core"},
        (("2026-01-01", 1_200, ""), ("2026-02-01", 300, _EUR)),
    ),
    (1111, "Nurture Finance", "Engagement", "Nurture", "on", {"Product Line": "Core"}, ()),
    (1112, "Nurture Health", "Engagement", "Nurture", "off", {}, ()),
    (1113, "Whitepaper Identity", "Default", "Content", "", {"Region": "Global"}, ()),
    (1114, "Tradeshow Frankfurt", "Event", "Tradeshow", "", {"Region": "EMEA"}, (("2026-03-01", 9_900, ""),)),
    (1115, "Kundentag 統一", "Default", "Content", "", {}, ()),
    (1116, "Welcome Letter", "Email", "Email Send", "unlocked", {}, ()),
)
"""id, name, type, channel, status, tags, costs; the first two programs are in lists.py"""
BORN_ON_NIGHT_2 = 1116
CAMPAIGNS = (
    (8021, "Add to newsletter", True, "trigger", None),
    (8022, "Scoring", True, "trigger", None),
    (8027, "01 Registered", True, "trigger", 1107),
    (8029, "Booth, then meeting", False, "batch", 1109),
    (8031, "Engage", True, "trigger", 1111),
)
"""id, name, is active, type, program; the ids are among those that activities carry as campaignId"""
TAG_TYPES = (("Region", ("EMEA", "AMER", "Global"), False), ("Product Line", ("Core", "Add-on"), False))


@dataclass
class Program:
    """What the members of a program need to know of it."""

    number: int
    name: str
    steps: tuple[Status, ...]
    is_engagement: bool
    at: datetime
    members: list[Member] = field(default_factory=list)


@dataclass
class Member:
    """One membership and how far it has come. `step` is a place among the program's statuses."""

    program: Program
    source: str
    lead: int
    number: int
    step: int
    at: datetime
    acquired: bool
    reached: datetime | None = None


def run_programs(scene: Scene) -> None:
    """Channels, campaigns and programs of both Marketos, and who is in them."""
    for source in (EMEA, AMER):
        random = scene.random(f"programs of {source}")
        _assets(scene, source)
        programs = [*_first_programs(), *(_program(scene, source, *row) for row in PROGRAMS)]
        losers = set(scene.labels["merged_lead_loser"])
        leads = [lead for person in scene.people if (lead := _candidate(scene, person, source, losers))]
        for program in programs:
            _fill(scene, random, source, program, leads)
        for night in (1, 2, 3):
            _live(scene, random, source, programs, leads, night)


def _candidate(scene: Scene, person: Person, source: str, losers: set[str]) -> tuple[int, datetime] | None:
    """The person's first lead there with the time from which it can join; never one that a merge retires."""
    leads = person.emea if source == EMEA else person.amer
    if not leads or record_key(leads[0], source) in losers:
        return None
    start = person.born + timedelta(hours=3)
    gone = scene.tape.gone_at(source, leads[0])
    if start > NIGHTS[0] - 3 * DAY or (gone is not None and gone < start + 8 * DAY):
        return None
    return leads[0], start


# ---- assets --------------------------------------------------------------------------------------------------


def _assets(scene: Scene, source: str) -> None:
    for number, name, kind, steps in CHANNELS:
        statuses = [
            {"name": step, "description": "", "step": place, "success": success, "hidden": False}
            for step, place, success in steps
        ]
        values = {"id": number, "name": name, "applicableProgramType": kind, "progressionStatuses": statuses}
        scene.tape.create(source, "channels", str(number), HISTORY_START + number * SECOND, values)
    for tag, (name, allowed, is_required) in enumerate(TAG_TYPES, start=1):
        values = {"id": tag, "tagType": name, "allowableValues": list(allowed), "required": is_required}
        scene.tape.create(source, "tag_types", str(tag), HISTORY_START + tag * SECOND, values)
    for number, name, is_active, kind, program in CAMPAIGNS:
        values = {
            "id": number, "name": name, "description": "", "type": kind, "isActive": is_active, "programId": program,
            "status": "Active" if is_active else "Never Run", "isRequestable": program is None,
            "workspace": "Default", "smartListId": number + 1000, "flowId": number + 2000,
        }  # fmt: skip
        scene.tape.create(
            source, "smart_campaigns", str(number), HISTORY_START + number % 50 * SECOND, values
        )
    scene.tape.edit(
        source,
        "smart_campaigns",
        "8029",
        NIGHTS[1] + 9 * timedelta(hours=1),
        {"isActive": True, "status": "Active"},
    )


def _first_programs() -> list[Program]:
    steps = {name: steps for _, name, _, steps in CHANNELS}
    return [
        Program(number, name, steps[channel], False, HISTORY_START + DAY)
        for number, name, _, channel in FIRST_PROGRAMS
    ]


def _program(
    scene: Scene, source: str, number: int, name: str, kind: str, channel: str, status: str,
    tags: dict[str, str], costs: tuple[tuple[str, int, str], ...],
) -> Program:  # fmt: skip
    at = NIGHTS[1] + timedelta(hours=5) if number == BORN_ON_NIGHT_2 else HISTORY_START + number % 50 * SECOND
    values: dict[str, Any] = {
        "id": number, "name": name, "description": f"{name} of {source[9:]}", "type": kind, "channel": channel,
        "status": status, "folder": {"type": "Folder", "value": 22, "folderName": "Events 2026"},
        "workspace": "Default", "tags": [{"tagType": tag, "tagValue": value} for tag, value in tags.items()],
        "costs": [{"startDate": day, "cost": cost, "note": note} for day, cost, note in costs],
    }  # fmt: skip
    scene.tape.create(source, "programs", str(number), at, values)
    if number == 1113:
        later = NIGHTS[1] + timedelta(hours=10)
        scene.tape.edit(source, "programs", str(number), later, {"description": "second edition", "tags": []})
    steps = next(steps for _, found, _, steps in CHANNELS if found == channel)
    return Program(number, name, steps, kind == "Engagement", at)


# ---- members -------------------------------------------------------------------------------------------------


def _fill(
    scene: Scene, random: Random, source: str, program: Program, leads: list[tuple[int, datetime]]
) -> None:
    """About a thirtieth of the leads joins in the history and goes some steps."""
    if program.at > CLOSING:
        return
    for lead, start in random.sample(leads, min(len(leads), len(leads) // 30 + 3)):
        at = after(random, max(start, program.at + timedelta(hours=1)))
        gone = scene.tape.gone_at(source, lead)
        if gone is not None and at >= gone:
            continue
        member = _join(scene, random, source, program, lead, at)
        for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
            at += timedelta(hours=1, seconds=random.randrange(9 * 86400))
            if at < CLOSING and (gone is None or at < gone):
                _advance(scene, member, at, random)
        if gone is not None:
            scene.tape.remove(source, "program_members", f"{program.number}:{lead}", gone)
        else:
            program.members.append(member)


def _live(
    scene: Scene,
    random: Random,
    source: str,
    programs: list[Program],
    leads: list[tuple[int, datetime]],
    night: int,
) -> None:
    """A night's day: some join, some go on, one is seen late and one comes after the window's end."""
    few = max(2, len(leads) // 2000)
    for program in programs:
        if program.at > NIGHTS[night - 1] + timedelta(hours=6):
            continue
        inside = {member.lead for member in program.members}
        fresh = [lead for lead, _ in leads if lead not in inside and scene.tape.gone_at(source, lead) is None]
        for lead in random.sample(fresh, min(few, len(fresh))):
            program.members.append(_join(scene, random, source, program, lead, in_morning(random, night)))
        moving = [member for member in program.members if member.step + 1 < len(program.steps)]
        for member in random.sample(moving, min(few, len(moving))):
            _advance(scene, member, on_night(random, night), random)
    moving = _unmoved(programs, night)[:2]
    at, visible = late_on_night(random, night)
    _advance(scene, moving[0], at, random, visible - at)
    _advance(scene, moving[1], in_gap(random, night), random)


def _unmoved(programs: list[Program], night: int) -> list[Member]:
    """Members that can go on and did nothing on this night's day, those of another program first each night."""
    members = [m for program in [*programs[night:], *programs[:night]] for m in program.members]
    return [m for m in members if m.step + 1 < len(m.program.steps) and m.at < NIGHTS[night - 1]]


def _join(scene: Scene, random: Random, source: str, program: Program, lead: int, at: datetime) -> Member:
    number = scene.ids.marketo(f"program members of {source}", 3_240_001)
    member = Member(program, source, lead, number, 0, at, random.random() < 0.1)
    is_engagement = program.is_engagement
    values = {
        "id": number, "leadId": lead, "programId": program.number, "program": program.name,
        "membershipDate": at, "acquiredBy": member.acquired, "statusReason": None, "waitlistPriority": None,
        "registrationLikelihood": random.randrange(100) if random.random() < 0.3 else None,
        "attendanceLikelihood": None, "isExhausted": is_engagement and random.random() < 0.2,
        "nurtureCadence": random.choice(("norm", "norm", "pause")) if is_engagement else None,
        "trackName": "Track 1" if is_engagement else None, **_reached(member),
    }  # fmt: skip
    scene.tape.create(source, "program_members", f"{program.number}:{lead}", at, values)
    _tell(scene, member, None)
    return member


def _advance(
    scene: Scene, member: Member, at: datetime, random: Random, late: timedelta = timedelta(0)
) -> None:
    """To a later status, if there is one."""
    steps = member.program.steps
    if member.step + 1 >= len(steps):
        return
    before = steps[member.step]
    member.step = random.randrange(member.step + 1, len(steps))
    member.at = at
    key = f"{member.program.number}:{member.lead}"
    scene.tape.edit(member.source, "program_members", key, at, _reached(member), late)
    _tell(scene, member, before, late)


def _reached(member: Member) -> dict[str, Any]:
    """Status and success as they stand; a success once reached is kept."""
    name, _, success = member.program.steps[member.step]
    if success and member.reached is None:
        member.reached = member.at
    return {
        "statusName": name,
        "reachedSuccess": member.reached is not None,
        "reachedSuccessDate": member.reached,
    }


def _tell(scene: Scene, member: Member, before: Status | None, late: timedelta = timedelta(0)) -> None:
    name, step, success = member.program.steps[member.step]
    attributes = {
        "Acquired By": member.acquired,
        "New Status": name,
        "New Status ID": step,
        "Old Status": before[0] if before else "Not in Program",
        "Old Status ID": before[1] if before else 0,
        "Program Member ID": member.number,
        "Reason": "Changed by smart campaign",
        "Success": success,
    }
    primary = (member.program.number, member.program.name)
    scene.tape.status_change(member.source, member.lead, member.at, primary, attributes, late)
