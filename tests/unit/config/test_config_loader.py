"""The loader: every problem at once, each at its line, with a suggestion; never a traceback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.config import load, load_platform
from muster.config.models import MarketoSource
from muster.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_valid_file_becomes_frozen_settings(folder, tmp_path):
    settings = load(folder, home=tmp_path / "home")
    assert settings.home.base == tmp_path / "home" / "acme" / "prod"
    assert settings.platform.history_start == datetime(2026, 1, 1, tzinfo=UTC)
    assert [source.instance for source in settings.platform.sources] == ["emea", "amer", "main"]
    assert settings.platform.audiences_of("marketo__emea") == ["pricing_page_intent"]
    with pytest.raises(ValueError, match="frozen"):
        settings.platform.sandbox = "dev"


def test_the_platform_that_ships_is_valid_and_holds_the_demo():
    platform = load_platform(REPOSITORY / "include/config/platform.yml")
    assert [source.connection for source in platform.sources] == [
        "marketo__emea",
        "marketo__amer",
        "salesforce__main",
    ]
    assert [destination.name for destination in platform.destinations] == ["marketo__emea", "files__exports"]
    assert len(platform.activations) == 5
    assert platform.schedule.end == datetime(2026, 3, 4, tzinfo=UTC)


def test_home_and_configuration_folder_come_from_the_environment(folder, tmp_path, monkeypatch):
    from muster.config import config_folder

    monkeypatch.setenv("MUSTER_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("MUSTER_CONFIG", str(folder))
    assert config_folder() == folder
    assert load(config_folder()).home.root == tmp_path / "elsewhere"


def test_every_problem_is_reported_at_once_in_line_order(problems, valid):
    text = (
        valid.replace("sandbox: prod", "sandbx: prod")
        .replace('"0 0 * * *"', '"61 0 * * *"')
        .replace("[leads, activities]", "[leads, activites]")
        .replace("munchkin_id: 456-AMR-002", "munchkin_id: AMR")
        .replace("folder: Muster", "folder: 3")
        .replace("audience: pricing_page_intent", "audience: pricing_page")
    )
    found = problems(text)
    lines = [int(problem.split(":")[0]) for problem in found]
    assert lines == sorted(lines) == [1, 2, 4, 14, 17, 31, 35]
    assert found[1] == "2: unknown key 'sandbx' (did you mean 'sandbox'?)"
    assert found[-1] == "35: there is no audience 'pricing_page' (did you mean 'pricing_page_intent'?)"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - type: marketo\n    name", "  - type: marketoo\n    name", "type: unknown value 'marketoo' (did you mean 'marketo'?)"),
        ("history_start: 2026-01-01", "history_start: yesterday", "history_start: is not a date like"),
        ("start: 2026-03-02", "start: 2026-03-02T00:00:00", "has no offset"),
        ("end: 2026-03-04", "end: 2026-03-01", "end: lies before start"),
        ("end: 2026-03-04", "timezone: Europe/Berlin", "unknown key 'timezone' (schedules are always UTC"),
        ("folder: Muster", "password: hunter2", "unknown key 'password' (belongs to the connection"),
        ("    folder: Muster\n", "    folder: Muster\n    program: P\n", "either the folder or the program"),
        ("name: files__exports", "name: files__exports\n    path: ../../etc", "path: must not contain '..'"),
        ("name: files__exports", "name: files__exports\n    formats: [cvs]", "unknown value 'cvs' (did you mean 'csv'?)"),
        ("name: files__exports", "name: marketo__exports", "does not belong to type 'files'"),
        ("connection: marketo__amer", "connection: Marketo-amer", "not of the form <system>__<instance>"),
        ("connection: marketo__amer", "connection: marketo__emea", "'marketo__emea' is already in line 10"),
        ("[leads, companies]", "[leads, leads]", "'leads' is listed twice"),
        ("[leads, companies]", "[]", "objects: must not be empty"),
        ("[leads, companies]", "[leads]\n    max_window_days: 32", "max_window_days: must be at most 31"),
        ("[leads, companies]", "[leads]\n    overlap_minutes: '60'", "overlap_minutes: must be a whole number"),
        ("org_id: 00D000000000001", "org_id: acme", "not a Salesforce organisation id"),
        ("history_start: 2026-01-01", "history_start: 2026-05-01", "lies after schedule.start (line 5)"),
        ("destination: marketo__emea", "destination: marketo__apac", "there is no destination 'marketo__apac'"),
        ("platform: acme\n", "platform: ../acme\n", "lower-case words"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(change, old, new, said):
    found, line = change((old, new))
    assert any(said in problem for problem in found), found
    near = range(line, line + new.count("\n") + 1)
    assert any(int(problem.split(":")[0]) in near for problem in found if said in problem), found


def test_the_line_is_that_of_the_value_inside_a_list(change):
    found, _ = change(("      - contacts", "      - contcts"))
    assert found == ["26: objects: unknown value 'contcts' (did you mean 'contacts'?)"]


def test_doubles_in_activations_name_the_first_line(change):
    double = "  - audience: pricing_page_intent\n    destination: marketo__emea\n"
    found, _ = change(("activations:\n", f"activations:\n{double}"))
    assert found == ["37: 'pricing_page_intent in marketo__emea' is already in line 35"]


def test_a_wrong_value_hides_no_topology_problem(change):
    found, _ = change(
        ("munchkin_id: 456-AMR-002", "munchkin_id: 123-EMA-001\n    poll_seconds: soon"),
        ("connection: marketo__amer", "connection: marketo__amer\n    type: x"),
    )
    assert any("B1" in p or "every record twice" in p for p in found)
    assert any("poll_seconds" in p or "type" in p for p in found)


def test_a_missing_file_is_a_problem_with_a_line(tmp_path):
    with pytest.raises(ConfigError, match=r"platform.yml:1: the file can't be read: No such file"):
        load(tmp_path)


def test_a_marketo_window_with_its_overlap_stays_within_31_days(folder):
    for source in load(folder).platform.sources:
        if isinstance(source, MarketoSource):
            assert source.longest_window + source.overlap == timedelta(days=31)


@st.composite
def mutations(draw: st.DrawFn, text: str) -> str:
    """The valid file with a few lines dropped, doubled, swapped, re-indented or hit by strange characters."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "swap", "indent", "insert", "replace"]))
        if kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "indent":
            lines[at] = " " * draw(st.integers(0, 5)) + lines[at].lstrip()
        else:
            noise = draw(st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(NOISE))
            cut = draw(st.integers(0, len(lines[at])))
            rest = lines[at][cut:] if kind == "insert" else lines[at][cut + len(noise) :]
            lines[at] = lines[at][:cut] + noise + rest
    return "\n".join(lines)


NOISE = ["&a ", "*a", "!!python/object/apply:os.system ", "<<: *a", "{", "}", "[", "]", ": ", "- ", "? ", "|", ">",
         "null", "~", "0x1F", "1e999", "-.inf", "2026-02-30", "\t", "\x00", "#", "%YAML 9.9\n", "---\n", "...\n", '"']  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutated_file_gives_a_traceback_and_every_problem_has_its_line(data, folder, valid):
    text = data.draw(mutations(valid))
    file = folder / "platform.yml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load(folder)
    except ConfigError as error:
        last = text.count("\n") + text.count("\r") + 2
        assert error.problems
        assert all(problem.path == file and 1 <= problem.line <= last for problem in error.problems)
