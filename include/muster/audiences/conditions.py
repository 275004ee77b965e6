"""Conditions as they are written, read into the typed tree with the catalogue at hand.

A condition is a mapping, and one key says which kind it is:

    all | any | none: [conditions]
    field: <name>, <operator>: <value>, [case: ignore]
    related: <relation>, [match: any | all | none | {at_least: n}], [where: condition]
    event: <type or list>, [count: {at_least: n}], [within: 7 days], [where: condition]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muster.audiences import values
from muster.audiences.catalogue import (
    ATTRIBUTE,
    CUSTOM_EVENT,
    ENTITIES,
    EVENT,
    EVENT_TYPES,
    LINK,
    EntityKind,
    Field,
    Relation,
)
from muster.audiences.model import (
    ALL,
    ANY,
    NONE,
    Compare,
    Condition,
    Event,
    Group,
    Place,
    Quantity,
    Related,
    Value,
)
from muster.audiences.operators import OPERATORS, Operator, for_type
from muster.config.document import Document, PathTuple
from muster.config.problems import suggest
from muster.errors import Problem

MAX_DEPTH = 8
MAX_CONDITIONS = 200
MAX_COUNT = 1_000_000
GROUPS = ("all", "any", "none")
KINDS = (*GROUPS, "field", "related", "event")
MATCHES = {"any": ANY, "all": ALL, "none": NONE}
ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,59}")
# The custom fields that the sources' mappings bring, by entity: {"people": ["custom__region"]}
Custom = Mapping[str, Sequence[str]]
KIND_HINT = "a condition is one of: all, any, none, field, related, event"


@dataclass(frozen=True)
class Scope:
    """Whose fields can be named here, and which relation led here."""

    entity: EntityKind
    via: Relation | None = None

    def fields(self, custom: Custom) -> dict[str, Field]:
        further = custom.get(self.entity.plural, ()) if self.entity.has_custom else ()
        more = {name: Field(name, "text", "custom field of a source") for name in further}
        link = {LINK + field.name: field for field in self.via.link_fields} if self.via else {}
        return {field.name: field for field in self.entity.fields} | more | link


class Reader:
    """Reads the conditions of one file. What is wrong goes to `problems`, and the condition becomes None."""

    def __init__(self, document: Document, problems: list[Problem], custom: Custom) -> None:
        self.document, self.problems, self.custom, self.count = document, problems, custom, 0

    def read(self, raw: Any, path: PathTuple, scope: Scope, depth: int = 1) -> Condition | None:
        self.count += 1
        if self.count == MAX_CONDITIONS + 1:
            self._note(path, f"more than {MAX_CONDITIONS} conditions in one audience")
        if self.count > MAX_CONDITIONS:
            return None
        if depth > MAX_DEPTH:
            self._note(path, f"conditions are nested deeper than {MAX_DEPTH} levels")
            return None
        if not isinstance(raw, dict) or not raw:
            hint = "write the list under all:, any: or none:" if isinstance(raw, list) else KIND_HINT
            self._note(path, "a condition must be a set of keys", hint)
            return None
        kinds = [key for key in raw if key in KINDS]
        if len(kinds) != 1:
            self._unclear(raw, kinds, path)
            return None
        kind = kinds[0]
        if kind in GROUPS:
            return self._group(raw, kind, path, scope, depth)
        if kind == "field":
            return self._compare(raw, path, scope)
        return (self._related if kind == "related" else self._event)(raw, path, scope, depth)

    def _unclear(self, raw: dict[str, Any], kinds: list[str], path: PathTuple) -> None:
        if kinds:
            second = (*path, kinds[1])
            self._note(
                second,
                f"'{kinds[0]}' and '{kinds[1]}' can't stand in one condition",
                "make them two conditions",
                key=True,
            )
            return
        first = next(iter(raw))
        if first in OPERATORS:
            self._note(path, "'field' is missing in this condition")
        else:
            self._note(
                (*path, first), f"unknown kind of condition '{first[:60]}'", suggest(first, KINDS), key=True
            )

    # -- the four kinds ----------------------------------------------------------------------------------------

    def _group(
        self, raw: dict[str, Any], kind: str, path: PathTuple, scope: Scope, depth: int
    ) -> Group | None:
        self._only(raw, (kind,), path)
        inner = raw[kind]
        if not isinstance(inner, list) or not inner:
            self._note((*path, kind), f"{kind}: must be a list with at least one condition")
            return None
        parts = [self.read(part, (*path, kind, index), scope, depth + 1) for index, part in enumerate(inner)]
        good = tuple(part for part in parts if part is not None)
        return Group(kind, good, self._at((*path, kind))) if len(good) == len(parts) else None  # type: ignore[arg-type]

    def _compare(self, raw: dict[str, Any], path: PathTuple, scope: Scope) -> Compare | None:
        field = self._field(raw["field"], (*path, "field"), scope)
        if field is None:
            return None
        named = [key for key in raw if key in OPERATORS]
        if not self._only(raw, ("field", "case", *OPERATORS), path, known=for_type(field.type)) and not named:
            return None
        if len(named) != 1:
            what = f"has two operators, '{named[0]}' and '{named[1]}'" if named else "has no operator"
            hint = (
                "make them two conditions"
                if named
                else f"a {field.type} takes {', '.join(for_type(field.type))}"
            )
            self._note(
                (*path, named[1]) if named else path, f"field '{field.name}' {what}", hint, key=bool(named)
            )
            return None
        operator = OPERATORS[named[0]]
        place = (*path, operator.name)
        if field.type not in operator.types:
            hint = f"a {field.type} takes {', '.join(for_type(field.type))}"
            self._note(
                place, f"'{operator.name}' does not go with '{field.name}', a {field.type}", hint, key=True
            )
            return None
        value, ignore = (
            self._value(raw[operator.name], place, operator, field),
            self._case(raw, path, operator, field),
        )
        if value is None:
            return None
        return Compare(field, operator.name, value, ignore, raw["field"].startswith(LINK), self._at(path))

    def _related(self, raw: dict[str, Any], path: PathTuple, scope: Scope, depth: int) -> Related | None:
        self._only(raw, ("related", "match", "where"), path)
        known = {relation.name for relation in scope.entity.relations}
        relation = scope.entity.relation(raw["related"]) if isinstance(raw["related"], str) else None
        if relation is None:
            what = f"{scope.entity.name} has no relation '{str(raw['related'])[:60]}'"
            self._note((*path, "related"), what, suggest(raw["related"], known) or "it has none")
            return None
        quantity = self._match(raw.get("match", "any"), (*path, "match"))
        inner = Scope(ENTITIES[relation.target], relation)
        where, good = self._inner(raw, path, inner, depth)
        return Related(relation, quantity, where, self._at(path)) if good and quantity else None

    def _event(self, raw: dict[str, Any], path: PathTuple, scope: Scope, depth: int) -> Event | None:
        self._only(raw, ("event", "count", "within", "where"), path)
        if not scope.entity.has_events:
            hint = "people have events: go there by `related: people` first"
            self._note((*path, "event"), f"{scope.entity.name} has no events of its own", hint, key=True)
            return None
        types = self._types(raw["event"], (*path, "event"))
        quantity = self._count(raw.get("count", {"at_least": 1}), (*path, "count"))
        within = None
        if "within" in raw:
            try:
                within = values.span(raw["within"], "timestamp")
            except ValueError as error:
                self._note((*path, "within"), f"within: {error}")
                return None
        where, good = self._inner(raw, path, Scope(EVENT), depth)
        return Event(types, quantity, within, where, self._at(path)) if good and types and quantity else None

    # -- their parts -------------------------------------------------------------------------------------------

    def _inner(
        self, raw: dict[str, Any], path: PathTuple, scope: Scope, depth: int
    ) -> tuple[Condition | None, bool]:
        if "where" not in raw:
            return None, True
        where = self.read(raw["where"], (*path, "where"), scope, depth + 1)
        return where, where is not None

    def _field(self, given: Any, path: PathTuple, scope: Scope) -> Field | None:
        known = scope.fields(self.custom)
        if isinstance(given, str) and given in known:
            return known[given]
        if isinstance(given, str) and scope.entity is EVENT and given.startswith(ATTRIBUTE):
            name = given.removeprefix(ATTRIBUTE)
            if ATTRIBUTE_NAME.fullmatch(name):
                return Field(given, "text", "", column="attributes", attribute=name)
            self._note(path, "an attribute's name has letters, digits, spaces, - and _ only, 60 at most")
            return None
        where = f"{scope.entity.name} has no field '{str(given)[:60]}'"
        self._note(path, where, suggest(given, known))
        return None

    def _value(self, given: Any, path: PathTuple, operator: Operator, field: Field) -> Value | None:
        try:
            match operator.shape:
                case "values":
                    return values.several(given, field.type)
                case "pair":
                    return values.pair(given)
                case "age":
                    return values.age(given, field.type)
                case "span":
                    return values.span(given, field.type)
                case "yes":
                    return values.yes(given)
                case _:
                    found = values.scalar(given, field.type)
        except ValueError as error:
            self._note(path, f"{operator.name}: {error}")
            return None
        if field.type == "texts" and ";" in str(found):
            self._note(path, f"{operator.name}: one value of '{field.name}' can't contain a semicolon")
            return None
        return found

    def _case(self, raw: dict[str, Any], path: PathTuple, operator: Operator, field: Field) -> bool:
        if "case" not in raw:
            return False
        if raw["case"] not in ("ignore", "exact"):
            self._note(
                (*path, "case"),
                f"case: unknown value '{str(raw['case'])[:60]}'",
                "ignore or exact (the default)",
            )
        elif not operator.takes_case or field.type not in ("text", "texts"):
            self._note((*path, "case"), "case goes with comparisons of texts only", key=True)
        return bool(raw["case"] == "ignore")

    def _match(self, given: Any, path: PathTuple) -> Quantity | None:
        if isinstance(given, str) and given in MATCHES:
            return MATCHES[given]
        return self._quantity(given, path, "match", "any, all, none, or such as {at_least: 2}")

    def _count(self, given: Any, path: PathTuple) -> Quantity | None:
        return self._quantity(given, path, "count", "such as {at_least: 3}, {at_most: 2} or {exactly: 0}")

    def _quantity(self, given: Any, path: PathTuple, key: str, hint: str) -> Quantity | None:
        kinds = {"at_least": 1, "at_most": 0, "exactly": 0}
        if isinstance(given, dict) and len(given) == 1 and next(iter(given)) in kinds:
            kind, number = next(iter(given.items()))
            if (
                isinstance(number, int)
                and not isinstance(number, bool)
                and kinds[kind] <= number <= MAX_COUNT
            ):
                return Quantity(kind, number)
            hint = f"{kind} takes a whole number from {kinds[kind]} to {MAX_COUNT:,}"
        self._note(path, f"{key}: not understood", hint)
        return None

    def _types(self, given: Any, path: PathTuple) -> tuple[str, ...]:
        listed = given if isinstance(given, list) else [given]
        if not listed:
            self._note(path, "event: must name at least one type of event")
        unknown = [(i, name) for i, name in enumerate(listed) if not _is_event(name)]
        for index, name in unknown:
            place = (*path, index) if isinstance(given, list) else path
            hint = suggest(name, EVENT_TYPES) or "docs/reference/audience_language.md lists them"
            self._note(place, f"unknown event '{str(name)[:60]}'", hint)
        return () if unknown else tuple(dict.fromkeys(listed))

    def _only(
        self, raw: dict[str, Any], allowed: tuple[str, ...], path: PathTuple, known: list[str] | None = None
    ) -> bool:
        unknown = [key for key in raw if key not in allowed]
        for key in unknown:
            near = suggest(key, set(known or allowed) - set(raw))
            self._note((*path, key), f"unknown key '{key[:60]}' in this condition", near, key=True)
        return not unknown

    def _at(self, path: PathTuple) -> Place:
        return Place(path, self.document.line(path))

    def _note(self, path: PathTuple, message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, message, hint, key=key))


def _is_event(name: Any) -> bool:
    return isinstance(name, str) and (name in EVENT_TYPES or re.fullmatch(CUSTOM_EVENT, name) is not None)
