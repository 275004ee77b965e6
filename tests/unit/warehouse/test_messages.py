"""Texts of engines lose the values they quote and keep the names."""

from __future__ import annotations

import re

import duckdb
import pytest

from muster.warehouse.messages import redacted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Could not convert string 'ann@example.com' to INT32", "Could not convert string '?' to INT32"),
        (
            'Binder Error: Referenced column "emial" not found',
            'Binder Error: Referenced column "emial" not found',
        ),
        ('Constraint Error: Duplicate key "email: ann@example.com"', 'Constraint Error: Duplicate key "?"'),
        (
            'Conversion Error: timestamp field "2026-99-99" is out',
            'Conversion Error: timestamp field "?"',
        ),
        ("Catalog Error: it's 'O''Neil' again", "Catalog Error: it'?' again"),
        (
            "Conversion Error: no 'O'Neil' to INT32\n  O'Neil\n  ^\nLINE 2: select a",
            "Conversion Error: no '?' to INT32\nLINE 2: select a",
        ),
        ("Out of Range Error: 4155550100 * 2 in LINE 12", "Out of Range Error: ? * 2 in LINE 12"),
        ("mail ann.b+c@example.co.uk bounced", "mail ?@? bounced"),
        ("Compilation Error: no node named 'dim_x'", "Compilation Error: no node named 'dim_x'"),
        ("Runtime Error in model bad (models/profile/bad.sql)\n  Binder Error: no", "Binder Error: no"),
    ],
)
def test_values_go_and_names_stay(text: str, told: str) -> None:
    assert redacted(text) == told


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(v as integer) from t",
        "select cast(v as date) from t",
        "select v::json from t",
        "insert into u select v from t; insert into u select v from t",
        "select strptime(v, '%Y') from t",
        "select cast(v as decimal(4,2)) from t",
        "select cast(v as uuid) from t",
        "select v::varchar::boolean from t",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "ann@example.com",
        "Annabel Smith",
        "Ann O'Neil-Smith",
        'the "big" one',
        "two\nlines 'of it",
        "+1 415 555 0100",
    ],
)
def test_no_error_of_the_engine_tells_a_value(sql: str, value: str) -> None:
    engine = duckdb.connect()
    engine.execute("create table t (v varchar); create table u (v varchar primary key)")
    engine.execute("insert into t values (?)", [value])
    with pytest.raises(duckdb.Error) as error:
        engine.execute(sql).fetchall()
    found = redacted(str(error.value))
    assert not any(part in found for part in re.split(r"\W+", value) if len(part) > 2), found


def test_a_long_text_is_cut() -> None:
    assert len(redacted("x" * 5000)) < 1000
