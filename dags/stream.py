"""One DAG for each source that is read every few minutes between nights: `stream_minutes` of platform.yml."""

from __future__ import annotations

from muster_airflow.dag_factory import configuration, stream, streamed

settings = configuration()

for source in streamed(settings):
    dag = stream(settings, source)
    globals()[dag.dag_id] = dag
