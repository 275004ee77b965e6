"""SQL of one staging model. What a person wrote comes here as identifiers and literals only, both escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import duckdb

from muster.compiled import MARK
from muster.config.mapping import FieldSpec, ObjectMapping
from muster.config.mapping_model import Cast

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Group:
    """Connections that share one mapping of an object. The first group also takes rows of connections now gone."""

    connections: tuple[str, ...]
    mapping: ObjectMapping
    suffixes: Mapping[str, str] = field(default_factory=dict)
    """of the other objects of these connections, by name"""


@cache
def _keywords() -> frozenset[str]:
    """Words that can't name a column without quotes."""
    with duckdb.connect() as engine:
        found = engine.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(row[0] for row in found)


def identifier(name: str) -> str:
    if PLAIN.fullmatch(name) and name.lower() not in _keywords():
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def jinja(text: str) -> str:
    """A text inside `{{ }}`; it holds no backslash and no brace (muster.config.mapping)."""
    if "'" in text and '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "\\'") + "'"


def staging_model(system: str, object_name: str, groups: Sequence[Group], *, is_written_for: bool) -> str:
    """`is_written_for`: models written by hand read it, and know its columns by name."""
    source = f"source({jinja(system)}, {jinja(f'{system}__{object_name}')})"
    ctes: list[str] = []
    for number, group in enumerate(groups):
        tail = "" if len(groups) == 1 else f"_{number + 1}"
        conditions = [*_connections(number, groups), *conditions_of(group.mapping)]
        chosen = f"\nwhere {' and '.join(conditions)}" if conditions else ""
        ctes.append(_cte(f"source{tail}", f"select * from {{{{ {source} }}}}{chosen}"))
        ctes.append(_cte(f"latest{tail}", latest(group.mapping, f"source{tail}")))
        columns = selected(object_name, group, is_written_for=is_written_for)
        listed = "".join(f"    {expression} as {name},\n" for name, expression in columns)
        joined = ""
        if group.mapping.deletions:
            ctes.append(_cte(f"gone{tail}", _gone(system, object_name, group.mapping.deletions)))
            key = identifier(group.mapping.key[0])
            joined = f"\nleft join gone{tail} on _gone_from = _source_instance and _gone_id = {key}"
        ctes.append(_cte(f"renamed{tail}", f"select\n{listed}from latest{tail}{joined}"))
    last = "renamed"
    if len(groups) > 1:
        parts = [f"select * from renamed_{number + 1}" for number in range(len(groups))]
        ctes.append(_cte("staged", "\nunion all by name\n".join(parts)))
        last = "staged"
    header = f"-- {MARK}; edit the mapping, not this file: include/muster/sources/{system}/mapping.yml,\n"
    header += f"-- and over it include/config/sources/{system}__<instance>.yml."
    body = ",\n\n".join(ctes)
    return f"{header}\nwith {body}\n\nselect * from {last}\n"


def _cte(name: str, select: str) -> str:
    body = "\n".join(f"    {line}" if line else "" for line in select.splitlines())
    return f"{name} as (\n{body}\n)"


def _connections(number: int, groups: Sequence[Group]) -> Iterator[str]:
    if len(groups) > 1:
        chosen = groups[1:] if number == 0 else groups[number : number + 1]
        listed = ", ".join(literal(one) for group in chosen for one in group.connections)
        yield f"_source_instance {'not in' if number == 0 else 'in'} ({listed})"


def conditions_of(mapping: ObjectMapping) -> list[str]:
    """What a raw row must fulfil to be of the entity."""
    return [f"{identifier(name)} = {literal(wanted)}" for name, wanted in mapping.where.items()]


def _gone(system: str, object_name: str, deletions: str) -> str:
    """Ids that the source lists as deleted, when they were last. Names of their own: no source has such fields."""
    return (
        "select source_instance as _gone_from, record_id as _gone_id, deleted_at as _gone_at\n"
        f"from {{{{ ref({jinja(f'stg_{system}__{deletions}')}) }}}}\n"
        f"where object_name = {literal(object_name)}"
    )


def latest(mapping: ObjectMapping, relation: str) -> str:
    key = ", ".join(jinja(identifier(name)) for name in mapping.key)
    stamp = "'_window_end'"
    if mapping.version:
        stamp = _macro(mapping.version, "timestamptz", mapping.null_text)
    return f"{{{{ latest_version('{relation}', [{key}], {stamp}) }}}}"


