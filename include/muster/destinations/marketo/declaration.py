"""What a Marketo static list takes: people, by e-mail address and ECID only (B11)."""

from muster.destinations.base import Declaration

RECORDS_A_CALL = 300

DECLARATION = Declaration(
    system="marketo",
    entities=frozenset({"person"}),
    identifiers=("email", "ecid"),
    required=("email",),
    sync="members",
    batch_size=RECORDS_A_CALL,
    lookup_size=RECORDS_A_CALL,
)
