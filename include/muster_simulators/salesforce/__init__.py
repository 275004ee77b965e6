"""A stateful Salesforce REST and Bulk API 2.0 server over one source of the generated world."""

from muster_simulators.salesforce.app import create_app
from muster_simulators.salesforce.options import SalesforceOptions

__all__ = ["SalesforceOptions", "create_app"]
