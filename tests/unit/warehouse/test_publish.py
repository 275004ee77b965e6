"""Publishing moves one pointer, last; the same content changes nothing; nobody who reads is disturbed."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from tests.unit.warehouse.conftest import DAY, FIRST, Sandbox, passed

from muster.errors import GuardrailHeld, LeaseLost, WarehouseError
from muster.lake import files
from muster.quality import Finding
from muster.warehouse import (
    Snapshot,
    current_snapshot,
    engine,
    last_build,
    publish,
    publishing,
    query,
    rollback,
    snapshots,
)

FORK = multiprocessing.get_context("fork")
PEOPLE = "select * from (values ('p2', 'Bob', null), ('p1', 'Ann', 'ann@example.com')) as t(person_key, name, email)"
TABLES = {
    "profile/dim_people": PEOPLE,
    "audiences/aud_everybody": "select 'p1' as member_key, timestamptz '2026-03-03 00:00:00+00' as evaluated_at",
    "activation/sync_files__exports__everybody": "select 'p1' as member_key, 'ann@example.com' as email",
    "observability/rpt_runs": "select now() as measured_at, random() as measured_value",
}


def put(sandbox: Sandbox, tables: dict[str, str] | None = None, as_of: datetime = FIRST + DAY) -> Snapshot:
    built = sandbox.built(TABLES if tables is None else tables, as_of)
    return publish(sandbox.settings, built, passed(built))


def changed(people: str) -> dict[str, str]:
    return {**TABLES, "profile/dim_people": people}


def test_the_first_publication_is_read_back_with_rows_hash_and_size(sandbox: Sandbox) -> None:
    assert current_snapshot(sandbox.settings) is None
    made = put(sandbox)
    assert (made.is_new, made.changed_rows, made.as_of) == (True, 2, FIRST + DAY)
    found = current_snapshot(sandbox.settings)
    assert found == replace(made, is_new=False)
    assert set(found.tables) == {name.split("/")[1] for name in TABLES}
    facts = found.tables["dim_people"]
    assert facts["rows"] == 2
    assert len(facts["sha256"]) == 64
    assert facts["bytes"] == (made.folder / "dim_people.parquet").stat().st_size


def test_files_are_sorted_by_all_columns(sandbox: Sandbox) -> None:
    path = put(sandbox).folder / "dim_people.parquet"
    assert duckdb.read_parquet(str(path)).fetchall() == [
        ("p1", "Ann", "ann@example.com"),
        ("p2", "Bob", None),
    ]


def test_the_same_content_again_changes_nothing_whatever_the_reports_say(sandbox: Sandbox) -> None:
    first = put(sandbox)
    pointer = sandbox.settings.home.published / "current.json"
    before = (pointer.read_bytes(), pointer.stat().st_mtime_ns)
    again = put(sandbox, changed(f"select * from ({PEOPLE}) order by name"))
    assert (again.id, again.is_new, again.changed_rows) == (first.id, False, 0)
    assert (pointer.read_bytes(), pointer.stat().st_mtime_ns) == before
    assert [one.id for one in snapshots(sandbox.settings)] == [first.id]
    assert not list((sandbox.settings.home.published / "snapshots").glob(".*"))


def test_the_same_content_of_a_later_time_is_a_new_snapshot_without_changed_rows(sandbox: Sandbox) -> None:
    first = put(sandbox)
    later = put(sandbox, as_of=FIRST + 2 * DAY)
    assert (later.is_new, later.changed_rows) == (True, 0)
    assert later.id != first.id
    assert {one.id for one in snapshots(sandbox.settings)} == {first.id, later.id}


@pytest.mark.parametrize(
    ("people", "count"),
    [
        ("select 'p1' as person_key, 'Ann' as name, 'ann@example.com' as email", 1),
        (f"{PEOPLE} union all select 'p3', 'Cy', null", 1),
        (
            "select * from (values ('p2', 'Rob', null), ('p1', 'Ann', 'ann@example.com')) as t(person_key, name, email)",
            1,
        ),
        (f"{PEOPLE} union all {PEOPLE}", 2),
        (f"select *, 1 as score from ({PEOPLE})", 2),
        (f"select *, now() as evaluated_at from ({PEOPLE})", 2),
    ],
)
def test_changed_rows_count_what_is_gone_new_or_different(sandbox: Sandbox, people: str, count: int) -> None:
    put(sandbox)
    made = put(sandbox, changed(people))
    assert (made.is_new, made.changed_rows) == (True, count)


def test_a_column_that_only_says_when_does_not_count_as_a_change(sandbox: Sandbox) -> None:
    for moment in ("2026-03-03", "2026-03-04"):
        made = put(sandbox, changed(f"select *, date '{moment}' as evaluated_at from ({PEOPLE})"))
    assert (made.is_new, made.changed_rows) == (True, 0)


def test_a_changed_audience_makes_a_snapshot_without_changed_profile_rows(sandbox: Sandbox) -> None:
    put(sandbox)
    made = put(
        sandbox, {**TABLES, "audiences/aud_everybody": "select 'p2' as member_key, now() as evaluated_at"}
    )
    assert (made.is_new, made.changed_rows) == (True, 0)


def test_the_hash_is_of_the_set_of_rows_and_of_the_columns(sandbox: Sandbox) -> None:
    selects = [
        "select 1 as a, 'x' as b union all select 2, 'y'",
        "select 2 as a, 'y' as b union all select 1, 'x'",
        "select 1 as a, 'y' as b union all select 2, 'x'",
        "select 1 as a, 'x' as b union all select 2, 'y' union all select 2, 'y'",
        "select 1 as c, 'x' as b union all select 2, 'y'",
        "select 1::bigint as a, 'x' as b union all select 2, 'y'",
        "select 1 as a, null as b union all select 2, 'y'",
        "select 1 as a, '' as b union all select 2, 'y'",
    ]
    hashes = [
        put(sandbox, {"profile/dim_people": select}).tables["dim_people"]["sha256"] for select in selects
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == len(hashes) - 1


# -------------------------------------------------------------------------------------- what is refused


def finding(verdict: str) -> Finding:
    return Finding(
        "duplicate_keys",
        "dim_people",
        "A key occurs once",
        "stop",
        verdict,
        4.0,
        "at most 0",
        "mend the join",
    )  # type: ignore[arg-type]


def test_a_held_build_is_refused_and_the_pointer_stays(sandbox: Sandbox) -> None:
    first = put(sandbox)
    built = sandbox.built(changed("select 'p9' as person_key"))
    with pytest.raises(GuardrailHeld, match=r"duplicate_keys of dim_people: measured 4, allowed at most 0"):
        publish(sandbox.settings, built, passed(built, finding("fail")))
    assert current_snapshot(sandbox.settings) == replace(first, is_new=False)


def test_a_build_that_was_not_audited_is_refused(sandbox: Sandbox) -> None:
    first, second = sandbox.built(TABLES), sandbox.built(TABLES)
    with pytest.raises(WarehouseError, match=r"not the one that was audited \(build-000001\)"):
        publish(sandbox.settings, second, passed(first))


def test_a_build_that_changed_after_its_audit_is_refused(sandbox: Sandbox) -> None:
    built = sandbox.built(TABLES)
    audited = passed(built)
    with engine.attached(built.path, built.path.parent, writable=True) as opened:
        opened.execute("insert into dim_people values ('p7', 'Eve', null)")
    with pytest.raises(WarehouseError, match="not the one that was audited"):
        publish(sandbox.settings, built, audited)
    assert current_snapshot(sandbox.settings) is None


def test_a_build_of_some_models_is_refused(sandbox: Sandbox) -> None:
    built = replace(sandbox.built(TABLES), select="dim_people")
    with pytest.raises(WarehouseError, match="a build of some models is not published"):
        publish(sandbox.settings, built, passed(built))


def test_a_build_without_its_file_says_what_to_do(sandbox: Sandbox) -> None:
    built = sandbox.built(TABLES)
    audited = passed(built)
    built.path.unlink()
    with pytest.raises(WarehouseError, match="the warehouse file of this build is gone"):
        publish(sandbox.settings, built, audited)


def test_an_unopenable_warehouse_file_is_thrown_away(sandbox: Sandbox) -> None:
    built = sandbox.built(TABLES)
    built.path.write_bytes(b"half a warehouse")
    with pytest.raises(WarehouseError, match="can't be opened and was thrown away"):
        last_build(sandbox.settings)
    assert not built.path.exists()
    assert not built.record.exists()
    with pytest.raises(WarehouseError, match="there is no build yet"):
        last_build(sandbox.settings)


def test_a_file_that_somebody_has_open_is_not_thrown_away(sandbox: Sandbox) -> None:
    built = sandbox.built(TABLES)
    gate, done = FORK.Event(), FORK.Event()

    def hold() -> None:
        with engine.attached(built.path, built.path.parent, writable=True):
            gate.set()
            done.wait()

    process = FORK.Process(target=hold)
    process.start()
    gate.wait()
    try:
        with pytest.raises(WarehouseError, match="lock"):
            last_build(sandbox.settings)
    finally:
        done.set()
        process.join()
    assert last_build(sandbox.settings).id == built.id


# ------------------------------------------------------------------------------ retention and going back


def test_seven_snapshots_stay_and_the_one_in_force_always(sandbox: Sandbox) -> None:
    made = [put(sandbox, as_of=FIRST + (number + 1) * DAY) for number in range(9)]
    kept = [one.id for one in snapshots(sandbox.settings)]
    assert kept == [one.id for one in reversed(made)][:7]
    rollback(sandbox.settings, kept[-1])
    for number in range(9, 12):
        put(sandbox, as_of=FIRST + (number + 1) * DAY)
    folder = sandbox.settings.home.published / "snapshots"
    assert {path.name for path in folder.iterdir()} == {one.id for one in snapshots(sandbox.settings)}
    assert len(snapshots(sandbox.settings)) == 7


def test_rollback_puts_an_earlier_snapshot_in_force_and_publishing_goes_forward_again(
    sandbox: Sandbox,
) -> None:
    first = put(sandbox)
    second = put(sandbox, changed("select 'p9' as person_key"))
    assert rollback(sandbox.settings, first.id).id == first.id
    assert query(sandbox.settings, "select count(*) as n from dim_people").to_pylist() == [{"n": 2}]
    again = put(sandbox, changed("select 'p9' as person_key"))
    assert (again.id, again.is_new) == (second.id, True)
    assert query(sandbox.settings, "select person_key from dim_people").to_pylist() == [{"person_key": "p9"}]


@pytest.mark.parametrize("name", ["nothing", "../../etc", ""])
def test_rollback_to_what_is_not_kept_names_what_is(sandbox: Sandbox, name: str) -> None:
    first = put(sandbox)
    with pytest.raises(WarehouseError, match=f"there is no snapshot '{name}'\n.*kept are: {first.id}"):
        try:
            rollback(sandbox.settings, name)
        except WarehouseError as error:
            raise WarehouseError(str(error)) from None


def test_a_pointer_to_a_snapshot_that_is_gone_says_so(sandbox: Sandbox) -> None:
    made = put(sandbox)
    (made.folder / "snapshot.json").unlink()
    with pytest.raises(WarehouseError, match="the snapshot in force is gone"):
        current_snapshot(sandbox.settings)


# --------------------------------------------------------------------------------------- kills and rivals

MOMENTS = {
    files: ("flush", "write_whole"),
    publishing: ("_export", "_changed_rows", "_place", "write_json", "_prune"),
}


@pytest.mark.parametrize("moment", range(0, 22, 3))
def test_a_publication_killed_at_any_step_leaves_the_old_or_the_new_snapshot_whole(
    sandbox: Sandbox, moment: int
) -> None:
    first = put(sandbox)
    built = sandbox.built(changed("select 'p9' as person_key"))
    audited = passed(built)
    countdown = [moment]

    def die_at(original: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            countdown[0] -= 1
            if countdown[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments)

        return step

    def work() -> None:
        for module, names in MOMENTS.items():
            for name in names:
                setattr(module, name, die_at(getattr(module, name)))
        publish(sandbox.settings, built, audited)

    process = FORK.Process(target=work)
    process.start()
    process.join()
    rows = query(sandbox.settings, "select person_key from dim_people order by all").to_pylist()
    found = current_snapshot(sandbox.settings)
    assert found is not None
    old, new = [{"person_key": "p1"}, {"person_key": "p2"}], [{"person_key": "p9"}]
    assert rows == (old if found.id == first.id else new)
    assert process.exitcode == -signal.SIGKILL or rows == new
    publish(sandbox.settings, built, audited)
    assert query(sandbox.settings, "select person_key from dim_people").to_pylist() == new
    assert not list((sandbox.settings.home.published / "snapshots").glob(".*"))


def test_a_snapshot_folder_without_its_facts_is_made_anew(sandbox: Sandbox) -> None:
    made = put(sandbox)
    (made.folder / "snapshot.json").unlink()
    (sandbox.settings.home.published / "current.json").unlink()
    assert put(sandbox).id == made.id
    assert current_snapshot(sandbox.settings) is not None


def test_two_publications_at_once_wait_for_each_other_or_give_up(sandbox: Sandbox) -> None:
    built = sandbox.built(TABLES)
    with (
        engine.exclusive(sandbox.settings.home.published, "publication", 0),
        pytest.raises(LeaseLost, match="another publication of this sandbox is running"),
    ):
        publish(sandbox.settings, built, passed(built), patience_seconds=0)
    assert publish(sandbox.settings, built, passed(built), patience_seconds=0).is_new


def test_a_reader_that_began_before_a_publication_reads_on(sandbox: Sandbox) -> None:
    first = put(sandbox)
    path = first.folder / "dim_people.parquet"
    reader = duckdb.connect().execute(f"select * from read_parquet('{path}')")
    put(sandbox, changed("select 'p9' as person_key"))
    assert len(reader.fetchall()) == 2


def test_the_pointer_holds_the_snapshot_and_its_time(sandbox: Sandbox) -> None:
    made = put(sandbox)
    pointer: Path = sandbox.settings.home.published / "current.json"
    assert json.loads(pointer.read_text()) == {"snapshot": made.id, "as_of": "2026-03-03T00:00:00+00:00"}
    assert made.id.startswith("20260303T000000Z-")
    assert made.published_at.tzinfo is UTC
