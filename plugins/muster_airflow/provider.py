"""What Airflow learns from the installed package: connection types, operators, triggers and links.

Imported by every Airflow process at start, so it imports nothing.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's description, in the shape of Airflow's provider_info.schema.json."""
    return {
        "package-name": "muster",
        "name": "Muster",
        "description": "B2B audience and profile activation around Marketo Engage and Salesforce.",
        "integrations": [
            {
                "integration-name": "Muster",
                "external-doc-url": "https://airflow.apache.org/",
                "tags": ["service"],
            }
        ],
        "connection-types": [
            _connection_type("marketo", "Marketo Engage", "muster_airflow.hooks.source.MarketoHook"),
            _connection_type("salesforce", "Salesforce", "muster_airflow.hooks.source.SalesforceHook"),
            _connection_type("dynamics", "Dynamics 365", "muster_airflow.hooks.source.DynamicsHook"),
            _connection_type("hubspot", "HubSpot", "muster_airflow.hooks.source.HubSpotHook"),
        ],
        "hooks": _modules("hooks.source"),
        "operators": _modules(
            "operators.extract", "operators.build", "operators.activate", "operators.backfill"
        ),
        "triggers": _modules("triggers.source", "triggers.lake"),
        "extra-links": [
            f"muster_airflow.links.{name}"
            for name in ("OverviewLink", "LineageLink", "QualityLink", "LedgerLink")
        ],
    }


def _connection_type(conn_type: str, name: str, hook: str) -> dict[str, Any]:
    """The connection form: host, login and password; what doesn't apply is hidden."""
    return {
        "connection-type": conn_type,
        "hook-name": name,
        "hook-class-name": hook,
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Base URL", "login": "Client id", "password": "Client secret"},
            "placeholders": {"host": "https://..."},
        },
    }


def _modules(*names: str) -> list[dict[str, Any]]:
    return [{"integration-name": "Muster", "python-modules": [f"muster_airflow.{name}" for name in names]}]
