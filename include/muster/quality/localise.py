"""Make a Data Docs site stand on its own: nothing in it is loaded from another host.

Great Expectations' pages fetch styles, scripts and a logo from half a dozen hosts. Behind Airflow's login these
would be strangers' scripts, and without the internet the pages stay blank. Here every outside reference goes, one
small style sheet comes, and the index is a plain list of what there is.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

OUTSIDE = re.compile(
    r"<script[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>.*?</script>|<(?:link|img)[^>]*\b(?:href|src)=[\"']?(?:https?:)?//[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
NEWSLETTER = re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE)
STYLE = """<style>
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 24px 28px; max-width: 1200px; }
table { border-collapse: collapse; margin: 8px 0 20px; } td, th { border-bottom: 1px solid #8883; padding: 4px 14px 4px 0; text-align: left; vertical-align: top; }
a { color: light-dark(#2f6f9f, #5fa8d8); text-decoration: none; } h1, h2, h3, h4 { font-weight: 600; } ul { padding-left: 20px; }
.badge-success, .text-success { color: light-dark(#1c7a45, #5fcf8f); } .badge-danger, .text-danger { color: light-dark(#b3261e, #ff8a80); }
.sr-only, .fa, .fas, #sub-nav, button, input, label, nav.navbar, .ge-navigation-sidebar-container { display: none; }
</style>"""


def localise(site: Path) -> None:
    """Rewrite every page of a site that nobody reads yet."""
    for page in site.rglob("*.html"):
        text = NEWSLETTER.sub("", SCRIPTS.sub("", OUTSIDE.sub("", page.read_text(encoding="utf-8"))))
        page.write_text(text.replace("</head>", f"{STYLE}\n</head>", 1), encoding="utf-8")
    (site / "index.html").write_text(_index(site), encoding="utf-8")


def _index(site: Path) -> str:
    results = sorted((site / "validations").rglob("*.html"))
    suites = sorted((site / "expectations").rglob("*.html"))
    body = [
        "<h1>Data Docs</h1><p>The guardrails of the last audit, as Great Expectations judged them, by severity.</p>",
        "<h2>Results</h2>",
        _list([(page.relative_to(site).parts[1], page.relative_to(site)) for page in results]),
        "<h2>What is expected</h2>",
        _list([(page.stem, page.relative_to(site)) for page in suites]),
    ]
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Data Docs</title>\n{STYLE}\n</head>'
    return f"{head}\n<body>\n" + "\n".join(body) + "\n</body></html>\n"


def _list(links: list[tuple[str, Path]]) -> str:
    rows = [
        f'<li><a href="{escape(target.as_posix(), quote=True)}">guardrails of severity {escape(name)}</a></li>'
        for name, target in links
    ]
    return f"<ul>{''.join(rows)}</ul>"
