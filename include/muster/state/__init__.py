"""Small mutable state: who may act now (one sandbox's leases), and what is left of a subscription's quotas (all of a
home together). Everything else lives in the lake."""

from muster.state.gates import Gates
from muster.state.leases import Lease, Leases, system_clock
from muster.state.quota import Limits, QuotaGate
from muster.state.quota_report import DayUsage, QuotaReport
from muster.state.salesforce_quota import OrgReport, SalesforceGate

__all__ = [
    "DayUsage",
    "Gates",
    "Lease",
    "Leases",
    "Limits",
    "OrgReport",
    "QuotaGate",
    "QuotaReport",
    "SalesforceGate",
    "system_clock",
]
