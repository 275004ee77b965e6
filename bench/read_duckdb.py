"""The yardstick: the same file by DuckDB's `read_csv`, every column named and text, to Parquet with zstd.

python -m bench.read_duckdb /tmp/leads.csv 1000000 /tmp/leads.parquet
python -m bench.read_duckdb "/tmp/contacts-*.csv" 5000000 /tmp/contacts.parquet       # the pages of one result
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import duckdb


def main(source: str, rows: str, target: str) -> None:
    pattern = Path(source)
    with min(pattern.parent.glob(pattern.name)).open(encoding="utf-8") as file:
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in next(csv.reader(file)))
    read = (
        f"read_csv('{source}', columns = {{{columns}}}, header = true, auto_detect = false, nullstr = '\\0',"
        " delim = ',', quote = '\"', escape = '\"')"
    )
    (count,) = duckdb.execute(
        f"copy (select * from {read}) to '{target}' (format parquet, compression zstd)"  # noqa: S608
    ).fetchone() or (0,)
    if count != int(rows):
        raise SystemExit(f"{count} rows, not {rows}")


if __name__ == "__main__":
    main(*sys.argv[1:])
