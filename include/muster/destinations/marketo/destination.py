"""One audience as one static list. The list is named after the audience and its sandbox and lies where configured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from muster.config import Connection, MarketoDestination
from muster.destinations.base import (
    CallRefusedError,
    Candidate,
    Guard,
    Match,
    MemberDestination,
    Outcome,
    Place,
    Reply,
    UnknownAnswerError,
    Usage,
    Verdict,
)
from muster.destinations.marketo.calls import Calls, GuardedPace
from muster.destinations.marketo.declaration import DECLARATION
from muster.destinations.marketo.lookup import Lookup
from muster.errors import DestinationError
from muster.http.marketo import MarketoApi

if TYPE_CHECKING:
    from muster.state import QuotaGate

ASSETS = "/rest/asset/v1"
LEAD_NOT_FOUND, LEAD_NOT_IN_LIST = "1004", "1015"


def open_marketo(
    config: MarketoDestination,
    connection: Connection,
    place: Place,
    *,
    guard: Guard,
    gate: QuotaGate,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> MarketoList:
    usage = Usage()
    pacer = GuardedPace(gate, guard, usage)
    api = MarketoApi(
        connection, gate=gate, pacer=pacer, timeout=config.timeout_seconds, transport=transport, sleep=sleep
    )
    return MarketoList(config, Calls(api, usage), place)


def list_name(place: Place) -> str:
    """`pricing_page_intent (acme/prod)`: a list's name is unique in an instance, and platforms may share one (B6)."""
    return f"{place.audience} ({place.platform}/{place.sandbox})"


class MarketoList(MemberDestination):
    """See MemberDestination; keys are lead ids."""

    declaration = DECLARATION

    def __init__(self, config: MarketoDestination, calls: Calls, place: Place) -> None:
        self.config, self.calls, self.usage = config, calls, calls.usage
        self.name = list_name(place)
        self.where = f"{config.name} / {place.audience}"
        self._lookup = Lookup(calls)
        self._id: str | None = None

    def close(self) -> None:
        self.calls.api.close()

    # ---- the list ------------------------------------------------------------------------------------------

    def prepare(self, *, create: bool) -> bool:
        if self._id is None:
            self._id = self._find()
        if self._id is None and create:
            self._id = self._create()
        return self._id is not None

    def _find(self) -> str | None:
        """The list of this name in the configured place. Raises DestinationError when it lies somewhere else."""
        rows = self.calls.read(f"{ASSETS}/staticList/byName.json", {"name": self.name}).result
        named = [row for row in rows if row.get("name") == self.name]
        if not named:
            return None
        home = self._home()
        for row in named:
            if _folder(row.get("folder")) == home:
                return str(row["id"])
        raise DestinationError(
            f"the list '{self.name}' exists outside {self._home_name}, and a list's name is unique in Marketo",
            where=self.where,
            hint=f"move or rename that list in Marketo, or name its place in platform.yml ({self.config.name})",
        )

    def _create(self) -> str:
        kind, number = self._home()
        folder = json.dumps({"id": int(number), "type": kind}, separators=(",", ":"))
        form = {"folder": folder, "name": self.name, "description": "Kept by Muster"}
        try:
            rows = self.calls.write("POST", f"{ASSETS}/staticLists.json", form=form).result
            if rows:
                return str(rows[0]["id"])
        except UnknownAnswerError:
            pass  # it may be there: look
        except CallRefusedError as refused:
            if self._find() is None:
                raise DestinationError(
                    f"Marketo refused to make the list '{self.name}' [code {refused.code}]",
                    where=self.where,
                    hint=refused.hint,
                ) from refused
        made = self._find()
        if made is None:
            raise DestinationError(f"the list '{self.name}' is not there after it was made", where=self.where)
        return made

    @property
    def _home_name(self) -> str:
        return f"program '{self.config.program}'" if self.config.program else f"folder '{self.config.folder}'"

    def _home(self) -> tuple[str, str]:
        """(type, id) of the folder or program that holds the lists."""
        if self.config.program:
            rows = self.calls.read(f"{ASSETS}/program/byName.json", {"name": self.config.program}).result
            found = [("Program", str(row["id"])) for row in rows if row.get("name") == self.config.program]
        else:
            params = {"name": self.config.folder, "type": "Folder"}
            rows = self.calls.read(f"{ASSETS}/folder/byName.json", params).result
            found = [_folder(row.get("folderId")) for row in rows if row.get("name") == self.config.folder]
        if not found:
            raise DestinationError(
                f"there is no {self._home_name}",
                where=self.where,
                hint="make it in Marketo, or correct platform.yml",
            )
        return found[0]

    # ---- members -------------------------------------------------------------------------------------------

    def match(self, candidates: Sequence[Candidate]) -> list[Match]:
        return self._lookup.match(candidates)

    def present(self, keys: Sequence[str]) -> set[str]:
        if not keys:
            return set()
        rows = self.calls.read(f"{self._members}/ismember.json", {"id": list(keys)}).result
        return {str(row["id"]) for row in rows if row.get("status") == "memberof"}

    def add(self, keys: Sequence[str]) -> Reply:
        return self._change("POST", keys, "added")

    def remove(self, keys: Sequence[str]) -> Reply:
        return self._change("DELETE", keys, "removed")

    @property
    def _members(self) -> str:
        if self._id is None:
            raise DestinationError("the list was not prepared", where=self.where)
        return f"/rest/v1/lists/{self._id}/leads"

    def _change(self, method: str, keys: Sequence[str], done: str) -> Reply:
        body = {"input": [{"id": int(key)} for key in keys]}
        reply = self.calls.write(method, f"{self._members}.json", json=body)
        if len(reply.result) != len(keys):
            raise UnknownAnswerError(
                f"{len(reply.result)} answers to {len(keys)} ids",
                where=self.where,
                hint="what happened is read back",
            )
        outcomes = [_outcome(key, row, done) for key, row in zip(keys, reply.result, strict=True)]
        return Reply(tuple(outcomes), reply.request_id)


def _outcome(key: str, row: dict[str, Any], done: str) -> Outcome:
    """Marketo answers in the order of the input."""
    if row.get("status") == done:
        return Outcome(key, "accepted")
    reasons = row.get("reasons") or [{}]
    code = str(reasons[0].get("code") or "no_reason")
    verdict: Verdict = "rejected"
    if code == LEAD_NOT_FOUND:
        verdict = "unmatched" if done == "added" else "accepted"
    elif code == LEAD_NOT_IN_LIST and done == "removed":
        verdict = "accepted"
    return Outcome(key, verdict, code)


def _folder(value: Any) -> tuple[str, str]:
    """(type, id) of a folder reference."""
    return (str(value.get("type")), str(value.get("id"))) if isinstance(value, dict) else ("", "")
