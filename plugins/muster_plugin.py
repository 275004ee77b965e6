"""The one file that Airflow loads as a plugin: Muster's pages in the UI, behind Airflow's own login."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from muster_airflow.web import LazyApp


class MusterPlugin(AirflowPlugin):
    """`/muster/`: what is in the lake, what is published, what was sent; dbt docs and Data Docs beside it."""

    name = "muster"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": "/muster", "name": "Muster"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Muster",
            "href": "/muster/",
            "destination": "nav",
            "url_route": "muster",
            "category": "browse",
        },
        {
            "name": "dbt docs",
            "href": "/muster/dbt/index.html",
            "destination": "nav",
            "url_route": "muster_dbt",
        },
        {
            "name": "Data Docs",
            "href": "/muster/quality/index.html",
            "destination": "nav",
            "url_route": "muster_quality",
        },
    ]
