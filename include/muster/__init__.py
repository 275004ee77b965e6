"""Muster: a warehouse-native B2B customer data platform, as plain Python functions.

`dags/` says when, `plugins/` says how Airflow does it, this package says what it is.
"""
