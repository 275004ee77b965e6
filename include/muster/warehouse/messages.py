"""Texts of engines and of dbt, without the values they like to quote (F106)."""

from __future__ import annotations

import re

LONGEST = 800
WRAPPER = re.compile(r"\A\w+ Error in \w+ \w+ \([^)\n]*\)\s*\n\s*")
VALUE_ERROR = re.compile(
    r"\b(Conversion|Constraint|Invalid Input|Out of Range|Mismatch Type|Invalid Type|Serialization) Error"
)
OURS = re.compile(
    r"\b(Compilation|Parsing|Dbt Project|Validation) Error"
)  # about the project's text: no record is in it
PLACE = re.compile(r"\n\s*LINE \d+: ")
ADDRESS = re.compile(r"[^\s'\"<>()]+@[^\s'\"<>()]+")
SINGLE = re.compile(r"'.*'")  # as much as it can: a value may hold quotes itself
QUOTED = re.compile(r"(?P<before>[^'\"]*)(?P<quote>['\"]).*?(?P<after>[^'\"]*)")
TAIL = re.compile(r" to [A-Z]\w*(\([\d, ]*\))?( when casting from source column \w+)?\W*")
DIGITS = re.compile(r"(?<![A-Za-z_])\d{3,}")


def redacted(text: str) -> str:
    """The text without quoted values, addresses and, where the error is about a value, numbers.

    dbt's first line goes too, which only repeats the model and its file. Names of tables and columns stand in
    double quotes and stay, except in errors about values, which quote these so too, and repeat them in lines of
    their own. What a model says itself, by `error(...)`, is its own affair.
    """
    text = WRAPPER.sub("", text.strip())
    if VALUE_ERROR.search(text):
        text = _about_a_value(text)
    elif not OURS.search(text):
        text = SINGLE.sub("'?'", text)
    text = ADDRESS.sub("?@?", text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _about_a_value(text: str) -> str:
    """The first line up to the first quote, what it says of types and columns, and the line of our own SQL."""
    places = list(PLACE.finditer(text))
    said, sql = (text[: places[-1].start()], text[places[-1].start() :]) if places else (text, "")
    first = said.split("\n")[0]
    if quoted := QUOTED.fullmatch(first):
        tail = quoted["after"] if TAIL.fullmatch(quoted["after"]) else ""
        first = f"{quoted['before']}{quoted['quote']}?{quoted['quote']}{tail}"
    return DIGITS.sub("?", first) + SINGLE.sub("'?'", sql)
