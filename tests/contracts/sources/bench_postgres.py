"""The SQL bench on a real PostgreSQL: passwords are checked by it, connections are lost by its own hand."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from bench_sql import SqlBench
from postgres import Postgres, server
from source_benches import SECRET
from sqlalchemy import Engine, event

from muster.config import Address, Connection

# the server's own clock can't be set, so its reader finds another function of that name first
WORLD = """
create table people (id text primary key, last_name text, email text, changed_at timestamptz, is_deleted boolean);
create schema sim;
create table sim.moment (at timestamptz);
create function sim.clock_timestamp() returns timestamptz language sql as 'select at from sim.moment';
grant usage on schema sim to public;
grant select on sim.moment, people to public;
"""


class PostgresBench(SqlBench):
    def __init__(self, tmp: Path) -> None:
        super().__init__(tmp)
        self.server: Postgres = server()
        self.database = f"crm_{uuid.uuid4().hex[:12]}"

    def connection(self, password: str = SECRET) -> Connection:
        address = Address("postgres", "127.0.0.1", self.server.port, self.database)
        return Connection(self.id, "", "reader", password, address=address)

    def removed(self, settings: Any) -> set[str]:
        return {row["id"] for row in self.rows(settings) if row["is_deleted"] == "true"}

    def serve(self, stack: ExitStack) -> None:
        self.create(WORLD)
        for name, listener in (("do_connect", self._connect), ("do_execute", self._execute)):
            event.listen(Engine, name, listener)
            stack.callback(event.remove, Engine, name, listener)
        stack.callback(self.drop_database)

    def create(self, statements: str) -> None:
        """An own database, and the role that reads it."""
        with self.server.admin() as admin:
            if not admin.execute("select 1 from pg_roles where rolname = 'reader'").fetchone():
                admin.execute(f"create role reader login password '{SECRET}'")
            admin.execute(f"create database {self.database} template template0")
            admin.execute(
                f"alter role reader in database {self.database} set search_path = sim, pg_catalog, public"
            )
        with self.server.admin(self.database) as admin:
            admin.execute(statements)

    def drop_database(self) -> None:
        with self.server.admin() as admin:
            admin.execute(f"drop database {self.database} with (force)")

    def sync(self) -> None:
        due = [one for one in self.changes if one.visible_at <= self.clock.now()]
        with self.server.admin(self.database) as admin, admin.transaction():
            admin.execute("delete from sim.moment")
            admin.execute("insert into sim.moment values (%s)", [self.clock.now()])
            for change in sorted(due, key=lambda one: one.visible_at):
                columns = ", ".join(change.values)
                marks = ", ".join("%s" for _ in change.values)
                values = {**change.values, "changed_at": change.at}
                admin.execute("delete from people where id = %s", [change.key])
                admin.execute(f"insert into people ({columns}) values ({marks})", list(values.values()))

    def _connect(self, dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        self.stats.called(self.id, "connect", "/")
        self._maybe("connect")
        with self.syncing:
            self.sync()
        connection = psycopg.connect(*arguments, **named)
        bench = self

        class Breaking(psycopg.ServerCursor[Any]):
            def fetchmany(self, size: int = 0) -> Any:
                if bench.faults.take(bench.id, "fetch", "/", "cut"):
                    with bench.server.admin() as admin:
                        admin.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
                return super().fetchmany(size)

        connection.server_cursor_factory = Breaking
        return connection

    def _fail(self, *, passing: bool) -> Exception:
        kind = psycopg.OperationalError if passing else psycopg.ProgrammingError
        return kind("of 'Secretname'")
