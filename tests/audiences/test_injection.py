"""Whatever a person writes stays a value: in SQL, in Jinja, in YAML, in a path. More than 500 hostile texts say so."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import audience_definitions as definitions
import duckdb
import jinja2
import pytest
import yaml
from jinja2.sandbox import SandboxedEnvironment
from sqlglot import exp, parse_one

from muster.audiences import scaffold
from muster.audiences.catalogue import MODELS, PERSON
from muster.audiences.compile import compile_audience
from muster.audiences.conditions import ATTRIBUTE_NAME
from muster.audiences.generate import audience_files
from muster.audiences.model import Audience, Compare, Group
from muster.audiences.render import plain_sql
from muster.compiled import ENCODED
from muster.errors import ConfigError

HOSTILE = (
    "'", "''", "\\'", '"', "`", "' or 1=1 --", "'; drop table dim_people; --", "x' union select 1 --", "') or ('1'='1",
    "' || (select max(email) from dim_people) || '", "$$", "$tag$ x $tag$", "E'\\x27'", "U&'\\0027'", "\\", "\\\\", "\\n",
    "--", "-- x", "/*", "*/", "/* x */", "/*+ hint */", "#", ";", "@@version", "%s", "%(x)s", "?", "$1", ":x", "{0}", "%",
    "read_text('/etc/passwd')", "'; attach '/tmp/x'; --", "'; install httpfs; --", "'; copy t to '/tmp/x'; --",
    "{{ 7 * 7 }}", "{{7*7}}", "{%", "%}", "{#", "#}", "{{", "}}", "{{{", "{{{{", "{ {", "{%- if true -%}x{%- endif -%}",
    "{% raw %}", "{% endraw %}", "{# x #}", "{{ env_var('HOME') }}", "{{ ref('dim_people') }}", "{{ run_query('x') }}",
    "{{ ''.__class__.__mro__ }}", "{{ config(materialized='view') }}", "{% set x = 1 %}", "{% do x %}", "{%+ x %}",
    "{{ '{{' }}", "{'{'}{", "{\u200b{", "# x", "## x", "%% x", "__SQLGLOT__LB__", "__SQLGLOT__LBREAK__", "$(id)", "`id`",
    "${HOME}", "| sh", "&& id", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "<script>alert(1)</script>",
    "&lt;b&gt;", "&#123;", "é", "ß", "İ", "日本語", "🙂", "\u202e abc", "\u200b", "\ufeff", "\uff07", "\u2019", "\u02bc",
    "\uffff", "\U0010ffff", "\ue000", "a\tb", "a\nb", "a\rb", "a\r\nb", "a\x0bb", "a\x85b", "a\u2028b", "a\u2029b",
    "a\0b", "\x1b[31m", "\x7f", "!!python/object:os.system", "&a *a", "<<: *a", "- x", "? x", "key: value", "| x", "> x",
    "null", "true", "1", "1e9", "~", "=cmd|' /C calc'!A0", "x" * 900,
)  # fmt: skip
AROUND = ("{}", "a{}", "{}'", "'{}", "{{{}")
PAYLOADS = sorted({around.replace("{}", text, 1) for around, text in itertools.product(AROUND, HOSTILE)})
CONTROL = {chr(n) for n in (*range(32), *range(127, 160))} | {"\u2028", "\u2029", "\uffff"}


EACH = pytest.mark.parametrize(
    "payloads", [PAYLOADS[::5], pytest.param(PAYLOADS, marks=pytest.mark.slow)], ids=["some", "all"]
)


def jinja(text: str) -> str:
    """As dbt reads a model, with functions that must never be called but `ref`."""
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"])
    return environment.from_string(text).render(ref=lambda name: name)


def texts(sql: str, dialect: str = "duckdb") -> list[str]:
    """The texts in parsed SQL, those cut in pieces put together again; sorted."""
    found = []
    tree = parse_one(sql, dialect=dialect)
    for node in tree.walk(prune=lambda n: isinstance(n, exp.DPipe)):
        if isinstance(node, exp.DPipe):
            found.append("".join(_piece(part) for part in node.flatten()))
        elif isinstance(node, exp.Chr) or (isinstance(node, exp.Literal) and node.is_string):
            found.append(_piece(node))
    return sorted(found)


def _piece(node: exp.Expression) -> str:
    if isinstance(node, exp.Chr):
        return chr(int(node.expressions[0].this))
    assert isinstance(node, exp.Literal)
    return str(node.this)


def audience(payload: str) -> Audience:
    """Made without the checks of the parser, so that the compiler stands alone."""
    title = PERSON.field("title")
    assert title is not None
    parts = (
        Compare(title, "equals", payload),
        Compare(title, "contains", payload, ignore_case=True),
        Compare(title, "in", (payload, "other")),
    )
    where = Group("any", parts)
    return Audience("x", payload, payload, "person", where, "streaming-eligible")


EXPECTED_BESIDES = ["UTC", "other"]


def test_there_are_more_than_500_payloads() -> None:
    assert len(PAYLOADS) > 500


@pytest.fixture(scope="module")
def engine() -> Any:
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"create table {MODELS['evaluation']} as select timestamptz '2026-03-03 00:00:00+00' as as_of"
        )
        yield connection


@EACH
def test_every_payload_is_the_same_literal_after_jinja_and_after_parsing(payloads: list[str]) -> None:
    for payload in (p for p in payloads if "\0" not in p):
        model = audience_files(audience(payload))["aud_x.sql"]
        assert texts(jinja(model)) == sorted([*EXPECTED_BESIDES, payload, payload, payload]), payload


@EACH
def test_every_payload_is_the_same_literal_in_the_sql_for_spark(payloads: list[str]) -> None:
    for payload in (p for p in payloads if "\0" not in p):
        sql = plain_sql(compile_audience(audience(payload)), "spark")
        assert texts(sql, "spark") == sorted([*EXPECTED_BESIDES, payload, payload, payload]), payload


@EACH
def test_every_payload_finds_exactly_the_person_who_has_it_as_a_title(
    engine: duckdb.DuckDBPyConnection, payloads: list[str]
) -> None:
    title = PERSON.field("title")
    assert title is not None
    for payload in (p for p in payloads if "\0" not in p):
        engine.execute("create or replace table dim_people (person_key varchar, title varchar)")
        engine.execute(
            "insert into dim_people values ('it', $1), ('other', $1 || 'x'), ('none', null)", [payload]
        )
        only = Audience("x", "N", "D", "person", Compare(title, "equals", payload), "streaming-eligible")
        rows = engine.execute(jinja(audience_files(only)["aud_x.sql"])).fetchall()
        assert [key for key, _ in rows] == ["it"], payload


def test_a_text_that_no_engine_can_hold_is_refused() -> None:
    for payload in ("a\0b", "\ud800"):
        with pytest.raises(ValueError, match="NUL or half"):
            compile_audience(audience(payload))


@EACH
def test_names_and_descriptions_are_inert_in_the_yml_that_dbt_reads(payloads: list[str]) -> None:
    for payload in payloads:
        described = Audience("x", payload, payload, "person", audience("a").where, "batch")
        read = yaml.safe_load(audience_files(described)["aud_x.yml"])
        assert set(read) == {"version", "models"} and len(read["models"]) == 1
        shown = read["models"][0]["description"]
        inert = "".join(ENCODED.get(c, c) for c in payload)
        assert shown == f"One row per person who is a member now. {inert}: {inert}", payload
        assert jinja(shown).replace("\r\n", "\n") == shown.replace("\r\n", "\n").replace("\r", "\n").rstrip(
            "\n"
        )
        assert read["models"][0]["config"]["meta"] == {
            "audience": "x",
            "entity": "person",
            "evaluation": "batch",
        }


PLACES = {
    "entity": lambda p: {"entity": p},
    "evaluate": lambda p: {"evaluate": p},
    "audience": lambda p: {"audience": p},
    "a key": lambda p: {p: 1},
    "field": lambda p: {"where": {"field": p, "equals": "a"}},
    "attribute": lambda p: {
        "where": {"event": "open_email", "where": {"field": f"attribute.{p}", "equals": "a"}}
    },
    "operator": lambda p: {"where": {"field": "title", p: "a"}},
    "case": lambda p: {"where": {"field": "title", "equals": "a", "case": p}},
    "related": lambda p: {"where": {"related": p}},
    "match": lambda p: {"where": {"related": "accounts", "match": p}},
    "event": lambda p: {"where": {"event": p}},
    "within": lambda p: {"where": {"event": "open_email", "within": p}},
    "since": lambda p: {"where": {"field": "created_at", "since": p}},
    "number": lambda p: {"where": {"field": "lead_score", "equals": p}},
    "where": lambda p: {"where": p},
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_every_payload_where_a_name_belongs_is_a_clear_error(tmp_path: Path, place: str) -> None:
    _refused(tmp_path, place, PAYLOADS)


@pytest.mark.parametrize(("offset", "place"), enumerate(PLACES))
def test_some_payloads_where_a_name_belongs_are_clear_errors(tmp_path: Path, offset: int, place: str) -> None:
    _refused(tmp_path, place, PAYLOADS[offset :: len(PLACES)])


def _refused(tmp_path: Path, place: str, payloads: list[str]) -> None:
    for payload in payloads:
        if place == "attribute" and ATTRIBUTE_NAME.fullmatch(payload):
            continue
        content = {
            "audience": "x", "name": "N", "description": "D", "entity": "person", "where": {"field": "title", "equals": "a"},
        } | PLACES[place](payload)  # fmt: skip
        path = tmp_path / "x.yml"
        path.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            definitions.read(path)
        assert all(problem.line >= 1 for problem in caught.value.problems)


@EACH
def test_every_payload_as_a_value_in_a_file_is_a_clear_error_or_the_same_literal(
    tmp_path: Path, payloads: list[str]
) -> None:
    refused = 0
    for payload in payloads:
        path = definitions.write(tmp_path, {"field": "title", "equals": payload})
        try:
            found = definitions.read(path)
        except ConfigError as error:
            assert set(payload) & CONTROL, (payload, str(error))
            refused += 1
            continue
        assert texts(jinja(audience_files(found)["aud_x.sql"])) == sorted(["UTC", payload])
    assert refused < len(payloads) / 5


def test_a_slug_never_leaves_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "audiences"
    for payload in ("../x", "/etc/x", "a/b", "a\0", "..", "", "A", "a b", "é", "a__b", "x" * 61, *PAYLOADS):
        try:
            scaffold(folder, payload)
        except ConfigError:
            continue
        assert (folder / f"{payload}.yml").parent == folder and payload.isidentifier()
    assert {path.parent for path in tmp_path.rglob("*.yml")} <= {folder}
