"""muster source: columns and shapes of what is there, mappings judged against it, nothing committed, nobody shown."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from muster.cli import app

PLATFORM = """\
platform: acme
sandbox: prod
schedule: {{cron: "0 0 * * *", start: 2026-03-01}}
history_start: 2026-03-01
sources:
  - type: files
    connection: files__hr
    feeds: [acme/prod]
    path: {folder}
    objects:
      people: {{path: "*.csv", format: csv, key: [id]}}
  - type: sql
    connection: sql__crm
    feeds: [acme/prod]
    objects:
      staff: {{table: staff, key: [id], mode: snapshot}}
"""
MAPPING = """\
objects:
  people:
    entity: people
    key: [id]
    fields:
      last_name: last_name
      email: emial
"""


class Place:
    """A configuration with a folder of files and a database, and the command line on it."""

    def __init__(self, tmp: Path) -> None:
        self.config, self.home, folder = tmp / "config", tmp / "home", tmp / "drop"
        (self.config / "sources").mkdir(parents=True)
        (self.config / "audiences").mkdir()
        folder.mkdir()
        (folder / "a.csv").write_text("id,last_name,email\n00123,Ångström,ann@example.com\n")
        (self.config / "platform.yml").write_text(PLATFORM.format(folder=folder))
        self.database = tmp / "crm.db"
        with sqlite3.connect(self.database) as db:
            db.execute("create table staff (id integer, phone text)")
            db.execute("insert into staff values (7, '+49 170 5550')")
        db.close()

    def map(self, text: str) -> None:
        (self.config / "sources" / "files__hr.yml").write_text(text)

    def run(self, *given: str) -> Result:
        return CliRunner().invoke(
            app, ["--config", str(self.config), "--home", str(self.home), "source", *given]
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = Place(tmp_path)
    monkeypatch.setenv("AIRFLOW_CONN_FILES__HR", json.dumps({"conn_type": "fs"}))
    sqlite = {"conn_type": "sqlite", "host": str(found.database)}
    monkeypatch.setenv("AIRFLOW_CONN_SQL__CRM", json.dumps(sqlite))
    return found


def test_a_preview_shows_columns_kinds_and_shapes_and_no_value(place: Place) -> None:
    done = place.run("preview", "files__hr")
    assert done.exit_code == 0, done.output
    for shown in (
        "a.csv, the newest of 1 files",
        "last_name",
        "e-mail address",
        "a***@e***.com",
        "99999",
        "Xxxxxxxx",
    ):
        assert shown in done.output
    assert "no mapping yet" in done.output
    for hidden in ("ann@example.com", "Ångström", "00123"):
        assert hidden not in done.output
    assert not place.home.exists()


def test_a_preview_of_a_table_says_the_databases_types(place: Place) -> None:
    done = place.run("preview", "sql__crm", "staff", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)["objects"]["staff"]
    assert [(one["name"], one["kind"]) for one in found["columns"]] == [("id", "integer"), ("phone", "text")]
    assert found["rows"] == [{"id": "9", "phone": "+99 999 9999"}]


def test_a_mapped_field_that_is_not_there_is_an_error_with_its_line_and_a_suggestion(place: Place) -> None:
    place.map(MAPPING)
    for command in ("preview", "check"):
        done = place.run(command, "files__hr")
        assert done.exit_code == 2, done.output
        assert "files__hr.yml:7: people has no field 'emial' (did you mean 'email'?)" in done.output
    place.map(MAPPING.replace("emial", "email"))
    done = place.run("preview", "files__hr", "--json")
    assert done.exit_code == 0, done.output
    columns = json.loads(done.output)["objects"]["people"]["columns"]
    assert [one["mapped_to"] for one in columns] == [["key"], ["last_name"], ["email"]]
    assert place.run("check", "files__hr").exit_code == 0


def test_an_object_that_the_source_does_not_read_is_an_error_of_the_mapping(place: Place) -> None:
    place.map(MAPPING.replace("people:\n    entity", "peple:\n    entity"))
    done = place.run("preview", "files__hr")
    assert done.exit_code == 2
    assert "files__hr.yml:3: the source reads no object 'peple' (did you mean 'people'?)" in done.output


def test_a_check_tries_every_source_and_ends_in_the_error_of_the_first_that_fails(place: Place) -> None:
    done = place.run("check")
    assert done.exit_code == 0, done.output
    assert "ok  files__hr  people: 3 columns" in done.output
    assert "ok  sql__crm  staff: 2 columns" in done.output
    next(place.config.parent.joinpath("drop").iterdir()).unlink()
    done = place.run("check")
    assert done.exit_code == 3, done.output
    assert "!!  files__hr  no file matches *.csv" in done.output
    assert "ok  sql__crm  staff: 2 columns" in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [(("files__hrr",), "did you mean 'files__hr'"), (("files__hr", "peple"), "did you mean 'people'")],
)
def test_a_name_that_is_not_there_gets_a_suggestion(place: Place, given: tuple[str, ...], said: str) -> None:
    done = place.run("preview", *given)
    assert done.exit_code == 2
    assert said in done.output
