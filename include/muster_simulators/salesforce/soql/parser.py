"""Tokens to a tree, by recursive descent.

Two refusals: `MalformedError` is what the real service would refuse too; `NotSpokenError` is right SOQL that this
simulator doesn't evaluate (grouping, sub-queries, functions). Both know the place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

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
from muster_simulators.salesforce.soql.tokens import BadTextError, Token, tokens, unquote

DATE_WORDS = frozenset({"TODAY", "YESTERDAY", "TOMORROW", "THIS_MONTH", "LAST_MONTH"})
DATE_WORDS_WITH_DAYS = frozenset({"LAST_N_DAYS", "NEXT_N_DAYS"})
DEEPEST = 40
_COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_CLAUSES = frozenset({"USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL"})
_NOT_SPOKEN = {
    "USING": "USING SCOPE",
    "WITH": "WITH",
    "GROUP": "GROUP BY",
    "HAVING": "HAVING",
    "FOR": "FOR VIEW",
}
_Item = TypeVar("_Item")


class MalformedError(ValueError):
    """Not SOQL. `at` is where."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class NotSpokenError(ValueError):
    """SOQL that the simulator doesn't evaluate."""

    def __init__(self, feature: str, at: int) -> None:
        super().__init__(feature)
        self.feature, self.at = feature, at


