"""Daily counters and quotas that outlive the simulator's process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from muster_simulators.clock import SimClock
from muster_simulators.faults import FaultPlan
from muster_simulators.marketo import Ledger, MarketoOptions, create_app
from muster_simulators.store import Store

DAY = date(2026, 3, 2)


@contextmanager
def life(path: Path, make: Any, **options: Any) -> Iterator[TestClient]:
    """One life of a simulator whose counters are in that file."""
    clock, ledger = SimClock(make.now, monotonic=lambda: 0.0), Ledger(path)
    store = Store("marketo__amer", sorted(make.small_world(), key=lambda c: c.visible_at), clock)
    chosen = MarketoOptions(rate_clock=lambda: 0.0, **options)
    app = create_app(
        store, clock=clock, faults=FaultPlan(), clients={"reader": "pw"}, options=chosen, ledger=ledger
    )
    client = TestClient(app)
    given = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "pw"}
    token = client.get("/identity/oauth/token", params=given).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    yield client
    ledger.close()


def export(client: TestClient) -> dict[str, Any]:
    """The last answer of a job that went as far as it could."""
    base = "/bulk/v1/leads/export"
    window = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}
    request = {"fields": ["id", "email"], "filter": {"updatedAt": window}}
    told = dict(client.post(f"{base}/create.json", json=request).json())
    if told["success"]:
        job = told["result"][0]["exportId"]
        client.post(f"{base}/{job}/enqueue.json")
        while told["result"][0]["status"] not in ("Completed", "Failed"):
            told = dict(client.get(f"{base}/{job}/status.json").json())
    return told


def test_calls_and_errors_are_counted_on_after_a_restart(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "counters.jsonl"
    for life_number in (1, 2, 3):
        with life(path, make) as client:
            client.get("/rest/v1/lead/1.json")
            client.get("/rest/v1/lead/99.json")
            (usage,) = client.get("/rest/v1/stats/usage.json").json()["result"]
            assert (usage["date"], usage["total"]) == ("2026-03-02", 4 * life_number - 1)
            (errors,) = client.get("/rest/v1/stats/errors.json").json()["result"]
            counts = {found["errorCode"]: found["count"] for found in errors["errors"]}
            assert counts["1004"] == life_number
            client.get("/rest/v1/nothing.json", headers={"Authorization": "Bearer no"})
    assert Ledger(path).errors[DAY]["601"] == 3


def test_the_daily_quota_is_not_fresh_after_a_restart(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "counters.jsonl"
    with life(path, make, calls_per_day=3) as client:
        assert all(client.get("/rest/v1/lead/1.json").json()["success"] for _ in range(3))
    with life(path, make, calls_per_day=3) as client:
        assert client.get("/rest/v1/lead/1.json").json()["errors"][0]["code"] == "607"


def test_the_export_quota_is_not_fresh_after_a_restart(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "counters.jsonl"
    with life(path, make, export_bytes_per_day=50) as client:
        size = export(client)["result"][0]["fileSize"]
        assert size > 50
    with life(path, make, export_bytes_per_day=50) as client:
        assert export(client)["errors"][0] == {"code": "1029", "message": "Export daily quota exceeded"}
    assert Ledger(path).exported[DAY] == size


def test_a_torn_last_line_is_left_out_and_the_file_is_made_small_again(tmp_path: Path) -> None:
    path = tmp_path / "counters.jsonl"
    ledger = Ledger(path)
    for _ in range(100):
        ledger.called(DAY, "reader")
    ledger.failed(DAY, "606")
    ledger.exported_bytes(DAY, 7)
    with path.open("a") as handle:
        handle.write('["c","2026-03-0')
    again = Ledger(path)
    assert (again.calls[DAY]["reader"], again.errors[DAY]["606"], again.exported[DAY]) == (100, 1, 7)
    assert len(path.read_text().splitlines()) == 3


def test_without_a_file_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Ledger().called(DAY, "reader")
    assert list(tmp_path.iterdir()) == []
