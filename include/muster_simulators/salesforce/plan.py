"""A parsed query bound to the org: which records, in which order, written as JSON or CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from muster_simulators.salesforce.errors import ApiError, invalid_field, malformed_query
from muster_simulators.salesforce.fields import NUMBERS, Field, Getter, Record
from muster_simulators.salesforce.filters import Test, compile_condition
from muster_simulators.salesforce.schema import Schema, SObject
from muster_simulators.salesforce.soql import (
    FieldsOf,
    MalformedError,
    NotSpokenError,
    Order,
    Path,
    Query,
    parse,
)
from muster_simulators.salesforce.values import csv_writer, json_writer
from muster_simulators.store import Store


def _itself(record: Record) -> Record:
    return record


_ITSELF: Getter = _itself
LONGEST_QUERY = 100_000
MOST_PARENTS = 5


def pointed(text: str, at: int, message: str) -> str:
    """The service's way of showing where: the text, an arrow, row and column, the message."""
    before = text[:at]
    row, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    shown = text[max(0, at - 40) : at + 40].replace("\n", " ")
    arrow = " " * min(at, 40) + "^"
    return f"\n{shown}\n{arrow}\nERROR at Row:{row}:Column:{column}\n{message}"


def parse_query(text: str) -> Query:
    """Raises ApiError 400 MALFORMED_QUERY; NotSpokenError passes through, callers differ in what it means."""
    if len(text) > LONGEST_QUERY:
        raise malformed_query("SOQL statements cannot be longer than 100000 characters.")
    try:
        return parse(text)
    except MalformedError as refused:
        raise malformed_query(pointed(text, refused.at, refused.message)) from None


def parse_spoken(text: str) -> Query:
    """For the query resource: what the simulator doesn't evaluate is a 501, so that nobody takes it for an answer."""
    try:
        return parse_query(text)
    except NotSpokenError as unknown:
        raise ApiError(501, "NOT_SIMULATED", f"this simulator doesn't evaluate {unknown.feature}") from None


@dataclass(frozen=True)
class Column:
    """One selected field: `names` are the relationships that lead to it plus its own name."""

    names: tuple[str, ...]
    field: Field
    getter: Getter

    @property
    def title(self) -> str:
        return ".".join(self.names)


@dataclass
class _Branch:
    """What of one object is selected; parents hang below it."""

    sobject: SObject
    schema: Schema
    leaves: dict[str, Callable[[Record], Any]] = field(default_factory=dict)
    parents: dict[str, tuple[Getter, _Branch]] = field(default_factory=dict)

    def to_json(self, record: Record, base: str) -> dict[str, Any]:
        kind = self.schema.of_id(record["Id"]) or self.sobject
        url = f"{base}/sobjects/{kind.name}/{record['Id']}"
        row: dict[str, Any] = {"attributes": {"type": kind.name, "url": url}}
        for name, read in self.leaves.items():
            row[name] = read(record)
        for name, (parent_of, branch) in self.parents.items():
            parent = parent_of(record)
            row[name] = None if parent is None else branch.to_json(parent, base)
        return row


