"""Links on tasks to Muster's own pages in the Airflow UI."""

from __future__ import annotations

from typing import Any

import attrs
from airflow.sdk import BaseOperatorLink

PREFIX = "/muster"


@attrs.define()
class OverviewLink(BaseOperatorLink):
    name = "Muster overview"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return f"{PREFIX}/"


@attrs.define()
class LineageLink(BaseOperatorLink):
    name = "dbt docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return f"{PREFIX}/dbt/index.html"


@attrs.define()
class QualityLink(BaseOperatorLink):
    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return f"{PREFIX}/quality/index.html"


@attrs.define()
class LedgerLink(BaseOperatorLink):
    name = "Plan and receipts"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return f"{PREFIX}/ledger/{operator.destination}/{operator.audience}"
