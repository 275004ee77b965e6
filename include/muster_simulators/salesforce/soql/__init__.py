"""The query language as far as the simulator speaks it: parse to a tree, print the tree, nothing else."""

from muster_simulators.salesforce.soql.ast import (
    And,
    Compare,
    Condition,
    DateWord,
    FieldsOf,
    In,
    Includes,
    Literal,
    Not,
    Or,
    Order,
    Path,
    Query,
)
from muster_simulators.salesforce.soql.parser import MalformedError, NotSpokenError, parse
from muster_simulators.salesforce.soql.text import to_text

__all__ = [
    "And",
    "Compare",
    "Condition",
    "DateWord",
    "FieldsOf",
    "In",
    "Includes",
    "Literal",
    "MalformedError",
    "Not",
    "NotSpokenError",
    "Or",
    "Order",
    "Path",
    "Query",
    "parse",
    "to_text",
]
