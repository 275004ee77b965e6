"""Build: one dbt process, a new file each time, and nothing left of a build that broke."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import duckdb
import psutil
import pytest
from tests.unit.warehouse.conftest import DAY, FIRST, Sandbox, passed, people

from muster.errors import LeaseLost, WarehouseError
from muster.warehouse import BuildEvent, build, building, dbt, engine, last_build, publish, query

pytestmark = pytest.mark.slow
EVERYTHING = "{{ ref('sync_marketo__emea__everybody') }}, {{ ref('rpt_guardrail_measures') }}"
SLOW = f"select count(*) as n from {EVERYTHING}, range(100000000) as a, range(100000000) as b"
FORK = multiprocessing.get_context("fork")


def builds(sandbox: Sandbox) -> list[str]:
    return sorted(path.name for path in sandbox.settings.home.warehouse.glob("build-*"))


def listing(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def children() -> list[psutil.Process]:
    return [
        one for one in psutil.Process().children(recursive=True) if "dbt_child.py" in " ".join(one.cmdline())
    ]


def test_a_build_makes_a_whole_file_tells_each_step_and_leaves_the_project_alone(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann", "bob"))
    sandbox.model("intermediate/int_engine.sql", "select name, value from duckdb_settings()")
    before = listing(sandbox.project)
    events: list[object] = []
    built = build(sandbox.settings, on_event=events.append)
    assert built == last_build(sandbox.settings)
    assert builds(sandbox) == [f"{built.id}.duckdb", f"{built.id}.json"]
    assert (built.as_of, built.models, built.tests) == (FIRST + DAY, 7, 2)
    assert [(table.name, table.layer) for table in built.tables] == [
        ("aud_everybody", "audiences"),
        ("dim_people", "profile"),
        ("rpt_guardrail_measures", "observability"),
        ("sync_marketo__emea__everybody", "activation"),
    ]
    assert listing(sandbox.project) == before
    assert {event.name for event in events if isinstance(event, BuildEvent)} >= {
        "dim_people",
        "unique_dim_people_person_key",
    }
    assert [event.number for event in events if isinstance(event, BuildEvent)] == list(range(1, 10))
    assert str(events[-1]).startswith("9/9 ")
    reports = sandbox.settings.home.reports / "dbt"
    assert {"index.html", "manifest.json", "catalog.json", "run_results.json"} <= {
        path.name for path in reports.iterdir()
    }
    assert not (sandbox.settings.home.warehouse / ".building").exists()

    with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
        limits = dict(opened.execute("select name, value from int_engine").fetchall())
    assert limits["TimeZone"] == "UTC"
    assert limits["temp_directory"].startswith(str(sandbox.settings.home.warehouse))
    published = publish(sandbox.settings, built, passed(built))
    built.path.unlink()
    again = build(sandbox.settings)
    assert again.id != built.id
    assert (sandbox.settings.home.reports / "dbt" / "partial_parse.msgpack").is_file()
    made = publish(sandbox.settings, again, passed(again))
    assert (made.id, made.is_new) == (published.id, False)


def test_a_model_that_breaks_is_named_with_its_file_and_no_value_and_nothing_of_the_build_stays(
    sandbox: Sandbox,
) -> None:
    sandbox.night(0, people("ann"))
    good = build(sandbox.settings)
    publish(sandbox.settings, good, passed(good))
    sandbox.model("profile/dim_broken.sql", "select cast(email as integer) as x from {{ ref('dim_people') }}")
    sandbox.model("profile/dim_after.sql", "select * from {{ ref('dim_broken') }}")
    with pytest.raises(WarehouseError) as error:
        build(sandbox.settings)
    told = str(error.value)
    assert told.startswith(
        "model dim_broken (models/profile/dim_broken.sql): Conversion Error: Could not convert string '?'"
    )
    assert "1 skipped" in told
    assert "ann" not in told.replace("can't", "")
    assert builds(sandbox) == [f"{good.id}.duckdb", f"{good.id}.json"]
    assert not (sandbox.settings.home.warehouse / ".building").exists()
    assert last_build(sandbox.settings) == good
    assert query(sandbox.settings, "select count(*) as n from dim_people").to_pylist() == [{"n": 1}]
    reports = sandbox.settings.home.reports
    assert [
        path for path in reports.rglob("*") if path.is_file() and b"ann@example.com" in path.read_bytes()
    ] == []


def test_a_test_that_fails_is_named_with_the_count_of_rows_only(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann", "bob"))
    sandbox.model(
        "profile/dim_people.sql", "select 'ann' as person_key, email from {{ ref('stg_marketo__leads') }}"
    )
    sandbox.model(
        "audiences/aud_everybody.sql", "select person_key as member_key from {{ ref('dim_people') }}"
    )
    with pytest.raises(WarehouseError) as error:
        build(sandbox.settings)
    told = str(error.value)
    assert told.startswith(
        "test unique_dim_people_person_key (models/profile/_profile.yml): 1 rows of dim_people fail the test"
    )
    assert "skipped" in told
    assert "'ann'" not in told
    assert builds(sandbox) == []


def test_a_project_that_can_not_be_parsed_is_told(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    sandbox.model("profile/dim_broken.sql", "select * from {{ ref('nothing_of_this_name') }}")
    with pytest.raises(WarehouseError, match="nothing_of_this_name"):
        build(sandbox.settings)
    assert builds(sandbox) == []


def test_dbt_sees_no_variable_but_the_few_it_needs(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MARKETO__EMEA", "secret")
    sandbox.night(0, people("ann"))
    sandbox.model("profile/dim_leak.sql", "select '{{ env_var(\"AIRFLOW_CONN_MARKETO__EMEA\") }}' as x")
    with pytest.raises(WarehouseError, match="Env var required but not provided"):
        build(sandbox.settings)


def test_an_empty_lake_is_told_before_dbt_starts(sandbox: Sandbox) -> None:
    with pytest.raises(WarehouseError, match="the lake holds nothing yet"):
        build(sandbox.settings)


def test_a_build_of_some_models_stands_on_the_last_one_and_is_never_the_last_one(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    with pytest.raises(WarehouseError, match="there is no build yet"):
        build(sandbox.settings, select="dim_people")
    whole = build(sandbox.settings)
    some = build(sandbox.settings, select="dim_people")
    assert (some.models, some.select) == (1, "dim_people")
    assert last_build(sandbox.settings) == whole


def test_a_build_that_is_too_slow_is_ended_with_all_its_processes(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.night(0, people("ann"))
    slow = (
        "select count(*) as n from {{ ref('dim_people') }} as p, range(100000000) as a, range(100000000) as b"
    )
    sandbox.model("profile/dim_slow.sql", slow)
    seen: list[psutil.Process] = []
    monotonic = time.monotonic

    def hours_pass(event: object) -> None:
        seen.extend(children())
        monkeypatch.setattr(dbt.time, "monotonic", lambda: monotonic() + 5 * 3600)

    with pytest.raises(WarehouseError, match="not done in the time it has"):
        build(sandbox.settings, on_event=hours_pass)
    assert seen
    assert not any(process.is_running() for process in seen)
    assert not (sandbox.settings.home.warehouse / ".building").exists()


def test_whatever_goes_wrong_here_ends_the_child(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    seen: list[psutil.Process] = []

    def interrupted(event: object) -> None:
        seen.extend(children())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(sandbox.settings, on_event=interrupted)
    assert seen
    assert not any(process.is_running() for process in seen)


def test_a_child_that_is_killed_is_told_as_such(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    with pytest.raises(WarehouseError, match="dbt was killed before it was done"):
        build(sandbox.settings, on_event=lambda event: [process.kill() for process in children()])
    assert builds(sandbox) == []


def test_a_builder_that_is_killed_takes_dbt_with_it_and_the_next_build_is_whole(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    endless = sandbox.model("profile/dim_slow.sql", SLOW)
    told = FORK.SimpleQueue()

    def die(event: object) -> None:
        if isinstance(event, BuildEvent) and event.number < 8:
            return
        told.put([process.pid for process in children()])
        os.kill(os.getpid(), signal.SIGKILL)

    process = FORK.Process(target=lambda: build(sandbox.settings, on_event=die))
    process.start()
    pids = told.get()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    _, left = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=10)
    for orphan in left:
        orphan.kill()
    assert left == []
    assert (sandbox.settings.home.warehouse / ".building").exists()
    endless.unlink()
    assert build(sandbox.settings).models == 6
    assert len(builds(sandbox)) == 2


def test_two_builders_of_one_sandbox_work_one_after_the_other(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    gate, told = FORK.Barrier(2), FORK.SimpleQueue()

    def work() -> None:
        gate.wait()
        told.put(build(sandbox.settings).id)

    processes = [FORK.Process(target=work) for _ in range(2)]
    for process in processes:
        process.start()
    ids = sorted(told.get() for _ in processes)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert builds(sandbox) == [name for one in ids for name in (f"{one}.duckdb", f"{one}.json")]
    assert last_build(sandbox.settings).id == ids[-1]


def test_a_builder_without_patience_says_that_another_one_is_at_work(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    with (
        engine.exclusive(sandbox.settings.home.warehouse, "build", 0),
        pytest.raises(LeaseLost, match="another build of this sandbox is running"),
    ):
        build(sandbox.settings, patience_seconds=0)


def test_what_a_killed_build_left_is_thrown_away(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    workshop = sandbox.settings.home.warehouse / ".building"
    workshop.mkdir(parents=True)
    (workshop / "muster.duckdb").write_bytes(b"half a warehouse")
    (workshop / "muster.duckdb.wal").write_bytes(b"half a log")
    built = build(sandbox.settings)
    assert duckdb.connect(str(built.path), read_only=True).execute(
        "select count(*) from dim_people"
    ).fetchall() == [(1,)]


def test_the_last_three_builds_stay_and_files_without_a_record_go(sandbox: Sandbox) -> None:
    made = [sandbox.built({"profile/dim_people": "select 1 as a"}) for _ in range(5)]
    folder = sandbox.settings.home.warehouse
    (folder / "build-0000000.duckdb").write_bytes(b"no record")
    (folder / f"{made[4].id}.audit.json").write_text("{}")
    (folder / f"{made[0].id}.audit.json").write_text("{}")
    building._prune(folder)
    assert builds(sandbox) == sorted(
        [f"{one.id}.{end}" for one in made[2:] for end in ("duckdb", "json")] + [f"{made[4].id}.audit.json"]
    )


def test_the_engine_works_within_limits_in_utc(sandbox: Sandbox) -> None:
    built = sandbox.built({"profile/dim_people": "select 1 as a"})
    with engine.attached(built.path, built.path.parent / engine.SPILL) as opened:
        settings = dict(opened.execute("select name, value from duckdb_settings()").fetchall())
    assert settings["TimeZone"] == "UTC"
    assert settings["temp_directory"].endswith(".spill")
    total = psutil.virtual_memory().total
    assert engine.memory_limit().endswith("MiB")
    assert int(engine.memory_limit()[:-3]) * 1024**2 <= total // 2 + 1024**2
