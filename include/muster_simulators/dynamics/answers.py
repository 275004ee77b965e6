"""Answers of the Web API: rows by query, by page and by delta token; metadata; counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from muster_simulators.dynamics.errors import ApiError, bad_query
from muster_simulators.dynamics.odata import Filter, expanded_attributes, ordered, ordering, selected
from muster_simulators.dynamics.org import Org, Page
from muster_simulators.dynamics.rows import Annotations, written
from muster_simulators.dynamics.tables import Table

NEXT, DELTA, SKIP = "@odata.nextLink", "@odata.deltaLink", "$skiptoken"
TRACKED_TOO = frozenset({"$select", "$deltatoken", "$count", SKIP})
KNOWN = TRACKED_TOO | {"$filter", "$orderby", "$top"}


class Answers:
    """`base` is the service's root as the caller names it, with a slash at the end."""

    def __init__(self, org: Org, base: str, prefer: str) -> None:
        self.org, self.base = org, base
        self.prefer = _preferences(prefer)
        self.asked = Annotations(self.prefer.get("odata.include-annotations", ""))

    # ---- rows ----------------------------------------------------------------------------------------------

    def rows(self, table: Table, query: Mapping[str, str]) -> dict[str, Any]:
        """One page. Raises ApiError."""
        if unknown := set(query) - KNOWN:
            raise bad_query(f"The query parameter '{min(unknown)}' is not supported.")
        if SKIP in query:
            return self._page(table, self.org.pages.get(query[SKIP]))
        if "$deltatoken" in query or "odata.track-changes" in self.prefer:
            return self._page(table, self._tracked(table, query))
        return self._page(table, self._found(table, query))

    def _found(self, table: Table, query: Mapping[str, str]) -> Page:
        records = list(self.org.store.records(table.set_name).values())
        if text := query.get("$filter"):
            matches = Filter(text, table).matches
            records = [record for record in records if matches(record)]
        rows = ordered(list(records), ordering(query.get("$orderby"), table))
        total = len(rows) if query.get("$count") == "true" else None
        if "$top" in query:
            rows = rows[: int(query["$top"])]
        return Page(query, self._written(table, query, rows), 1, total, None)

    def _tracked(self, table: Table, query: Mapping[str, str]) -> Page:
        """Everything with a token for later, or what changed since one."""
        if not table.is_tracked:
            raise ApiError(400, "0x80040203", f"Change tracking is not enabled for entity {table.name}.")
        if refused := set(query) - TRACKED_TOO:
            raise bad_query(f"{min(refused)} is not supported with change tracking.")
        records = self.org.store.records(table.set_name)
        token = self.org.tracker.token(table.set_name)
        gone: list[dict[str, Any]] = []
        keys = set(records)
        if "$deltatoken" in query:
            keys, lost = self.org.tracker.since(table.set_name, query["$deltatoken"])
            context = f"{self.base}$metadata#{table.set_name}/$deletedEntity"
            gone = [{"@odata.context": context, "id": key, "reason": "deleted"} for key in lost]
        rows = [records[key] for key in sorted(keys) if key in records]
        select = {"$select": query["$select"]} if "$select" in query else {}
        delta = self._link(table, {**select, "$deltatoken": token})
        return Page(query, [*self._written(table, query, rows), *gone], 1, None, delta)

    def _written(
        self, table: Table, query: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        attributes = selected(query.get("$select"), table)
        return [written(row, table, attributes, self.asked, self.org.schema, self.org.store) for row in rows]

    def _page(self, table: Table, page: Page) -> dict[str, Any]:
        most = min(
            int(self.prefer.get("odata.maxpagesize") or self.org.options.page_size),
            self.org.options.page_size,
        )
        shown, left = page.rows[:most], page.rows[most:]
        self.org.protection.worked(len(shown) * self.org.options.execution_seconds_per_row)
        context = f"{self.base}$metadata#{table.set_name}" + ("/$delta" if page.delta else "")
        body: dict[str, Any] = {"@odata.context": context, **self._total(page), "value": shown}
        if left:
            cookie = self.org.pages.keep(Page(page.query, left, page.number + 1, page.total, page.delta))
            rest = {name: text for name, text in page.query.items() if name != SKIP}
            body[NEXT] = self._link(table, {**rest, SKIP: cookie})
        elif page.delta:
            body[DELTA] = page.delta
        return body

    def _total(self, page: Page) -> dict[str, Any]:
        if page.total is None:
            return {}
        limit = self.org.options.count_limit
        found: dict[str, Any] = {"@odata.count": min(page.total, limit)}
        if self.asked.wants("Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"):
            found["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = page.total > limit
        return found

    def _link(self, table: Table, query: Mapping[str, str]) -> str:
        return f"{self.base}{table.set_name}?{urlencode(query, quote_via=quote, safe='$,')}"

    def count(self, table: Table) -> int:
        return min(len(self.org.store.records(table.set_name)), self.org.options.count_limit)

    def record(self, table: Table, key: str, query: Mapping[str, str]) -> dict[str, Any]:
        found = self.org.store.get(table.set_name, key.lower())
        if found is None:
            raise ApiError(404, "0x80040217", f"{table.name} With Id = {key} Does Not Exist")
        return self._written(table, query, [found])[0]

    # ---- metadata ------------------------------------------------------------------------------------------

    def definition(self, name: str, query: Mapping[str, str]) -> dict[str, Any]:
        """`EntityDefinitions(LogicalName='...')`."""
        table = self.org.schema.by_name.get(name)
        if table is None:
            message = f"Could not find an entity with specified name '{name}'."
            raise ApiError(404, "0x80040217", message)
        wanted = [one for one in query.get("$select", "").split(",") if one]
        facts = _facts(table)
        body = {one: facts[one] for one in wanted if one in facts} if wanted else facts
        if unknown := [one for one in wanted if one not in facts]:
            raise bad_query(f"Could not find a property named '{unknown[0]}' on type EntityMetadata.")
        asked = expanded_attributes(query.get("$expand"))
        if asked is not None:
            body = {**body, "Attributes": [_shortened(one.describe(name), asked) for one in table.attributes]}
        return body


def _facts(table: Table) -> dict[str, Any]:
    return {
        "LogicalName": table.name,
        "EntitySetName": table.set_name,
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.title,
        "ChangeTrackingEnabled": table.is_tracked,
        "IsCustomEntity": "_" in table.name,
    }


def _shortened(facts: dict[str, Any], asked: list[str]) -> dict[str, Any]:
    return {
        name: value for name, value in facts.items() if not asked or name in asked or name == "@odata.type"
    }


def _preferences(text: str) -> dict[str, str]:
    """`odata.maxpagesize=5000,odata.include-annotations="a,b",odata.track-changes`; a comma in quotes parts nothing."""
    found: dict[str, str] = {}
    parts, is_quoted = [""], False
    for letter in text:
        is_quoted ^= letter == '"'
        if letter == "," and not is_quoted:
            parts.append("")
        else:
            parts[-1] += letter
    for part in parts:
        name, _, value = part.strip().partition("=")
        if name:
            found[name] = value.strip('"')
    return found
