"""`muster compile` writes what changed, removes what is gone, and touches nothing that it did not write."""

from __future__ import annotations

import json
import re
from pathlib import Path

import audience_definitions as definitions
import duckdb
import jsonschema
import pytest
import yaml
from audience_world import AS_OF
from ruamel.yaml import YAML

from muster.audiences import Audience, load_audiences, scaffold, write_models
from muster.audiences.catalogue import EVENT_TYPES
from muster.audiences.schema import schema
from muster.config import Platform, load
from muster.errors import ConfigError, MusterError

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "include" / "config"
SHIPPED = load_audiences(CONFIG / "audiences")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return load(CONFIG, home=tmp_path).platform


def test_writing_twice_changes_nothing_the_second_time(tmp_path: Path, platform: Platform) -> None:
    first = write_models(SHIPPED, platform, tmp_path)
    assert len(first) == 20 and all(path.is_file() for path in first)
    stamps = {path: path.stat().st_mtime_ns for path in first}
    assert write_models(SHIPPED, platform, tmp_path) == []
    assert {path: path.stat().st_mtime_ns for path in first} == stamps
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_checking_reports_what_is_stale_and_writes_nothing(tmp_path: Path, platform: Platform) -> None:
    written = write_models(SHIPPED, platform, tmp_path)
    stale = tmp_path / "models" / "audiences" / "aud_pricing_page_intent.sql"
    text = stale.read_text() + "-- edited\n"
    stale.write_text(text)
    assert write_models(SHIPPED, platform, tmp_path, check=True) == [stale]
    assert stale.read_text() == text
    every = [path for path in written if path.name != "rpt_audience_sizes.yml"]
    assert write_models([], _without_activations(platform), tmp_path, check=True) == sorted(every)


def test_what_is_no_longer_defined_goes_and_what_a_person_wrote_stays(
    tmp_path: Path, platform: Platform
) -> None:
    write_models(SHIPPED, platform, tmp_path)
    mine = tmp_path / "models" / "audiences" / "aud_by_hand.sql"
    mine.write_text("select 1 as member_key\n")
    write_models(SHIPPED[:1], _without_activations(platform), tmp_path)
    left = sorted(path.name for path in (tmp_path / "models").rglob("*.*"))
    slug = SHIPPED[0].slug
    assert left == sorted(
        [
            "aud_by_hand.sql",
            f"aud_{slug}.sql",
            f"aud_{slug}.yml",
            "rpt_audience_sizes.sql",
            "rpt_audience_sizes.yml",
        ]
    )


def test_a_file_of_a_person_is_never_overwritten(tmp_path: Path, platform: Platform) -> None:
    place = tmp_path / "models" / "audiences" / "aud_pricing_page_intent.sql"
    place.parent.mkdir(parents=True)
    place.write_text("select 1\n")
    with pytest.raises(MusterError, match="did not write"):
        write_models(SHIPPED, platform, tmp_path)
    assert [path.name for path in tmp_path.rglob("*.*")] == [place.name]


def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path, platform: Platform) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    outside.mkdir()
    (project / "models").mkdir(parents=True)
    (project / "models" / "audiences").symlink_to(outside)
    with pytest.raises(MusterError, match="out of the dbt project"):
        write_models(SHIPPED, platform, project)
    assert list(outside.iterdir()) == []


def test_accounts_on_the_way_to_marketo_are_refused_with_file_and_line(
    tmp_path: Path, platform: Platform
) -> None:
    sent = platform.activations[0].model_copy(update={"audience": "open_deals_without_executive"})
    changed = platform.model_copy(update={"activations": [sent]})
    with pytest.raises(ConfigError) as caught:
        write_models(SHIPPED, changed, tmp_path)
    (problem,) = caught.value.problems
    assert problem.message.startswith("B11") and problem.path.name == "open_deals_without_executive.yml"
    assert problem.path.read_text().splitlines()[problem.line - 1] == "entity: account"
    assert list(tmp_path.rglob("*.sql")) == []