class Plan:
    """Raises ApiError on construction when the query doesn't fit the org."""

    def __init__(self, query: Query, text: str, schema: Schema, store: Store, now: datetime) -> None:
        self.query, self.text = query, text
        self._schema, self._store = schema, store
        found = schema.find(query.sobject)
        if found is None:
            name = query.sobject
            message = pointed(text, query.at, f"sObject type '{name}' is not supported.")
            raise ApiError(400, "INVALID_TYPE", message)
        self.sobject = found
        self.columns = self._columns()
        self._root = self._tree()
        self._test: Test | None = None
        if query.where is not None:
            self._test = compile_condition(query.where, self._resolve, now)
        self._order = [(self._sort_key(order), order) for order in query.order]
        if (query.offset or 0) > 2000:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")

    # ---- binding -------------------------------------------------------------------------------------------

    def _columns(self) -> list[Column]:
        found: list[Column] = []
        for item in self.query.items:
            found.extend(self._fields_of(item) if isinstance(item, FieldsOf) else [self._column(item)])
        titles = [column.title for column in found]
        for title in titles:
            if titles.count(title) > 1:
                raise invalid_field(f"duplicate field selected: {title}")
        return found

    def _fields_of(self, item: FieldsOf) -> list[Column]:
        if item.which != "STANDARD" and not 0 < (self.query.limit or 0) <= 200:
            raise malformed_query("The SOQL FIELDS function must have a LIMIT of at most 200")
        wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[item.which]
        fields = [f for f in self.sobject.fields if f.custom in wanted]
        return [Column((f.name,), f, self._read(self.sobject, f)) for f in fields]

    def _column(self, path: Path) -> Column:
        names, field, getter = self._walk(path)
        return Column(names, field, getter)

    def _resolve(self, path: Path) -> tuple[Field, Getter]:
        _, field, getter = self._walk(path)
        return field, getter

    def _walk(self, path: Path) -> tuple[tuple[str, ...], Field, Getter]:
        """Follow a path from the queried object to a field; names come back as the org spells them."""
        names = path.names
        if len(names) > 1 and names[0].lower() in (
            (self.query.alias or "").lower(),
            self.sobject.name.lower(),
        ):
            names = names[1:]
        if len(names) - 1 > MOST_PARENTS:
            raise malformed_query("Only 5 levels of parent relationships are allowed in a query.")
        here, getter = self.sobject, _ITSELF
        spelled: list[str] = []
        for name in names[:-1]:
            relation, here, getter = self._follow(here, name, getter, path)
            spelled.append(relation)
        found = here.by_name.get(names[-1].lower())
        if found is None:
            raise self._no_column(path, names[-1], here)
        read = self._read(here, found)
        if getter is _ITSELF:
            return (found.name,), found, read
        parent = getter
        return (*spelled, found.name), found, lambda record: _or_none(read, parent(record))

    def _read(self, here: SObject, field: Field) -> Getter:
        """How to read a field of a record of `here`; a formula looks at other records while it is read."""
        if field.formula is None:
            return field.getter()
        getter: Getter = _ITSELF
        *relations, last = field.formula.split(".")
        for name in relations:
            _, here, getter = self._follow(here, name, getter, Path((*relations, last)))
        target = here.by_name.get(last.lower())
        if target is None:
            # Field-level security hides what the formula looks at, not the formula.
            return lambda record: (getter(record) or {}).get(last)
        if getter is _ITSELF:
            return target.getter()
        read = target.getter()
        return lambda record: _or_none(read, getter(record))

    def _follow(self, here: SObject, name: str, getter: Getter, path: Path) -> tuple[str, SObject, Getter]:
        field = here.by_relationship.get(name.lower())
        target = None
        if field is not None:
            target = next(filter(None, (self._schema.find(each) for each in field.reference_to)), None)
        if field is None or target is None:
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name."
            )
            raise invalid_field(pointed(self.text, path.at, message))
        return str(field.relationship), target, self._parent(getter, field)

    def _parent(self, getter: Getter, field: Field) -> Getter:
        """The record that a reference names; one that may name several kinds is looked for in each."""
        kinds = filter(None, (self._schema.find(each) for each in field.reference_to))
        tables = [self._store.records(kind.stored_as) for kind in kinds]

        def parent(record: Record) -> Record | None:
            child = getter(record)
            key = child.get(field.name) if child is not None else None
            return next((table[key] for table in tables if key in table), None) if key else None

        return parent

    def _no_column(self, path: Path, name: str, sobject: SObject) -> ApiError:
        message = (
            f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom field, be sure "
            "to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        return invalid_field(pointed(self.text, path.at, message))

    def _tree(self) -> _Branch:
        root = _Branch(self.sobject, self._schema)
        for column in self.columns:
            branch = root
            for name in column.names[:-1]:
                if name not in branch.parents:
                    path = Path((name,))
                    _, target, parent_of = self._follow(branch.sobject, name, _ITSELF, path)
                    branch.parents[name] = (parent_of, _Branch(target, self._schema))
                branch = branch.parents[name][1]
            branch.leaves[column.names[-1]] = _reader(column.field, self._read(branch.sobject, column.field))
        return root

    def _sort_key(self, order: Order) -> Getter:
        field, getter = self._resolve(order.path)
        if not field.sortable:
            raise malformed_query(f"field '{field.name}' can not be sorted in a query call")
        if field.type in NUMBERS or field.type in ("date", "datetime", "boolean", "id", "reference"):
            return getter
        return lambda record: (getter(record) or "").casefold() or None

    # ---- running -------------------------------------------------------------------------------------------

    def run(self, *, deleted: bool, bin_start: datetime | None) -> list[Record]:
        """The matching records now. `deleted` asks for soft-deleted and archived ones too, not older than `bin_start`."""
        found: Iterable[Record] = list(self._store.records(self.sobject.stored_as).values())
        if self.sobject.deletable:
            if not deleted:
                found = (r for r in found if not r.get("IsDeleted") and not r.get("IsArchived"))
            elif bin_start is not None:
                found = (r for r in found if not r.get("IsDeleted") or r["SystemModstamp"] >= bin_start)
        rows = [r for r in found if self._test(r)] if self._test is not None else list(found)
        for key, order in reversed(self._order):
            rows = _sorted(rows, key, order)
        start = self.query.offset or 0
        end = None if self.query.limit is None else start + self.query.limit
        return rows[start:end]

    def to_json(self, record: Record, base: str) -> dict[str, Any]:
        return self._root.to_json(record, base)

    def csv_header(self, delimiter: str) -> str:
        return _quoted((column.title for column in self.columns), delimiter)

    def csv_rows(self, records: Iterable[Record], delimiter: str) -> list[str]:
        """One text a record, every field quoted, without line ends."""
        between = f'"{delimiter}"'
        readers = [(column.getter, csv_writer(column.field)) for column in self.columns]
        return [
            '"'
            + between.join(
                ["" if (value := getter(record)) is None else write(value) for getter, write in readers]
            )
            + '"'
            for record in records
        ]


def _quoted(texts: Iterable[str], delimiter: str) -> str:
    return '"' + f'"{delimiter}"'.join(texts) + '"'


def _or_none(read: Getter, parent: Record | None) -> Any:
    return None if parent is None else read(parent)


def _reader(field: Field, getter: Getter) -> Callable[[Record], Any]:
    write = json_writer(field)

    def read(record: Record) -> Any:
        value = getter(record)
        return None if value is None else write(value)

    return read


def _sorted(rows: list[Record], key: Getter, order: Order) -> list[Record]:
    """Nulls stand first unless NULLS LAST is said, whatever the direction."""
    empty = [r for r in rows if key(r) is None]
    filled = sorted((r for r in rows if key(r) is not None), key=key, reverse=order.descending)
    return [*filled, *empty] if order.nulls_last else [*empty, *filled]
