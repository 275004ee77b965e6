"""A database by its Airflow connection: SQLAlchemy's engine, one reading transaction at a time, errors without values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import NullPool

from muster.errors import SourceError, TransientSourceError

if TYPE_CHECKING:
    from muster.config import Connection, SqlSource

DRIVERS: Mapping[str, str] = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
    "sqlite": "sqlite",
}
READ_ONLY: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
# texts of values are the same wherever the server is and whoever set it up
SESSION: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET LOCAL TIME ZONE 'UTC'",
        "SET LOCAL DateStyle = 'ISO, YMD'",
        "SET LOCAL IntervalStyle = 'iso_8601'",
        "SET LOCAL extra_float_digits = 1",
    ),
}
PASSING_STATES = ("08", "40", "53", "57P")  # connection lost, serialisation, no resources, shutting down
PASSING_SQLITE = ("locked", "busy", "disk i/o", "interrupted")
REFUSALS = (
    "authentication failed", "access denied", "login failed", "no pg_hba.conf entry", "does not exist",
    "unable to open", "unknown database", "no password supplied",
)  # fmt: skip


def url_of(config: SqlSource, connection: Connection) -> sa.URL:
    """The database's URL. Raises SourceError where the connection doesn't say which kind of database it is."""
    address = connection.address
    driver = config.driver or DRIVERS.get(address.kind)
    if driver is None:
        raise SourceError(
            f"a connection of type '{address.kind}' names no database that is known",
            where=connection.id,
            hint=f"give the connection one of the types {', '.join(sorted(DRIVERS))}, or name the source's driver",
        )
    if driver.split("+")[0] == "sqlite":
        path = address.host or address.schema
        return sa.URL.create(driver, database=f"file:{quote(path)}", query={"mode": "ro", "uri": "true"})
    options = {name: str(value) for name, value in connection.extra.items() if isinstance(value, str | int)}
    return sa.URL.create(
        driver,
        username=connection.login or None,
        password=connection.password or None,
        host=address.host or None,
        port=address.port,
        database=address.schema or None,
        query=options,
    )


def open_engine(url: sa.URL, *, timeout: float, where: str) -> sa.Engine:
    """Makes no call yet. No value is ever part of an error's text."""
    name = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if name == "postgresql":
        arguments = {"connect_timeout": max(2, round(timeout))}
    elif name == "sqlite":
        arguments = {"timeout": timeout}
    try:
        engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    except (ImportError, exc.ArgumentError) as error:
        raise SourceError(
            f"the driver {url.drivername} can't be used: {type(error).__name__}",
            where=where,
            hint="install its package, or name another one as the source's driver",
        ) from None
    if name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begun)
    return engine


def _sqlite_connected(connection: Any, _record: Any) -> None:
    """One snapshot per transaction; text that is not UTF-8 costs its row, not the whole reading."""
    connection.isolation_level = None
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _sqlite_begun(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@contextmanager
def reading(engine: sa.Engine, where: str, what: str) -> Iterator[sa.Connection]:
    """One transaction that sees one state of the database and changes nothing. Errors as ours; `what` names the step."""
    name = engine.dialect.name
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(**READ_ONLY.get(name, {}))
            with connection.begin() as transaction:
                for statement in SESSION.get(name, ()):
                    connection.exec_driver_sql(statement)
                yield connection
                transaction.rollback()
    except exc.SQLAlchemyError as error:
        raise told(error, name, where, what) from None


def told(error: exc.SQLAlchemyError, dialect: str, where: str, what: str) -> SourceError:
    """The driver's text may hold values and addresses: kind and code are all that is passed on."""
    if not isinstance(error, exc.DBAPIError):
        return SourceError(f"{type(error).__name__} at '{what}'", where=where)
    cause = error.orig
    state = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    said, text = f"{type(cause).__name__} at '{what}'", str(cause).lower()
    if state.startswith("28") or any(refusal in text for refusal in REFUSALS if not state):
        return SourceError(
            f"{said}: refused",
            where=where,
            code=state,
            hint="check host, port, schema (the database), login and password of the connection",
        )
    if _is_passing(error, dialect, state, text):
        return TransientSourceError(said, where=where, code=state)
    return SourceError(said, where=where, code=state)


def _is_passing(error: exc.DBAPIError, dialect: str, state: str, text: str) -> bool:
    if dialect == "sqlite":
        return any(word in text for word in PASSING_SQLITE)
    if error.connection_invalidated or state.startswith(PASSING_STATES):
        return True
    return not state and isinstance(error, exc.OperationalError | exc.InterfaceError)
