"""Reading YAML: lines are remembered, bombs are refused before they are built."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.config.document import read_document
from muster.errors import Problem


def read(path: Path, data: str | bytes) -> tuple[object, list[Problem]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    problems: list[Problem] = []
    document = read_document(path, problems)
    return (document.value if document else None), problems


def test_keys_and_values_know_their_lines(tmp_path):
    (tmp_path / "a.yml").write_text("a:\n  b:\n    - 1\n    - x: yes\nc: 2026-01-01\n")
    document = read_document(tmp_path / "a.yml", [])
    assert document is not None
    assert document.value == {"a": {"b": [1, {"x": "yes"}]}, "c": "2026-01-01"}
    assert document.line(("a", "b"), key=True) == 2
    assert document.line(("a", "b")) == 3
    assert document.line(("a", "b", 1, "x")) == 4
    assert document.line(("a", "b", 1, "missing")) == 4
    assert document.line(("nowhere",)) == 1


def test_every_duplicate_key_is_reported_with_the_first_line(tmp_path):
    _, problems = read(tmp_path / "a.yml", "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [(p.line, p.message) for p in problems] == [
        (4, "'c' is written twice; the first is in line 3"),
        (5, "'a' is written twice; the first is in line 1"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [echo]\n", 2, "tags"),
        ("a: !secret x\n", 1, "tags"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "only plain texts can be keys"),
        ("? [1, 2]\n: x\n", 1, "only plain texts can be keys"),
        ("a: 1\nb: [1, 2\n", 3, "not readable as YAML"),
        ("a: 1\n b: 2\n", 2, "not readable as YAML"),
        ("a: *nothing\n", 1, "not readable as YAML"),
        ("a: \x00\n", 1, "is not allowed"),
        ("", 1, "the file is empty"),
        ("# only a comment\n", 1, "the file is empty"),
        ("a: 1\n---\nb: 2\n", 2, "not readable as YAML"),
    ],
)
def test_what_is_refused(tmp_path, text, line, said):
    _, problems = read(tmp_path / "a.yml", text)
    assert [problem.line for problem in problems] == [line], problems
    assert said in problems[0].message


def test_text_that_is_not_utf8_names_its_line(tmp_path):
    _, problems = read(tmp_path / "a.yml", b"a: 1\nb: \xff\n")
    assert [(p.line, p.message) for p in problems] == [(2, "this line is not UTF-8 text")]


def test_aliases_are_followed_within_reason(tmp_path):
    value, problems = read(tmp_path / "a.yml", "a: &x [leads]\nb: *x\n")
    assert value == {"a": ["leads"], "b": ["leads"]}
    assert not problems


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "values, aliases followed"),
        ("a: &a [*a]\n", "contains itself"),
        ("x: " + "[" * 30_000, "nested deeper"),
        ("x: &x 1\ny: [" + ",".join(["*x"] * 200) + "]\n", "aliases"),
        ("x: " + "y" * 300_000, "larger than"),
    ],
    ids=["billion laughs", "self reference", "depth", "many aliases", "size"],
)
def test_bombs_are_refused_quickly(tmp_path, text, said):
    began = time.monotonic()
    value, problems = read(tmp_path / "a.yml", text)
    assert time.monotonic() - began < 5
    assert value is None
    assert said in problems[0].message


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text("{}[]:-&*!|>?%@`'\"#, \n\tab0", max_size=60).map(str.encode))
def test_no_bytes_at_all_give_a_traceback(tmp_path_factory, data):
    value, problems = read(tmp_path_factory.getbasetemp() / "bytes.yml", data)
    assert value is not None or problems or data.strip() in (b"null", b"~") or value is None
    assert all(problem.line >= 1 for problem in problems)
