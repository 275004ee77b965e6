"""What may be said about a call: its method and path, never its query, its body, a token or a person's value."""

from __future__ import annotations

import logging
import re

import httpx

LONGEST = 200
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\bbearer\s+\S+"), "bearer <token>"),
    (
        re.compile(
            r"(?i)\b(access_token|refresh_token|client_secret|assertion|password)(\"?\s*[=:]\s*\"?)[^\s&\",]+"
        ),
        r"\1\2<secret>",
    ),
    (re.compile(r"[^\s@'\"<>,;=]+@[^\s@'\"<>,;=]+\.[^\s@'\"<>,;=]+"), "<e-mail>"),
    (re.compile(r"https?://\S+\?\S+"), "<address>"),
    (re.compile(r"(?<![\w.:#-])\+?\d[\d ()/.-]{7,}\d(?![\w:])"), "<number>"),
)


def redact(text: str) -> str:
    """A vendor's message without secrets, e-mail addresses and telephone numbers, on one line, cut to 200 characters."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def bare(url: httpx.URL | str) -> str:
    """The address without its query, user and fragment: these may carry values of people or secrets."""
    parsed = httpx.URL(url) if isinstance(url, str) else url
    return str(parsed.copy_with(query=None, fragment=None, userinfo=b""))


class QueryFilter(logging.Filter):
    """Takes the query off every address that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(bare(part) if isinstance(part, httpx.URL) else part for part in record.args)
        return True


def protect_logs() -> None:
    """Attach the filter to httpx's logger, once."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(present, QueryFilter) for present in logger.filters):
        logger.addFilter(QueryFilter())
