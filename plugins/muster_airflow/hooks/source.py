"""From an Airflow Connection to a Muster source. Secrets are read inside the task and nowhere else (F104)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from muster.config import Connection, MissingConnectionError, connection_from_parts
from muster_airflow.runtime import settings_now

if TYPE_CHECKING:
    from muster.sources import Source


def resolve(connection_id: str) -> Connection:
    """The ConnectionResolver of tasks: Airflow's connections, whatever backend holds them."""
    try:
        return _converted(connection_id, BaseHook.get_connection(connection_id))
    except AirflowNotFoundException:
        raise _missing(connection_id) from None


async def resolve_async(connection_id: str) -> Connection:
    """The same for triggers, which run in the triggerer's event loop."""
    try:
        return _converted(connection_id, await BaseHook.aget_connection(connection_id))
    except AirflowNotFoundException:
        raise _missing(connection_id) from None


def _converted(connection_id: str, found: Any) -> Connection:
    return connection_from_parts(
        connection_id,
        host=found.host,
        schema=found.schema,
        login=found.login,
        password=found.password,
        port=found.port,
        extra=found.extra_dejson,
        kind=found.conn_type,
    )


def _missing(connection_id: str) -> MissingConnectionError:
    return MissingConnectionError(
        f"there is no connection '{connection_id}'",
        where=connection_id,
        hint="add it under Admin > Connections, or set AIRFLOW_CONN_" + connection_id.upper(),
    )


class SourceHook(BaseHook):
    """One source of platform.yml, opened with its Airflow Connection."""

    conn_name_attr = "connection_id"

    def __init__(self, connection_id: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection_id = connection_id

    def get_conn(self) -> Source:
        """The source's client. Raises MissingConnectionError, and KeyError for a source that isn't configured."""
        from muster.sources import open_source
        from muster.state import Gates

        settings = settings_now()
        config = settings.platform.source(self.connection_id)
        return open_source(config, resolve(self.connection_id), gates=Gates.of(settings))

    def test_connection(self) -> tuple[bool, str]:
        """Ask the source for its time: address and credentials are right if it answers."""
        from muster.errors import MusterError

        try:
            return True, f"the source answers; its clock says {self.get_conn().server_time().isoformat()}"
        except (MusterError, KeyError) as error:
            return False, str(error)


class MarketoHook(SourceHook):
    conn_type = "marketo"
    hook_name = "Marketo Engage"
    default_conn_name = "marketo__main"


class DynamicsHook(SourceHook):
    """Its extra holds `tenant_id`."""

    conn_type = "dynamics"
    hook_name = "Dynamics 365"
    default_conn_name = "dynamics__main"


class SalesforceHook(SourceHook):
    conn_type = "salesforce"
    hook_name = "Salesforce"
    default_conn_name = "salesforce__main"


class HubSpotHook(SourceHook):
    conn_type = "hubspot"
    hook_name = "HubSpot"
    default_conn_name = "hubspot__main"
