"""Every destination there is, by the `type` of platform.yml. A new one is a folder and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from muster.config import ConnectionResolver, DestinationConfig, FilesDestination, MarketoDestination
from muster.destinations.base import Declaration, Destination, Guard, Place, no_guard
from muster.destinations.files.declaration import DECLARATION as FILES
from muster.destinations.marketo.declaration import DECLARATION as MARKETO

if TYPE_CHECKING:
    from muster.state import QuotaGate

DECLARATIONS: dict[str, Declaration] = {"files": FILES, "marketo": MARKETO}


def declaration_of(config: DestinationConfig) -> Declaration:
    """What this destination takes; known without a connection."""
    return DECLARATIONS[config.type]


def open_destination(
    config: DestinationConfig,
    resolver: ConnectionResolver,
    place: Place,
    *,
    guard: Guard = no_guard,
    gate: QuotaGate | None = None,
    transport: Any = None,
) -> Destination:
    """Ready to be called; nothing is called yet. `guard` runs right before each outside call.

    `gate`: the quotas that a Marketo's calls count against, `Gates.of(settings).destination(config, platform)`.

    Raises MusterError where its connection doesn't resolve.
    """
    if isinstance(config, MarketoDestination):
        from muster.destinations.marketo.destination import open_marketo

        if gate is None:
            raise ValueError("a Marketo destination needs the gate of its subscription")
        return open_marketo(
            config, resolver(config.connection), place, guard=guard, gate=gate, transport=transport
        )
    return _files(config, resolver, place, guard)


def _files(config: FilesDestination, resolver: ConnectionResolver, place: Place, guard: Guard) -> Destination:
    from muster.destinations.files.destination import open_files

    connection = resolver(config.connection) if config.connection else None
    return open_files(config, connection, place, guard=guard)
