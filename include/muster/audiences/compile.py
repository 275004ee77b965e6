"""From the typed tree to named queries: one per relation or event that is asked about, then the members.

A relation's query lists the keys of the things at hand that have at least so many related things that satisfy
the inner condition, so it depends on no outer row, and a condition becomes `exists (that key)`. Everything is
built from sqlglot expressions and is free of any dialect; muster.audiences.render writes the text.

Missing values: SQL's "unknown" is only let through where it means false (in `where` and in `case when`); below a
`not` it is made false first. So every condition is true or false, as the language says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from muster.audiences import compare
from muster.audiences.catalogue import ENTITIES, EVENT, EVENT_PERSON, EntityKind, Relation
from muster.audiences.model import Audience, Compare, Condition, Event, Group, Quantity, Related

EVALUATION = "evaluation"


@dataclass(frozen=True)
class Query:
    """One named step. `comment` is made of catalogue names and numbers only."""

    name: str
    comment: str
    select: exp.Select


@dataclass(frozen=True)
class Plan:
    """What an audience compiles to. `tables` are the names of the catalogue's models it reads, in order."""

    tables: tuple[str, ...]
    queries: tuple[Query, ...]


@dataclass
class _Scope:
    """Where fields are found: the alias of the entity's table, and of the table of pairs that led to it."""

    kind: EntityKind
    alias: str
    link: str = ""
    needs_evaluation: bool = False


@dataclass
class _Truth:
    """A condition as an expression. `is_sure`: never unknown."""

    sql: exp.Expr
    is_sure: bool


def compile_audience(audience: Audience) -> Plan:
    """The queries of an audience; the last one, `members`, has member_key and evaluated_at."""
    compiler = _Compiler()
    kind = ENTITIES[audience.entity]
    scope = _Scope(kind, kind.table)
    truth = compiler.truth(audience.where, scope)
    members = (
        exp.select(
            exp.alias_(exp.column(kind.key, kind.table), "member_key"), exp.column("evaluated_at", EVALUATION)
        )
        .from_(compiler.table(kind.table))
        .join(compiler.table(EVALUATION), join_type="cross")
        .where(truth.sql)
    )
    comment = f"Each {audience.entity} for whom the whole condition is true"
    tables = tuple(sorted(compiler.tables - {EVALUATION}))
    return Plan((EVALUATION, *tables), (*compiler.queries, Query("members", comment, members)))


