"""Destinations: where audiences are kept. Each is a declaration of what it takes and the few calls made on it."""

from muster.destinations.registry import declaration_of, open_destination

__all__ = ["declaration_of", "open_destination"]
