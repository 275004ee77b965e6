"""The assets that tie the DAGs together: each source's raw data, and the published profile."""

from __future__ import annotations

from airflow.sdk import Asset, AssetAlias

from muster.config import Settings
from muster.naming import published_asset, raw_asset


def raw(settings: Settings, connection_id: str) -> Asset:
    """Updated when an extract run of this source has ended."""
    platform = settings.platform
    uri = raw_asset(platform.platform, platform.sandbox, connection_id)
    return Asset(name=f"raw/{connection_id}", uri=uri, group="muster")


def published(settings: Settings) -> Asset:
    """Updated when a build has been audited and published."""
    platform = settings.platform
    uri = published_asset(platform.platform, platform.sandbox)
    return Asset(name="published/profile", uri=uri, group="muster")


def backfilled() -> AssetAlias:
    """Stands for the raw data of whichever source a backfill run has read."""
    return AssetAlias(name="raw/backfilled", group="muster")
