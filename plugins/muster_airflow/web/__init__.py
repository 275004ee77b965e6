"""Muster's pages inside Airflow's UI. Built on the first request: other Airflow processes never pay for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]


class LazyApp:
    """An ASGI application that makes the real one when it is first asked for something."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            from muster_airflow.web.app import create_app

            self._app = create_app()
        await self._app(scope, receive, send)
