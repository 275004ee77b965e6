"""Pictures of the real pages for docs/pictures, taken from what `make up` started.

    python tools/screenshots.py            needs the package playwright and a Chromium (CHROMIUM=/usr/bin/chromium)

Not part of the lock: run it in a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
PAGES = {
    "airflow_dags": "/dags",
    "airflow_grid": "/dags/build_profiles",
    "airflow_extract": "/dags/extract_marketo__emea",
    "airflow_assets": "/assets",
    "muster_overview": "/muster/",
    "muster_ledger": "/muster/ledger/marketo__emea/pricing_page_intent",
    "dbt_lineage": "/muster/dbt/index.html#!/model/model.muster.sync_marketo__emea__finance_decision_makers?g_v=1&g_i=%2Bsync_marketo__emea__finance_decision_makers",
    "data_docs": "/muster/quality/index.html",
}


def main() -> int:
    folder = Path(os.environ.get("MUSTER_DEMO", ROOT / ".muster"))
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    password = json.loads((folder / "airflow" / "passwords.json").read_text())["admin"]
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-sync",
            ],
        )
        page = browser.new_page(viewport={"width": 1380, "height": 860})
        _sign_in(page, url, password)
        for name, path in PAGES.items():
            page.goto(url + path, wait_until="load")
            page.wait_for_timeout(4500)
            page.screenshot(path=str(OUT / f"{name}.png"), full_page=name.startswith("muster_overview"))
            print(f"docs/pictures/{name}.png")
        browser.close()
    return 0


def _sign_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}/auth/login", wait_until="load")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_timeout(4000)


if __name__ == "__main__":
    sys.exit(main())
