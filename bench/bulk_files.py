"""Bulk files as Marketo writes them, of any size: `null` for what is empty, quotes only where they are needed.

    python -m bench.bulk_files leads 1000000 /tmp/leads.csv

Every value is computed from its row and column number, so a file of one size is always the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

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


def write(columns: Mapping[str, str], rows: int, path: Path) -> None:
    """One file. The engine is DuckDB, which quotes as Marketo does."""
    selected = ", ".join(f'{expression} as "{name}"' for name, expression in columns.items())
    duckdb.execute(
        f"copy (select {selected} from range({int(rows)}) as t(i)) to '{path}' (format csv, header, nullstr 'null')"  # noqa: S608
    )


COLUMNS = {"leads": lead_columns, "activities": activity_columns}

if __name__ == "__main__":
    write(COLUMNS[sys.argv[1]](), int(sys.argv[2]), Path(sys.argv[3]))
