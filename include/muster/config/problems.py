"""From pydantic's errors to sentences with a file, a line and a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from muster.config.document import Document, PathTuple
from muster.errors import Problem

KINDS = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a set of keys",
    "model_type": "must be a set of keys",
    "model_attributes_type": "must be a set of keys",
    "none_required": "can't be set here",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


ELSEWHERE = {
    "timezone": "schedules are always UTC (F64)",
    **dict.fromkeys(
        ("host", "url", "login", "password", "client_id", "client_secret", "token", "api_key", "private_key"),
        "belongs to the connection, never to a file",
    ),
}


def suggest(given: object, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the list of what is known where nothing is near and the list is short."""
    names = sorted(known)
    near = get_close_matches(str(given), names, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 20 else ""


def problems_of(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Problem]:
    """Each error of pydantic at the line of the key (unknown, missing) or of the value (wrong)."""
    return [_problem(details, document, model) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, document: Document, model: type[BaseModel]) -> Problem:
    path = _real_path(details["loc"], document.value)
    kind, name = details["type"], str(details["loc"][-1]) if details["loc"] else ""
    if kind == "extra_forbidden":
        known = {name for kind in _model_at(model, details["loc"][:-1]) for name in kind.model_fields}
        hint = ELSEWHERE.get(name) or suggest(name, known - set(_at(document.value, path[:-1])))
        return document.problem(path, f"unknown key '{name}'", hint, key=True)
    if kind == "missing":
        return document.problem(path, f"'{name}' is missing{_in(path)}")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _tag_problem(details, document, path)
    label = _label(path)
    if kind == "literal_error":
        given = details["input"]
        return document.problem(
            path, f"{label}unknown value {_shown(given)}", suggest(given, _expected(details))
        )
    return document.problem(path, f"{label}{_sentence(details)}")


def _tag_problem(details: ErrorDetails, document: Document, path: PathTuple) -> Problem:
    known = _expected(details, "expected_tags")
    if details["type"] == "union_tag_not_found":
        hint = f"one of {', '.join(known)}" if known else "marketo, salesforce or files"
        return document.problem(path, f"'type' is missing{_in((*path, 'type'))}", hint)
    given = details.get("ctx", {}).get("tag")
    return document.problem((*path, "type"), f"type: unknown value {_shown(given)}", suggest(given, known))


def _expected(details: ErrorDetails, name: str = "expected") -> list[str]:
    return re.findall(r"'([^']*)'", str(details.get("ctx", {}).get(name, "")))


def _sentence(details: ErrorDetails) -> str:
    """What is wrong, in our words where pydantic's are about Python."""
    context = details.get("ctx", {})
    if details["type"] == "value_error":
        return str(context.get("error", details["msg"]))
    if details["type"] in KINDS:
        return KINDS[details["type"]]
    for name, words in (("le", "at most"), ("ge", "at least"), ("gt", "more than"), ("lt", "less than")):
        if name in context:
            return f"must be {words} {context[name]}"
    return details["msg"][:1].lower() + details["msg"][1:]


def _shown(value: object) -> str:
    text = str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def _label(path: PathTuple) -> str:
    names = [part for part in path if isinstance(part, str)]
    return f"{names[-1]}: " if names else ""


def _in(path: PathTuple) -> str:
    """` in sources number 1`, for a key that isn't there and so has no line of its own."""
    text = ""
    for part in path[:-1]:
        text += f" number {part + 1}" if isinstance(part, int) else f" {part}"
    return f" in{text}" if text else ""


def _real_path(loc: tuple[int | str, ...], value: Any) -> PathTuple:
    """pydantic's place without the union tags in it, which are no places of the file."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(value, dict) and (part in value or last):
            path.append(part)
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path.append(part)
            value = value[part]
    return tuple(path)


def _at(value: Any, path: PathTuple) -> Any:
    for part in path:
        value = value[part]
    return value


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The model that judges the mapping at pydantic's place `loc`, tags of unions followed."""
    found = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        fields = [kind.model_fields[part].annotation for kind in found if part in kind.model_fields]
        if fields:
            found = [inner for annotation in fields for inner in _models_in(annotation)]
        else:
            found = [kind for kind in found if _is_named(part, kind)]
    return found


def _is_named(part: str, model: type[BaseModel]) -> bool:
    """Is `part` the union tag of this model? Where models have no tag, it is a key of the user's own."""
    tag = model.model_fields.get("type")
    return tag is None or part in get_args(tag.annotation)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in get_args(annotation) for inner in _models_in(part)]
