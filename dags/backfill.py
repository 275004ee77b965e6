"""The DAG that loads the past of a source, triggered by hand with a form."""

from __future__ import annotations

from muster_airflow.dag_factory import backfill, configuration

backfill_sources = backfill(configuration())
