"""HTTP to vendors: sessions, retries, tokens, pace, downloads; and Marketo's protocol, which a source and a
destination share.

Imports nothing of ours but errors, windows, config's connections, and of state the days of quota. Errors and logs never hold a secret, a token,
a query or a body.
"""

from muster.http.download import Downloaded, Wanted, download
from muster.http.pacing import Pacer, Slot
from muster.http.redact import redact
from muster.http.retry import Patience
from muster.http.session import Session, TokenRejected, failure
from muster.http.tokens import Issued, Token, TokenCache

__all__ = [
    "Downloaded",
    "Issued",
    "Pacer",
    "Patience",
    "Session",
    "Slot",
    "Token",
    "TokenCache",
    "TokenRejected",
    "Wanted",
    "download",
    "failure",
    "redact",
]
