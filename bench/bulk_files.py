"""Bulk files of any size, as their vendors write them.

    python -m bench.bulk_files leads 1000000 /tmp/leads.csv
    python -m bench.bulk_files contacts 5000000 /tmp/contacts.csv       # pages: /tmp/contacts-00000.csv, ...

Marketo writes `null` for what is empty and quotes only where they are needed; Salesforce quotes every value, writes
nothing for what is empty, and gives pages with a header each.

Every value is computed from its row and column number, so a file of one size is always the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

PAGE_ROWS = 50_000  # of a page of a Salesforce result
FIRST_NAMES = "Ann|Bo|Chloé|Dmitri|Elif|Fatima|Günter|Hana|Ivan|José|Kemal|李|Maria|Noor|Olu|太郎"
LAST_NAMES = "Lee|Kim|Nguyen|Smith|O''Brien|García|Müller|Şahin|Ivanova|王|佐藤|Van der Berg|Okafor|Novák"
COMPANIES = "Acme, Inc.|Northwind|Über GmbH|Example Best Ltd|三菱商事|Fabrikam|Contoso, S.A.|Initech"
CITIES = "Berlin|Paris|São Paulo|Tokyo|New York, NY|Zürich|Ankara|London|Lagos|Mumbai"
PAGES = "/|/pricing|/products/a|/products/b|/blog/how-to-measure|/contact|/docs/start|/pricing/enterprise"


def _mix(salt: int) -> str:
    """A number of the row that looks like chance."""
    return f"hash(i * 2654435761 + {salt})"


def _pick(choices: str, salt: int) -> str:
    return f"split_part('{choices}', '|', 1 + ({_mix(salt)} % {choices.count('|') + 1})::int)"


def _sparse(share: int, salt: int, value: str) -> str:
    """`value` in so many of a hundred rows, else empty."""
    return f"case when {_mix(salt)} % 100 < {share} then {value} end"


def _time(salt: int) -> str:
    return (
        f"strftime(timestamp '2026-01-01' + to_seconds(({_mix(salt)} % 2500000)::int), '%Y-%m-%dT%H:%M:%SZ')"
    )


def lead_columns() -> dict[str, str]:
    """Sixty fields by name: the expression of each."""
    found = {
        "id": "(1000000 + i)::varchar",
        "email": f"lower(strip_accents({_pick('Ann|Bo|Elif|Hana|Ivan|Maria|Noor', 1)})) || i || '@' || ({_mix(2)} % 90000) || '.example'",
        "firstName": _pick(FIRST_NAMES, 3),
        "lastName": _pick(LAST_NAMES, 4),
        "company": _pick(COMPANIES, 5),
        "title": _sparse(70, 6, _pick("CMO|CIO|Head of Marketing|Engineer|Buyer, senior|Director", 7)),
        "city": _sparse(80, 8, _pick(CITIES, 9)),
        "phone": _sparse(60, 10, f"'+49 30 ' || ({_mix(11)} % 10000000)"),
        "address": _sparse(40, 12, f"({_mix(13)} % 300) || ' Main Street' || chr(10) || 'Floor ' || ({_mix(14)} % 40)"),
        "website": _sparse(50, 15, f"'https://www.' || ({_mix(2)} % 90000) || '.example'"),
        "leadScore": f"({_mix(16)} % 200)::varchar",
        "unsubscribed": f"({_mix(17)} % 20 = 0)::varchar",
        "annualRevenue": _sparse(30, 18, f"({_mix(19)} % 900000000 / 100.0)::decimal(12,2)::varchar"),
        "ecid": _sparse(50, 20, f"lpad(({_mix(21)} % 10000000000000000)::varchar, 19, '4') || lpad(({_mix(22)} % 1000000000000000)::varchar, 19, '7')"),
        "createdAt": _time(23),
        "updatedAt": _time(24),
    }  # fmt: skip
    for number in range(60 - len(found)):
        salt = 100 + 3 * number
        value = [
            _pick(CITIES, salt + 1),
            f"({_mix(salt + 1)} % 100000)::varchar",
            _time(salt + 1),
            f"({_mix(salt + 1)} % 2 = 0)::varchar",
            f"'note ' || {_mix(salt + 1)}",
        ][number % 5]
        found[f"custom_{number:02d}"] = _sparse(60, salt, value)
    return found


def activity_columns() -> dict[str, str]:
    """The columns of an activity export; the attributes are one JSON object as text."""
    page = _pick(PAGES, 5)
    attributes = (
        f"""'{{"Client IP Address":"10.' || ({_mix(6)} % 256) || '.' || ({_mix(7)} % 256) || '.7","Query Parameters":"utm_id='"""
        f""" || ({_mix(8)} % 5000) || '","User Agent":"Mozilla/5.0 (X11; Linux x86_64)","Webpage URL":"' || {page} || '"}}'"""
    )
    return {
        "marketoGUID": "(50000000000 + i)::varchar",
        "leadId": f"(1000000 + {_mix(1)} % 1000000)::varchar",
        "activityDate": _time(2),
        "activityTypeId": _pick("1|1|1|2|6|7|8|9|10|13|22", 3),
        "campaignId": _sparse(20, 4, f"(100 + {_mix(9)} % 400)::varchar"),
        "primaryAttributeValueId": f"({_mix(5)} % 8)::varchar",
        "primaryAttributeValue": f"'acme.example' || {page}",
        "attributes": attributes,
    }


def contact_columns() -> dict[str, str]:
    """Thirty fields of a contact by name: the expression of each. Times have thousandths."""
    at = "strftime(timestamp '2026-01-01' + to_seconds(({0} % 2500000)::int), '%Y-%m-%dT%H:%M:%S.000Z')"
    found = {
        "Id": "'0035e' || lpad(i::varchar, 10, '0') || 'AAA'",
        "IsDeleted": f"({_mix(1)} % 50 = 0)::varchar",
        "MasterRecordId": _sparse(1, 2, f"'0035e' || lpad(({_mix(3)} % 5000000)::varchar, 10, '0') || 'AAA'"),
        "AccountId": _sparse(90, 4, f"'0015e' || lpad(({_mix(5)} % 400000)::varchar, 10, '0') || 'AAA'"),
        "FirstName": _pick(FIRST_NAMES, 6),
        "LastName": _pick(LAST_NAMES, 7),
        "Email": f"'p' || i || '@' || ({_mix(8)} % 90000) || '.example'",
        "Phone": _sparse(60, 9, f"'+49 30 ' || ({_mix(10)} % 10000000)"),
        "Title": _sparse(70, 11, _pick("CMO|CIO|Head of Marketing|Engineer|Buyer, senior|Director", 12)),
        "Department": _sparse(50, 13, _pick("Marketing|IT|Purchasing|Finance", 14)),
        "MailingStreet": _sparse(40, 15, f"({_mix(16)} % 300) || ' Main Street' || chr(10) || 'Floor ' || ({_mix(17)} % 40)"),
        "MailingCity": _sparse(80, 18, _pick(CITIES, 19)),
        "LeadSource": _sparse(60, 20, _pick("Web|Phone Inquiry|Purchased List|Event", 21)),
        "OwnerId": f"'0055e' || lpad(({_mix(22)} % 300)::varchar, 10, '0') || 'AAA'",
        "HasOptedOutOfEmail": f"({_mix(23)} % 20 = 0)::varchar",
        "DoNotCall": f"({_mix(24)} % 30 = 0)::varchar",
        **{name: at.format(_mix(25 + number)) for number, name in enumerate(("CreatedDate", "LastModifiedDate", "SystemModstamp"))},
    }  # fmt: skip
    for number in range(30 - len(found)):
        salt = 100 + 3 * number
        value = [
            _pick(CITIES, salt + 1),
            f"({_mix(salt + 1)} % 100000)::varchar",
            f"'note ' || {_mix(salt + 1)}",
        ]
        found[f"Custom_{number:02d}__c"] = _sparse(50, salt, value[number % 3])
    return found


def write_pages(columns: Mapping[str, str], rows: int, path: Path) -> None:
    """A file per page beside `path`, whose own place only names them."""
    selected = ", ".join(f'{expression} as "{name}"' for name, expression in columns.items())
    for number, start in enumerate(range(0, max(rows, 1), PAGE_ROWS)):
        page = path.with_name(f"{path.stem}-{number:05d}.csv")
        duckdb.execute(
            f"copy (select {selected} from range({start}, {min(start + PAGE_ROWS, rows)}) as t(i)) to '{page}' "  # noqa: S608
            "(format csv, header, force_quote *, nullstr '')"
        )


def pages_of(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}-*.csv"))


def write(columns: Mapping[str, str], rows: int, path: Path) -> None:
    """One file. The engine is DuckDB, which quotes as Marketo does."""
    selected = ", ".join(f'{expression} as "{name}"' for name, expression in columns.items())
    duckdb.execute(
        f"copy (select {selected} from range({int(rows)}) as t(i)) to '{path}' (format csv, header, nullstr 'null')"  # noqa: S608
    )


COLUMNS = {"leads": lead_columns, "activities": activity_columns, "contacts": contact_columns}
PAGED = frozenset({"contacts"})

if __name__ == "__main__":
    make = write_pages if sys.argv[1] in PAGED else write
    make(COLUMNS[sys.argv[1]](), int(sys.argv[2]), Path(sys.argv[3]))