def record_id(mapping: ObjectMapping) -> str:
    """The id of a row, as SQL: the key's fields and the suffix."""
    parts = " || '.' || ".join(identifier(name) for name in mapping.key)
    return f"{parts} || '.{mapping.suffix}'" if mapping.suffix else parts


def selected(object_name: str, group: Group, *, is_written_for: bool) -> Iterator[tuple[str, str]]:
    """Every column of the staging model and its expression."""
    mapping, filled = group.mapping, group.mapping.filled
    yield "record_key", f"{{{{ record_key({jinja(record_id(mapping))}, '_source_instance') }}}}"
    yield "source_instance", "_source_instance"
    if not is_written_for:
        yield "record_id", record_id(mapping)
        yield "source_object", literal(object_name)
        if mapping.model.id_field and mapping.model.id_field not in filled:
            yield mapping.model.id_field, " || '.' || ".join(identifier(name) for name in mapping.key)
    for name, extra in mapping.columns.items():
        yield name, value(FieldSpec(field=extra.field), extra.cast, mapping)
    for found in mapping.model.fields:
        if found.name == "is_deleted" and is_written_for and "is_deleted" in filled:
            yield found.name, deleted(mapping)
        elif found.name in filled and found.name != "is_deleted":
            expression = value(filled[found.name], found.cast, mapping)
            yield found.name, expression + _behind(found.name, group)
        elif found.name in mapping.fields and is_written_for:
            yield found.name, f"cast(null as {sql_type(found.cast)})"
    if not is_written_for:
        yield "is_deleted", deleted(mapping)
    for name, source_name in mapping.custom_columns.items():
        yield name, value(FieldSpec(field=source_name), "text", mapping)
    yield "extracted_at", "_extracted_at"


def deleted(mapping: ObjectMapping) -> str:
    """Is the row gone: because it says so, or because its id is listed as deleted since its newest version."""
    spec = mapping.deleted or mapping.filled.get("is_deleted")
    said = f"coalesce({value(spec, 'boolean', mapping)}, false)" if spec else "false"
    if not mapping.deletions or not mapping.version:
        return said
    stamp = "{{ " + _macro(mapping.version, "timestamptz", mapping.null_text) + " }}"
    return f"{said} or coalesce(_gone_at >= {stamp}, false)"


def _behind(name: str, group: Group) -> str:
    """The suffix of the object that an id refers to."""
    spec = group.mapping.filled[name]
    suffix = group.mapping.suffix if name == "master_record_id" else group.suffixes.get(spec.object or "")
    return f" || '.{suffix}'" if suffix else ""


def value(spec: FieldSpec, cast: Cast, mapping: ObjectMapping) -> str:
    if spec.constant is not None:
        return _typed(spec.constant, cast)
    name = spec.field or ""
    text = "{{ " + _macro(name, "text", mapping.null_text) + " }}"
    if spec.values:
        cases = "".join(f" when {literal(k)} then {_typed(v, cast)}" for k, v in spec.values.items())
        return f"case {text}{cases} end"
    if spec.labels:
        label = "{{ " + _macro(f"{spec.labels}__label", "text", mapping.null_text) + " }}"
        return f"coalesce({label}, {text})"
    if cast == "text":
        return text
    number = "{{ " + _macro(name, cast, mapping.null_text) + " }}"
    return f"cast({number} * {spec.factor:g} as {cast})" if spec.factor else number


def sql_type(cast: Cast) -> str:
    """JSON stays the text it was, once it is known to be JSON."""
    return "varchar" if cast in ("text", "json") else cast


def _typed(written: str, cast: Cast) -> str:
    if sql_type(cast) == "varchar":
        return literal(written)
    return (
        written
        if cast == "boolean" and written in ("true", "false")
        else f"cast({literal(written)} as {cast})"
    )


def _macro(column: str, cast: Cast, null_text: str | None) -> str:
    """The macro call that reads one raw column."""
    name = jinja(identifier(column))
    if null_text is None:
        return f"text_of({name})" if cast == "text" else f"cast_to({name}, '{cast}')"
    if null_text == "null":
        return f"bulk_text({name})" if cast == "text" else f"bulk_cast({name}, '{cast}')"
    text = f"text_but({name}, {jinja(literal(null_text))})"
    return text if cast == "text" else f"cast_to({text}, '{cast}')"
