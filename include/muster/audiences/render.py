"""Named queries as SQL that people read: import CTEs, one commented CTE per step, `select * from members`.

Only three things reach the text: names of the catalogue, numbers, and literals that sqlglot wrote. The finished
text is checked: it parses back to the very expressions it was written from, and holds no Jinja but our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import indent

from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import TokenType

from muster.audiences.catalogue import MODELS
from muster.audiences.compile import EVALUATION, Plan, Query

LINE = 100
OUR_JINJA = re.compile(r"\{\{ ref\('[a-z0-9_]+'\) \}\}")
ANY_JINJA = re.compile(r"\{[{%#]")


class UnsafeSqlError(Exception):
    """The generated text would not mean what it was made from. A fault of ours, never written to a file."""


def dbt_model(plan: Plan, header: str, dialect: str = "duckdb") -> str:
    """The text of a dbt model; `header` is made of comment lines."""
    text = f"{header}\n\n{_with(plan, dialect, ref)}"
    if ANY_JINJA.search(OUR_JINJA.sub("", text)):
        raise UnsafeSqlError("the SQL holds Jinja that isn't ours")
    return text


def plain_sql(plan: Plan, dialect: str = "duckdb") -> str:
    """The same query over tables named like the dbt models, for any engine."""
    return _with(plan, dialect, lambda model: model)


def ref(model: str) -> str:
    return f"{{{{ ref('{model}') }}}}"


def _with(plan: Plan, dialect: str, source: Callable[[str], str]) -> str:
    ctes = [_import(name, source(MODELS[name]), dialect) for name in plan.tables]
    ctes += [_step(query, dialect) for query in plan.queries]
    return "with\n\n" + ",\n\n".join(ctes) + f"\n\nselect * from {plan.queries[-1].name}\n"


def _import(name: str, source: str, dialect: str) -> str:
    if name != EVALUATION:
        return f"{name} as (\n\n    select * from {source}\n\n)"  # noqa: S608 - names of the catalogue
    day = expression_text(
        exp.cast(exp.AtTimeZone(this=exp.column("as_of"), zone=exp.Literal.string("UTC")), "date"), dialect
    )
    columns = f"        as_of as evaluated_at,\n        {day} as evaluated_on"
    return f"{name} as (\n\n    select\n{columns}\n    from {source}\n\n)"


def _step(query: Query, dialect: str) -> str:
    body = indent(expression_text(query.select, dialect), "    ")
    return f"-- {query.comment}\n{query.name} as (\n\n{body}\n\n)"


def expression_text(tree: exp.Expr, dialect: str) -> str:
    """Lower-case SQL of an expression, checked to parse back to the same expression."""
    shouted = tree.sql(
        dialect=dialect,
        pretty=True,
        indent=4,
        pad=4,
        normalize_functions="lower",
        max_text_width=LINE,
        comments=False,
    )
    text = _lowered(shouted, dialect)
    again = parse_one(text, dialect=dialect)
    same_tree = again == parse_one(tree.sql(dialect=dialect, comments=False), dialect=dialect)
    if not same_tree or string_literals(again) != string_literals(tree):
        raise UnsafeSqlError("the SQL does not parse back to what it was made from")
    return text


def string_literals(tree: exp.Expr) -> list[str]:
    """Every text in the tree, sorted."""
    return sorted(found.this for found in tree.find_all(exp.Literal) if found.is_string)


def _lowered(text: str, dialect: str) -> str:
    """Everything but the literals in lower case."""
    pieces, last = [], 0
    for token in Dialect.get_or_raise(dialect).tokenize(text):
        if token.token_type == TokenType.STRING:
            pieces += [text[last : token.start].lower(), text[token.start : token.end + 1]]
            last = token.end + 1
    return "".join([*pieces, text[last:].lower()])
