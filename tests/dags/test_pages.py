"""Muster's pages in Airflow's UI: none without a login, no file outside its folder, counts and keys only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from muster.config import load

ROOT = Path(__file__).resolve().parents[2]
PATHS = ("/", "/dbt/index.html", "/quality/index.html", "/ledger/marketo__emea/pricing_page_intent")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path))
    monkeypatch.setenv("MUSTER_CONFIG", str(ROOT / "include" / "config"))
    return tmp_path


@pytest.fixture
def app(home: Path) -> FastAPI:
    from muster_airflow.web.app import create_app

    return create_app()


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[TestClient]:
    """Somebody without a login."""
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def user(app: FastAPI, home: Path) -> Iterator[TestClient]:
    """Somebody whom Airflow knows, and reports to read."""
    from airflow.api_fastapi.core_api.security import get_user

    app.dependency_overrides[get_user] = lambda: "somebody"
    reports = load(ROOT / "include" / "config").home.reports
    for kind in ("dbt", "quality"):
        (reports / kind).mkdir(parents=True)
        (reports / kind / "index.html").write_text(f"<p>{kind}</p>")
    (reports / "secret.txt").write_text("canary")
    with TestClient(app, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", [*PATHS, "/nothing/there"])
def test_nobody_sees_a_page_or_a_file_without_a_login(visitor: TestClient, path: str) -> None:
    assert visitor.get(path).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_every_page_opens_before_anything_has_happened(user: TestClient, path: str) -> None:
    answer = user.get(path)
    assert answer.status_code == 200
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


def test_the_overview_shows_backfills_done_left_and_refused(user: TestClient) -> None:
    from datetime import timedelta

    from muster.config.models import instant
    from muster.sources.backfill import plan_backfill
    from muster.sources.backfill_plan import save

    settings = load(ROOT / "include" / "config")
    assert "none is planned" in user.get("/").text
    end = instant("2026-01-01")
    fits, refused = (
        plan_backfill(settings, "marketo__emea", ["leads"], end - timedelta(days=days), end)
        for days in (30, 1500)
    )
    for plan in (fits, refused):
        save(settings, plan)
    text = user.get("/").text
    for shown in (
        fits.id,
        refused.id,
        "planned",
        "refused",
        "needs",
        "days of quota",
        "shorter range: ",
        "500.0 MB",
    ):
        assert shown in text
    assert f"0 of {len(fits.windows)}" in text


def test_the_overview_shows_what_is_used_of_each_quota(user: TestClient) -> None:
    from muster.state import Gates

    settings = load(ROOT / "include" / "config")
    gate = Gates.of(settings).all(settings.platform)[0]
    for _ in range(7):
        with gate.call():
            pass
    text = user.get("/").text
    for shown in ("Quotas", "123-EMA-001", "456-AMR-002", "calls today", "renewed in", "500,000,000"):
        assert shown in text
    assert '<td class="n">7</td><td class="n">50,000</td>' in text


def test_the_overview_says_what_there_is_not_yet(user: TestClient) -> None:
    text = user.get("/").text
    assert "Nothing is published yet" in text
    assert "marketo__emea" in text


@pytest.mark.parametrize(
    "path",
    [
        "/dbt/../secret.txt",
        "/dbt/%2e%2e/secret.txt",
        "/dbt/..%2fsecret.txt",
        "/quality//etc/passwd",
        "/dbt/%00",
        "/dbt/" + "a" * 5000,
    ],
)
def test_no_path_leads_out_of_the_folder_of_reports(user: TestClient, path: str) -> None:
    answer = user.get(path)
    assert answer.status_code in (400, 404)
    assert "canary" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path", ["/ledger/marketo__emea/..", "/ledger/x/y", "/ledger/marketo__emea/A<script>"]
)
def test_a_ledger_page_takes_names_only(user: TestClient, path: str) -> None:
    assert user.get(path).status_code == 404


def test_the_plugin_puts_the_pages_behind_one_prefix_and_into_the_menu() -> None:
    import muster_plugin

    plugin = muster_plugin.MusterPlugin
    assert [app["url_prefix"] for app in plugin.fastapi_apps] == ["/muster"]
    assert all(view["href"].startswith("/muster/") for view in plugin.external_views)


def test_a_configuration_with_mistakes_is_told_on_the_page(
    user: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "platform.yml").write_text("platform: <b>acme</b>\n")
    monkeypatch.setenv("MUSTER_CONFIG", str(tmp_path / "config"))
    answer = user.get("/")
    assert answer.status_code == 500
    assert "platform.yml:1" in answer.text
    assert "<b>acme</b>" not in answer.text
