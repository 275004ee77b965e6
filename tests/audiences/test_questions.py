"""The audience questions of the blueprint that the model can answer today, as files, run against a naive reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import audience_naive
import audience_world
import duckdb
import pytest
from audience_world import AS_OF

from muster.audiences import Audience, load_audiences
from muster.audiences.catalogue import Field
from muster.audiences.compile import compile_audience
from muster.audiences.render import plain_sql

QUESTIONS = load_audiences(Path(__file__).parent / "questions")
SHIPPED = load_audiences(Path(__file__).resolve().parents[2] / "include" / "config" / "audiences")

# Values that the questions name, so that the random worlds have members.
NAMED = {
    "title": ("CMO", "CIO", "Vice President Sales", "VICE PRESIDENT", "Deputy Chief Marketing officer", None),
    "department": ("Human Resources", "Sales", None),
    "country": ("Canada", "France", None),
    "industry": ("Finance", "Retail", None),
    "role": ("Decision Maker", "Influencer", ""),
    "roles": ("Manager", "Director;Manager", "Managers", None),
    "name": ("Acme", "Anniversary users", "Other"),
    "opportunity_type": ("X", "Y"),
    "amount": (99_999.99, 100_000, 1_000_000, 2_000_000, None),
    "annual_revenue": (99_999_999, 100_000_000, 200_000_000, None),
    "lead_score": (80, 81, None),
    "page_url": ("/pricing", "https://acme.example/pricing.html", "/home", None),
}


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = audience_world.value
    monkeypatch.setattr(
        audience_world,
        "value",
        lambda chance, field: chance.choice(NAMED[field.name]) if _is_named(field) else plain(chance, field),
    )
    monkeypatch.setattr(audience_world, "EVENTS", ("visit_webpage",))
    monkeypatch.setattr(audience_world, "HOURS", (1, 71, 72, 168, 720, 90 * 24, 150 * 24, 270 * 24))


def _is_named(field: Field) -> bool:
    return field.name in NAMED


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize("audience", [*QUESTIONS, *SHIPPED], ids=lambda audience: audience.slug)
@pytest.mark.usefixtures("chosen")
def test_a_question_finds_exactly_its_members(engine: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    sizes = set()
    for seed in range(6):
        world = audience_world.world(seed, people=25, accounts=12, opportunities=25, events=150)
        audience_world.load(engine, world)
        found = {key for key, _ in engine.execute(plain_sql(compile_audience(audience))).fetchall()}
        assert found == audience_naive.members(audience, world, AS_OF)
        sizes.add(len(found))
    assert sizes != {0}, "nobody was ever a member, so nothing was shown"


def test_only_the_question_about_a_score_may_be_streamed() -> None:
    assert [audience.slug for audience in QUESTIONS if audience.method == "streaming-eligible"] == [
        "high_score"
    ]


def test_the_shipped_audiences_are_the_three_that_the_demo_checks() -> None:
    assert {(audience.slug, audience.entity) for audience in SHIPPED} == {
        ("finance_decision_makers", "person"),
        ("pricing_page_intent", "person"),
        ("open_deals_without_executive", "account"),
    }
