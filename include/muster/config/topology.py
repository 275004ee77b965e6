"""Rules that need two places of platform.yml: topology (B2-B6), references and doubles.

They are judged on the text as written, not on the models, so that a wrong value elsewhere in the file hides
none of them: every problem is reported at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from muster.config.document import Document, PathTuple
from muster.config.problems import suggest
from muster.errors import Problem
from muster.naming import custom_object

SYSTEMS = ("marketo", "salesforce", "dynamics", "hubspot", "files", "sql")
CRMS = ("salesforce", "dynamics")

# What a natively synced Marketo shows of its CRM, and where the CRM itself keeps it (B2)
SYNCED_OBJECTS = {
    "companies": "accounts",
    "opportunities": "opportunities",
    "opportunity_roles": "opportunity_contact_roles",
    "sales_persons": "users",
}


@dataclass(frozen=True)
class Entry:
    """One mapping of a list in the file, as written: wrong types read as absent."""

    document: Document
    path: PathTuple
    raw: dict[str, Any]

    def text(self, key: str) -> str:
        value = self.raw.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        value = self.raw.get(key)
        return [item if isinstance(item, str) else "" for item in value] if isinstance(value, list) else []

    def line(self, *keys: str | int) -> int:
        return self.document.line((*self.path, *keys))

    def problem(self, keys: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        return self.document.problem((*self.path, *keys), message, hint)


def entries(document: Document, section: str) -> list[Entry]:
    """The mappings of a top-level list."""
    rows = document.value.get(section) if isinstance(document.value, dict) else None
    found = enumerate(rows) if isinstance(rows, list) else []
    return [Entry(document, (section, index), row) for index, row in found if isinstance(row, dict)]


def check(document: Document, audiences: set[str] | None) -> Iterator[Problem]:
    """Every problem between the parts of the file. `audiences`: known slugs, None when they aren't at hand."""
    sources, destinations = entries(document, "sources"), entries(document, "destinations")
    activations = entries(document, "activations")
    yield from _dates(document)
    yield from _doubles(sources, lambda e: e.text("connection"), "connection")
    yield from _doubles(destinations, lambda e: e.text("name"), "name")
    yield from _doubles(activations, _pair, "audience")
    for listed in ("objects", "custom_objects", "feeds"):
        for source in sources:
            yield from _repeated(source, listed)
    for source in sources:
        yield from _one_name(source)
    for entry in [*sources, *destinations]:
        yield from _system(entry)
    yield from _one_platform(sources)
    yield from _same_system_twice(sources)
    yield from _feeds_this(document, sources)
    for destination in destinations:
        yield from _known_subscription(destination, sources)
    for source in sources:
        yield from _synced(source, sources)
    for activation in activations:
        yield from _references(activation, destinations, audiences)


def _dates(document: Document) -> Iterator[Problem]:
    """history_start may not lie after the first interval. Unreadable dates are the models' business."""
    from muster.config.models import instant

    value = document.value if isinstance(document.value, dict) else {}
    schedule = value.get("schedule")
    try:
        history = instant(value.get("history_start"))
        start = instant(schedule.get("start")) if isinstance(schedule, dict) else history
    except ValueError:
        return
    if history > start:
        line = document.line(("schedule", "start"))
        yield document.problem(("history_start",), f"history_start lies after schedule.start (line {line})")


def _pair(entry: Entry) -> str:
    audience, destination = entry.text("audience"), entry.text("destination")
    return f"{audience} in {destination}" if audience and destination else ""


def _doubles(found: list[Entry], name: Callable[[Entry], str], key: str) -> Iterator[Problem]:
    first: dict[str, Entry] = {}
    for entry in found:
        value = name(entry)
        if value and value in first:
            yield entry.problem((key,), f"'{value}' is already in line {first[value].line(key)}")
        first.setdefault(value, entry)


