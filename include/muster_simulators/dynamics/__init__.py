"""Microsoft Dynamics 365 / Dataverse: an organisation's Web API v9.2 and the authority that issues its tokens."""

from muster_simulators.dynamics.app import create_app
from muster_simulators.dynamics.attributes import Attribute
from muster_simulators.dynamics.options import DynamicsOptions

__all__ = ["Attribute", "DynamicsOptions", "create_app"]
