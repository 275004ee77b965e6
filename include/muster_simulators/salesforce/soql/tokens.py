"""Text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|z|[+-]\d{2}:?\d{2}))
  | (?P<date>\d{4}-\d{2}-\d{2}(?![\dT]))
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w]))
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
  | (?P<symbol><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """Upper case for a word, so that keywords compare; empty for anything else."""
        return self.text.upper() if self.kind == "word" else ""


class BadTextError(ValueError):
    """No token begins at `at`."""

    def __init__(self, at: int) -> None:
        super().__init__(f"no token at {at}")
        self.at = at


def tokens(text: str) -> list[Token]:
    """All tokens, closed by one of kind `end`. Raises BadTextError."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadTextError(at)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(text))]


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"'}
_ESCAPES |= {key.upper(): value for key, value in _ESCAPES.items()}


def unquote(text: str, *, pattern: bool = False) -> str | None:
    r"""The value of a quoted string; None when an escape isn't one.

    With `pattern` (LIKE) the escapes `\_`, `\%` and `\\` stay in the value, because there they say what isn't a wildcard.
    """
    out, inner = [], iter(text[1:-1])
    for char in inner:
        if char != "\\":
            out.append(char)
            continue
        follower = next(inner)
        if follower in "_%\\":
            out.append("\\" + follower if pattern else follower)
        elif follower in _ESCAPES:
            out.append(_ESCAPES[follower])
        elif follower in "uU":
            digits = "".join(next(inner, "") for _ in range(4))
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
                return None
            out.append(chr(int(digits, 16)))
        else:
            return None
    return "".join(out)