def test_an_activation_of_an_unknown_audience_is_refused(tmp_path: Path, platform: Platform) -> None:
    with pytest.raises(ConfigError, match="there is no audience 'finance_decision_makers'"):
        write_models(SHIPPED[1:], platform, tmp_path)


def test_to_marketo_leave_e_mail_and_ecid_of_the_unsuppressed_only(
    tmp_path: Path, platform: Platform
) -> None:
    rows = _sync(tmp_path, platform, "sync_marketo__emea__pricing_page_intent", account="null")
    assert rows == (
        ["member_key", "email", "ecid"],
        [("ecid_only", None, "1"), ("mail", "a@x.example", None)],
    )


def test_files_of_people_get_the_name_of_the_primary_account(tmp_path: Path, platform: Platform) -> None:
    columns, rows = _sync(tmp_path, platform, "sync_files__exports__pricing_page_intent", account="'a1'")
    assert columns == ["member_key", "email", "first_name", "last_name", "title", "country", "account_name"]
    assert [row[0] for row in rows] == ["ecid_only", "mail", "neither"]
    assert {row[-1] for row in rows} == {"Acme"}


def test_sizes_count_an_empty_audience_as_zero(tmp_path: Path, platform: Platform) -> None:
    write_models(SHIPPED, platform, tmp_path)
    with duckdb.connect(":memory:") as connection:
        for audience, rows in zip(SHIPPED, (0, 1, 2), strict=True):
            connection.execute(f"create table aud_{audience.slug} as select * from range({rows})")
        found = connection.execute(_rendered(tmp_path / "models/audiences/rpt_audience_sizes.sql")).fetchall()
    assert sorted(found) == sorted(
        (a.slug, a.entity, a.method, n) for a, n in zip(SHIPPED, (0, 1, 2), strict=True)
    )


def test_without_audiences_the_sizes_are_empty_and_valid(tmp_path: Path, platform: Platform) -> None:
    write_models([], _without_activations(platform), tmp_path)
    with duckdb.connect(":memory:") as connection:
        assert (
            connection.execute(_rendered(tmp_path / "models/audiences/rpt_audience_sizes.sql")).fetchall()
            == []
        )


def test_every_generated_model_is_described_column_by_column(tmp_path: Path, platform: Platform) -> None:
    for path in write_models(SHIPPED, platform, tmp_path):
        if path.suffix == ".yml" and not path.name.startswith("exposure"):
            (model,) = yaml.safe_load(path.read_text())["models"]
            assert model["name"] == path.stem and model["description"].startswith("One row per ")
            assert model["config"]["contract"] == {"enforced": True}
            assert all(column["description"] and column["data_type"] for column in model["columns"])


def test_an_exposure_leads_from_each_destination_to_its_models(tmp_path: Path, platform: Platform) -> None:
    write_models(SHIPPED, platform, tmp_path)
    for destination in platform.destinations:
        text = (tmp_path / "models" / "activation" / f"exposure__{destination.name}.yml").read_text()
        (exposure,) = yaml.safe_load(text)["exposures"]
        names = [
            f"ref('sync_{destination.name}__{slug}')" for slug in platform.audiences_of(destination.name)
        ]
        assert exposure["name"] == destination.name and exposure["depends_on"] == names


def test_the_template_of_a_new_audience_is_valid_and_compiles(tmp_path: Path, platform: Platform) -> None:
    path = scaffold(tmp_path / "audiences", "webinar_guests_in_finance")
    (audience,) = load_audiences(tmp_path / "audiences")
    assert audience.slug == path.stem and audience.name == "Webinar guests in finance"
    write_models([audience], _without_activations(platform), tmp_path / "dbt")
    with pytest.raises(ConfigError, match="exists already"):
        scaffold(tmp_path / "audiences", "webinar_guests_in_finance")


