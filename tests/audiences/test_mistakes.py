"""Every mistake in a definition comes back with file and line, all at once, with a suggestion where one is near."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import audience_definitions as definitions
import pytest

from muster.audiences import load_audiences
from muster.errors import ConfigError

HEAD = "audience: x\nname: N\ndescription: D\nentity: person\nwhere:\n"


def problems(folder: Path, text: str, name: str = "x.yml") -> list[str]:
    """`line: message (hint)` of everything wrong with this file."""
    (folder / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_audiences(folder)
    assert {problem.path.name for problem in caught.value.problems} == {name}
    return [str(problem).split(f"{name}:")[1] for problem in caught.value.problems]


CONDITIONS: list[tuple[Any, str]] = [
    ({"field": "titel", "equals": "a"}, "has no field 'titel' (did you mean 'title'?)"),
    ({"field": "title", "equal": "a"}, "unknown key 'equal' in this condition (did you mean 'equals'?)"),
    ({"field": "title"}, "field 'title' has no operator (a text takes equals, not_equals,"),
    ({"field": "title", "equals": "a", "contains": "b"}, "has two operators, 'equals' and 'contains'"),
    ({"field": "title", "greater_than": 5}, "'greater_than' does not go with 'title', a text"),
    ({"field": "lead_score", "contains": "5"}, "'contains' does not go with 'lead_score', a number"),
    ({"field": "lead_score", "at_least": "80"}, "at_least: must be a number, not a text"),
    ({"field": "lead_score", "at_least": True}, "at_least: must be a number, not true/false"),
    ({"field": "lead_score", "equals": 1e300}, "must be a number between"),
    ({"field": "lead_score", "between": [5, 1]}, "the first number must not be greater"),
    ({"field": "lead_score", "between": [5]}, "must be two numbers"),
    ({"field": "title", "equals": 5}, "equals: must be a text, not a number; write it in quotes"),
    ({"field": "title", "equals": "  "}, "equals: must not be empty"),
    ({"field": "title", "equals": "a\0b"}, "the control character U+0000"),
    ({"field": "title", "equals": "a\rb"}, "the control character U+000D"),
    ({"field": "title", "equals": "x" * 1001}, "is longer than 1,000 characters"),
    ({"field": "title", "in": []}, "in: must be a list with at least one value"),
    ({"field": "title", "in": "CMO"}, "in: must be a list"),
    ({"field": "title", "in": [f"t{n}" for n in range(1001)]}, "more than 1,000 values"),
    ({"field": "title", "is_empty": False}, "is_empty: can only be true"),
    ({"field": "title", "equals": "a", "case": "lower"}, "case: unknown value 'lower' (ignore or exact"),
    ({"field": "lead_score", "equals": 1, "case": "ignore"}, "case goes with comparisons of texts only"),
    ({"field": "is_unsubscribed", "equals": "no"}, "equals: must be true or false, not a text"),
    ({"field": "created_at", "since": "2026-02-30"}, "is not a date like 2026-03-02"),
    ({"field": "created_at", "since": "2026-02-03T10:00:00"}, "has no offset"),
    ({"field": "created_at", "since": "0001-01-01T00:00:00+14:00"}, "is not a date of this calendar"),
    ({"field": "created_at", "within": "7"}, "must be a length of time such as"),
    ({"field": "created_at", "within": "0 days"}, "must be a length of time such as"),
    ({"field": "created_at", "older_than": "999999 weeks"}, "longer than a hundred years"),
    ({"field": "created_at", "within": {"from": "1 day", "to": "2 days"}}, "from must be longer ago than to"),
    ({"field": "created_at", "within": {"since": "1 day"}}, "{from: 270 days, to: 90 days}"),
    ({"related": "oportunities"}, "person has no relation 'oportunities' (did you mean 'opportunities'?)"),
    (
        {"related": "accounts", "match": "some"},
        "match: not understood (any, all, none, or such as {at_least: 2})",
    ),
    ({"related": "accounts", "match": {"at_least": 0}}, "at_least takes a whole number from 1"),
    ({"related": "accounts", "count": {"at_least": 2}}, "unknown key 'count' in this condition"),
    ({"related": "accounts", "where": {"field": "amount", "at_least": 1}}, "account has no field 'amount'"),
    (
        {"related": "accounts", "where": {"field": "relation.role", "equals": "x"}},
        "did you mean 'relation.roles'?",
    ),
    (
        {
            "related": "opportunities",
            "where": {"related": "account", "where": {"field": "relation.role", "equals": "x"}},
        },
        "account has no field 'relation.role'",
    ),
    (
        {"related": "accounts", "where": {"event": "visit_webpage"}},
        "account has no events of its own (people have",
    ),
    (
        {"related": "accounts", "where": {"field": "relation.roles", "includes": "a;b"}},
        "can't contain a semicolon",
    ),
    ({"event": "visit_web_page"}, "unknown event 'visit_web_page' (did you mean 'visit_webpage'?)"),
    ({"event": ["visit_webpage", {"a": 1}]}, "unknown event"),
    ({"event": "visit_webpage", "within": "a week"}, "within: must be a length of time"),
    ({"event": "visit_webpage", "count": 3}, "count: not understood (such as {at_least: 3}"),
    (
        {"event": "visit_webpage", "where": {"field": "attribute.a'b", "equals": "x"}},
        "an attribute's name has letters",
    ),
    ({"all": []}, "all: must be a list with at least one condition"),
    ({"all": {"field": "title"}}, "all: must be a list"),
    ({"al": []}, "unknown kind of condition 'al' (did you mean 'all'?)"),
    ({"equals": "CMO"}, "'field' is missing in this condition"),
    ({"field": "title", "equals": "a", "any": []}, "'field' and 'any' can't stand in one condition"),
    ([{"field": "title", "equals": "a"}], "a condition must be a set of keys (write the list under all:"),
    ("title = 'CMO'", "a condition must be a set of keys"),
    ({}, "a condition must be a set of keys"),
]


@pytest.mark.parametrize(("where", "said"), CONDITIONS, ids=[said[:50] for _, said in CONDITIONS])
def test_a_wrong_condition_is_explained(tmp_path: Path, where: Any, said: str) -> None:
    path = definitions.write(tmp_path, where)
    (problem,) = problems(tmp_path, path.read_text())
    line, message = problem.split(": ", 1)
    assert said in message
    assert int(line) > 5, "the line of the condition, not of the file"


def test_all_the_mistakes_of_all_files_are_reported_at_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("audience: b\nname: N\nentity: persons\nwher: 1\n")
    (tmp_path / "b.yml").write_text(
        HEAD.replace("x", "b")
        + "  all:\n    - field: titel\n      equals: a\n    - related: account\n      mach: all\n"
    )
    (tmp_path / "C-D.yml").write_text(HEAD + "  {field: title, equals: a}\n")
    (tmp_path / "e.yaml").write_text("x: 1\n")
    with pytest.raises(ConfigError) as caught:
        load_audiences(tmp_path)
    shown = [f"{p.path.name}:{p.line}: {p.message}" for p in caught.value.problems]
    assert shown == [
        "C-D.yml:1: the file's name 'C-D' must be lower-case words joined by single underscores",
        "a.yml:1: 'description' is missing",
        "a.yml:1: 'where' is missing",
        "a.yml:1: audience: must be the file's name",
        "a.yml:3: entity: unknown value 'persons'",
        "a.yml:4: unknown key 'wher'",
        "b.yml:7: person has no field 'titel'",
        "b.yml:10: unknown key 'mach' in this condition",
        "e.yaml:1: audiences are files named <slug>.yml",
    ]


def test_a_file_that_is_not_a_mapping_is_explained(tmp_path: Path) -> None:
    assert problems(tmp_path, "- 1\n") == [
        "1: must be a set of keys (keys: audience, name, description, entity, evaluate, where)"
    ]


def test_deep_and_long_definitions_are_refused(tmp_path: Path) -> None:
    deep: Any = {"field": "title", "equals": "a"}
    for _ in range(8):
        deep = {"all": [deep]}
    (problem,) = problems(tmp_path, definitions.write(tmp_path, deep).read_text())
    assert "nested deeper than 8 levels" in problem
    many = {"any": [{"field": "title", "equals": f"a{n}"} for n in range(300)]}
    (problem,) = problems(tmp_path, definitions.write(tmp_path, many).read_text())
    assert "more than 200 conditions" in problem


def test_a_folder_without_definitions_has_none(tmp_path: Path) -> None:
    assert load_audiences(tmp_path) == [] == load_audiences(tmp_path / "nowhere")


SHIPPED = sorted((Path(__file__).resolve().parents[2] / "include" / "config" / "audiences").glob("*.yml"))
SCRAPS = ("", " ", ":", "- ", "{", "}", "[", "]", "'", '"', "\n", "\t", "&a", "*a", "!!python/object:x", "<<: *a", "\u2028", "\0", "null", "0x1F", "\ud7ff", "é", "{{ 1 }}", "#", "|", "?", "1e999", ".nan")  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_mutated_files_never_give_anything_but_problems_with_a_line(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        text = chance.choice(SHIPPED).read_text()
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(text))
            text = text[:start] + chance.choice(SCRAPS) + text[start + chance.choice((0, 0, 1, 5, 30)) :]
        (tmp_path / "x.yml").write_text(text, encoding="utf-8")
        try:
            load_audiences(tmp_path)
        except ConfigError as error:
            assert error.problems and all(p.line >= 1 and p.message for p in error.problems)
