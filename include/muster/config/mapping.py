"""Which object and field of a source becomes which entity and field of the model: a file, not code.

The shipped default of a system is sources/<system>/mapping.yml; include/config/sources/<connection>.yml of the same
shape extends or overrides it, key by key. Files become mappings only through load_mappings, which reports every
problem of every file at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from muster.config.mapping_model import ENTITIES, Cast, Entity
from muster.config.models import Slug, Strict

# A name goes into SQL inside a quoted identifier inside a Jinja text: these characters could end one of them.
FORBIDDEN = re.compile(r"[{}\\\x00-\x1f\x7f]")
MAX_NAME = 200


def source_field(value: str) -> str:
    if not value or len(value) > MAX_NAME or FORBIDDEN.search(value):
        raise ValueError(
            "is not a field's name: 1 to 200 characters, no braces, backslashes or control characters"
        )
    return value


def written_value(value: object) -> object:
    """A value that a person writes in a mapping; numbers and true/false are their text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and FORBIDDEN.search(value):
        raise ValueError("must hold no braces, backslashes or control characters")
    return value


def as_object(value: object) -> object:
    """`title: Title` is short for `title: {field: Title}`."""
    return {"field": value} if isinstance(value, str) else value


SourceField = Annotated[str, BeforeValidator(lambda v: source_field(v) if isinstance(v, str) else v)]
Written = Annotated[str, BeforeValidator(written_value)]


class FieldSpec(Strict):
    """Where the value of one model field comes from: a field of the source, or a constant."""

    field: SourceField | None = None
    """the source's field"""
    constant: Written | None = None
    """the same value for every row, instead of a field"""
    values: dict[Written, Written] = Field(default={})
    """what each value of the field means; a value that isn't listed means nothing"""
    labels: SourceField | None = None
    """field of an option set: its label (`<field>__label`) is taken where the source wrote one, else its value"""
    factor: float | None = Field(default=None, gt=0, strict=False)
    """what a number is multiplied with, where the source counts in another unit"""
    object: Slug | None = None
    """for ids: the object of this source that is referred to, where that one's ids have a suffix"""

    @model_validator(mode="after")
    def _one_origin(self) -> FieldSpec:
        if (self.field is None) == (self.constant is None):
            raise ValueError("say either the source's field or a constant")
        if self.constant is not None and (self.values or self.labels or self.object or self.factor):
            raise ValueError("a constant has no values, labels, object or factor")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns it reads."""
        label = (f"{self.labels}__label",) if self.labels else ()
        return (*label, self.field) if self.field else ()


class ColumnSpec(Strict):
    """A further column of the staging model, for models that are written by hand."""

    field: SourceField
    """the source's field"""
    cast: Cast = "text"
    """type of the column"""
    doc: str = ""
    """what it holds"""


Spec = Annotated[FieldSpec, BeforeValidator(as_object)]
Column = Annotated[ColumnSpec, BeforeValidator(as_object)]


class ObjectMapping(Strict):
    """One object of the source, as listed in platform.yml. Keys that aren't given are those of the default."""

    entity: str | None = None
    """what its rows are: people, accounts, opportunities, ..."""
    about: str | None = None
    """what a row is, for the documentation: `Dynamics contact`"""
    key: list[SourceField] = Field(default=[])
    """the source's fields that identify a row"""
    suffix: Slug | None = None
    """put behind the key's value, for an object whose ids another object of the same entity uses too"""
    version: SourceField | None = None
    """the source's stamp: of a key's rows the newest is taken"""
    null_text: Written | None = None
    """a text that the source writes where there is no value"""
    where: dict[SourceField, Written] = Field(default={})
    """fields and the values that a row must have to be of this entity; rows with others are counted and go no further"""
    deletions: Slug | None = None
    """object of this source that lists ids of deleted records by `object` and `id`, such as deleted_records"""
    deleted: Spec | None = None
    """the field that says a row is gone, with the values that mean so"""
    rank: int | None = Field(default=None, ge=1, le=99)
    """place in survivorship: the smallest is asked first (CRM 1, its leads 2, Marketo 3, others 4)"""
    fields: dict[str, Spec | None] = Field(default={})
    """model field: the source's field. `null` takes the default's away"""
    columns: dict[Slug, Column] = Field(default={})
    """further columns of the staging model"""
    custom: list[SourceField] = Field(default=[])
    """fields that pass through to the profile as text, as `custom__<slug>`"""

    @field_validator("fields", mode="before")
    @classmethod
    def _is_mapping(cls, value: object) -> object:
        return {} if value is None else value

    @property
    def model(self) -> Entity:
        """Only of a mapping that was checked."""
        return ENTITIES[self.entity or ""]

    @property
    def filled(self) -> dict[str, FieldSpec]:
        return {name: spec for name, spec in self.fields.items() if spec is not None}

    @property
    def custom_columns(self) -> dict[str, str]:
        """`custom__<slug>`: the source's field."""
        return {custom_column(name): name for name in self.custom}

    def over(self, default: ObjectMapping) -> ObjectMapping:
        """This one where it says something, the default where it doesn't."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        for name in ("fields", "columns"):
            given[name] = {**getattr(default, name), **getattr(self, name)}
        given["custom"] = list(dict.fromkeys([*default.custom, *self.custom]))
        return default.model_copy(update=given)

    def read(self) -> Iterator[tuple[str, Cast]]:
        """Every raw column that staging reads, and the type it is given there; text first come."""
        for name in self.key:
            yield name, "text"
        if self.version:
            yield self.version, "timestamptz"
        for name, spec in self.filled.items():
            found = self.model.field(name)
            for column in spec.columns:
                yield column, "text" if spec.values or found is None else found.cast
        for extra in self.columns.values():
            yield extra.field, extra.cast
        if self.deleted is not None:
            for column in self.deleted.columns:
                yield column, "text" if self.deleted.values else "boolean"
        for column in (*self.custom, *self.where):
            yield column, "text"


class MappingFile(Strict):
    """A mapping file."""

    objects: dict[Slug, ObjectMapping] = Field(default={})
    """by name of the object, as listed in platform.yml"""

    @field_validator("objects", mode="before")
    @classmethod
    def _is_mapping(cls, value: object) -> object:
        return {} if value is None else value


def custom_column(source_name: str) -> str:
    """`New_Region__c` -> `custom__new_region_c`."""
    return "custom__" + (re.sub(r"[^a-z0-9]+", "_", source_name.lower()).strip("_") or "field")


def columns_read(mapping: ObjectMapping) -> Mapping[str, Cast]:
    """Raw column: the type that staging gives it; text where two uses of it differ."""
    found: dict[str, Any] = {}
    for name, cast in mapping.read():
        known = found.setdefault(name, cast)
        if known != cast:
            found[name] = cast if known == "text" else known if cast == "text" else "text"
    return found
