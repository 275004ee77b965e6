"""Connections from the environment: as Airflow reads them, and silent about their content."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.config import (
    MissingConnectionError,
    base_url,
    check_connections,
    connection_from_environment,
)
from muster.config.connections import Connection

NAME = "AIRFLOW_CONN_MARKETO__EMEA"


def read(monkeypatch: pytest.MonkeyPatch, value: str) -> Connection:
    monkeypatch.setenv(NAME, value)
    return connection_from_environment("marketo__emea")


def test_the_json_form(monkeypatch):
    given = {
        "conn_type": "http",
        "host": "127.0.0.1",
        "port": 8123,
        "login": "id",
        "password": "pä/:@",
        "extra": {"a": 1},
    }
    found = read(monkeypatch, json.dumps(given))
    assert found == Connection("marketo__emea", "http://127.0.0.1:8123", "id", "pä/:@", {"a": 1})


def test_extra_as_json_text_and_a_port_as_text(monkeypatch):
    found = read(
        monkeypatch, json.dumps({"host": "https://x.example", "port": "8443", "extra": '{"scope": "all"}'})
    )
    assert (found.host, found.extra) == ("https://x.example:8443", {"scope": "all"})


@pytest.mark.parametrize(
    ("uri", "host", "login", "password", "extra"),
    [
        ("marketo://https://123-ema-001.mktorest.com", "https://123-ema-001.mktorest.com", "", "", {}),
        ("http://u%40x:p%2F%3A%25@127.0.0.1:81", "http://127.0.0.1:81", "u@x", "p/:%", {}),
        ("http://http%3A%2F%2F127.0.0.1:81/", "http://127.0.0.1:81", "", "", {}),
        ("marketo://id:secret@x.example/https?a=1&b=%7B%22c%22%3A2%7D&d=", "https://x.example", "id", "secret",
         {"a": "1", "b": '{"c":2}', "d": ""}),
        ("http://x.example/?__extra__=%7B%22k%22%3A%20%5B1%5D%7D", "http://x.example", "", "", {"k": [1]}),
        ("salesforce://login:pass@x.example:444", "https://x.example:444", "login", "pass", {}),
    ],
)  # fmt: skip
def test_the_uri_form(monkeypatch, uri, host, login, password, extra):
    found = read(monkeypatch, uri)
    assert (found.host, found.login, found.password, found.extra) == (host, login, password, extra)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    login=TEXT,
    password=TEXT,
    port=st.none() | st.integers(1, 65535),
    extra=st.dictionaries(TEXT, TEXT, max_size=2),
)
def test_both_forms_are_read_as_airflow_reads_them(airflow_home, monkeypatch, login, password, port, extra):
    """Airflow writes the value, Airflow and we read it back: the same."""
    from airflow.sdk import Connection as Theirs

    written = Theirs(
        conn_id="x", conn_type="http", host="https://x.example", login=login, password=password, port=port,
        extra=json.dumps(extra) if extra else None,
    )  # fmt: skip
    for value in (written.get_uri(), json.dumps({k: v for k, v in vars(written).items() if k != "conn_id"})):
        again = Theirs.from_uri(value, conn_id="x") if not value.startswith("{") else written
        ours = read(monkeypatch, value)
        host = f"{again.host}:{again.port}" if again.port else again.host
        assert (ours.host, ours.login, ours.password) == (host, again.login, again.password)
        assert ours.extra == json.loads(again.extra or "{}")


@pytest.mark.parametrize(
    ("host", "schema", "port", "url"),
    [
        ("x.example", "", None, "https://x.example"),
        ("127.0.0.1", "", 80, "http://127.0.0.1:80"),
        ("::1", "", 80, "http://[::1]:80"),
        ("x.example", "http", 8000, "http://x.example:8000"),
        ("https://x.example/", "http", None, "https://x.example"),
        ("http://x.example:99", "", 80, "http://x.example:99"),
        ("x.example/base/", "", 8443, "https://x.example:8443/base"),
        ("", "", None, ""),
    ],
)
def test_the_base_url_is_https_unless_said_otherwise_or_on_loopback(host, schema, port, url):
    assert base_url(host, schema, port) == url


@pytest.mark.parametrize(
    "value",
    [
        '{"password": "hunter2"',
        '{"password": "hunter2", "pasword": 1}',
        '["hunter2"]',
        '{"password": ["hunter2"]}',
        '{"extra": "hunter2"}',
        '{"port": "hunter2"}',
        "hunter2",
        "http://u:hunter2@x:port/",
        "http://u:hunter2@x?__extra__=hunter2",
        "a://b://c://hunter2",
        "a://u:hunter2@b://c",
        '{"host": 3, "password": "hunter2"}',
    ],
)
def test_an_unreadable_value_names_the_variable_and_never_the_value(monkeypatch, value):
    with pytest.raises(MissingConnectionError) as caught:
        read(monkeypatch, value)
    assert NAME in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(MissingConnectionError, match=f"no connection 'marketo__emea'(.|\n)*{NAME}"):
        connection_from_environment("marketo__emea")


def test_no_secret_shows_in_a_repr():
    shown = repr(Connection("a__b", "https://x", "me", "hunter2", {"key": "hunter3"}))
    assert "hunter" not in shown


def test_missing_connections_are_reported_at_the_lines_that_name_them(folder, monkeypatch):
    monkeypatch.setenv(NAME, "http://127.0.0.1:1")
    for name in ("MARKETO__AMER", "SALESFORCE__MAIN"):
        monkeypatch.delenv(f"AIRFLOW_CONN_{name}", raising=False)
    found = check_connections(folder / "platform.yml", connection_from_environment)
    assert [(problem.line, problem.message) for problem in found] == [
        (16, "there is no connection 'marketo__amer'"),
        (21, "there is no connection 'salesforce__main'"),
    ]
    assert "AIRFLOW_CONN_MARKETO__AMER" in found[0].hint
