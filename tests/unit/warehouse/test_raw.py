"""Schema raw: exactly the committed files, every declared column, even when nothing was received."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from tests.unit.warehouse.conftest import DAY, FIRST, Sandbox, people

from muster.errors import ConfigError, WarehouseError
from muster.warehouse import engine, raw


def rows(sandbox: Sandbox, sql: str) -> list[dict[str, Any]]:
    folder = sandbox.settings.home.warehouse
    folder.mkdir(parents=True, exist_ok=True)
    with engine.attached(folder / "muster.duckdb", folder / engine.SPILL, writable=True) as opened:
        raw.create(opened, sandbox.lake, sandbox.lake.manifests(), sandbox.settings.platform, sandbox.project)
        return opened.sql(sql).to_arrow_table().to_pylist()


def test_a_view_reads_the_committed_files_and_has_what_was_declared_but_never_received(
    sandbox: Sandbox,
) -> None:
    sandbox.night(0, people("ann"))
    sandbox.night(1, [{"id": "0", "firstName": "anna", "score": "5"}])
    found = rows(
        sandbox,
        "select id, email, score, neverReceived, _window_end from raw.marketo__leads order by _window_end",
    )
    assert [(row["id"], row["email"], row["score"], row["neverReceived"]) for row in found] == [
        ("0", "ann@example.com", None, None),
        ("0", None, "5", None),
    ]
    assert [row["_window_end"].astimezone(UTC) for row in found] == [FIRST + DAY, FIRST + 2 * DAY]


def test_a_table_that_never_received_anything_is_empty_and_has_its_columns(sandbox: Sandbox) -> None:
    sandbox.night(0, people("ann"))
    kinds = rows(sandbox, "select column_name, column_type from (describe raw.marketo__activities)")
    assert {row["column_name"]: row["column_type"] for row in kinds} == {
        "marketoGUID": "VARCHAR",
        "_source_instance": "VARCHAR",
        "_run_id": "VARCHAR",
        **dict.fromkeys(("_extracted_at", "_window_start", "_window_end"), "TIMESTAMP WITH TIME ZONE"),
    }
    assert rows(sandbox, "from raw.marketo__activities") == []


def test_every_raw_column_is_text_even_where_a_file_holds_only_nulls(sandbox: Sandbox) -> None:
    sandbox.night(0, [{"id": "1", "email": None}])
    sandbox.night(1, [])
    kinds = rows(
        sandbox,
        "select distinct column_type from (describe raw.marketo__leads) where column_name not like '\\_%' escape '\\'",
    )
    assert kinds == [{"column_type": "VARCHAR"}]


def test_a_column_that_differs_from_the_declared_one_by_case_only_is_that_column(sandbox: Sandbox) -> None:
    sandbox.night(0, [{"id": "1", "FIRSTNAME": "Ann"}])
    assert rows(sandbox, 'select "firstName" as name from raw.marketo__leads') == [{"name": "Ann"}]


def test_the_manifests_are_a_table(sandbox: Sandbox) -> None:
    manifest = sandbox.night(0, people("ann", "bob"))
    (row,) = rows(sandbox, "from raw.lake__manifests")
    assert row.pop("committed_at") is not None
    assert {name: row.pop(name).astimezone(UTC) for name in ("window_start", "window_end")} == {
        "window_start": FIRST,
        "window_end": FIRST + DAY,
    }
    assert row == {
        "system": "marketo",
        "instance": "emea",
        "source_instance": "marketo__emea",
        "object": "leads",
        "kind": "window",
        "run_id": "night 0",
        "run_kind": "nightly",
        "source_rows": 2,
        "rows": 2,
        "quarantined_rows": 0,
        "bytes": manifest.bytes,
        "file_count": 1,
    }


def test_what_the_configuration_expects_is_a_table(sandbox: Sandbox) -> None:
    assert rows(sandbox, "from raw.lake__expected") == [
        {"source_instance": "marketo__emea", "system": "marketo", "object": "leads"}
    ]


def test_receipts_have_todays_columns_whatever_older_files_lack(sandbox: Sandbox) -> None:
    assert rows(sandbox, "from raw.activation__receipts") == []
    sandbox.lake.append_rows(
        "activation/receipts", pa.table({"member_key": ["p1"], "gone_column": [1]}), "old"
    )
    sandbox.lake.append_rows(
        "activation/receipts", pa.table({"member_key": ["p2"], "verdict": ["accepted"]}), "new"
    )
    found = rows(
        sandbox, "select member_key, verdict, epoch from raw.activation__receipts order by member_key"
    )
    assert found == [
        {"member_key": "p1", "verdict": None, "epoch": None},
        {"member_key": "p2", "verdict": "accepted", "epoch": None},
    ]
    names = {row["table_name"] for row in rows(sandbox, "select table_name from information_schema.tables")}
    assert {"activation__intents", "activation__receipts", "activation__runs"} <= names


def test_the_evaluation_time_is_the_end_of_the_newest_nightly_window(sandbox: Sandbox) -> None:
    late = sandbox.night(5, people("ann"), run_kind="backfill")
    assert raw.as_of([late]) == FIRST + 6 * DAY
    assert raw.as_of([late, sandbox.night(1, people("ann"))]) == FIRST + 2 * DAY
    assert isinstance(raw.as_of(sandbox.lake.manifests()), datetime)


def test_a_source_table_with_another_kind_of_name_is_refused(sandbox: Sandbox) -> None:
    sandbox.model("staging/marketo/_sources.yml", "sources: [{name: marketo, tables: [{name: Leads}]}]")
    with pytest.raises(WarehouseError, match=r"'Leads' is not named <system>__<object>"):
        raw.declared_tables(sandbox.project)


def test_a_sources_file_that_is_no_yaml_is_told_with_its_line(sandbox: Sandbox) -> None:
    path = sandbox.model("staging/marketo/_sources.yml", "sources: [\n")
    with pytest.raises(ConfigError, match=str(path)):
        raw.declared_tables(sandbox.project)
