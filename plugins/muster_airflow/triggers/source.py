"""Waiting for a source: until its own clock has passed a moment, or until its bulk jobs are ready.

The client is synchronous and runs in a thread. A trigger never raises: it ends with an event that holds either
nothing or the text of an error, and the task that resumes raises it where people look.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from muster.errors import MusterError, TransientSourceError
from muster_airflow.hooks.source import resolve_async
from muster_airflow.runtime import settings_now

if TYPE_CHECKING:
    from muster.sources import Source

PATIENCE = 10  # refusals in a row that are waited out before the task is told


class SourceTrigger(BaseTrigger):
    """Polls one source every `poll_seconds` of its configuration until `done`."""

    def __init__(self, connection_id: str) -> None:
        super().__init__()
        self.connection_id = connection_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"connection_id": self.connection_id}

    @abstractmethod
    def done(self, source: Source) -> bool:
        """Called in a thread. May raise MusterError."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            await self._wait()
        except MusterError as error:
            yield TriggerEvent({"error": str(error), "kind": type(error).__name__})
        else:
            yield TriggerEvent({})

    async def _wait(self) -> None:
        from muster.sources import open_source
        from muster.state import Gates

        settings = settings_now()
        config = settings.platform.source(self.connection_id)
        source = open_source(config, await resolve_async(self.connection_id), gates=Gates.of(settings))
        refused = 0
        while True:
            try:
                if await asyncio.to_thread(self.done, source):
                    return
                refused = 0
            except TransientSourceError as error:
                refused += 1
                if refused > PATIENCE:
                    raise
                self.log.warning("%s; asking again in %s s", error, config.poll_seconds)
            await asyncio.sleep(config.poll_seconds)


class SourceClockTrigger(SourceTrigger):
    """Until the source's own clock (its `Date` header) has reached `until`: an ISO time with its offset (F39)."""

    def __init__(self, connection_id: str, until: str) -> None:
        super().__init__(connection_id)
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path, arguments = super().serialize()
        return path, {**arguments, "until": self.until}

    def done(self, source: Source) -> bool:
        return source.server_time() >= datetime.fromisoformat(self.until)


class BulkJobsTrigger(SourceTrigger):
    """Until every bulk job is ready. `tickets` are what `Source.begin` gave, as JSON."""

    def __init__(self, connection_id: str, tickets: list[dict[str, Any]]) -> None:
        super().__init__(connection_id)
        self.tickets = tickets

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path, arguments = super().serialize()
        return path, {**arguments, "tickets": self.tickets}

    def done(self, source: Source) -> bool:
        self.tickets = [ticket for ticket in self.tickets if not source.ready(ticket)]
        return not self.tickets


class MomentTrigger(BaseTrigger):
    """Until this moment of our own clock, an ISO time with its offset. Asks nobody: a quota is used up (F6)."""

    def __init__(self, until: str) -> None:
        super().__init__()
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        left = datetime.fromisoformat(self.until) - datetime.now(UTC)
        await asyncio.sleep(max(left.total_seconds(), 0.0))
        yield TriggerEvent({})
