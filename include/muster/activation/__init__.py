"""Activation: bring a destination to what an audience is now, by the difference between two sets.

    result = activate(settings, "marketo__emea", "pricing_page_intent", resolver, run_id="...", attempt=1)

What a destination should hold is one published table; what it has acknowledged is folded from receipts in the
lake. Every call is announced before (intent) and recorded after (receipt), so a crash at any moment changes
nothing but the time it takes.
"""

from muster.activation.result import ActivationResult
from muster.activation.run import activate

__all__ = ["ActivationResult", "activate"]
