"""Hold what was published and what the destinations have against the oracle, and show it.

Published tables are read through muster.warehouse, lists through the simulators' control server; what is right
comes from demo.oracle, which knows nothing of Muster.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from demo.oracle import FINANCE, LEADERLESS, PRICING, Matched, Night, Oracle, compare, pairwise
from demo.show import Screen
from demo.simulators import Simulators
from muster.config import Settings
from muster.naming import audience_model
from muster.warehouse import current_snapshot, query

Names = set[frozenset[str]]
LIST_SOURCE = "marketo__emea"
EXPORTS = "files__exports"
MIN_RECALL = 0.99


@dataclass(frozen=True)
class WorldState:
    """What must not change when nothing is new: writes so far, published contents, lists, files and their times."""

    writes: int
    contents: dict[str, str]
    lists: dict[str, set[int]]
    files: dict[str, int]


class Verifier:
    """Every check prints its table and returns 0 or 1."""

    def __init__(
        self, settings: Settings, simulators: Simulators, world: Future[Any], screen: Screen
    ) -> None:
        self.settings, self.simulators, self.screen = settings, simulators, screen
        self._world = world
        self._oracle: Oracle | None = None

    @property
    def oracle(self) -> Oracle:
        if self._oracle is None:
            self._oracle = Oracle(self._world.result())
        return self._oracle

    # ---- a night -------------------------------------------------------------------------------------------

    def check_night(self, number: int) -> int:
        """Identity, audiences, the Marketo lists and the files of this night."""
        night = self.oracle.night(number)
        people = self._clusters("select person_key as key, record_key from map_person_records")
        accounts = self._clusters("select account_key as key, record_key from map_account_records")
        code = self._check_identity(night, people)
        rows = [
            self._audience_row(
                night, FINANCE, {key: night.name_person(records) for key, records in people.items()}
            ),
            self._audience_row(
                night, PRICING, {key: night.name_person(records) for key, records in people.items()}
            ),
            self._audience_row(
                night, LEADERLESS, {key: night.name_account(records) for key, records in accounts.items()}
            ),
        ]
        self.screen.table(
            "Audiences against the oracle", ("audience", "members", "missing", "extra", ""), rows
        )
        places = [*(self._list_row(night, slug) for slug in (FINANCE, PRICING)), *self._file_rows(rows)]
        columns = ("destination", "audience", "holds", "missing", "extra", "")
        self.screen.table("Destinations", columns, places)
        self._show_unmatched(night)
        return max(code, *(int(row[-1] != "ok") for row in [*rows, *places]))

    def _check_identity(self, night: Night, people: dict[str, set[str]]) -> int:
        scores = pairwise(night.truth, people.values())
        is_good = scores.precision == 1.0 and scores.recall >= MIN_RECALL
        row = (scores.actual_pairs, scores.expected_pairs, scores.precision, scores.recall, _verdict(is_good))
        self.screen.table(
            "Identity: pairs of records of one person", ("found", "true", "precision", "recall", ""), [row]
        )
        return int(not is_good)

    def _audience_row(self, night: Night, slug: str, names: dict[str, frozenset[str]]) -> tuple[Any, ...]:
        model = audience_model(slug)
        keys = query(self.settings, f"select member_key from {model}", {})["member_key"].to_pylist()
        missing, extra = compare(night.members[slug], {names[key] for key in keys})
        doubles = len(keys) - len({names[key] for key in keys})
        is_good = not missing and not extra and not doubles
        return (slug, len(keys), len(missing), len(extra) + doubles, _verdict(is_good))

    def _list_row(self, night: Night, slug: str) -> tuple[Any, ...]:
        platform = self.settings.platform
        name = f"{slug} ({platform.platform}/{platform.sandbox})"
        listed = self.simulators.lists(LIST_SOURCE).get(name, set())
        wanted = set(night.match(slug).leads.values())
        missing, extra = wanted - listed, listed - wanted
        return (LIST_SOURCE, slug, len(listed), len(missing), len(extra), _verdict(not missing and not extra))

    def _file_rows(self, audiences: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [self._file_row(str(row[0])) for row in audiences]

    def _file_row(self, slug: str) -> tuple[Any, ...]:
        """The CSV file that the manifest in force names, against the published sync table."""
        folder = self.settings.home.exports / EXPORTS / slug
        manifest = json.loads((folder / "manifest.json").read_text())
        name = next(file["path"] for file in manifest["files"] if file["format"] == "csv")
        with (folder / name).open(newline="", encoding="utf-8") as file:
            found = {row["member_key"] for row in csv.DictReader(file)}
        model = f"sync_{EXPORTS}__{slug}"
        wanted = set(query(self.settings, f"select member_key from {model}", {})["member_key"].to_pylist())
        missing, extra = wanted - found, found - wanted
        return (EXPORTS, slug, len(found), len(missing), len(extra), _verdict(not missing and not extra))

    def _show_unmatched(self, night: Night) -> None:
        for slug in (FINANCE, PRICING):
            told: Matched = night.match(slug)
            self.screen.say(
                f"{slug}: not in {LIST_SOURCE} because {len(told.unmatched)} are unknown there, "
                f"{len(told.ambiguous)} ambiguous, {len(told.suppressed)} suppressed, "
                f"{len(told.without_identifier)} without an identifier"
            )

    def _clusters(self, sql: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        table = query(self.settings, sql, {})
        for key, record in zip(table["key"].to_pylist(), table["record_key"].to_pylist(), strict=True):
            found[key].add(record)
        return dict(found)

    # ---- nothing new ---------------------------------------------------------------------------------------

    def state_of_the_world(self) -> WorldState:
        snapshot = current_snapshot(self.settings)
        contents = {name: facts["sha256"] for name, facts in snapshot.tables.items()} if snapshot else {}
        return WorldState(self._writes(), contents, self.simulators.lists(LIST_SOURCE), self._exported())

    def check_nothing_changed(self, before: WorldState) -> int:
        """0 writes to any destination, 0 changed tables, the same lists, the same files."""
        after = self.state_of_the_world()
        changed = [
            name
            for name, content in after.contents.items()
            if not name.startswith("rpt_") and before.contents.get(name) != content
        ]
        file_writes = len(set(after.files.items()) ^ set(before.files.items()))
        rows = [
            (
                "writes to the simulated services",
                after.writes - before.writes,
                _verdict(after.writes == before.writes),
            ),
            ("writes to files", file_writes, _verdict(file_writes == 0)),
            ("changed tables of the profile", len(changed), _verdict(not changed)),
            (
                "changed lists",
                sum(before.lists[n] != after.lists.get(n) for n in before.lists),
                _verdict(before.lists == after.lists),
            ),
        ]
        self.screen.table("A run with nothing new", ("what", "count", ""), rows)
        return max(int(row[-1] != "ok") for row in rows)

    def _writes(self) -> int:
        return sum(sum(kinds.values()) for kinds in self.simulators.stats()["writes"].values())

    def _exported(self) -> dict[str, int]:
        """Every exported file, and when it was written."""
        files = (self.settings.home.exports / EXPORTS).rglob("*")
        return {str(path): path.stat().st_mtime_ns for path in files if path.is_file()}

    # ---- the end -------------------------------------------------------------------------------------------

    def show_reconciliation(self) -> int:
        """source = lake = staged, object by object."""
        columns = (
            "source_instance",
            "object",
            "source_rows",
            "lake_rows",
            "quarantined_rows",
            "raw_rows",
            "staged_records",
        )
        sql = f"select {', '.join(columns)}, is_reconciled from rpt_reconciliation order by all"
        rows = [
            (*(row[name] for name in columns), _verdict(row["is_reconciled"]))
            for row in query(self.settings, sql, {}).to_pylist()
        ]
        self._show_what_stands()
        self.screen.table("Reconciliation", (*(name.replace("_", " ") for name in columns), ""), rows)
        limits = self.simulators.stats()["violations"]
        broken = sum(sum(kinds.values()) for kinds in limits.values())
        self.screen.say(f"rate limits broken at the simulated services: {broken}")
        return int(not rows or any(row[-1] != "ok" for row in rows) or broken > 0)

    def _show_what_stands(self) -> None:
        """Persons and the rest of the profile, audience sizes, list members."""
        snapshot = current_snapshot(self.settings)
        tables = snapshot.tables if snapshot else {}
        rows: list[tuple[str, int]] = [
            (words, tables[name]["rows"])
            for name, words in (
                ("dim_people", "persons"),
                ("map_person_records", "records of persons"),
                ("dim_accounts", "accounts"),
                ("dim_opportunities", "opportunities"),
                ("fct_activities", "activities"),
            )
            if name in tables
        ]
        rows += [
            (f"audience {n.removeprefix('aud_')}", f["rows"])
            for n, f in tables.items()
            if n.startswith("aud_")
        ]
        place = f"({self.settings.platform.platform}/{self.settings.platform.sandbox})"
        lists = self.simulators.lists(LIST_SOURCE).items()
        rows += [
            (f"members of {LIST_SOURCE}'s list {name}", len(ids))
            for name, ids in lists
            if name.endswith(place)
        ]
        self.screen.table("What stands at the end", ("", "count"), rows)


def _verdict(is_good: bool) -> str:
    return "ok" if is_good else "DIFFERS"
