"""The pages' routes. Every one of them, files included, asks Airflow who is there first (no page without a login)."""

from __future__ import annotations

from pathlib import Path

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from muster.config import Settings
from muster.errors import MusterError
from muster.naming import is_slug, split_connection
from muster_airflow.runtime import settings_now
from muster_airflow.web import pages
from muster_airflow.web.format import FILTERS

# Served from folders that builds write; no script from elsewhere, no frame but Airflow's own.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# dbt docs and Data Docs carry their scripts and data inside the page.
DOCUMENT_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'",
}
DOCUMENTS = {
    "dbt": "dbt docs appear with the first build",
    "quality": "Data Docs appear with the first audit",
}

templates = Environment(
    loader=PackageLoader("muster_airflow.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters.update(FILTERS)


def create_app() -> FastAPI:
    """The application mounted at /muster."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(requires_authenticated())],
    )
    app.add_api_route("/", overview, response_class=HTMLResponse)
    app.add_api_route("/ledger/{destination}/{audience}", ledger, response_class=HTMLResponse)
    app.add_api_route("/{kind}/{name:path}", document)
    return app


def overview() -> Response:
    """What is in the lake, what is published, what was sent."""
    return _page("overview.html", pages.overview)


def ledger(destination: str, audience: str) -> Response:
    """One audience in one destination: the last plan, the runs, the receipts by verdict."""
    try:
        split_connection(destination)
    except ValueError:
        raise HTTPException(404, "there is no such destination") from None
    if not is_slug(audience):
        raise HTTPException(404, "there is no such audience")
    return _page("ledger.html", lambda settings: pages.ledger(settings, destination, audience))


def document(kind: str, name: str) -> Response:
    """A file of dbt docs or Data Docs."""
    if kind not in DOCUMENTS:
        raise HTTPException(404, "there is no such page")
    if not name:
        return RedirectResponse(f"/muster/{kind}/index.html")
    path = _inside((settings_now().home.reports / kind).resolve(), name)
    if path is None:
        text = templates.get_template("missing.html").render(text=DOCUMENTS[kind])
        return HTMLResponse(text, 404, headers=HEADERS)
    return FileResponse(path, headers=DOCUMENT_HEADERS)


def _inside(root: Path, name: str) -> Path | None:
    """The file of that name below `root`, wherever links and dots lead; None where there is none (F100)."""
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _page(template: str, collect: pages.Collector) -> Response:
    """Render, or say in the page what is wrong with the configuration or the lake."""
    try:
        settings: Settings = settings_now()
        context = collect(settings)
    except MusterError as error:
        text = templates.get_template("missing.html").render(text=str(error))
        return HTMLResponse(text, 500, headers=HEADERS)
    return HTMLResponse(templates.get_template(template).render(**context), headers=HEADERS)
