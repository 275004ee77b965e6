"""What must be true after three nights: right to the last member, quiet when nothing is new, rebuilt the same."""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from conftest import DAY, Nights
from muster.config import connection_from_environment
from muster.errors import GuardrailHeld
from muster.lake import Lake
from muster.sources import extract
from muster.warehouse import Snapshot, audit, build, current_snapshot, publish, query
from muster.windows import Window

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nights")]


def parquet_bytes(snapshot: Snapshot) -> dict[str, str]:
    """Of every published table but the reports: they tell when something ran."""
    files = sorted(path for path in snapshot.folder.glob("*.parquet") if not path.name.startswith("rpt_"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_each_night_identity_audiences_lists_and_files_are_those_of_the_oracle(nights: Nights) -> None:
    assert nights.codes == [0, 0, 0]


def test_source_lake_and_staging_agree_and_no_limit_was_broken(nights: Nights) -> None:
    assert nights.verifier.show_reconciliation() == 0
    configured = sum(len(source.all_objects) for source in nights.settings.platform.sources)
    assert configured == 29
    assert (
        query(nights.settings, "select count(*) as n from rpt_reconciliation", {})["n"][0].as_py()
        == configured
    )


def test_no_lead_was_ever_created(nights: Nights) -> None:
    assert not any("lead" in kind for kinds in nights.simulators.stats()["writes"].values() for kind in kinds)


def test_a_run_with_nothing_new_reads_nothing_sends_nothing_and_publishes_nothing(nights: Nights) -> None:
    before = nights.verifier.state_of_the_world()
    assert nights.extract(3) == 0
    snapshot = nights.publish()
    assert (snapshot.is_new, snapshot.changed_rows) == (False, 0)
    results = nights.activate(3)
    assert sum(result.writes for result in results) == 0
    assert nights.verifier.check_nothing_changed(before) == 0


def test_a_warehouse_that_was_deleted_is_rebuilt_to_the_same_snapshot_byte_for_byte(nights: Nights) -> None:
    before = current_snapshot(nights.settings)
    assert before is not None
    for file in nights.settings.home.warehouse.iterdir():
        if file.is_file():
            file.unlink()
    again = nights.publish()
    assert (again.id, again.is_new) == (before.id, False)
    other = nights.another_home("elsewhere")
    other.home.lake.parent.mkdir(parents=True)
    other.home.lake.symlink_to(nights.settings.home.lake)
    elsewhere = nights.publish(other)
    assert parquet_bytes(elsewhere) == parquet_bytes(before)
    assert len(parquet_bytes(before)) > 15


@pytest.mark.backfill
def test_days_of_a_backfill_and_one_big_extract_give_the_same_profile(nights: Nights) -> None:
    """Sixty days of one instance, day by day, with the nightly run in between (F62)."""
    place, big = nights.shipped("by_days"), nights.shipped("at_once")
    night = nights.interval(3)
    source = place.platform.source("marketo__amer")
    days = [Window(night.start - DAY * back, night.start - DAY * (back - 1)) for back in range(60, 0, -1)]
    read = partial(
        extract, place, source.connection, resolver=connection_from_environment, gates=nights.in_haste(place)
    )
    for number, day in enumerate(days):
        if number == 30:
            read(night, "nightly", run_id="nightly")
            nightly = {
                m.window: m.files for m in Lake(place.home.lake).manifests() if m.run_kind == "nightly"
            }
        read(day, "backfill", run_id=f"day{number}")
    manifests = Lake(place.home.lake).manifests()
    assert {m.window: m.files for m in manifests if m.run_kind == "nightly"} == nightly
    for name in ("leads", "activities", "deleted_leads"):
        windows = [m.window for m in Lake(place.home.lake).committed(source.system, source.instance, name)]
        assert all(a.end == b.start for a, b in itertools.pairwise(windows)), name
        assert (windows[0].start, windows[-1].end) == (place.platform.history_start, night.end)
        assert len(windows) >= 30
    for one in (place, big):
        nights.extract(3, one)
    assert parquet_bytes(nights.publish(place)) == parquet_bytes(nights.publish(big))


def test_a_build_that_misses_a_guardrail_leaves_yesterdays_snapshot_in_force_and_says_why(
    nights: Nights, tmp_path: Path
) -> None:
    before = current_snapshot(nights.settings)
    file = nights.settings.guardrails_file
    text = file.read_text()
    line = next(line for line in text.splitlines() if line.strip() == "- id: rows_received")
    cut = text.index("fail: {min: 1}", text.index(line))
    file.write_text(text[:cut] + "fail: {min: 1000000}" + text[cut + len("fail: {min: 1}") :])
    try:
        built = build(nights.settings)
        with pytest.raises(GuardrailHeld, match=r"rows_received of .*measured .*at least 1e\+06"):
            publish(nights.settings, built, audit(nights.settings, built))
    finally:
        file.write_text(text)
    after = current_snapshot(nights.settings)
    assert before is not None
    assert after is not None
    assert after.id == before.id


def test_nothing_personal_is_in_reports_receipts_or_logs(nights: Nights) -> None:
    """E-mail addresses of people stay in the lake's raw data, the warehouse, the snapshots and the exports (F106)."""
    home = nights.settings.home
    emails = query(nights.settings, "select email from dim_people where email is not null limit 200", {})[
        "email"
    ].to_pylist()
    text = "\n".join(
        path.read_text(errors="ignore")
        for folder in (home.reports, home.state)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".json", ".html", ".log", ".txt", ".sql", ""}
    )
    assert len(emails) > 100
    assert [email for email in emails if email in text] == []
    receipts = Lake(home.lake).dataset_files("activation/receipts")
    assert receipts
    assert not any(email.encode() in path.read_bytes() for path in receipts for email in emails)


def test_the_clock_of_the_sources_decides_when_a_window_may_be_read(nights: Nights) -> None:
    """Night three ends at midnight; the sources' clock stands half an hour later, whatever ours says (F39)."""
    assert nights.simulators.now() - nights.interval(3).end < timedelta(hours=2)
