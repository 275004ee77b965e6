"""The sources that exist, by system. A new one is a folder here, a config model and a line in this table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from muster.config import MarketoSource
from muster.errors import SourceError
from muster.sources.base import Sleep, Source
from muster.sources.marketo.source import MarketoReader
from muster.sources.salesforce.source import SalesforceReader
from muster.state import Gates

if TYPE_CHECKING:
    from muster.config import Connection, SourceConfig

SOURCES: dict[str, type[Source]] = {
    "marketo": MarketoReader,
    "salesforce": SalesforceReader,
}


def source_class(system: str) -> type[Source]:
    """Raises SourceError for a system we can't read."""
    if system not in SOURCES:
        raise SourceError(f"there is no source '{system}'", hint=f"known: {', '.join(sorted(SOURCES))}")
    return SOURCES[system]


def open_source(
    config: SourceConfig,
    connection: Connection,
    *,
    gates: Gates,
    is_urgent: bool = False,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
) -> Source:
    """The client of one configured source. Makes no call yet.

    `gates`: the quotas that its calls count against, `Gates.of(settings)`. What `is_urgent` may use all of a day's
    calls; everything else leaves a share of them.
    """
    source_class(config.system)
    if isinstance(config, MarketoSource):
        gate = gates.source(config, is_urgent=is_urgent)
        return MarketoReader(config, connection, gate=gate, transport=transport, sleep=sleep)
    return SalesforceReader(config, connection, transport=transport, sleep=sleep)
