"""Data Docs load nothing from elsewhere: no stranger's script runs behind Airflow's login."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from muster.quality.localise import localise

PAGE = """<html><head>
<link rel="stylesheet" href="https://cdn.example/a.css"><script src="https://cdn.example/a.js"></script>
<script>window.x = 1;</script></head>
<body><img src="//cdn.example/logo.png?d=1"><p>kept <b>fail</b></p><a href="https://docs.example/">words</a>
<footer>newsletter <a href="https://news.example/?utm=1">Subscribe</a></footer></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for place in ("index.html", "expectations/fail.html", "validations/fail/build-1/run/build-measures.html"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(PAGE)
    localise(tmp_path)
    return tmp_path


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        text = page.read_text()
        assert not re.search(r"<(script|link|img)\b", text), page.name
        assert "utm" not in text


def test_what_the_page_says_stays(site: Path) -> None:
    assert "kept <b>fail</b>" in (site / "expectations" / "fail.html").read_text()


def test_the_index_leads_to_every_page(site: Path) -> None:
    targets = re.findall(r'href="([^"]+)"', (site / "index.html").read_text())
    assert sorted(targets) == ["expectations/fail.html", "validations/fail/build-1/run/build-measures.html"]
    assert all((site / target).is_file() for target in targets)
