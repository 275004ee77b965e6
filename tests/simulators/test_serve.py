"""The process that serves all simulators, and the control server that moves them."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from muster_simulators.clock import SimClock
from muster_simulators.control import Controlled, create_control
from muster_simulators.faults import FaultPlan
from muster_simulators.serve import Simulators, State, UsageError, main, parser, start_servers
from muster_simulators.store import Store
from muster_simulators.web import Stats, path_family
from muster_simulators.world.model import AMER, EMEA, MAIN, Change

NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
PEOPLE = "300"


# ---- control -------------------------------------------------------------------------------------------------


@pytest.fixture
def moves() -> list[datetime]:
    return []


def schema(step: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A subscription's fields: one step is refused, any other is told back."""
    if step is not None and step["name"] == "bad":
        raise ValueError("Field 'bad' not found")
    return [dict(step or {"name": "email"})]


@pytest.fixture
def controlled(moves: list[datetime]) -> Controlled:
    clock = SimClock(NOW, monotonic=lambda: 0.0)
    late = NOW + timedelta(hours=1)
    changes = [
        Change(NOW, NOW, EMEA, "leads", "1", "upsert", {"id": 1, "updatedAt": NOW}),
        Change(NOW, late, EMEA, "leads", "2", "upsert", {"id": 2, "updatedAt": NOW}),
    ]
    return Controlled(
        clock,
        FaultPlan(),
        Stats(),
        {EMEA: Store(EMEA, changes, clock)},
        {EMEA: lambda: {"Seed": [1]}},
        moves.append,
        {EMEA: schema},
    )


@pytest.fixture
def control(controlled: Controlled) -> TestClient:
    return TestClient(create_control(controlled))


def test_the_clock_is_read_set_and_advanced(control: TestClient, moves: list[datetime]) -> None:
    assert control.get("/clock").json() == {"now": "2026-03-03T00:30:00Z"}
    assert control.post("/clock", json={"advance": 90}).json() == {"now": "2026-03-03T00:31:30Z"}
    assert control.post("/clock", json={"now": "2026-03-04T01:30:00+01:00"}).json() == {
        "now": "2026-03-04T00:30:00Z"
    }
    assert moves == [NOW + timedelta(seconds=90), NOW + timedelta(days=1)]


@pytest.mark.parametrize(
    "body",
    [{}, {"now": "2026-03-03"}, {"now": "soon"}, {"now": "2026-03-03T00:00:00Z", "advance": 1}, {"to": 1}],
)
def test_a_clock_move_that_means_nothing_is_refused(
    control: TestClient, moves: list[datetime], body: dict[str, Any]
) -> None:
    assert control.post("/clock", json=body).status_code == 422
    assert moves == []


def test_faults_are_planned_one_or_many_shown_and_cleared(
    control: TestClient, controlled: Controlled
) -> None:
    control.post("/faults", json={"source": EMEA, "kind": "status", "value": 502})
    told = control.post(
        "/faults", json=[{"source": EMEA, "kind": "cut", "value": 10, "match": "file", "times": None}]
    )
    assert [fault["kind"] for fault in told.json()] == ["status", "cut"]
    assert controlled.faults.take(EMEA, "GET", "/anything", "status") is not None
    assert [fault["hits"] for fault in control.get("/faults").json()] == [1, 0]
    assert control.delete("/faults").json() == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"source": "nobody", "kind": "cut"}, 404),
        ({"source": EMEA}, 422),
        ({"source": EMEA, "kind": "cut", "x": 1}, 422),
    ],
)
def test_a_fault_that_could_never_happen_is_refused(
    control: TestClient, fault: dict[str, Any], status: int
) -> None:
    assert control.post("/faults", json=fault).status_code == status
    assert control.get("/faults").json() == []


def test_state_follows_the_clock(control: TestClient) -> None:
    assert control.get(f"/state/{EMEA}").json() == {"leads": 1}
    assert list(control.get(f"/state/{EMEA}/leads").json()) == ["1"]
    control.post("/clock", json={"advance": 3600})
    assert list(control.get(f"/state/{EMEA}/leads").json()) == ["1", "2"]
    found = control.get(f"/state/{EMEA}/leads", params={"ids": "2,9"}).json()
    assert found == {"2": {"id": 2, "updatedAt": "2026-03-03T00:30:00+00:00"}}
    assert control.get("/state/nobody/leads").status_code == 404


