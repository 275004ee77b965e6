"""Names are formatted in one place, and nothing that could be a path trick is a name (F100)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster import naming

BAD = ["", "../x", "a/b", "A", "a b", "a__b_", "_a", "a\n", "é", "a" * 61, "a\x00", "..", "a.b", "1a"]


@pytest.mark.parametrize("text", BAD)
def test_a_slug_is_lower_case_words_and_nothing_else(text: str) -> None:
    assert not naming.is_slug(text)


@pytest.mark.parametrize("text", [*BAD, "marketo", "marketo_emea", "marketo__emea__x__", "marketo__"])
def test_a_connection_without_system_and_instance_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="form"):
        naming.split_connection(text)


def test_a_connection_splits_into_system_and_instance() -> None:
    assert naming.split_connection("marketo__emea_north") == ("marketo", "emea_north")


@given(text=st.text(max_size=80))
def test_whatever_is_a_slug_stays_inside_its_folder(text: str) -> None:
    if naming.is_slug(text):
        root = Path("/srv/home")
        home = naming.Home(root, text, text)
        assert home.base.resolve().is_relative_to(root)
        assert home.base.parent.parent == root
    else:
        with pytest.raises(ValueError, match="folder name"):
            naming.Home(Path("/srv/home"), text, "prod")
