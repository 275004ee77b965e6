"""Small mutable state of one sandbox: who may act now. Everything else lives in the lake."""

from muster.state.leases import Lease, Leases, system_clock

__all__ = ["Lease", "Leases", "system_clock"]
