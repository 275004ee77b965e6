"""What is left of a source's day, by its quota gate: everything that all processes of the subscription used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muster.config import MarketoSource, SalesforceSource

if TYPE_CHECKING:
    from muster.config import SourceConfig
    from muster.state import Gates


def spent_today(config: SourceConfig, gates: Gates) -> tuple[int, int]:
    """(bytes of export files, those of running jobs included; calls) of the running day (Salesforce: of 24 hours). Makes no call.

    A source without a gate counts neither.
    """
    if isinstance(config, SalesforceSource):
        return 0, gates.source(config).report().calls
    if not isinstance(config, MarketoSource):
        return 0, 0
    report = gates.source(config).report()
    return report.today.export_bytes + report.reserved_bytes, report.calls


def left_today(config: SourceConfig, gates: Gates) -> int | None:
    """Bytes of export that today still allows; None where exports aren't counted in bytes."""
    if not isinstance(config, MarketoSource):
        return None
    return max(config.limits.export_bytes_per_day - spent_today(config, gates)[0], 0)
