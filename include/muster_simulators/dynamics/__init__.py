"""Microsoft Dynamics 365 / Dataverse: an organisation's Web API v9.2 and the authority that issues its tokens."""

from muster_simulators.dynamics.app import create_app
from muster_simulators.dynamics.attributes import Attribute
from muster_simulators.dynamics.options import DynamicsOptions
from muster_simulators.dynamics.world import DYNAMICS, from_salesforce

__all__ = ["DYNAMICS", "Attribute", "DynamicsOptions", "create_app", "from_salesforce"]
