"""Random definitions as a person would write them, and one file from such a mapping."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from audience_world import EVENTS, LISTED, NUMBERS
from hypothesis import strategies as st

from muster.audiences.catalogue import ENTITIES, EVENT, LINK, EntityKind, Field, Relation
from muster.audiences.model import Audience
from muster.audiences.operators import OPERATORS, for_type
from muster.audiences.parse import read_audience
from muster.errors import ConfigError, Problem

WORDS = ("a", "A", "b", "ab", "aB", "éA", "'", "a'b", "%", "_", "{{ a }}", "zz")
DAYS = ("1 day", "2 days", "1 week")
AGES = ("1 hour", "24 hours", "48 hours", *DAYS)
MOMENTS = ("2026-03-08", "2026-03-09", "2026-03-10", "2026-03-11")
TIMES = (*MOMENTS, "2026-03-08T23:00:00Z", "2026-03-09T01:00:00+01:00")


def write(folder: Path, where: Any, entity: str = "person", slug: str = "x", **more: Any) -> Path:
    """A file of this condition. JSON is YAML too."""
    content = {"audience": slug, "name": "N", "description": "D", "entity": entity, **more, "where": where}
    path = folder / f"{slug}.yml"
    text = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_text(re.sub("[\x7f-\x9f\u2028\u2029]", _escaped, text), encoding="utf-8")
    return path


def _escaped(found: re.Match[str]) -> str:
    """Characters that YAML takes for line breaks, though JSON doesn't."""
    return f"\\u{ord(found[0]):04x}"


def read(path: Path) -> Audience:
    problems: list[Problem] = []
    found = read_audience(path, problems)
    if found is None:
        raise ConfigError(problems)
    return found


def conditions(
    kind: EntityKind, via: Relation | None = None, depth: int = 3
) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions in the scope of an entity, at most so many levels deep."""
    fields = {field.name: field for field in kind.fields}
    fields |= {LINK + field.name: field for field in via.link_fields} if via else {}
    options = [st.sampled_from(sorted(fields)).flatmap(lambda name: comparisons(name, fields[name]))]
    if kind is EVENT:
        names = st.sampled_from(["attribute.Link", "attribute.Device Type"])
        options.append(names.flatmap(lambda name: comparisons(name, Field(name, "text", ""))))
    if depth > 1:
        options.append(_groups(kind, via, depth))
        options += [_related(relation, depth) for relation in kind.relations]
        options += [_events(depth)] if kind.has_events else []
    return st.one_of(options)


def comparisons(name: str, field: Field) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(for_type(field.type)).flatmap(lambda operator: _comparison(name, field, operator))


def _comparison(name: str, field: Field, operator: str) -> st.SearchStrategy[dict[str, Any]]:
    parts = {"field": st.just(name), operator: _value(field, operator)}
    if field.type in ("text", "texts") and OPERATORS[operator].takes_case:
        parts["case"] = st.sampled_from(["ignore", "exact"])
    return st.fixed_dictionaries(parts)


def _value(field: Field, operator: str) -> st.SearchStrategy[Any]:
    lengths = st.sampled_from(DAYS if field.type == "date" else AGES)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(WORDS),
        "texts": st.sampled_from(LISTED),
        "number": st.sampled_from([n for n in NUMBERS if n is not None]),
        "boolean": st.booleans(),
        "date": st.sampled_from(MOMENTS),
        "timestamp": st.sampled_from(TIMES),
    }
    scalar = scalars[field.type]
    span = st.sampled_from([{"from": "2 days", "to": "1 day"}, {"from": "1 week", "to": "1 day"}])
    return {
        "value": scalar,
        "moment": scalar,
        "values": st.lists(scalar, min_size=1, max_size=3),
        "pair": st.lists(scalar, min_size=2, max_size=2).map(sorted),
        "age": lengths,
        "span": st.one_of(lengths, span),
        "yes": st.just(True),
    }[OPERATORS[operator].shape]


def _groups(kind: EntityKind, via: Relation | None, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    parts = st.lists(st.deferred(lambda: conditions(kind, via, depth - 1)), min_size=1, max_size=3)
    return st.builds(lambda name, inner: {name: inner}, st.sampled_from(["all", "any", "none"]), parts)


def _related(relation: Relation, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    quantity = st.one_of(st.sampled_from(["any", "all", "none"]), _quantities())
    where = st.deferred(lambda: conditions(ENTITIES[relation.target], relation, depth - 1))
    return st.fixed_dictionaries(
        {"related": st.just(relation.name)}, optional={"match": quantity, "where": where}
    )


def _events(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    span = st.one_of(st.sampled_from(AGES), st.just({"from": "2 days", "to": "1 hour"}))
    names = st.one_of(st.sampled_from(EVENTS), st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2))
    where = st.deferred(lambda: conditions(EVENT, None, depth - 1))
    return st.fixed_dictionaries(
        {"event": names}, optional={"count": _quantities(), "within": span, "where": where}
    )


def _quantities() -> st.SearchStrategy[dict[str, int]]:
    several = st.sampled_from(["at_least", "at_most", "exactly"])
    return st.builds(
        lambda kind, n: {kind: max(n, 1) if kind == "at_least" else n}, several, st.integers(0, 3)
    )
