"""One coherent universe of people, companies and deals, spread over the simulated sources."""

from muster_simulators.world.build import build_world
from muster_simulators.world.model import Change, Truth, World

__all__ = ["Change", "Truth", "World", "build_world"]
