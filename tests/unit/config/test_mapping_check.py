"""A mapping against the columns that are there: each misfit at its own line, with what was probably meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muster.config import read_document
from muster.config.mapping_check import check_mapping, check_objects
from muster.errors import Problem

TEXT = """\
objects:
  people:
    entity: people
    key: [id, ids]
    version: changed
    deleted: {field: gon, values: {'1': true}}
    fields:
      last_name: lastname
      email: {field: emial}
      source_kind: {constant: contact}
      first_name: first
    custom: [Region, tier]
  peopl:
    entity: people
    key: [nothing]
"""
COLUMNS = {"people": ["id", "changed_at", "gone", "last_name", "email", "first", "region", "tier"]}


def test_every_field_that_is_not_there_is_found_at_its_line_with_a_suggestion(tmp_path: Path) -> None:
    path, problems = tmp_path / "sql__crm.yml", list[Problem]()
    path.write_text(TEXT)
    document = read_document(path, problems)
    assert document is not None and problems == []
    found = [
        document.problem(one.path, one.message, one.hint) for one in check_mapping(document.value, COLUMNS)
    ]
    assert [(one.line, one.message.split("'")[1], one.hint) for one in found] == [
        (4, "ids", "did you mean 'id'?"),
        (5, "changed", "did you mean 'changed_at'?"),
        (6, "gon", "did you mean 'gone'?"),
        (8, "lastname", "did you mean 'last_name'?"),
        (9, "emial", "did you mean 'email'?"),
        (12, "Region", "did you mean 'region'?"),
    ]


def test_objects_that_nobody_looked_at_are_not_judged_and_unknown_ones_are_told() -> None:
    mapping = {"objects": {"people": {"key": ["x"]}, "peopl": {"key": ["y"]}}}
    assert check_mapping(mapping, {"others": ["a"]}) == []
    (one,) = check_objects(mapping, ["people"])
    assert (one.path, one.hint) == (("objects", "peopl"), "did you mean 'people'?")


@pytest.mark.parametrize(
    "mapping",
    [None, [], "x", {}, {"objects": None}, {"objects": {"p": None}}, {"objects": {"p": {"fields": [], "key": 3, "deleted": 1, "custom": {}}}}],
)  # fmt: skip
def test_a_mapping_of_another_shape_is_somebody_elses_business(mapping: Any) -> None:
    assert check_mapping(mapping, {"p": []}) == []