def test_lists_are_those_of_marketo_sources(control: TestClient) -> None:
    assert control.get(f"/lists/{EMEA}").json() == {"Seed": [1]}
    assert control.get(f"/lists/{MAIN}").status_code == 404


def test_lead_fields_are_shown_and_changed(control: TestClient) -> None:
    assert control.get(f"/schema/{EMEA}").json() == [{"name": "email"}]
    step = {"op": "add", "name": "tier", "dataType": "string", "values": {"1": "gold"}}
    assert control.post(f"/schema/{EMEA}", json=step).status_code == 200
    assert control.post(f"/schema/{EMEA}", json=[step, step]).status_code == 200
    refused = control.post(f"/schema/{EMEA}", json={"op": "drop", "name": "bad"})
    assert (refused.status_code, refused.json()["detail"]) == (422, "Field 'bad' not found")
    assert control.post(f"/schema/{EMEA}", json={"op": "paint", "name": "x"}).status_code == 422
    assert control.get(f"/schema/{MAIN}").status_code == 404


def test_counters_are_shown_and_cleared(control: TestClient, controlled: Controlled) -> None:
    controlled.stats.called(EMEA, "GET", "/rest/v1/lists/1021/leads.json")
    controlled.stats.wrote(EMEA, "list_members_added", 2)
    controlled.stats.violated(EMEA, "calls_per_window")
    told = control.get("/stats").json()
    assert told["calls"] == {EMEA: {"GET /rest/v1/lists/{id}/leads.json": 1}}
    assert (told["writes"], told["violations"]) == (
        {EMEA: {"list_members_added": 2}},
        {EMEA: {"calls_per_window": 1}},
    )
    assert control.delete("/stats").json()["calls"] == {}


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/rest/v1/lead/12.json", "/rest/v1/lead/{id}.json"),
        (
            "/bulk/v1/leads/export/fad2cd1b-e822-4025-be1e-9caa9cf1d4b8/file.json",
            "/bulk/v1/leads/export/{id}/file.json",
        ),
        ("/services/data/v67.0/jobs/query/7505e000000ABCDAA4", "/services/data/v67.0/jobs/query/{id}"),
        ("/rest/v1/activities/deletedleads.json", "/rest/v1/activities/deletedleads.json"),
    ],
)
def test_path_families_have_no_ids(path: str, family: str) -> None:
    assert path_family(path) == family


# ---- state ---------------------------------------------------------------------------------------------------


def test_a_state_folder_belongs_to_one_world(tmp_path: Path) -> None:
    State(tmp_path).claim(60, 7)
    with pytest.raises(UsageError, match="belongs to another world"):
        State(tmp_path).claim(61, 7)


def test_a_state_folder_has_one_process(tmp_path: Path) -> None:
    holder = State(tmp_path)
    holder.claim(60, 7)
    with pytest.raises(UsageError, match="another process"):
        State(tmp_path).claim(60, 7)


def test_the_kept_clock_wins_over_the_command_line(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert state.now("2026-03-01T12:00:00Z") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    state.keep_clock(NOW)
    assert State(tmp_path).now("2026-03-01T12:00:00Z") == NOW


def test_an_orderly_end_keeps_the_clock_where_it_ran_to(tmp_path: Path) -> None:
    simulators = Simulators(SimClock(NOW, monotonic=lambda: 0.0), FaultPlan(), Stats(), State(tmp_path))
    simulators.clock.advance(90)
    simulators.close()
    assert State(tmp_path).now("2026-03-01T12:00:00Z") == NOW + timedelta(seconds=90)


def test_a_time_without_offset_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["serve", "--now", "2026-03-01"])
    assert ended.value.code == 2
    assert "has no offset" in capsys.readouterr().err


def test_a_world_that_is_too_small_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--people", "1", "--state", str(tmp_path / "state")])
    assert ended.value.code == 2
    assert "a world of 1 people" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_one_clear_line_and_ends_the_servers_before_it() -> None:
    clock = SimClock(NOW)
    simulators = Simulators(clock, FaultPlan(), Stats(), State(None))
    for source in (EMEA, AMER, MAIN):
        simulators.add(source, ())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        base = taken.getsockname()[1] - 1
        with pytest.raises(UsageError, match=f"port {base + 1} for marketo__amer: "):
            start_servers(simulators, "127.0.0.1", base)
    socket.create_server(("127.0.0.1", base)).close()


