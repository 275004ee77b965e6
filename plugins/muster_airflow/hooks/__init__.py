"""Airflow Connections as Muster's connections."""
