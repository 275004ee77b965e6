"""Guardrails: numbers with limits, judged before anything is published.

    guardrails = load_guardrails(settings.guardrails_file)       # raises ConfigError with file and line
    findings = judge(guardrails, scopes_of(settings.platform, audiences), measures, site)

The measures are counts and shares made in SQL; no value of any record is among them.
"""

from muster.quality.findings import Finding, Measure
from muster.quality.guardrails import Guardrail, Limits, Scopes, load_guardrails, scopes_of
from muster.quality.judging import judge

__all__ = [
    "Finding",
    "Guardrail",
    "Limits",
    "Measure",
    "Scopes",
    "judge",
    "load_guardrails",
    "scopes_of",
]