def _valid(path: Path) -> bool:
    content = YAML(typ="safe", pure=True).load(path.read_text())
    return jsonschema.Draft7Validator(json.loads(json.dumps(schema()))).is_valid(_plain(content))


def _plain(value: object) -> object:
    """Dates as the text that was written, as editors' validators see them."""
    return json.loads(json.dumps(value, default=str))


def test_shipped_files_questions_and_template_satisfy_the_published_schema(tmp_path: Path) -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    here = Path(__file__).parent
    files = [*(CONFIG / "audiences").glob("*.yml"), *(here / "questions").glob("*.yml")]
    files += [scaffold(tmp_path, "fresh"), here / "golden" / "definition" / "everything.yml"]
    assert len(files) >= 19
    assert [path.name for path in files if not _valid(path)] == []
    assert all("$schema=audience.schema.json" in path.read_text().splitlines()[0] for path in files[:3])


@pytest.mark.parametrize(
    "where",
    [
        {"field": "titel", "equals": "a"},
        {"field": "title", "greater_than": 1},
        {"field": "title", "equals": "a", "contains": "b"},
        {"field": "title", "equals": "a", "x": 1},
        {"field": "lead_score", "at_least": "80"},
        {"related": "account_people"},
        {"related": "accounts", "where": {"field": "amount", "at_least": 1}},
        {"event": "visit_website"},
        {"event": "visit_webpage", "within": "7"},
        {"all": []},
        {"all": [{"related": "accounts", "match": "some"}]},
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(tmp_path: Path, where: object) -> None:
    path = definitions.write(tmp_path, where)
    assert not _valid(path)
    with pytest.raises(ConfigError):
        definitions.read(path)


def _without_activations(platform: Platform) -> Platform:
    return platform.model_copy(update={"activations": []})


def _rendered(path: Path) -> str:
    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", path.read_text())


def _sync(
    folder: Path, platform: Platform, model: str, *, account: str
) -> tuple[list[str], list[tuple[object, ...]]]:
    write_models(SHIPPED, platform, folder)
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "create table dim_people as select *, 'F' as first_name, 'L' as last_name, 'T' as title, 'C' as country, "
            f"{account} as account_key from (values ('mail', 'a@x.example', null), ('ecid_only', null, '1'), "
            "('neither', null, null), ('gone', 'b@x.example', null), ('stranger', 'c@x.example', null)) "
            "as people(person_key, email, ecid)"
        )
        connection.execute("create table dim_accounts as select 'a1' as account_key, 'Acme' as name")
        connection.execute(
            "create table int_person__suppressed as select * from (values ('gone', 'unsubscribed'), ('gone', 'x')) "
            "as suppressed(person_key, reason)"
        )
        connection.execute(
            f"create table aud_pricing_page_intent as select person_key as member_key, timestamptz '{AS_OF}' "
            "as evaluated_at from dim_people where person_key <> 'stranger'"
        )
        found = connection.execute(_rendered(folder / "models" / "activation" / f"{model}.sql"))
        columns = [column[0] for column in found.description]
        return columns, sorted(found.fetchall())


def test_the_events_of_the_language_are_those_that_the_profile_names() -> None:
    listed = (ROOT / "dbt_project" / "seeds" / "activity_types.csv").read_text().splitlines()[1:]
    assert sorted(line.split(",")[1] for line in listed) == sorted(EVENT_TYPES)


def test_an_audience_has_its_method_in_its_model_and_in_dbt_docs(tmp_path: Path, platform: Platform) -> None:
    audience: Audience = SHIPPED[0]
    write_models([audience], _without_activations(platform), tmp_path)
    folder = tmp_path / "models" / "audiences"
    assert f"evaluation: {audience.method}" in (folder / f"aud_{audience.slug}.sql").read_text()
    (model,) = yaml.safe_load((folder / f"aud_{audience.slug}.yml").read_text())["models"]
    assert model["config"]["meta"]["evaluation"] == audience.method
