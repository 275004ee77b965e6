"""Which gate a configured source or destination goes through.

gates = Gates.of(settings)
gate = gates.source(config)                       # nightly runs and backfills
gate = gates.source(config, is_urgent=True)       # the five-minute path
gate = gates.destination(config, settings.platform)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from muster.config import (
    MarketoDestination,
    MarketoLimits,
    MarketoSource,
    Platform,
    SalesforceLimits,
    SalesforceSource,
    Settings,
)
from muster.state.leases import system_clock
from muster.state.quota import QuotaGate
from muster.state.quota_ledger import Clock
from muster.state.salesforce_quota import SalesforceGate


@dataclass(frozen=True)
class Gates:
    """The gates of one home, above all platforms and sandboxes. Tests give them a clock and a sleep of their own."""

    path: Path
    clock: Clock = system_clock
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings) -> Gates:
        return cls(settings.home.quota)

    @overload
    def source(self, config: MarketoSource, *, is_urgent: bool = False) -> QuotaGate: ...

    @overload
    def source(self, config: SalesforceSource, *, is_urgent: bool = False) -> SalesforceGate: ...

    def source(
        self, config: MarketoSource | SalesforceSource, *, is_urgent: bool = False
    ) -> QuotaGate | SalesforceGate:
        """Nightly runs and backfills leave a share of the day to what is urgent."""
        share = 1.0 if is_urgent else config.limits.bulk_share
        if isinstance(config, SalesforceSource):
            return self._org(config.org_id, config.limits, share, config.timeout_seconds)
        return self._gate(config.munchkin_id, config.limits, share, config.timeout_seconds)

    def destination(self, config: MarketoDestination, platform: Platform) -> QuotaGate:
        return self._gate(*platform.subscription(config), 1.0, config.timeout_seconds)

    def all(self, platform: Platform) -> list[QuotaGate | SalesforceGate]:
        """One for each subscription and organisation that this platform reads from or sends to; Marketo's first."""
        found: dict[str, MarketoLimits] = {}
        for config in (*platform.sources, *platform.destinations):
            if isinstance(config, MarketoSource | MarketoDestination):
                key, limits = platform.subscription(config)
                found.setdefault(key, limits)
        orgs: dict[str, SalesforceLimits] = {}
        for source in platform.sources:
            if isinstance(source, SalesforceSource):
                orgs.setdefault(source.org_id[:15], source.limits)
        return [
            *(self._gate(key, limits, 1.0, 0.0) for key, limits in found.items()),
            *(self._org(key, limits, 1.0, 0.0) for key, limits in orgs.items()),
        ]

    def _gate(self, key: str, limits: MarketoLimits, share: float, timeout: float) -> QuotaGate:
        lease = 2 * timeout  # a call is connected, then answered: twice its limit covers both
        return QuotaGate(self.path, key, limits, clock=self.clock, sleep=self.sleep, share=share, lease=lease)

    def _org(self, org_id: str, limits: SalesforceLimits, share: float, timeout: float) -> SalesforceGate:
        return SalesforceGate(
            self.path, org_id, limits, clock=self.clock, sleep=self.sleep, share=share, lease=2 * timeout
        )
