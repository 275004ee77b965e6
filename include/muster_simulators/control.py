"""The control server: moves the clock, plans faults, tells what was called and what each source holds.

Tests and the demo use it; the simulated services know nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from muster_simulators.clock import SimClock, parse_iso
from muster_simulators.faults import Fault, FaultPlan
from muster_simulators.store import Store
from muster_simulators.web import Stats

OBJECTS = (
    *(
        "leads",
        "activities",
        "static_lists",
        "list_members",
        "programs",
        "folders",
        "companies",
        "opportunities",
    ),
    *(
        "channels",
        "tag_types",
        "smart_campaigns",
        "program_members",
        "sales_persons",
        "named_accounts",
        "named_account_lists",
        "custom__contract_c",
    ),
    *(
        "opportunity_roles",
        "accounts",
        "contacts",
        "opportunity_contact_roles",
        "account_contact_relations",
        "users",
        "campaigns",
        "campaign_members",
        "tasks",
        "events",
    ),
)
"""What sources hold."""
ListMembers = Callable[[], Mapping[str, list[int]]]
SchemaChange = Callable[[Mapping[str, Any] | None], Any]
"""Takes one step of drift (None for none) and gives the fields that there are then; a ValueError is told to the caller."""


@dataclass(frozen=True)
class Controlled:
    """What the control server reaches. `on_clock` is called after each move; `lists` are of Marketos."""

    clock: SimClock
    faults: FaultPlan
    stats: Stats
    stores: Mapping[str, Store]
    lists: Mapping[str, ListMembers]
    on_clock: Callable[[datetime], None] = lambda moment: None
    schemas: Mapping[str, SchemaChange] = field(default_factory=dict)


class ClockMove(BaseModel):
    """`{"now": "2026-03-03T00:30:00Z"}` or `{"advance": 3600}`."""

    model_config = ConfigDict(extra="forbid")
    now: str | None = None
    advance: float | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ClockMove:
        if (self.now is None) == (self.advance is None):
            raise ValueError("give either now or advance")
        if self.now is not None:
            parse_iso(self.now)
        return self


class PlannedFault(BaseModel):
    """The body of POST /faults; see muster_simulators.faults.Fault."""

    model_config = ConfigDict(extra="forbid")
    source: str
    kind: str
    match: str = ""
    value: Any = None
    skip: int = Field(0, ge=0)
    times: int | None = Field(1, ge=1)


class SchemaStep(BaseModel):
    """One change of a field: `{"op": "rename", "name": "title", "to": "jobTitle"}`; of Salesforce `Contact.Tier__c`."""

    model_config = ConfigDict(extra="forbid")
    op: Literal["add", "drop", "rename", "retype"]
    name: str
    to: str | None = None
    dataType: str | None = None  # noqa: N815
    displayName: str | None = None  # noqa: N815
    length: int | None = None
    values: dict[str, Any] = Field(default_factory=dict)


def create_control(controlled: Controlled) -> FastAPI:
    """GET/POST /clock, GET/POST/DELETE /faults, GET/DELETE /stats, GET /state/…, GET /lists/…, GET/POST /schema/…"""
    app = FastAPI(title="control", docs_url=None, redoc_url=None, openapi_url=None)
    _clock_routes(app, controlled)
    _fault_routes(app, controlled)
    _state_routes(app, controlled)
    _schema_routes(app, controlled)

    @app.get("/stats")
    def stats() -> dict[str, Any]:
        return controlled.stats.to_dict()

    @app.delete("/stats")
    def clear_stats() -> dict[str, Any]:
        controlled.stats.clear()
        return controlled.stats.to_dict()

    return app


def _clock_routes(app: FastAPI, controlled: Controlled) -> None:
    @app.get("/clock")
    def clock() -> dict[str, str]:
        return {"now": controlled.clock.iso()}

    @app.post("/clock")
    def move_clock(move: ClockMove) -> dict[str, str]:
        clock = controlled.clock
        moment = clock.advance(move.advance or 0.0) if move.now is None else clock.set(move.now)
        controlled.on_clock(moment)
        return {"now": controlled.clock.iso()}


def _fault_routes(app: FastAPI, controlled: Controlled) -> None:
    @app.get("/faults")
    def faults() -> list[dict[str, Any]]:
        return [fault.to_dict() for fault in controlled.faults.all()]

    @app.post("/faults")
    def add_fault(planned: PlannedFault | list[PlannedFault]) -> list[dict[str, Any]]:
        wanted = planned if isinstance(planned, list) else [planned]
        for plan in wanted:
            _store(controlled, plan.source)
        for plan in wanted:
            controlled.faults.add(Fault(**plan.model_dump()))
        return faults()

    @app.delete("/faults")
    def clear_faults() -> list[dict[str, Any]]:
        controlled.faults.clear()
        return faults()


def _state_routes(app: FastAPI, controlled: Controlled) -> None:
    @app.get("/state/{source}")
    def counts(source: str) -> dict[str, int]:
        """How many records of each object the source holds now."""
        store = _store(controlled, source)
        return {name: len(found) for name in OBJECTS if (found := store.records(name))}

    @app.get("/state/{source}/{object_name}")
    def state(source: str, object_name: str, ids: str | None = Query(None)) -> Response:
        """Records by key; `?ids=1,2` only these."""
        found = dict(_store(controlled, source).records(object_name))
        if ids is not None:
            wanted = [key.strip() for key in ids.split(",")]
            found = {key: found[key] for key in wanted if key in found}
        return Response(json.dumps(found, default=_iso, ensure_ascii=False), media_type="application/json")

    @app.get("/lists/{source}")
    def lists(source: str) -> dict[str, list[int]]:
        """Members of a Marketo's static lists by list name."""
        if source not in controlled.lists:
            raise HTTPException(
                404, f"'{source}' has no static lists; those that have: {sorted(controlled.lists)}"
            )
        return dict(controlled.lists[source]())


def _schema_routes(app: FastAPI, controlled: Controlled) -> None:
    def of(source: str) -> SchemaChange:
        if source not in controlled.schemas:
            raise HTTPException(
                404, f"'{source}' has no fields to change; those that have: {sorted(controlled.schemas)}"
            )
        return controlled.schemas[source]

    @app.get("/schema/{source}")
    def fields(source: str) -> list[dict[str, Any]]:
        """A lead's fields as describe2 gives them; of Salesforce those of every object."""
        return list(of(source)(None))

    @app.post("/schema/{source}")
    def drift(source: str, steps: SchemaStep | list[SchemaStep]) -> list[dict[str, Any]]:
        """Add, drop, rename or retype fields, with new values by record id; kept over a restart."""
        change = of(source)
        for step in steps if isinstance(steps, list) else [steps]:
            try:
                change(step.model_dump(exclude_none=True))
            except ValueError as refusal:
                raise HTTPException(422, str(refusal)) from None
        return fields(source)


def _store(controlled: Controlled, source: str) -> Store:
    if source not in controlled.stores:
        raise HTTPException(404, f"no source '{source}'; there are: {sorted(controlled.stores)}")
    return controlled.stores[source]


def _iso(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form of a {type(value).__name__}")
