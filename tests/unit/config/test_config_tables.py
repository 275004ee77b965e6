"""files and sql in platform.yml: what can't work is told at its line, before anything is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muster.config import connection_from_environment, load_platform
from muster.errors import ConfigError

TEXT = """\
platform: acme
sandbox: prod
schedule: {cron: "0 0 * * *", start: 2026-03-01}
history_start: 2026-03-01
sources:
  - type: files
    connection: files__hr
    feeds: [acme/prod]
    path: /data
    objects:
      people: {path: people/*.csv, format: csv, key: [id]}
  - type: sql
    connection: sql__crm
    feeds: [acme/prod]
    objects:
      people: {table: crm.people, key: [id], updated_at: changed_at}
"""


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[tuple[int, str, str]]:
    text = TEXT
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "platform.yml"
    path.write_text(text)
    try:
        load_platform(path)
    except ConfigError as error:
        return [(one.line, one.message, one.hint) for one in error.problems]
    return []


def test_both_types_are_understood(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    platform = load_platform(tmp_path / "platform.yml")
    assert [source.all_objects for source in platform.sources] == [("people",), ("people",)]


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("people: {path", "People: {path", 11, "lower-case"),
        ("path: people/*.csv", "path: ../x", 11, "must lie below"),
        ("format: csv", "format: xls", 11, "unknown value 'xls'"),
        ("format: csv,", "format: csv, delimter: ';',", 11, "unknown key 'delimter'"),
        ("format: csv,", "format: csv, header: false,", 11, "header: false needs columns"),
        ("format: csv,", "format: csv, date_in_name: '(',", 11, "is no regular expression"),
        ("format: csv,", "format: csv, date_in_name: 'x',", 11, "group named date"),
        ("format: csv,", "format: csv, marker: '../x',", 11, "a file beside"),
        ("format: csv,", "format: csv, delimiter: '\"',", 11, "two different characters"),
        ("format: csv,", "format: csv, columns: [name],", 11, "must be among columns"),
        ("format: csv, key: [id]", "format: csv, key: [id, ID]", 11, "names a column twice"),
        ("/data", "gs://bucket/x", 9, "neither a folder nor"),
        ("/data", "/data/../etc", 9, "must not contain"),
        (", updated_at: changed_at", "", 16, "mode incremental needs updated_at"),
        ("crm.people", "a.b.c", 16, "neither table nor schema.table"),
        ("changed_at}", "changed_at, zone: Mars}", 16, "is no time zone"),
        ("sql__crm", "sqlite__crm", 13, "does not belong to type 'sql'"),
        ("    connection: sql__crm", "    connection: sql__crm\n    driver: 'a b'", 14, "dialect+driver"),
    ],
)
def test_what_can_not_work_is_told_at_its_line(
    tmp_path: Path, before: str, after: str, line: int, said: str
) -> None:
    found = problems(tmp_path, (before, after))
    assert [one[0] for one in found] == [line]
    assert said in found[0][1]


def test_a_misspelt_key_of_an_object_gets_a_suggestion(tmp_path: Path) -> None:
    assert (
        problems(tmp_path, ("format: csv,", "format: csv, delimter: ';',"))[0][2]
        == "did you mean 'delimiter'?"
    )


@pytest.mark.parametrize(
    "value",
    [
        "postgres://me:pw@db.example:5433/crm?sslmode=require",
        json.dumps({"conn_type": "postgres", "host": "db.example", "port": 5433, "schema": "crm", "login": "me", "password": "pw"}),
    ],
)  # fmt: skip
def test_a_connection_says_where_a_database_is(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SQL__CRM", value)
    found = connection_from_environment("sql__crm")
    address = found.address
    assert (address.kind, address.host, address.port, address.schema) == (
        "postgres",
        "db.example",
        5433,
        "crm",
    )
    assert (found.login, found.password) == ("me", "pw")
    assert "pw" not in repr(found)
