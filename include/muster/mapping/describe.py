"""What dbt docs say of generated staging: the sources' columns with their casts, the models' columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from muster.compiled import MARK, quoted
from muster.config.mapping import ObjectMapping, columns_read
from muster.config.mapping_model import Cast
from muster.mapping.sql import Group, selected

if TYPE_CHECKING:
    from muster.mapping.plan import Staged

PII = "{tags: [pii], meta: {pii: true}}"
FIXED = {
    "record_key": "Record key, `<id>@<instance>.<system>`.",
    "record_id": "Id of the record, unique within the instance.",
    "source_instance": "Connection id of the source instance, such as marketo__emea.",
    "source_object": "Object of the source.",
    "is_deleted": "Whether it was deleted at its source.",
    "extracted_at": "When the row was read.",
}
ADDED = {
    "_source_instance": "Connection id of the instance.",
    "_extracted_at": "When the row was read.",
    "_window_start": "Start of the committed window.",
    "_window_end": "End of the committed window.",
    "_run_id": "The run that read it.",
}


def staging_yml(staged: Staged) -> str:
    about = staged.mapping.about or f"row of `{staged.object}` of {staged.system}, deleted ones too"
    lines = [
        f"# {MARK}; edit the mapping, not this file.",
        "version: 2",
        "",
        "models:",
        f"  - name: {staged.model}",
        f"    description: {quoted(f'One row per {about}: its latest version.')}",
        "    columns:",
    ]
    seen: dict[str, None] = {}
    for group in staged.groups:
        for name, _ in selected(staged.object, group, is_written_for=staged.is_written_for):
            if name not in seen:
                seen[name] = None
                lines += column(name, *_said(name, group.mapping))
    return "\n".join(lines) + "\n"


def column(name: str, doc: str, is_personal: bool) -> list[str]:
    lines = [f"      - name: {name}", f"        description: {quoted(doc)}"]
    return [*lines, f"        config: {PII}"] if is_personal else lines


def _said(name: str, mapping: ObjectMapping) -> tuple[str, bool]:
    found = mapping.model.field(name)
    if found is not None:
        return found.doc, found.is_personal
    if name in mapping.columns:
        return mapping.columns[name].doc or f"{mapping.columns[name].field}.", False
    if name in mapping.custom_columns:
        return f"Custom field {mapping.custom_columns[name]}.", True
    return FIXED[name], False


def sources_yml(system: str, tables: Sequence[Staged], bare: Sequence[str]) -> str:
    """The raw tables that generated staging reads. `bare`: objects without a mapping, of which rows are counted."""
    lines = [
        f"# {MARK}; edit the mapping, not this file.",
        "version: 2",
        "",
        "# What the staging models read, in the source's own names. All raw columns are text; `cast` says what staging",
        "# makes of them, and int_lake__cast_failures counts the values that can't be cast.",
        "sources:",
        f"  - name: {system}",
        "    schema: raw",
        f"    description: Committed windows and snapshots of {system}, as received.",
        "    tables:",
    ]
    for one in tables:
        said = f"One row per {one.mapping.about or 'row of the object'} and reading of it."
        lines += [f"      - name: {one.name}", f"        description: {quoted(said)}", "        columns:"]
        lines += [*_source_columns(one.groups), *_added()]
    for name in bare:
        said = "One row per row received; without a mapping it is counted and goes no further."
        lines += [f"      - name: {system}__{name}", f"        description: {quoted(said)}"]
        lines += ["        columns:", *_added()]
    return "\n".join(lines) + "\n"


def _added() -> list[str]:
    return [f"          - {{name: {name}, description: {quoted(doc)}}}" for name, doc in ADDED.items()]


def _source_columns(groups: Sequence[Group]) -> Iterator[str]:
    casts: dict[str, Cast] = {}
    docs: dict[str, tuple[str, bool]] = {}
    for group in groups:
        for name, cast in columns_read(group.mapping).items():
            casts[name] = cast if casts.get(name, cast) == cast else "text"
        for name, said in _docs(group.mapping):
            docs.setdefault(name, said)
    for name, cast in casts.items():
        doc, is_personal = docs.get(name, ("", False))
        meta = [f"cast: {quoted(cast)}"] if cast != "text" else []
        meta += ["pii: true"] if is_personal else []
        config = f", config: {{meta: {{{', '.join(meta)}}}}}" if meta else ""
        yield f"          - {{name: {quoted(name)}, description: {quoted(doc or name)}{config}}}"


def _docs(mapping: ObjectMapping) -> Iterator[tuple[str, tuple[str, bool]]]:
    """What each raw column holds: what the model field that it fills does."""
    for name, spec in mapping.filled.items():
        found = mapping.model.field(name)
        if found is not None:
            yield from ((one, (found.doc, found.is_personal)) for one in spec.columns)
    for extra in mapping.columns.values():
        yield extra.field, (extra.doc, False)
    for name in mapping.custom:
        yield name, ("Custom field; it passes through to the profile.", True)
    for name in mapping.key:
        yield name, ("What identifies the row.", False)
    if mapping.version:
        yield mapping.version, ("The source's stamp: of a key's rows the newest is taken.", False)
    if mapping.deleted is not None:
        yield from (
            (one, ("Whether it was deleted at its source.", False)) for one in mapping.deleted.columns
        )
