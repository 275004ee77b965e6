"""Rule B7: the evaluation method is derived, and asking for the impossible names the clauses that forbid it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import audience_definitions as definitions
import pytest

from muster.errors import ConfigError

ATTRIBUTE = {"field": "title", "equals": "CMO"}
RECENT = {"event": "visit_webpage", "within": "24 hours"}
NEVER = {"event": "visit_webpage", "within": "24 hours", "count": {"exactly": 0}}
RELATED = {"related": "accounts"}


@pytest.mark.parametrize(
    "where",
    [
        ATTRIBUTE,
        RECENT,
        {"all": [ATTRIBUTE, RECENT]},
        {"all": [RECENT, NEVER]},
        {"all": [ATTRIBUTE, {"none": [RECENT]}]},
        {"none": [NEVER]},
        {"event": "visit_webpage", "within": "1 day"},
        {"event": "visit_webpage", "within": {"from": "24 hours", "to": "1 hour"}},
    ],
)
def test_people_by_attributes_and_events_of_a_day_may_be_streamed(tmp_path: Path, where: Any) -> None:
    audience = definitions.read(definitions.write(tmp_path, where, evaluate="streaming"))
    assert (audience.method, audience.reasons, audience.is_streaming) == ("streaming-eligible", (), True)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (RELATED, "the relation 'accounts'"),
        ({"related": "static_lists"}, "the relation 'static_lists'"),
        ({"any": [ATTRIBUTE, {"none": [RELATED]}]}, "where / any 2 / none 1"),
        ({"event": "visit_webpage"}, "have no `within`"),
        ({"event": "visit_webpage", "within": "25 hours"}, "go back 25 hours"),
        ({"event": "visit_webpage", "within": {"from": "2 days", "to": "1 day"}}, "go back 2 days"),
        (NEVER, "did not happen"),
        ({"none": [RECENT]}, "did not happen"),
        ({"any": [NEVER, {"none": [RECENT]}]}, "did not happen"),
    ],
)
def test_asking_for_streaming_where_it_cant_be_is_an_error_that_names_the_clause(
    tmp_path: Path, where: Any, said: str
) -> None:
    path = definitions.write(tmp_path, where)
    assert definitions.read(path).method == "batch"
    with pytest.raises(ConfigError) as caught:
        definitions.read(definitions.write(tmp_path, where, evaluate="streaming"))
    (problem,) = caught.value.problems
    assert "B7" in problem.message and said in problem.message
    assert problem.line > 5


def test_every_clause_that_forbids_streaming_is_named_with_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(
        "audience: x\nname: N\ndescription: D\nentity: person\nevaluate: streaming\n"
        "where:\n  all:\n    - related: accounts\n    - field: title\n      equals: CMO\n    - event: open_email\n"
    )
    with pytest.raises(ConfigError) as caught:
        definitions.read(path)
    assert [problem.line for problem in caught.value.problems] == [8, 11]


def test_accounts_are_evaluated_in_batch(tmp_path: Path) -> None:
    where = {"field": "name", "equals": "Acme"}
    audience = definitions.read(definitions.write(tmp_path, where, "account"))
    assert audience.method == "batch" and "accounts" in audience.reasons[0].text
    with pytest.raises(ConfigError, match="B7"):
        definitions.read(definitions.write(tmp_path, where, "account", evaluate="streaming"))


def test_an_audience_that_does_not_insist_is_marked_and_not_refused(tmp_path: Path) -> None:
    audience = definitions.read(definitions.write(tmp_path, RELATED, evaluate="batch"))
    assert audience.method == "batch" and not audience.is_streaming
