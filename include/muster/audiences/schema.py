"""The JSON Schema of a definition, for editors: made from the catalogue and the operators, committed, tested.

Editors complete fields, relations, operators and events with it. `muster compile` judges more than a schema can
(calendar days, limits over the whole file, rule B7).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from muster.audiences.catalogue import (
    ATTRIBUTE,
    AUDIENCE_ENTITIES,
    CUSTOM_EVENT,
    ENTITIES,
    EVENT,
    EVENT_TYPES,
    LINK,
    EntityKind,
    Field,
    FieldType,
    Relation,
)
from muster.audiences.conditions import ATTRIBUTE_NAME, GROUPS, MATCHES, MAX_COUNT
from muster.audiences.operators import OPERATORS, Operator, for_type
from muster.audiences.parse import EVALUATE, MAX_DESCRIPTION, MAX_NAME
from muster.audiences.values import AGE, MAX_NUMBER, MAX_TEXT, MAX_VALUES
from muster.naming import SLUG

FILE_NAME = "audience.schema.json"
Json = dict[str, Any]

TEXT: Json = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
NUMBER: Json = {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
DAY: Json = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-03-02"]}
TIME: Json = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$",
    "examples": ["2026-03-02T00:00:00Z"],
}
SCALARS: dict[FieldType, Json] = {
    "text": TEXT,
    "texts": TEXT,
    "number": NUMBER,
    "boolean": {"type": "boolean"},
    "date": DAY,
    "timestamp": TIME,
}
LENGTH: Json = {
    "type": "string",
    "pattern": f"^{AGE.pattern}$",
    "examples": ["24 hours", "7 days", "2 weeks"],
}
REF_LENGTH: Json = {"$ref": "#/definitions/length"}
SPAN: Json = {
    "anyOf": [
        REF_LENGTH,
        {
            "type": "object",
            "properties": {"from": REF_LENGTH, "to": REF_LENGTH},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
    ]
}
EVENT_NAME: Json = {
    "anyOf": [{"enum": list(EVENT_TYPES)}, {"type": "string", "pattern": f"^{CUSTOM_EVENT}$"}]
}


def schema_text() -> str:
    """The file's content."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> Json:
    definitions = {name: _condition(kind, via) for name, kind, via in _scopes()}
    definitions |= {f"compare_{kind}": _comparison(kind) for kind in SCALARS}
    definitions |= {
        "length": LENGTH,
        "span": SPAN,
        "quantity": {"anyOf": list(_quantities())},
        "event_type": EVENT_NAME,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Muster audience",
        "description": "A named set of people or accounts. docs/reference/audience_language.md explains the language.",
        "type": "object",
        "properties": {
            "audience": {
                "type": "string",
                "pattern": f"^{SLUG.pattern}$",
                "maxLength": 60,
                "description": "The name of the file.",
            },
            "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            "description": {"type": "string", "minLength": 1, "maxLength": MAX_DESCRIPTION},
            "entity": {"enum": list(AUDIENCE_ENTITIES), "description": "What its members are."},
            "evaluate": {
                "enum": list(EVALUATE),
                "default": "auto",
                "description": "Rule B7: derived unless insisted on.",
            },
            "where": {"type": "object", "description": "The condition that members satisfy."},
        },
        "required": ["audience", "name", "description", "entity", "where"],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"entity": {"const": name}}, "required": ["entity"]},
                "then": {"properties": {"where": _at(name)}},
            }
            for name in AUDIENCE_ENTITIES
        ],
        "definitions": definitions,
    }


def _scopes() -> Iterator[tuple[str, EntityKind, Relation | None]]:
    """Every place where conditions are written: of an entity, or behind one of its relations."""
    for name in AUDIENCE_ENTITIES:
        yield name, ENTITIES[name], None
    for kind in ENTITIES.values():
        for relation in kind.relations:
            yield _behind(kind, relation), ENTITIES[relation.target], relation
    yield EVENT.name, EVENT, None


def _behind(kind: EntityKind, relation: Relation) -> str:
    return f"{kind.name}_{relation.name}"


def _at(name: str) -> Json:
    return {"$ref": f"#/definitions/{name}"}


def _condition(kind: EntityKind, via: Relation | None) -> Json:
    own = _behind_name(kind, via)
    shapes = [
        _object({group: {"type": "array", "items": _at(own), "minItems": 1}}, [group]) for group in GROUPS
    ]
    fields = {field.name: field for field in kind.fields}
    fields |= {LINK + field.name: field for field in via.link_fields} if via else {}
    shapes += [shape for kind_of in SCALARS for shape in _comparisons(fields, kind_of)]
    if kind is EVENT:
        name = {
            "type": "string",
            "pattern": f"^{ATTRIBUTE}{ATTRIBUTE_NAME.pattern}$".replace(".[", r"\.[", 1),
        }
        shapes.append({"allOf": [{"properties": {"field": name}}, _at("compare_text")]})
    if kind.has_custom:
        custom = {"type": "string", "pattern": "^custom__[a-z0-9_]+$"}
        shapes.append({"allOf": [{"properties": {"field": custom}}, _at("compare_text")]})
    for relation in kind.relations:
        related = {"const": relation.name, "description": relation.doc}
        match = {"anyOf": [{"enum": list(MATCHES)}, _at("quantity")], "default": "any"}
        shapes.append(
            _object({"related": related, "match": match, "where": _at(_behind(kind, relation))}, ["related"])
        )
    if kind.has_events:
        shapes.append(_event())
    return {"anyOf": shapes}


def _behind_name(kind: EntityKind, via: Relation | None) -> str:
    return next(name for name, found, relation in _scopes() if found is kind and relation is via)


def _comparisons(fields: dict[str, Field], kind: FieldType) -> Iterator[Json]:
    """The fields of one type, with the comparison of that type."""
    of_type = [name for name, field in fields.items() if field.type == kind]
    if of_type:
        yield {"allOf": [{"properties": {"field": {"enum": of_type}}}, _at(f"compare_{kind}")]}


def _comparison(kind: FieldType) -> Json:
    """A field and exactly one operator that its type takes."""
    operators = [OPERATORS[name] for name in for_type(kind)]
    shared: Json = {"field": {"type": "string", "description": "Which value is compared."}}
    if kind in ("text", "texts"):
        shared["case"] = {"enum": ["exact", "ignore"], "description": "exact unless said otherwise"}
    values = {
        operator.name: {"description": operator.doc, "allOf": [_value(operator, kind)]}
        for operator in operators
    }
    choices = [{"required": [operator.name]} for operator in operators]
    return _object(shared | values, ["field"]) | {"oneOf": choices}


def _value(operator: Operator, kind: FieldType) -> Json:
    scalar = SCALARS[kind]
    shapes: dict[str, Json] = {
        "value": scalar,
        "values": {"type": "array", "items": scalar, "minItems": 1, "maxItems": MAX_VALUES},
        "pair": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
        "moment": scalar,
        "age": _at("length"),
        "span": _at("span"),
        "yes": {"const": True},
    }
    return shapes[operator.shape]


def _event() -> Json:
    name = _at("event_type")
    properties = {
        "event": {"anyOf": [name, {"type": "array", "items": name, "minItems": 1}]},
        "count": _at("quantity"),
        "within": _at("span"),
        "where": _at(EVENT.name),
    }
    return _object(properties, ["event"])


def _quantities() -> Iterator[Json]:
    for kind, least in (("at_least", 1), ("at_most", 0), ("exactly", 0)):
        yield _object({kind: {"type": "integer", "minimum": least, "maximum": MAX_COUNT}}, [kind])


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
