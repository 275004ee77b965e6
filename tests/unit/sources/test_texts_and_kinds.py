"""Values as text without loss, kinds told from texts, and shapes that give nobody away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.sources.files.places import fixed_folder, glob_regex
from muster.sources.kinds import kind_of, masked
from muster.sources.texts import as_text, column_text, fault_of

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("NA", "NA"), (True, "true"), (0, "0"), (1e5, "100000.0"), (0.1, "0.1"), (float("nan"), "nan"),
        (Decimal("1604.40"), "1604.40"), (Decimal("1E+5"), "100000"), (Decimal("1E-9"), "0.000000001"),
        (Decimal("NaN"), "NaN"), (date(44, 3, 15), "0044-03-15"), (time(1, 2), "01:02:00"),
        (datetime(2026, 3, 1, 12, 0, 0, 5), "2026-03-01T12:00:00.000005"),
        (datetime(2026, 3, 1, tzinfo=EAST), "2026-03-01T00:00:00+05:30"),
        (timedelta(days=1, microseconds=5), "86400.000005 s"), (timedelta(seconds=-90), "-90 s"),
        (b"\0\xff", "AP8="), (memoryview(b"a"), "YQ=="), (UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        ({"a": [Decimal("1.10"), b"a", None]}, '{"a": ["1.10", "YQ==", null]}'), ([1, "é"], '[1, "é"]'),
    ],
)  # fmt: skip
def test_a_value_becomes_the_text_that_loses_nothing(value: Any, text: str | None) -> None:
    assert as_text(value) == text


@given(
    st.floats(allow_nan=False), st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers()
)
def test_numbers_come_back_from_their_text(real: float, exact: Decimal, whole: int) -> None:
    assert float(as_text(real) or "") == real
    assert Decimal(as_text(exact) or "") == exact
    assert int(as_text(whole) or "") == whole


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([2**63, None], pa.uint64()), [str(2**63), None]),
        (pa.array([Decimal("1.10")]), ["1.10"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (
            pa.array([datetime(2026, 3, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            ["2026-03-01T00:00:00+00:00"],
        ),
        (pa.array([1_000_000_007], pa.timestamp("ns")), ["1970-01-01T00:00:01.000000007"]),
        (pa.array([{"a": [1]}]), ['{"a": [1]}']),
        (pa.array([b"a"]), ["YQ=="]),
        (pa.array([None, None]), [None, None]),
    ],
)
def test_a_column_of_a_file_becomes_the_same_texts(column: pa.Array, texts: list[str | None]) -> None:
    assert column_text(pa.chunked_array([column])).to_pylist() == texts


@pytest.mark.parametrize(
    ("row", "fault"), [(["a", None], ""), (["a\0"], "a NUL byte"), (["\ud83d"], "bytes that are not UTF-8")]
)
def test_a_row_that_can_not_be_kept_is_seen(row: list[str | None], fault: str) -> None:
    assert fault_of(row) == fault


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20"], "whole number"), (["1", "00123"], "text"), (["1.5", "1e5"], "number"), (["true"], "true or false"),
        (["2026-03-01"], "date"), (["2026-03-01T12:00:00Z", "2026-03-01 12:00"], "time"), (["a@b.example"], "e-mail address"),
        (["1", "x"], "text"), (["", None], "empty"), (["1", "", None], "whole number"),
    ],
)  # fmt: skip
def test_a_kind_is_the_narrowest_that_fits_every_value(values: list[str | None], kind: str) -> None:
    assert kind_of(values) == kind


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "(none)"), ("", ""), ("true", "true"), ("ann@example.com", "a***@e***.com"), ("Ann Lee", "Xxx Xxx"),
        ("+49 170 1234", "+99 999 9999"), ("山田", "xx"), ("🎉", "?"), ("x" * 30, "x" * 24 + "… (30 characters)"),
    ],
)  # fmt: skip
def test_a_shape_tells_the_form_of_a_value_and_not_the_value(value: str | None, shape: str) -> None:
    assert masked(value) == shape


@given(st.text(st.characters(categories=["L", "N"]), min_size=3))
def test_no_shape_holds_the_letters_and_digits_of_its_value(value: str) -> None:
    shown = set(masked(value).split("…")[0])
    assert shown <= set("Xx9?") or value.lower() in ("true", "false")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.csv", "a.csv", True), ("*.csv", "x/a.csv", False), ("*.csv", ".a.csv", False), ("**/*.csv", "a.csv", True),
        ("**/*.csv", "x/y/a.csv", True), ("**/*.csv", "x/.y/a.csv", False), ("x/?.csv", "x/a.csv", True),
        ("x/?.csv", "x/ab.csv", False), ("a[1].csv", "a[1].csv", True), ("a.csv", "aXcsv", False), ("x/**/b", "x/b", True),
    ],
)  # fmt: skip
def test_a_pattern_names_what_it_says(pattern: str, path: str, matches: bool) -> None:
    assert bool(glob_regex(pattern).fullmatch(path)) is matches


@pytest.mark.parametrize(
    ("pattern", "folder"), [("*.csv", ""), ("a/b/*.csv", "a/b/"), ("a/*/b/c", "a/"), ("a/b.csv", "a/")]
)
def test_only_folders_that_can_match_are_listed(pattern: str, folder: str) -> None:
    assert fixed_folder(pattern) == folder
