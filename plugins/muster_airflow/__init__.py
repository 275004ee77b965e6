"""The Airflow layer: hooks, operators, triggers, assets and the DAG factory around `muster`."""
