"""The DAG that makes the profile and the audiences, when every source has new raw data."""

from __future__ import annotations

from muster_airflow.dag_factory import build, configuration

build_profiles = build(configuration())