# ---- the process ---------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """`with start() as ports:` runs the real program with a state folder and ends it by SIGTERM."""

    @contextmanager
    def started(*more: str) -> Iterator[dict[str, int]]:
        ports = tmp_path / "ports.json"
        ports.unlink(missing_ok=True)
        command = [sys.executable, "-m", "muster_simulators.serve", "serve", "--people", PEOPLE]
        command += ["--state", str(tmp_path / "state"), "--ports-file", str(ports), *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            assert [line.split()[0] for line in lines] == [EMEA, AMER, MAIN, "control"], lines
            yield _ports(process, ports)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
            process.wait()

    return started


def _ports(process: subprocess.Popen[str], path: Path) -> dict[str, int]:
    """The ports file comes right after the last line; the control server answers before it is read."""
    while not path.exists():
        assert process.poll() is None
    return dict(json.loads(path.read_text()))


def _bearer(port: int) -> dict[str, str]:
    """The header that opens the emea subscription."""
    given = {"grant_type": "client_credentials", "client_id": "emea-client", "client_secret": "emea-secret"}
    answer = httpx.get(f"http://127.0.0.1:{port}/identity/oauth/token", params=given)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_everything_is_served_and_what_was_written_outlives_the_process(start: Callable[..., Any]) -> None:
    with start("--now", "2026-03-01T12:00:00Z") as ports:
        control = f"http://127.0.0.1:{ports['control']}"
        assert httpx.get(f"{control}/clock").json()["now"].startswith("2026-03-01T12:00:")
        httpx.post(f"{control}/clock", json={"now": "2026-03-03T00:30:00Z"})
        for name in (EMEA, AMER, MAIN):
            assert (
                httpx.get(f"{control}/state/{name}").json()["opportunities" if name == MAIN else "leads"] > 0
            )
            answer = httpx.get(f"http://127.0.0.1:{ports[name]}/nothing")
            assert answer.headers["date"].startswith("Tue, 03 Mar 2026 00:30:")
        base = f"http://127.0.0.1:{ports[EMEA]}"
        with httpx.Client(base_url=base, headers=_bearer(ports[EMEA])) as http:
            lead = int(next(iter(httpx.get(f"{control}/state/{EMEA}/leads").json())))
            data = {"name": "Kept", "folder": '{"id":21,"type":"Folder"}'}
            (made,) = http.post("/rest/asset/v1/staticLists.json", data=data).json()["result"]
            http.post(f"/rest/v1/lists/{made['id']}/leads.json", params={"id": lead})
            used = http.get("/rest/v1/stats/usage.json").json()["result"][0]["total"]
        step = {"op": "add", "name": "tier", "dataType": "string", "values": {str(lead): "gold"}}
        assert httpx.post(f"{control}/schema/{EMEA}", json=step).json()[-1]["name"] == "tier"
        hidden = {"op": "drop", "name": "Contact.Phone"}
        assert httpx.post(f"{control}/schema/{MAIN}", json=hidden).status_code == 200
        assert httpx.post(f"{control}/schema/{MAIN}", json=hidden).status_code == 422
    with start("--now", "2026-03-01T12:00:00Z") as ports:
        control = f"http://127.0.0.1:{ports['control']}"
        assert httpx.get(f"{control}/clock").json()["now"] >= "2026-03-03T00:30:00Z"
        assert httpx.get(f"{control}/lists/{EMEA}").json()["Kept"] == [lead]
        assert httpx.get(f"{control}/stats").json()["writes"] == {}
        base = f"http://127.0.0.1:{ports[EMEA]}"
        with httpx.Client(base_url=base, headers=_bearer(ports[EMEA])) as http:
            assert http.get("/rest/v1/stats/usage.json").json()["result"][0]["total"] == used + 1
            (found,) = http.get(f"/rest/v1/lead/{lead}.json", params={"fields": "tier"}).json()["result"]
            assert found["tier"] == "gold"
        told = httpx.get(f"{control}/schema/{MAIN}").json()
        phones = {one["object"] for one in told if one["name"] == "Phone"}
        assert "Account" in phones and "Contact" not in phones


def test_the_defaults_are_the_documented_ones() -> None:
    found = parser().parse_args(["serve"])
    assert isinstance(found, argparse.Namespace)
    assert (found.host, found.people, found.seed, found.state) == ("127.0.0.1", 20_000, 7, None)
