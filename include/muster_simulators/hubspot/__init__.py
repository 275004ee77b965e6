"""A stateful HubSpot CRM server over one source of a world: what a private app with a token may read."""

from muster_simulators.hubspot.app import create_app
from muster_simulators.hubspot.options import CustomObject, HubSpotOptions
from muster_simulators.hubspot.schema import Property

__all__ = ["CustomObject", "HubSpotOptions", "Property", "create_app"]