def parse(text: str) -> Query:
    """Raises MalformedError or NotSpokenError."""
    try:
        return _Parser(tokens(text)).query()
    except BadTextError as bad:
        raise MalformedError(
            f"line 1:{bad.at} no viable alternative at character '{text[bad.at]}'", bad.at
        ) from None


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._depth = 0

    # ---- moving along --------------------------------------------------------------------------------------

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._here
        self._next += 1
        return token

    def _unexpected(self, token: Token) -> MalformedError:
        return MalformedError(f"unexpected token: '{token.text}'", token.at)

    def _word(self, *words: str) -> bool:
        """Take the given words if they come next, in this order."""
        ahead = self._tokens[self._next : self._next + len(words)]
        if [token.word for token in ahead] != list(words):
            return False
        self._next += len(words)
        return True

    def _symbol(self, symbol: str) -> bool:
        if self._here.kind == "symbol" and self._here.text == symbol:
            self._next += 1
            return True
        return False

    def _need(self, symbol: str) -> None:
        if not self._symbol(symbol):
            raise self._unexpected(self._here)

    def _list(self, item: Callable[[], _Item]) -> tuple[_Item, ...]:
        found = [item()]
        while self._symbol(","):
            found.append(item())
        return tuple(found)

    # ---- clauses -------------------------------------------------------------------------------------------

    def query(self) -> Query:
        if not self._word("SELECT"):
            raise self._unexpected(self._here)
        items: tuple[Path | FieldsOf, ...] = ()
        if not self._count():
            items = self._list(self._item)
        if not self._word("FROM"):
            raise self._unexpected(self._here)
        sobject = self._name()
        alias = self._alias()
        where = self._where()
        order = self._list(self._order) if self._word("ORDER", "BY") else ()
        limit = self._whole_number() if self._word("LIMIT") else None
        offset = self._whole_number() if self._word("OFFSET") else None
        self._refuse_clause()
        if self._here.kind != "end":
            raise self._unexpected(self._here)
        return Query(items, sobject.text, where, order, limit, offset, alias, sobject.at)

    def _where(self) -> Condition | None:
        self._refuse_clause()
        where = self._condition() if self._word("WHERE") else None
        self._refuse_clause()
        return where

    def _refuse_clause(self) -> None:
        if self._here.word in _NOT_SPOKEN:
            raise NotSpokenError(_NOT_SPOKEN[self._here.word], self._here.at)

    def _count(self) -> bool:
        ahead = self._tokens[self._next : self._next + 3]
        if ahead[0].word == "COUNT" and [token.text for token in ahead[1:]] == ["(", ")"]:
            self._next += 3
            return True
        return False

    def _name(self) -> Token:
        token = self._take()
        if token.kind != "word" or "." in token.text or token.word in _CLAUSES:
            raise self._unexpected(token)
        return token

    def _alias(self) -> str | None:
        as_written = self._word("AS")
        if as_written or (self._here.kind == "word" and self._here.word not in _CLAUSES):
            alias = self._name().text
        else:
            alias = None
        if self._here.text == ",":
            raise NotSpokenError("several objects in FROM", self._here.at)
        return alias

    def _item(self) -> Path | FieldsOf:
        token = self._here
        if token.text == "(":
            raise NotSpokenError("sub-queries", token.at)
        if token.word == "TYPEOF":
            raise NotSpokenError("TYPEOF", token.at)
        if self._word("FIELDS"):
            self._need("(")
            which = self._take()
            if which.word not in ("ALL", "STANDARD", "CUSTOM"):
                raise self._unexpected(which)
            self._need(")")
            return FieldsOf(which.word)
        return self._path()

    def _path(self) -> Path:
        token = self._take()
        if token.kind != "word" or token.word in ("FROM", "WHERE", "SELECT"):
            raise self._unexpected(token)
        if self._here.text == "(":
            aggregate = token.word in ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING")
            raise NotSpokenError("aggregate functions" if aggregate else "functions", token.at)
        return Path(tuple(token.text.split(".")), token.at)

    def _order(self) -> Order:
        path = self._path()
        descending = self._word("DESC")
        if not descending:
            self._word("ASC")
        nulls_last = self._word("NULLS", "LAST")
        if not nulls_last:
            self._word("NULLS", "FIRST")
        return Order(path, descending, nulls_last)

    def _whole_number(self) -> int:
        token = self._take()
        if token.kind != "number" or not re.fullmatch(r"\d+", token.text):
            raise self._unexpected(token)
        return int(token.text)

    # ---- conditions ----------------------------------------------------------------------------------------

    def _condition(self) -> Condition:
        """Parts joined by AND or by OR. The other one then meets a caller that doesn't expect it, as in the real
        service: the two may not stand side by side without parentheses."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise MalformedError("the condition is nested too deeply", self._here.at)
        parts = [self._negatable()]
        joiner = self._here.word if self._here.word in ("AND", "OR") else ""
        while joiner and self._word(joiner):
            parts.append(self._negatable())
        self._depth -= 1
        if len(parts) == 1:
            return parts[0]
        return And(tuple(parts)) if joiner == "AND" else Or(tuple(parts))

    def _negatable(self) -> Condition:
        negations = 0
        while self._word("NOT"):
            negations += 1
            if negations > DEEPEST:
                raise MalformedError("the condition is nested too deeply", self._here.at)
        if self._symbol("("):
            found = self._condition()
            self._need(")")
        else:
            found = self._comparison()
        for _ in range(negations):
            found = Not(found)
        return found

    def _comparison(self) -> Condition:
        path = self._path()
        token = self._take()
        if token.kind == "symbol" and token.text in _COMPARISONS:
            return Compare(path, "!=" if token.text == "<>" else token.text, self._literal())
        if token.word == "LIKE":
            return Compare(path, "like", self._pattern())
        if token.word == "NOT" and self._word("IN"):
            return In(path, self._literals(), negated=True)
        if token.word == "IN":
            return In(path, self._literals())
        if token.word in ("INCLUDES", "EXCLUDES"):
            self._need("(")
            values = self._list(self._string)
            self._need(")")
            return Includes(path, values, token.word == "EXCLUDES")
        raise self._unexpected(token)

    # ---- values --------------------------------------------------------------------------------------------

    def _literals(self) -> tuple[Literal, ...]:
        self._need("(")
        if self._here.word == "SELECT":
            raise NotSpokenError("semi-joins", self._here.at)
        values = self._list(self._literal)
        self._need(")")
        return values

    def _string(self) -> str:
        return self._quoted(pattern=False)

    def _pattern(self) -> str:
        return self._quoted(pattern=True)

    def _quoted(self, *, pattern: bool) -> str:
        token = self._take()
        if token.kind != "string":
            raise self._unexpected(token)
        value = unquote(token.text, pattern=pattern)
        if value is None:
            raise MalformedError(f"Invalid string literal {token.text}. Illegal character sequence", token.at)
        return value

    def _literal(self) -> Literal:
        token = self._here
        if token.kind == "string":
            return self._string()
        self._take()
        match token.kind:
            case "number":
                return Decimal(token.text)
            case "datetime" | "date":
                return _moment(token)
            case "word":
                return self._value_word(token)
        raise self._unexpected(token)

    def _value_word(self, token: Token) -> Literal:
        word = token.word
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if word == "NULL":
            return None
        if word in DATE_WORDS:
            return DateWord(word)
        if word in DATE_WORDS_WITH_DAYS and self._symbol(":"):
            return DateWord(word, self._whole_number())
        raise self._unexpected(token)


def _moment(token: Token) -> datetime | date:
    try:
        if token.kind == "date":
            return date.fromisoformat(token.text)
        return datetime.fromisoformat(token.text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise MalformedError(f"Invalid date: {token.text}", token.at) from None
