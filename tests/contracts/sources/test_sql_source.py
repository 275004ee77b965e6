"""Tables of a database: SQLite and a real PostgreSQL; every value as it is, nothing written, nothing injected."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bench_postgres import PostgresBench
from bench_sql import SqlBench
from source_benches import NEXT, SECRET, START
from sqlalchemy import Engine, event

from muster.config import Connection
from muster.errors import SourceError
from muster.sources.sql.engine import url_of
from muster.sources.sql.spool import Spool

NOON = START + timedelta(hours=12)
FAITHFUL = [
    "NA",
    "null",
    "None",
    "00123",
    "1e5",
    "👩🏽‍🚀",
    "مرحبا بالعالم",
    "line\nbreak",
    "",
    " x ",
    "\\x41",
    "100%s :x",
]


class Lite(SqlBench):
    """A SQLite file that the test fills itself."""

    def __init__(self, tmp: Path, objects: dict[str, Any], ddl: str) -> None:
        super().__init__(tmp)
        self.source_settings = {"objects": objects}
        self.do(ddl)

    def do(self, statements: str, *values: Any) -> None:
        with sqlite3.connect(self.file) as db:
            if values:
                db.execute(statements, values)
            else:
                db.executescript(statements)
        db.close()

    def serve(self, stack: ExitStack) -> None:
        """Nothing to start."""


class Real(PostgresBench):
    """A PostgreSQL database that the test fills itself."""

    def __init__(self, tmp: Path, objects: dict[str, Any], ddl: str) -> None:
        super().__init__(tmp)
        self.source_settings = {"objects": objects}
        self.create(ddl)
        self.do(
            "grant usage on schema public to reader; grant select on all tables in schema public to reader"
        )

    def do(self, statements: str, *values: Any) -> None:
        with self.server.admin(self.database) as admin:
            admin.execute(statements, list(values) or None)


Make = Callable[..., Any]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Make]:
    made: list[Real] = []

    def make(objects: dict[str, Any], ddl: str) -> Real:
        made.append(Real(tmp_path, objects, ddl))
        return made[-1]

    yield make
    for one in made:
        one.drop_database()


@pytest.fixture
def lite(tmp_path: Path) -> Make:
    return lambda objects, ddl: Lite(tmp_path, objects, ddl)


@pytest.fixture(params=["lite", "real"])
def database(request: pytest.FixtureRequest) -> Make:
    """SQLite and PostgreSQL in turn."""
    found: Make = request.getfixturevalue(request.param)
    return found


def snapshot(table: str, /, **more: Any) -> dict[str, Any]:
    return {"people": {"table": table, "key": ["id"], "mode": "snapshot"} | more}


def read(bench: Any) -> list[dict[str, Any]]:
    settings = bench.settings()
    bench.extract(settings)
    rows: list[dict[str, Any]] = bench.rows(settings)
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]


def test_text_arrives_as_it_is_in_the_database(database: Make) -> None:
    bench = database(snapshot("t"), "create table t (id integer primary key, name text)")
    mark = "?" if isinstance(bench, Lite) else "%s"
    for number, value in enumerate(FAITHFUL):
        bench.do(f"insert into t values ({mark}, {mark})", number, value)
    assert {row["id"]: row["name"] for row in read(bench)} == {str(n): v for n, v in enumerate(FAITHFUL)}


def test_every_type_of_postgresql_arrives_as_its_text(real: Make) -> None:
    bench = real(
        snapshot("t"),
        """
        create type mood as enum ('ok', 'so so');
        create table t (id bigint primary key, n numeric, x double precision, b boolean, d date, ts timestamp,
          tz timestamptz, i interval, y bytea, j json, jb jsonb, u uuid, a text[], c char(4), m mood, never timestamptz);
        set time zone 'America/New_York';
        insert into t values (9223372036854775807, 12345678901234567890.10, 0.1, true, '0044-03-15 BC', 'infinity',
          '2026-03-01 12:00:00.000001+02', '1 day 02:00', '\\x00ff', '{"b":1.10, "a":1, "b":2}', '{"a": 1e2}',
          '00000000-0000-0000-0000-00000000000a', array['x', 'y,z', null], 'ab', 'so so', null);
        """,
    )
    (row,) = read(bench)
    assert row == {
        "id": "9223372036854775807",
        "n": "12345678901234567890.10",
        "x": "0.1",
        "b": "true",
        "d": "0044-03-15 BC",
        "ts": "infinity",
        "tz": "2026-03-01 10:00:00.000001+00",
        "i": "P1DT2H",
        "y": "AP8=",
        "j": '{"b":1.10, "a":1, "b":2}',
        "jb": '{"a": 100}',
        "u": "00000000-0000-0000-0000-00000000000a",
        "a": '{x,"y,z",NULL}',
        "c": "ab  ",
        "m": "so so",
        "never": None,
    }


def test_every_type_of_sqlite_arrives_as_it_is_stored(lite: Make) -> None:
    bench = lite(snapshot("t"), "create table t (id integer, r real, n numeric, b blob, d datetime, x)")
    bench.do(
        "insert into t values (?, ?, ?, ?, ?, ?)",
        2**62,
        0.1,
        "12.340",
        b"\0\xff",
        "2026-03-01T12:00:00Z",
        "00123",
    )
    (row,) = read(bench)
    assert row == {
        "id": str(2**62), "r": "0.1", "n": "12.34", "b": "AP8=", "d": "2026-03-01T12:00:00Z", "x": "00123",
    }  # fmt: skip


def test_a_row_that_can_not_be_kept_is_put_aside_alone(lite: Make) -> None:
    bench = lite(snapshot("t"), "create table t (id integer primary key, name text)")
    for number, value in enumerate([b"good", b"nul\0", b"\xff", b"fine"]):
        bench.do("insert into t values (?, cast(? as text))", number, value)
    settings = bench.settings()
    bench.extract(settings)
    assert [row["id"] for row in bench.rows(settings)] == ["0", "3"]
    aside = [
        (row["row_number"], row["reason"], json.loads(row["raw"])["id"]) for row in bench.aside(settings)
    ]
    assert aside == [(2, "a NUL byte", "1"), (3, "bytes that are not UTF-8", "2")]


# ---- windows -----------------------------------------------------------------------------------------------


def incremental(**more: Any) -> dict[str, Any]:
    return {"people": {"table": "t", "key": ["id"], "updated_at": "at", **more}}


STAMPS = {
    "timestamptz": ("timestamptz", {}, "2026-03-01 23:59:59.9+00", "2026-03-02 00:00:00+00"),
    "in another zone": ("timestamp", {"zone": "Europe/Berlin"}, "2026-03-02 00:59:59", "2026-03-02 01:00:00"),
    "timestamp": ("timestamp", {}, "2026-03-01 23:59:59", "2026-03-02 00:00:00"),
    "date": ("date", {}, "2026-03-01", "2026-03-02"),
    "seconds": ("bigint", {"stamp": "epoch_seconds"}, "1772409599", "1772409600"),
    "milliseconds": ("bigint", {"stamp": "epoch_milliseconds"}, "1772409599999", "1772409600000"),
}  # fmt: skip


@pytest.mark.parametrize("case", STAMPS)
def test_windows_are_half_open_whatever_holds_the_stamp(real: Make, case: str) -> None:
    kind, more, last, first = STAMPS[case]
    bench = real(incremental(**more), f"create table t (id text, at {kind})")
    bench.source_settings["overlap_minutes"] = 0
    bench.do("insert into t values ('last', %s), ('first', %s)", last, first)
    settings = bench.settings()
    bench.extract(settings)
    assert [row["id"] for row in bench.rows(settings)] == ["last"]
    bench.extract(settings, NEXT)
    wanted = {"last", "first"} if case == "in another zone" else {"first"}  # its repeated hour is read twice
    newest = [row["id"] for row in bench.rows(settings) if row["_window_start"] == NEXT.start]
    assert set(newest) == wanted


@pytest.mark.parametrize(
    "last", ["2026-03-01 23:59:59", "2026-03-01T23:59:59.999Z", "2026-03-02T00:59:59+01:00"]
)
def test_every_spelling_of_a_time_in_sqlite_is_the_time_it_says(lite: Make, last: str) -> None:
    bench = lite(incremental(), "create table t (id text, at datetime)")
    bench.do("insert into t values ('last', ?)", last)
    bench.do("insert into t values ('first', '2026-03-02T00:00:00Z')")
    settings = bench.settings()
    bench.extract(settings)
    assert [row["id"] for row in bench.rows(settings)] == ["last"]


def test_a_row_without_a_stamp_comes_with_every_window(database: Make) -> None:
    bench = database(
        incremental(), "create table t (id text, at timestamp); insert into t values ('lost', null)"
    )
    settings = bench.settings()
    bench.extract(settings)
    bench.extract(settings, NEXT)
    assert [(one.rows, one.evidence["without_stamp"]) for one in bench.committed(settings)] == [
        (1, 1),
        (1, 1),
    ]


def test_a_stamp_that_is_no_time_is_refused_with_what_to_do(real: Make) -> None:
    bench = real(incremental(), "create table t (id text, at text)")
    with pytest.raises(SourceError, match=r"t\.at is TEXT, no time"):
        bench.extract(bench.settings())


def test_who_is_gone_from_a_snapshot_is_gone(database: Make) -> None:
    bench = database(snapshot("t"), "create table t (id text); insert into t values ('a'), ('b')")
    settings = bench.settings()
    bench.extract(settings)
    assert {row["id"] for row in bench.rows(settings)} == {"a", "b"}
    bench.do("delete from t where id = 'b'")
    bench.extract(settings, NEXT)
    assert [row["id"] for row in bench.rows(settings)] == ["a"]
    assert {one.kind for one in bench.committed(settings)} == {"snapshot"}


# ---- safety ------------------------------------------------------------------------------------------------

HOSTILE = 'x"; drop table victim; --'


def test_names_are_quoted_and_never_run(database: Make) -> None:
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    ddl = f"create table victim (id text); create table {quoted} ({quoted} text); insert into {quoted} values ('v')"
    bench = database({"people": {"table": HOSTILE, "key": [HOSTILE], "mode": "snapshot"}}, ddl)
    assert read(bench) == [{HOSTILE: "v"}]
    bench.do("insert into victim values ('still there')")


def test_a_schema_is_part_of_the_table(real: Make) -> None:
    ddl = 'create schema "S x"; create table "S x"."T" (id text); insert into "S x"."T" values (\'1\');'
    bench = real(
        snapshot("S x.T"), f'{ddl} grant usage on schema "S x" to reader; grant select on "S x"."T" to reader'
    )
    assert read(bench) == [{"id": "1"}]


def test_the_transaction_can_not_write(database: Make) -> None:
    bench = database(snapshot("t"), "create table t (id text)")
    if isinstance(bench, Real):
        bench.do("grant insert on t to reader")

    def write(cursor: Any, statement: str, _parameters: Any, _context: Any) -> None:
        if "count(" in statement:
            cursor.execute("insert into t values ('written')")

    event.listen(Engine, "do_execute", write)
    try:
        with pytest.raises(SourceError, match=r"ReadOnlySqlTransaction|OperationalError"):
            bench.extract(bench.settings())
    finally:
        event.remove(Engine, "do_execute", write)


def test_rows_that_change_while_they_are_read_are_read_as_they_were(real: Make) -> None:
    """Between the count and the rows one is deleted and another one added."""
    bench = real(snapshot("t"), "create table t (id text); insert into t values ('old')")

    def meddle(_cursor: Any, statement: str, _parameters: Any, _context: Any) -> None:
        if "FROM t" in statement and "count(" not in statement:
            bench.do("delete from t; insert into t values ('new'), ('newer')")

    event.listen(Engine, "do_execute", meddle)
    try:
        assert read(bench) == [{"id": "old"}]
    finally:
        event.remove(Engine, "do_execute", meddle)


def test_rows_are_streamed_by_a_cursor_of_the_server(real: Make, monkeypatch: Any) -> None:
    bench = real(
        snapshot("t"), "create table t (id text); insert into t select generate_series(1, 25000)::text"
    )
    sizes, add = list[int](), Spool.add
    monkeypatch.setattr(Spool, "add", lambda spool, rows: (sizes.append(len(rows)), add(spool, rows)))
    declared = list[str]()

    def seen(cursor: Any, statement: str, _parameters: Any, _context: Any) -> None:
        declared.append(type(cursor).__name__)

    event.listen(Engine, "do_execute", seen)
    try:
        assert len(read(bench)) == 25_000
    finally:
        event.remove(Engine, "do_execute", seen)
    assert sizes == [10_000, 10_000, 5_000]
    assert declared[-1] == "ServerCursor"


def test_a_column_that_is_not_asked_for_is_not_read(database: Make) -> None:
    bench = database(
        snapshot("t", columns=["id"]),
        "create table t (id text, salary text); insert into t values ('1', '9')",
    )
    assert read(bench) == [{"id": "1"}]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"table": "peopl"}, "did you mean 'people'"),
        ({"table": "people", "key": ["idd"]}, "has no column idd"),
        ({"table": "people", "updated_at": "chnged"}, "did you mean 'changed'"),
    ],
)
def test_a_name_that_is_not_there_gets_a_suggestion(
    database: Make, wanted: dict[str, Any], said: str
) -> None:
    bench = database(snapshot("people", **wanted), "create table people (id text, changed text)")
    with pytest.raises(SourceError, match=said):
        bench.extract(bench.settings())


def test_a_password_that_postgresql_refuses_is_asked_for_once(real: Make) -> None:
    bench = real(snapshot("t"), "create table t (id text)")
    with (
        bench.open(bench.settings(), "wrong-secret") as source,
        pytest.raises(SourceError, match="refused") as caught,
    ):
        source.server_time()
    assert "wrong-secret" not in str(caught.value)
    assert bench.pauses == []


def test_a_server_that_is_not_there_is_tried_again_and_told_without_its_address(
    real: Make, monkeypatch: Any
) -> None:
    bench = real(snapshot("t"), "create table t (id text)")
    monkeypatch.setattr(bench.server, "port", 1)
    try:
        with bench.open(bench.settings()) as source, pytest.raises(SourceError) as caught:
            source.server_time()
    finally:
        monkeypatch.undo()
    assert "OperationalError at 'clock'" in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert len(bench.pauses) >= 3


def test_a_missing_sqlite_file_is_never_created(lite: Make) -> None:
    bench = lite(snapshot("t"), "create table t (id text)")
    bench.file.unlink()
    with pytest.raises(SourceError, match="refused"):
        bench.extract(bench.settings())
    assert not bench.file.exists()


def test_a_connection_that_names_no_database_says_which_types_are_known(lite: Make) -> None:
    bench = lite(snapshot("t"), "create table t (id text)")
    config = bench.settings().platform.source(bench.id)
    with pytest.raises(SourceError, match="names no database") as caught:
        url_of(config, Connection("sql__main", "", "me", SECRET))
    assert "postgres" in str(caught.value)
    assert SECRET not in str(url_of(config, bench.connection()))