def _repeated(entry: Entry, key: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, value in enumerate(entry.texts(key)):
        if value and value in seen:
            yield entry.problem((key, index), f"{key}: '{value}' is listed twice")
        seen.add(value)


def _one_name(source: Entry) -> Iterator[Problem]:
    """Two custom objects whose API names differ by case or underscores only would be one raw table."""
    first: dict[str, str] = {}
    for index, name in enumerate(source.texts("custom_objects")):
        known = first.setdefault(custom_object(name), name)
        if known != name:
            yield source.problem(
                ("custom_objects", index),
                f"custom_objects: '{name}' and '{known}' would be one table of the lake",
            )


def _system(entry: Entry) -> Iterator[Problem]:
    """`type` and the system part of connection and name are the same word."""
    kind = entry.text("type")
    if kind not in SYSTEMS:
        return
    for key in ("connection", "name"):
        value = entry.text(key)
        if "__" in value and value.split("__")[0] != kind:
            yield entry.problem(
                (key,), f"{key}: '{value}' does not belong to type '{kind}'", f"{kind}__<instance>"
            )


def _one_platform(sources: list[Entry]) -> Iterator[Problem]:
    """B4: one Marketo feeds one platform; several sandboxes of it are fine (B5), and many Marketos are too (B3)."""
    first: dict[str, tuple[str, int]] = {}
    for source in sources:
        munchkin = source.text("munchkin_id")
        for index, feed in enumerate(source.texts("feeds")):
            platform = feed.split("/")[0]
            if not munchkin or not platform:
                continue
            known, line = first.setdefault(munchkin, (platform, source.line("feeds", index)))
            if known != platform:
                yield source.problem(
                    ("feeds", index),
                    f"B4: Marketo {munchkin} feeds platform '{platform}' here and '{known}' in line {line}; "
                    "one Marketo may feed one platform only",
                    "keep one of them; several sandboxes of one platform are fine (B5)",
                )


def _same_system_twice(sources: list[Entry]) -> Iterator[Problem]:
    """Two connections to one Marketo or one Salesforce would bring every record twice, under two keys."""
    for key in ("munchkin_id", "org_id"):
        first: dict[tuple[str, str], Entry] = {}
        for source in sources:
            for feed in sorted(set(source.texts("feeds"))):
                place = (source.text(key), feed)
                other = first.setdefault(place, source)
                if place[0] and other is not source and other.text("connection") != source.text("connection"):
                    yield source.problem(
                        (key,),
                        f"{key} {place[0]} is already the source of line {other.line(key)}; "
                        f"{feed} would get every record twice",
                    )


def _known_subscription(destination: Entry, sources: list[Entry]) -> Iterator[Problem]:
    """The calls of one Marketo are counted together, so a destination must say which one it is."""
    if destination.text("type") != "marketo" or not destination.text("connection"):
        return
    given, connection = destination.text("munchkin_id"), destination.text("connection")
    twin = next((one for one in sources if one.text("connection") == connection), None)
    if twin is None and not given:
        yield destination.problem(
            ("connection",),
            f"munchkin_id is missing: no source has the connection '{connection}', and all calls to one Marketo "
            "count against one quota",
            "add munchkin_id: the key of the subscription, such as 123-ABC-456",
        )
    elif twin is not None and given and twin.text("munchkin_id") != given:
        yield destination.problem(
            ("munchkin_id",),
            f"munchkin_id: '{connection}' is {twin.text('munchkin_id')} in line {twin.line('munchkin_id')}",
        )


def _feeds_this(document: Document, sources: list[Entry]) -> Iterator[Problem]:
    value = document.value if isinstance(document.value, dict) else {}
    platform, sandbox = value.get("platform"), value.get("sandbox")
    if not isinstance(platform, str) or not isinstance(sandbox, str):
        return
    own = f"{platform}/{sandbox}"
    for source in sources:
        feeds = source.texts("feeds")
        if feeds and own not in feeds:
            yield source.problem(
                ("feeds",), f"feeds: '{own}', which this file describes, is not among them", f"add {own}"
            )


def _synced(source: Entry, sources: list[Entry]) -> Iterator[Problem]:
    """B2: what a synced Marketo shows of its CRM is not ingested a second time.

    Where the CRM is not a source itself (pattern a), its accounts are what the leads carry of them.
    """
    crm = source.text("crm_sync")
    if not crm:
        return
    systems = {entry.text("connection"): entry for entry in sources if entry.text("type") in CRMS}
    if crm not in systems and crm not in CRMS:
        known = [*systems, *CRMS]
        yield source.problem(("crm_sync",), f"crm_sync: there is no CRM source '{crm}'", suggest(crm, known))
        return
    for index, name in enumerate(source.texts("objects")):
        if name in SYNCED_OBJECTS:
            yield source.problem(
                ("objects", index),
                f"B2: '{name}' of a Marketo synced with {crm} (line {source.line('crm_sync')}) are that CRM's "
                f"{SYNCED_OBJECTS[name].replace('_', ' ')}, {_instead(name, systems.get(crm))}; "
                "a synced Marketo refuses to give them (1018)",
                f"take '{name}' out",
            )


def _instead(name: str, crm: Entry | None) -> str:
    """Where the rows come from when not from Marketo."""
    if crm is None:
        carried = (
            "whose ids and names come with the leads" if name == "companies" else "which leads don't carry"
        )
        return f"{carried} (add the CRM as a source to read them)"
    twin, twins = SYNCED_OBJECTS[name], crm.texts("objects")
    place = f"line {crm.line('objects', twins.index(twin))}" if twin in twins else f"its '{twin}'"
    return f"which come from the CRM itself ({place})"


def _references(
    activation: Entry, destinations: list[Entry], audiences: set[str] | None
) -> Iterator[Problem]:
    name, names = activation.text("destination"), {entry.text("name") for entry in destinations}
    if name and name not in names:
        yield activation.problem(
            ("destination",), f"there is no destination '{name}'", suggest(name, names - {""})
        )
    slug = activation.text("audience")
    if slug and audiences is not None and slug not in audiences:
        hint = suggest(slug, audiences) or f"write audiences/{slug}.yml"
        yield activation.problem(("audience",), f"there is no audience '{slug}'", hint)
