"""Sources whose objects a person names: files of a folder or bucket, tables of a database.

An object's name here is its name in the lake: `people` of a `files` source becomes `raw.files__people`. Two sources
of one system may share a name; their columns are united.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from muster.config.base import Slug, Source, Strict

S3 = "s3://"
Mode = Literal["incremental", "snapshot"]


class TableObject(Strict):
    """What a file's and a table's rows have in common."""

    key: list[str] = Field(min_length=1)
    """the fields that together identify a row"""
    mode: Mode = "incremental"
    """`incremental`: windows bring what is new or changed; `snapshot`: the whole is read each night, and what is no longer in it is gone"""
    updated_at: str | None = None
    """the field that holds when a row changed"""
    columns: list[str] = Field(default=[])
    """the columns, by name. Files must have them all, and a window without a file is committed with them; of a table only these are read. Default: what is there"""

    @field_validator("key", "columns")
    @classmethod
    def _names(cls, value: list[str]) -> list[str]:
        if any(not name or "\0" in name for name in value):
            raise ValueError("a column's name is not empty and holds no NUL")
        if len({name.casefold() for name in value}) != len(value):
            raise ValueError("names a column twice")
        return value

    @model_validator(mode="after")
    def _all_named(self) -> Self:
        if self.columns and not set(self.wanted) <= set(self.columns):
            raise ValueError("key and updated_at must be among columns")
        return self

    @property
    def wanted(self) -> list[str]:
        """The columns that must be there."""
        return list(
            dict.fromkeys([*self.columns, *self.key, *([self.updated_at] if self.updated_at else [])])
        )


class FileObject(TableObject):
    """The files that together are one object."""

    path: str = Field(min_length=1)
    """which files, below the source's `path`: `people/*.csv`, `**/orders_*.jsonl.gz`; `*` stays within a folder, `**/` means any folders"""
    format: Literal["csv", "jsonl", "parquet"]
    """what is in them; `.gz` and `.zip` at the end of a name are unpacked first"""
    updated_at: str | None = None
    """the field that holds when a row changed; it is checked to be there. Which window a file belongs to is told by its own time"""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """of CSV: what stands between two values"""
    quote: str = Field(default='"', min_length=1, max_length=1)
    """of CSV: what stands around a value that holds a delimiter or a line end"""
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"
    """of CSV and JSONL"""
    header: bool = True
    """of CSV: does the first line name the columns? If not, `columns` does"""
    marker: str | None = None
    """read a file only when this one is beside it: `_SUCCESS` for a folder, `{name}.done` for each file"""
    date_in_name: str | None = Field(default=None, max_length=200)
    """a regular expression whose group `date` finds the file's date in its path (`(?P<date>\\d{4}-\\d{2}-\\d{2})`); without it the time of its last change counts"""

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        parts = PurePosixPath(value).parts
        if value.startswith(("/", "~")) or ".." in parts or "\0" in value or "\\" in value or ":" in value:
            raise ValueError("must lie below the source's path: no '..', no '~', no '/' at its start")
        return value

    @field_validator("marker")
    @classmethod
    def _beside(cls, value: str | None) -> str | None:
        if value is None:
            return None
        name = value.replace("{name}", "x")
        if not name or set(name) & set("/\\\0{}") or name in (".", ".."):
            raise ValueError("is the name of a file beside the data: _SUCCESS, or {name}.done")
        return value

    @field_validator("date_in_name")
    @classmethod
    def _has_date(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg}") from None
        if "date" not in groups:
            raise ValueError("needs a group named date: (?P<date>...)")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.format == "csv" and not self.header and not self.columns:
            raise ValueError("header: false needs columns, which name what is in the files")
        if self.delimiter == self.quote or {self.delimiter, self.quote} & set("\r\n\0"):
            raise ValueError("delimiter and quote are two different characters, and no line ends")
        return self


class SqlObject(TableObject):
    """One table or view."""

    table: str = Field(min_length=1)
    """`table` or `schema.table`"""
    updated_at: str | None = None
    """the column that holds when a row changed, by the database's clock; needed where `mode` is incremental"""
    stamp: Literal["time", "epoch_seconds", "epoch_milliseconds"] = "time"
    """what `updated_at` holds"""
    zone: str = "UTC"
    """the time zone of an `updated_at` without one"""

    @field_validator("table")
    @classmethod
    def _table(cls, value: str) -> str:
        parts = value.split(".")
        if len(parts) > 2 or not all(parts) or "\0" in value:
            raise ValueError(f"'{value}' is neither table nor schema.table")
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"'{value}' is no time zone such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.mode == "incremental" and self.updated_at is None:
            raise ValueError(
                "mode incremental needs updated_at; a table without such a column is read by mode: snapshot"
            )
        return self

    @property
    def schema_and_table(self) -> tuple[str | None, str]:
        schema, _, table = self.table.rpartition(".")
        return schema or None, table


class FilesSource(Source):
    """Files that somebody puts into a folder or an S3-compatible bucket: CSV, JSONL or Parquet."""

    type: Literal["files"]
    path: str = Field(min_length=1)
    """a folder, or `s3://<bucket>/<prefix>`. For S3 the connection's host is the endpoint (empty for AWS), login and password are the keys, `region` in its extra; without a login the machine's own role is used"""
    objects: dict[Slug, FileObject] = Field(min_length=1)
    """what is read, by a name of your own"""

    @field_validator("path")
    @classmethod
    def _no_way_out(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if separator and (scheme != "s3" or not rest.strip("/")):
            raise ValueError(f"'{value}' is neither a folder nor s3://<bucket>/<prefix>")
        if ".." in PurePosixPath(value).parts or "\0" in value or value.startswith("~"):
            raise ValueError("must not contain '..', '~' or NUL")
        return value


class SqlSource(Source):
    """A database that SQLAlchemy reaches; nothing is ever written to it."""

    type: Literal["sql"]
    driver: str | None = None
    """SQLAlchemy's name of dialect and driver, such as `postgresql+psycopg` or `mysql+pymysql`; default: by the type of the Airflow connection"""
    objects: dict[Slug, SqlObject] = Field(min_length=1)
    """what is read, by a name of your own"""

    @field_validator("driver")
    @classmethod
    def _driver(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)?", value):
            raise ValueError(
                f"'{value}' is not of the form dialect or dialect+driver, such as postgresql+psycopg"
            )
        return value
