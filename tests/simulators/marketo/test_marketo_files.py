"""Whatever a value holds, a reader of the file gets it back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from muster_simulators.marketo.export_files import ACTIVITY_FIELDS, activity_rows, lead_rows, write_file

NASTY = [
    'quote " and "" two',
    "comma, semicolon; tab\t",
    "line\nfeed",
    "carriage\rreturn",
    "both\r\nof them",
    "Ünïcödé 漢字 🎈",
    " leading and trailing ",
    "null",
    "NA",
    '"',
    "\n",
]


def written(tmp_path: Path, values: list[Any], form: str = "CSV") -> Path:
    rows = lead_rows(
        [{"id": number, "value": value} for number, value in enumerate(values)], itemgetter("id", "value")
    )
    return write_file(tmp_path / "file", form, ("id", "value"), rows).path


@pytest.mark.parametrize(("form", "delimiter"), [("CSV", ","), ("TSV", "\t"), ("SSV", ";")])
def test_any_text_comes_back(tmp_path: Path, form: str, delimiter: str) -> None:
    path = written(tmp_path, NASTY, form)
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline=""), delimiter=delimiter))
    assert rows[1:] == [[str(number), value] for number, value in enumerate(NASTY)]


def test_duckdb_reads_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, NASTY)
    query = "select value from read_csv(?, all_varchar = true, header = true, quote = '\"', escape = '\"', nullstr = '\b')"
    assert [row[0] for row in duckdb.execute(query, [str(path)]).fetchall()] == NASTY


def test_values_are_spelled_like_marketo_does(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 3, 0, 30, 0, 999999, tzinfo=UTC)
    values = [None, "", True, False, 0, 7, 1604.5, moment, date(2026, 3, 3), {"a": [1, None]}]
    lines = written(tmp_path, values).read_text().splitlines()[1:]
    told = [line.partition(",")[2] for line in lines]
    assert told[:9] == [
        "null",
        "null",
        "true",
        "false",
        "0",
        "7",
        "1604.5",
        "2026-03-03T00:30:00Z",
        "2026-03-03",
    ]
    assert told[9] == '"{""a"":[1,null]}"'


def test_the_announced_figures_are_those_of_the_bytes(tmp_path: Path) -> None:
    rows = lead_rows(({"id": number} for number in range(12_345)), lambda row: [row["id"]])
    made = write_file(tmp_path / "file", "CSV", ("id",), rows)
    data = made.path.read_bytes()
    assert (made.records, made.size) == (12_345, len(data))
    assert made.checksum == hashlib.sha256(data).hexdigest()
    assert data.count(b"\n") == 12_346


def test_an_empty_file_has_its_header(tmp_path: Path) -> None:
    assert write_file(tmp_path / "file", "CSV", ("id",), []).path.read_text() == "id\n"


def test_activity_attributes_are_one_json_object(tmp_path: Path) -> None:
    activity = dict.fromkeys(ACTIVITY_FIELDS)
    activity |= {
        "activityDate": datetime(2026, 3, 3, tzinfo=UTC),
        "attributes": {"A b": 'x"y\n', "N": 3, "Z": None},
    }
    made = write_file(tmp_path / "file", "CSV", ACTIVITY_FIELDS, activity_rows([activity], ACTIVITY_FIELDS))
    (row,) = csv.DictReader(io.StringIO(made.path.read_text(), newline=""))
    assert json.loads(row["attributes"]) == {"A b": 'x"y\n', "N": 3}
    assert row["campaignId"] == "null"
