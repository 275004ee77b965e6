"""One DAG for each source of include/config/platform.yml."""

from __future__ import annotations

from muster_airflow.dag_factory import configuration, extract

settings = configuration()

for source in settings.platform.sources:
    dag = extract(settings, source)
    globals()[dag.dag_id] = dag
