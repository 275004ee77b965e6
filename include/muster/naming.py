"""The only place that formats a table, asset, DAG id, pool, connection or path (docs/naming.md).

`_` stands inside a word group, `__` between a system and an object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CONNECTION = re.compile(
    r"(?P<system>[a-z][a-z0-9]*(?:_[a-z0-9]+)*)__(?P<instance>[a-z][a-z0-9]*(?:_[a-z0-9]+)*)"
)


def is_slug(text: str) -> bool:
    """Lower-case words joined by single underscores, at most 60 characters: safe as a path, id or table."""
    return len(text) <= 60 and SLUG.fullmatch(text) is not None


def split_connection(connection_id: str) -> tuple[str, str]:
    """`marketo__emea` -> `("marketo", "emea")`. Raises ValueError for any other shape."""
    match = CONNECTION.fullmatch(connection_id)
    if match is None or len(connection_id) > 60:
        raise ValueError(f"'{connection_id}' is not of the form <system>__<instance> in lower case")
    return match["system"], match["instance"]


def raw_table(system: str, object_name: str) -> str:
    return f"{system}__{object_name}"


def custom_object(api_name: str) -> str:
    """A custom object's name in the lake: `Contract_c` -> `custom_contract_c`, `Contract__c` likewise."""
    return "custom_" + re.sub(r"[^a-z0-9]+", "_", api_name.lower()).strip("_")


def audience_model(slug: str) -> str:
    return f"aud_{slug}"


def sync_model(destination: str, slug: str) -> str:
    """`sync_marketo__emea__pricing_page_intent`: the only place where fields that may leave are chosen."""
    return f"sync_{destination}__{slug}"


def extract_dag(connection_id: str) -> str:
    return f"extract_{connection_id}"


def stream_dag(connection_id: str) -> str:
    return f"stream_{connection_id}"


def activate_dag(destination: str) -> str:
    return f"activate_{destination}"


BUILD_DAG = "build_profiles"
BACKFILL_DAG = "backfill_sources"


def source_pool(system: str, instance: str) -> str:
    return f"{system}_api__{instance}"


def destination_pool(destination: str) -> str:
    return f"destination__{destination}"


WAREHOUSE_POOL = "warehouse_writer"
BACKFILL_POOL = "backfill"
STREAM_POOL = "stream"


def raw_asset(platform: str, sandbox: str, connection_id: str) -> str:
    """URI of the asset that an extract DAG updates."""
    return f"muster://{platform}/{sandbox}/raw/{connection_id}"


def published_asset(platform: str, sandbox: str) -> str:
    """URI of the asset that a published snapshot updates."""
    return f"muster://{platform}/{sandbox}/published/profile"


@dataclass(frozen=True)
class Home:
    """Where one platform's sandbox keeps everything; nothing is shared between sandboxes but code."""

    root: Path
    platform: str
    sandbox: str

    def __post_init__(self) -> None:
        for part in (self.platform, self.sandbox):
            if not is_slug(part):
                raise ValueError(f"'{part}' can't be a folder name: lower-case words joined by _ only")

    @property
    def quota(self) -> Path:
        """What was spent of the sources' quotas: above all sandboxes, because they share them."""
        return self.root / "quota.db"

    @property
    def base(self) -> Path:
        return self.root / self.platform / self.sandbox

    @property
    def lake(self) -> Path:
        return self.base / "lake"

    @property
    def raw(self) -> Path:
        return self.lake / "raw"

    @property
    def quarantine(self) -> Path:
        return self.lake / "quarantine"

    @property
    def receipts(self) -> Path:
        return self.lake / "activation" / "receipts"

    @property
    def warehouse(self) -> Path:
        return self.base / "warehouse"

    @property
    def published(self) -> Path:
        return self.base / "published"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def reports(self) -> Path:
        """dbt artefacts and docs, Great Expectations Data Docs, plans: what people look at."""
        return self.base / "reports"

    @property
    def exports(self) -> Path:
        return self.base / "exports"
