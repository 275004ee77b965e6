"""The benchmark works and is right on small files; whether its figures are met is for `make bench-extract`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from bench import extract
from bench.measure import Figure, Spent, median, python

ROWS = 50_000


@pytest.mark.slow
def test_a_small_run_prints_a_line_for_each_figure_and_ends_well(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = [
        f"--leads={ROWS}",
        f"--activities={ROWS}",
        f"--contacts={ROWS}",
        "--rounds=1",
        "--times=1000",
        f"--folder={tmp_path}",
    ]
    assert extract.main(given) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = ["time", "processor time", "peak memory"]
    told = [line[:26].strip() for line in lines if "limit" in line]
    assert told == [
        f"{family} {figure}" for family in ("leads", "activities", "contacts") for figure in figures
    ]
    assert "FALLS SHORT" not in "".join(lines)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_falls_short_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = [
        "--leads=500",
        "--activities=0",
        "--contacts=0",
        "--rounds=1",
        "--times=0.001",
        f"--folder={tmp_path}",
    ]
    assert extract.main(given) == 1
    assert "FALLS SHORT" in capsys.readouterr().out


@pytest.mark.parametrize(("family", "width"), [("leads", 60), ("activities", 8), ("contacts", 30)])
def test_both_sides_bring_the_same_rows(family: str, width: int, tmp_path: Path) -> None:
    file, home, target = tmp_path / f"{family}.csv", tmp_path / "home", tmp_path / "duckdb.parquet"
    python("-m", "bench.bulk_files", family, "5000", str(file))
    is_paged = not file.exists()
    whole, server = (
        (tmp_path / f"{family}-*.csv", "bench.server_salesforce") if is_paged else (file, "bench.server")
    )
    python("-m", "bench.read_duckdb", str(whole), "5000", str(target))
    with extract.served(file, 5_000, server) as url:
        python("-m", "bench.read_muster", family, "5000", url, str(home))
    ours = f"read_parquet('{home}/**/part-*.parquet', hive_partitioning = false)"
    columns = [row[0] for row in duckdb.sql(f"describe select * from '{target}'").fetchall()]
    listed = ", ".join(f'"{name}"' for name in columns)
    for left, right in ((ours, f"'{target}'"), (f"'{target}'", ours)):
        assert (
            duckdb.sql(f"select {listed} from {left} except all select {listed} from {right}").fetchall()
            == []
        )
    assert len(columns) == width


def test_a_child_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        python("-c", "raise SystemExit(3)")


def test_medians_are_of_each_figure_and_the_peak_is_the_highest() -> None:
    runs = [Spent(3.0, 1.0, 10.0), Spent(1.0, 2.0, 30.0), Spent(2.0, 3.0, 20.0)]
    assert median(runs) == Spent(2.0, 2.0, 30.0)
    assert not Figure("time", 1.51, 1.5, "x").is_met


def test_it_can_be_asked_what_it_can_do() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bench.extract", "--help"], capture_output=True, text=True, check=True
    )
    assert "--leads" in told.stdout
