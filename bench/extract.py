"""From a bulk file on a server to a commit in the lake, against DuckDB with the same file on disk.

    python -m bench.extract                     # 1 M leads x 60 columns, 10 M activities, 5 M contacts x 30, medians of 3
    python -m bench.extract --leads 50000 --activities 50000 --contacts 50000 --rounds 1

Leads and activities are Marketo's, one file each; contacts are Salesforce's, pages of 50,000 rows by Bulk API 2.0.

Muster's process signs in, begins a job, downloads, proves size and SHA-256, parses, looks for poison, writes Parquet,
flushes and commits; DuckDB's reads the file and writes Parquet. Both are measured whole, imports included, by turns.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import ROOT, Figure, Spent, median, python

TIMES_DUCKDB = 1.5
PEAK_MIB = 1024.0


@contextmanager
def served(file: Path, rows: int, server_module: str) -> Iterator[str]:
    """The address of a server of this file, in a process of its own."""
    port = file.with_suffix(".port")
    port.unlink(missing_ok=True)
    command = [sys.executable, "-m", server_module, str(file), str(rows), str(port)]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        while not port.exists():
            if server.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port.read_text()}"
    finally:
        server.terminate()
        server.wait()


def compared(family: str, rows: int, folder: Path, rounds: int) -> tuple[int, Spent, Spent]:
    """(bytes of the file, Muster, DuckDB); both by turns, so that what disturbs one disturbs the other."""
    file, home, target = folder / f"{family}.csv", folder / "home", folder / "duckdb.parquet"
    python("-m", "bench.bulk_files", family, str(rows), str(file))
    pages = sorted(folder.glob(f"{family}-*.csv"))
    whole = folder / f"{family}-*.csv" if pages else file
    size, ours, theirs = sum(one.stat().st_size for one in pages or [file]), [], []
    with served(file, rows, "bench.server_salesforce" if pages else "bench.server") as url:
        for _ in range(rounds):
            theirs.append(python("-m", "bench.read_duckdb", str(whole), str(rows), str(target)))
            shutil.rmtree(home, ignore_errors=True)
            ours.append(python("-m", "bench.read_muster", family, str(rows), url, str(home)))
    return size, median(ours), median(theirs)


def figures(family: str, ours: Spent, theirs: Spent, times: float, peak: float) -> list[Figure]:
    wall = f"{ours.wall:.1f} s against DuckDB's {theirs.wall:.1f} s"
    cpu = f"{ours.cpu:.1f} s against DuckDB's {theirs.cpu:.1f} s"
    return [
        Figure(f"{family} time", ours.wall / theirs.wall, times, "x", wall),
        Figure(f"{family} processor time", ours.cpu / theirs.cpu, times, "x", cpu),
        Figure(f"{family} peak memory", ours.peak, peak, "MiB", f"DuckDB's {theirs.peak:,.0f} MiB"),
    ]


def main(given: list[str] | None = None) -> int:
    """0 when every figure is met."""
    parser = argparse.ArgumentParser(prog="python -m bench.extract")
    parser.add_argument("--leads", type=int, default=1_000_000, help="rows; 0: none")
    parser.add_argument("--activities", type=int, default=10_000_000, help="rows; 0: none")
    parser.add_argument("--contacts", type=int, default=5_000_000, help="rows; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=float, default=TIMES_DUCKDB, help="limit: times DuckDB")
    parser.add_argument("--peak", type=float, default=PEAK_MIB, help="limit: MiB")
    parser.add_argument("--folder", type=Path, help="where the files may lie (default: a temporary folder)")
    options = parser.parse_args(given)
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        for family in ("leads", "activities", "contacts"):
            rows = getattr(options, family)
            if not rows:
                continue
            size, ours, theirs = compared(family, rows, Path(name), options.rounds)
            print(f"{rows:,} {family}, {size / 2**20:,.0f} MiB, medians of {options.rounds}")
            for figure in figures(family, ours, theirs, options.times, options.peak):
                print(figure, flush=True)
                found.append(figure)
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
