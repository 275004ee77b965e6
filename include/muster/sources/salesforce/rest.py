"""REST: objects that are few by queryAll to the end of its pages, and the feed of deleted ids."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from muster.errors import IntegrityError, SourceError
from muster.http.jsontext import as_text, dumps
from muster.sources.base import JobLost
from muster.sources.salesforce.api import DATA, SalesforceApi, TooMuch, soql_time

log = logging.getLogger(__name__)

Row = dict[str, str | None]
PAGE_ROWS = 2_000
LONGEST_QUERY = 12_000  # of 16,384 bytes of address and headers, with room for the token
MINUTE = timedelta(minutes=1)
DELETED_DAYS = timedelta(days=15)


def fits(query: str) -> bool:
    """Can this query be an address? A longer one goes by bulk job."""
    return len(quote(query)) <= LONGEST_QUERY


def rows_between(
    api: SalesforceApi,
    query: Callable[[datetime | None, datetime], str],
    start: datetime | None,
    end: datetime,
    fields: Sequence[str],
) -> Iterator[list[tuple[Row, str]]]:
    """Pages of (row, why it can't be used or nothing) of all records between the two times.

    A query that takes the organisation too long is asked in halves; these make up the whole (F37).
    """
    pages = _pages(api, query(start, end), fields)
    try:
        first = next(pages)
    except JobLost as error:
        if error.code != "QUERY_TIMEOUT" or start is None or end - start < 2 * MINUTE:
            raise
        middle = start + timedelta(seconds=int((end - start).total_seconds() / 2))
        log.warning("%s: a query of %s took too long; asking for its halves", api.where, end - start)
        yield from rows_between(api, query, start, middle, fields)
        yield from rows_between(api, query, middle, end, fields)
        return
    yield first
    yield from pages


def _pages(api: SalesforceApi, query: str, fields: Sequence[str]) -> Iterator[list[tuple[Row, str]]]:
    """Every page, to `done`. Raises SourceError where more is announced and no address for it (F25)."""
    path, params, count = f"{DATA}/queryAll", {"q": query}, 0
    asked, seen = {"Sforce-Query-Options": f"batchSize={PAGE_ROWS}"}, set[str]()
    while True:
        body = api.call("GET", path, params=params or None, headers=asked)
        records, is_done = body.get("records"), body.get("done")
        if not isinstance(records, list) or not isinstance(is_done, bool):
            raise SourceError("the answer to a query holds no records", where=api.where)
        yield [_row(api, record, fields) for record in records]
        count += len(records)
        if is_done:
            break
        following = body.get("nextRecordsUrl")
        if not isinstance(following, str) or not following.startswith("/services/data/"):
            raise SourceError("more records announced, but no address for them (F25)", where=api.where)
        if following in seen:
            raise SourceError("the same page of a query twice", where=api.where)
        seen.add(following)
        path, params = following, {}
    announced = int(body.get("totalSize", -1))
    if announced != count:
        raise IntegrityError(
            f"a query announced {announced:,} records, its {len(seen) + 1} pages hold {count:,} (F25)",
            where=api.where,
        )


def _row(api: SalesforceApi, record: Any, fields: Sequence[str]) -> tuple[Row, str]:
    if not isinstance(record, dict) or not record.keys() >= set(fields):
        raise SourceError("a record lacks fields that were asked for", where=api.where)
    row = {name: as_text(record[name]) for name in fields}
    return row, "a NUL byte" if any("\0" in value for value in row.values() if value) else ""


def raw_of(row: Row) -> str:
    """A row that is put aside."""
    return dumps(row)


# ---- deleted -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deletions:
    """What the feed of one object gave. `since`: from when on it could be asked; None where it goes not so far back."""

    ids: tuple[tuple[str, str], ...]
    since: datetime | None
    covered: datetime | None


def deletions(api: SalesforceApi, kind: str, start: datetime, end: datetime, now: datetime) -> Deletions:
    """(id, deletedDate) of the records deleted in the time, as far as 15 days back; the feed knows whole minutes only."""
    oldest = _minute(now - DELETED_DAYS) + 2 * MINUTE
    since, until = max(_minute(start), oldest), _minute(end + MINUTE - timedelta(seconds=1))
    if until - since < MINUTE:
        return Deletions((), None, None)
    found, covered, earliest = _deleted(api, kind, since, until)
    if earliest > since:
        log.warning("%s: the deletions of %s before %s are no longer known", api.where, kind, earliest)
    return Deletions(tuple(found), max(since, earliest), covered)


def _deleted(
    api: SalesforceApi, kind: str, start: datetime, end: datetime
) -> tuple[list[tuple[str, str]], datetime, datetime]:
    """(ids, covered until, known since). More than 600,000 ids are asked for in halves, which make up the whole (F37)."""
    params = {"start": soql_time(start), "end": soql_time(end)}
    try:
        body = api.call("GET", f"{DATA}/sobjects/{kind}/deleted", params=params)
    except TooMuch:
        if end - start < 2 * MINUTE:
            raise
        middle = _minute(start + (end - start) / 2)
        first, _, earliest = _deleted(api, kind, start, middle)
        second, covered, _ = _deleted(api, kind, middle, end)
        return first + second, covered, earliest
    try:
        found = [(str(one["id"]), str(one["deletedDate"])) for one in body["deletedRecords"]]
        covered, earliest = (
            datetime.fromisoformat(body[name]) for name in ("latestDateCovered", "earliestDateAvailable")
        )
    except (KeyError, TypeError, ValueError):
        raise SourceError(f"the deletions of {kind} can't be read", where=api.where) from None
    return found, covered, earliest


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
