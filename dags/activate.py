"""One DAG for each destination of include/config/platform.yml, when a new snapshot is published."""

from __future__ import annotations

from muster_airflow.dag_factory import activate, configuration

settings = configuration()

for destination in settings.platform.destinations:
    if settings.platform.audiences_of(destination.name):
        dag = activate(settings, destination)
        globals()[dag.dag_id] = dag
