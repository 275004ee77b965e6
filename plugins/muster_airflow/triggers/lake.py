"""Waiting for the lake: until every source has committed up to the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from muster.errors import MusterError
from muster_airflow.readiness import behind
from muster_airflow.runtime import settings_now


class SourcesCompleteTrigger(BaseTrigger):
    """Until no source is behind the others; looks at the manifests every `poll_seconds`."""

    def __init__(self, poll_seconds: float = 15.0) -> None:
        super().__init__()
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            while await asyncio.to_thread(lambda: behind(settings_now())):
                await asyncio.sleep(self.poll_seconds)
        except MusterError as error:
            yield TriggerEvent({"error": str(error), "kind": type(error).__name__})
        else:
            yield TriggerEvent({})
