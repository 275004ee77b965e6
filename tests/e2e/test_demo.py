"""`make demo` itself, smaller: a real Airflow, three nights, then a second time with nothing new."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.stack import recorded, stop_recorded

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = "1500"
CHECKS_OF_A_NIGHT = 1 + 3 + 5  # identity, audiences, destinations

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    found = tmp_path_factory.mktemp("demo")
    yield found
    stop_recorded(found / "airflow")


def demo(folder: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "demo",
        "run",
        "--people",
        PEOPLE,
        "--folder",
        str(folder),
        "--port",
        "0",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_three_nights_in_a_real_airflow_agree_with_the_oracle(folder: Path) -> None:
    told = demo(folder)
    assert "DIFFERS" not in told
    assert "everything agrees" in told
    assert told.count("Audiences against the oracle") == 3
    assert sum(line.rstrip().endswith("│ ok │") for line in told.splitlines()) >= 3 * CHECKS_OF_A_NIGHT + 17
    assert "rate limits broken at the simulated services: 0" in told


def test_a_second_time_with_nothing_new_nothing_is_written(folder: Path) -> None:
    told = demo(folder)
    assert "a run with nothing new" in told
    assert "DIFFERS" not in told


def test_nothing_is_left_running(folder: Path) -> None:
    assert recorded(folder / "airflow") == ()


def test_no_secret_and_no_person_is_in_airflows_logs(folder: Path) -> None:
    logs = [path for path in (folder / "airflow" / "logs").rglob("*.log") if path.is_file()]
    assert len(logs) > 20
    text = "\n".join(path.read_text(errors="ignore") for path in logs)
    for secret in ("emea-secret", "amer-secret", "main-secret", "Bearer "):
        assert secret not in text
    addresses = set(re.findall(r"[\w.+-]+@[\w.-]+\.example", text))
    assert addresses == set()
