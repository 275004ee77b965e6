"""Statements of one table. Every name is quoted by SQLAlchemy, every value is bound; no text is put together here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc

from muster.config import suggest
from muster.errors import SourceError

if TYPE_CHECKING:
    from muster.config import SqlObject

CLOCKS = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "mysql": "SELECT utc_timestamp()",
    "mariadb": "SELECT utc_timestamp()",
    "mssql": "SELECT sysutcdatetime()",
    "oracle": "SELECT sys_extract_utc(systimestamp) FROM dual",
}
EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1000}
REPEATED_HOUR = timedelta(hours=1)  # when clocks are set back, an hour of local times comes twice


def clock(connection: sa.Connection) -> datetime:
    """The database's own time (F39)."""
    found: Any = connection.exec_driver_sql(
        CLOCKS.get(connection.dialect.name, "SELECT CURRENT_TIMESTAMP")
    ).scalar_one()
    at = found if isinstance(found, datetime) else datetime.fromisoformat(str(found))
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


class Columns:
    """The columns that are really there, and the statements over them."""

    def __init__(self, wanted: SqlObject, types: dict[str, Any], dialect: str) -> None:
        schema, table = wanted.schema_and_table
        self.wanted, self.types, self.dialect = wanted, types, dialect
        self.names = list(types)
        self.table = sa.table(table, *(sa.column(name) for name in types), schema=schema)

    def select(self, condition: sa.ColumnElement[bool] | None) -> sa.Select[Any]:
        """Every column as the value or text that loses nothing."""
        chosen = sa.select(*(self._value(name) for name in self.names))
        return chosen if condition is None else chosen.where(condition)

    def count(
        self, condition: sa.ColumnElement[bool] | None, is_placed: sa.ColumnElement[bool]
    ) -> sa.Select[int, int]:
        """(rows, those of them without a usable stamp)."""
        lost = sa.func.coalesce(sa.func.sum(sa.case((is_placed, 0), else_=1)), 0)
        chosen = sa.select(sa.func.count(), lost).select_from(self.table)
        return chosen if condition is None else chosen.where(condition)

    def _value(self, name: str) -> sa.ColumnElement[Any]:
        """PostgreSQL writes its own types as text better than any driver reads them: infinity, 1e-130, JSON as it is."""
        kind = self.types[name]
        if self.dialect != "postgresql" or isinstance(kind, sa.String | sa.LargeBinary):
            return self.table.c[name]
        return sa.cast(self.table.c[name], sa.Text)

    def is_placed(self) -> sa.ColumnElement[bool]:
        """Has the row a stamp that can be compared?"""
        return sa.true() if self.wanted.updated_at is None else self._stamp().is_not(None)

    def within(self, start: datetime, end: datetime, where: str) -> sa.ColumnElement[bool]:
        """Rows whose stamp lies in [start, end), and those without one: they would be in no window at all."""
        stamp, is_day = self._stamp(), self._kind() is sa.Date
        low, high = self._bounds(start, end, where)
        until = stamp <= high if is_day else stamp < high
        return sa.or_(sa.and_(stamp >= low, until), stamp.is_(None))

    def _stamp(self) -> sa.ColumnElement[Any]:
        column = self.table.c[str(self.wanted.updated_at)]
        if self.dialect == "sqlite" and self.wanted.stamp == "time":
            return sa.func.datetime(column)  # one spelling for `T`, `Z`, offsets and fractions
        return column

    def _kind(self) -> type[Any] | None:
        kind = self.types[str(self.wanted.updated_at)]
        if self.dialect == "sqlite" or self.wanted.stamp != "time":
            return None
        return (
            sa.Date if isinstance(kind, sa.Date) else sa.DateTime if isinstance(kind, sa.DateTime) else None
        )

    def _bounds(self, start: datetime, end: datetime, where: str) -> tuple[Any, Any]:
        if self.wanted.stamp != "time":
            unit = EPOCHS[self.wanted.stamp]
            return int(start.timestamp()) * unit, int(end.timestamp()) * unit
        zone = ZoneInfo(self.wanted.zone)
        if self._kind() is sa.DateTime and self.types[str(self.wanted.updated_at)].timezone:
            return start, end
        if self.wanted.zone != "UTC":
            start -= REPEATED_HOUR
        low, high = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
        if self.dialect == "sqlite":
            return low.isoformat(" "), high.isoformat(" ")
        if self._kind() is sa.DateTime:
            return low, high
        if self._kind() is sa.Date:
            return low.date(), (high - timedelta(seconds=1)).date()
        raise SourceError(
            f"{self.wanted.table}.{self.wanted.updated_at} is {self.types[str(self.wanted.updated_at)]}, no time",
            where=where,
            hint="say what it holds by the object's stamp, name another updated_at, or read it by mode: snapshot",
        )


def describe(connection: sa.Connection, wanted: SqlObject, where: str) -> Columns:
    """What is there. Raises SourceError where the table or a column that must be there isn't."""
    schema, table = wanted.schema_and_table
    looker = sa.inspect(connection)
    try:
        found: dict[str, Any] = {
            str(one["name"]): one["type"] for one in looker.get_columns(table, schema=schema)
        }
    except exc.NoSuchTableError:
        known = {*looker.get_table_names(schema=schema), *looker.get_view_names(schema=schema)}
        raise SourceError(
            f"there is no table {wanted.table}, or none that this login may see",
            where=where,
            hint=suggest(table, known),
        ) from None
    missing = [name for name in wanted.wanted if name not in found]
    if missing:
        raise SourceError(
            f"{wanted.table} has no column {', '.join(missing)}", where=where, hint=suggest(missing[0], found)
        )
    chosen = wanted.columns or list(found)
    return Columns(wanted, {name: found[name] for name in chosen}, connection.dialect.name)
