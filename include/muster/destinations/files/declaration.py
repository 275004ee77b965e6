"""What files take: people or accounts, every column of the sync table."""

from muster.destinations.base import Declaration

DECLARATION = Declaration(
    system="files",
    entities=frozenset({"person", "account"}),
    identifiers=(),
    required=(),
    sync="snapshot",
    batch_size=1_000_000,
    lookup_size=1_000_000,
)
