"""Custom fields of the sources' mappings in audiences: named as in the profile, and only where a mapping brings them."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.audiences import load_audiences
from muster.audiences.generate import audience_files
from muster.errors import ConfigError

CUSTOM = {"people": ["custom__region"], "accounts": ["custom__tier"], "opportunities": []}
TEXT = """\
audience: north
name: North
description: People of the north at accounts of the first tier.
entity: person
where:
  all:
    - field: custom__region
      equals: North
    - related: accounts
      where:
        field: custom__tier
        in: [first]
"""


def write(folder: Path, text: str = TEXT) -> Path:
    (folder / "north.yml").write_text(text)
    return folder


def test_a_custom_field_is_compared_like_any_text(tmp_path: Path) -> None:
    (audience,) = load_audiences(write(tmp_path), custom=CUSTOM)
    sql = audience_files(audience)["aud_north.sql"]
    assert "custom__region = 'North'" in sql
    assert "custom__tier in ('first')" in sql or "custom__tier = 'first'" in sql


def test_a_custom_field_that_no_mapping_brings_is_a_mistake_with_the_nearest_one(tmp_path: Path) -> None:
    folder = write(tmp_path, TEXT.replace("custom__region", "custom__regoin"))
    with pytest.raises(ConfigError) as caught:
        load_audiences(folder, custom=CUSTOM)
    (problem,) = caught.value.problems
    assert (problem.line, problem.hint) == (7, "did you mean 'custom__region'?")


def test_a_custom_field_belongs_to_its_own_entity(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="account has no field 'custom__region'"):
        load_audiences(write(tmp_path, TEXT.replace("custom__tier", "custom__region")), custom=CUSTOM)