@dataclass
class _Compiler:
    queries: list[Query] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    def truth(self, condition: Condition, scope: _Scope) -> _Truth:
        match condition:
            case Group():
                return self._group(condition, scope)
            case Compare():
                return self._compare(condition, scope)
            case Related():
                return self._related(condition, scope)
            case Event():
                return self._event(condition, scope)

    def table(self, name: str, alias: str = "") -> exp.Table:
        self.tables.add(name)
        return exp.to_table(name, alias=alias if alias and alias != name else None)

    def _group(self, group: Group, scope: _Scope) -> _Truth:
        parts = [self.truth(part, scope) for part in group.parts]
        combine = exp.and_ if group.kind == "all" else exp.or_
        joined = _Truth(combine(*(part.sql for part in parts)), all(part.is_sure for part in parts))
        return _negated(joined) if group.kind == "none" else joined

    def _compare(self, condition: Compare, scope: _Scope) -> _Truth:
        scope.needs_evaluation |= condition.operator in compare.RELATIVE
        alias = scope.link if condition.is_link else scope.alias
        return _Truth(compare.sql(condition, alias), condition.operator in compare.SURE)

    def _related(self, condition: Related, scope: _Scope) -> _Truth:
        relation, target = condition.relation, ENTITIES[condition.relation.target]
        inner = _Scope(target, relation.name, relation.bridge.table if relation.bridge else "")
        truth = self.truth(condition.where, inner) if condition.where else None
        key, select = self._start(relation, scope.kind, inner)
        counted = exp.column(target.key, inner.alias)
        return self._counted(
            name=relation.name,
            comment=f"{condition.at}: {condition.quantity} of {relation.name}",
            key=key,
            select=self._with_evaluation(select, inner),
            counted=exp.Distinct(expressions=[counted]),
            truth=truth,
            quantity=condition.quantity,
            outer=exp.column(scope.kind.key, scope.alias),
        )

    def _start(self, relation: Relation, own: EntityKind, inner: _Scope) -> tuple[exp.Column, exp.Select]:
        """The column that names the thing at hand, and the query from there to what it is related to."""
        bridge, theirs = relation.bridge, exp.column(relation.theirs, inner.alias)
        target = self.table(inner.kind.table, inner.alias)
        if not bridge and relation.own == own.key:
            return theirs, exp.select().from_(target)
        table, key, foreign = (
            (bridge.table, bridge.own, bridge.target) if bridge else (own.table, own.key, relation.own)
        )
        on = exp.EQ(this=theirs, expression=exp.column(foreign, table))
        joined = exp.select().from_(self.table(table)).join(target, on=on, join_type="inner")
        return exp.column(key, table), joined

    def _event(self, condition: Event, scope: _Scope) -> _Truth:
        inner = _Scope(EVENT, EVENT.table, needs_evaluation=True)
        truth = self.truth(condition.where, inner) if condition.where else None
        select = self._with_evaluation(exp.select().from_(self.table(EVENT.table)), inner)
        select = select.where(*compare.event_filter(condition))
        if truth:
            select = select.where(truth.sql)
        name = condition.types[0] if len(condition.types) == 1 else "events"
        span = f"in {condition.within}" if condition.within else "before the evaluation"
        return self._counted(
            name=name,
            comment=f"{condition.at}: {condition.quantity} of {', '.join(condition.types)}, {span}",
            key=exp.column(EVENT_PERSON, EVENT.table),
            select=select,
            counted=exp.Star(),
            truth=None,
            quantity=condition.quantity,
            outer=exp.column(scope.kind.key, scope.alias),
        )

    def _with_evaluation(self, select: exp.Select, scope: _Scope) -> exp.Select:
        return select.join(self.table(EVALUATION), join_type="cross") if scope.needs_evaluation else select

    def _counted(
        self,
        *,
        name: str,
        comment: str,
        key: exp.Column,
        select: exp.Select,
        counted: exp.Expr,
        truth: _Truth | None,
        quantity: Quantity,
        outer: exp.Column,
    ) -> _Truth:
        """Add the query of the keys that reach the quantity, and say whether the thing at hand is among them."""
        if quantity.kind == "all":
            query = _all_of(select, key, counted, truth)
            return self._exists(name, comment, query, key, outer)
        if truth:
            select = select.where(truth.sql)
        if quantity.is_negation:
            query = _at_least(select, key, counted, quantity.number + 1)
            return _negated(self._exists(name, comment, query, key, outer))
        if quantity.kind == "exactly":
            count = exp.EQ(this=exp.Count(this=counted), expression=exp.Literal.number(quantity.number))
            query = select.select(key).group_by(key).having(count)
            return self._exists(name, comment, query, key, outer)
        return self._exists(name, comment, _at_least(select, key, counted, quantity.number), key, outer)

    def _exists(
        self, name: str, comment: str, query: exp.Select, key: exp.Column, outer: exp.Column
    ) -> _Truth:
        step = f"matching_{name}_{len(self.queries) + 1}"
        self.queries.append(Query(step, comment, query))
        same = exp.EQ(this=exp.column(key.name, step), expression=outer)
        found = exp.Exists(this=exp.select(exp.Literal.number(1)).from_(step).where(same))
        return _Truth(found, is_sure=True)


def _at_least(select: exp.Select, key: exp.Column, counted: exp.Expr, number: int) -> exp.Select:
    if number == 1:
        return select.select(key).distinct()
    count = exp.GTE(this=exp.Count(this=counted), expression=exp.Literal.number(number))
    return select.select(key).group_by(key).having(count)


def _all_of(select: exp.Select, key: exp.Column, counted: exp.Expr, truth: _Truth | None) -> exp.Select:
    """Every related thing satisfies the condition; a thing without any is not in the query at all."""
    if truth is None:
        return select.select(key).distinct()
    satisfied = exp.Case().when(truth.sql, counted.expressions[0].copy())
    same = exp.EQ(
        this=exp.Count(this=counted), expression=exp.Count(this=exp.Distinct(expressions=[satisfied]))
    )
    return select.select(key).group_by(key).having(same)


def _negated(truth: _Truth) -> _Truth:
    sure = truth.sql if truth.is_sure else exp.Coalesce(this=truth.sql, expressions=[exp.false()])
    inner = sure if isinstance(sure, exp.Exists | exp.Coalesce) else exp.paren(sure)
    return _Truth(exp.Not(this=inner), is_sure=True)
