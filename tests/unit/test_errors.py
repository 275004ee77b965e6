"""Errors say what, where and what to do; a ConfigError shows every problem in file and line order."""

from __future__ import annotations

from pathlib import Path

from muster import errors


def test_every_error_has_its_own_documented_exit_code() -> None:
    assert errors.__doc__ is not None
    families = [kind for kind in errors.MusterError.__subclasses__() if kind.__module__ == errors.__name__]
    codes = [c.exit_code for c in families]
    assert len(set(codes)) == len(codes) > 5
    for family in families:
        assert f"{family.__name__} " in errors.__doc__
        assert f"exit {family.exit_code}" in errors.__doc__


def test_problems_are_sorted_by_file_and_line() -> None:
    late = errors.Problem(Path("b.yml"), 1, "wrong")
    early = errors.Problem(Path("a.yml"), 12, "wrong", "did you mean 'right'?")
    error = errors.ConfigError([late, early])
    assert error.problems == [early, late]
    assert "a.yml:12: wrong (did you mean 'right'?)" in str(error)
    assert str(error).startswith("2 problems")


def test_a_source_error_carries_code_and_request_id() -> None:
    error = errors.SourceError(
        "refused", where="marketo__emea leads", code="1003", request_id="a#b", hint="narrow it"
    )
    assert str(error) == "marketo__emea leads: refused [code 1003] [request a#b]\n  what to do: narrow it"
