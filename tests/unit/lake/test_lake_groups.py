"""Groups of rows are encoded beside the reading: nothing is lost, an error there is an error here."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.lake.conftest import begin, leads, read

from muster.errors import LakeError
from muster.lake import Lake, writer


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP_ROWS", 10)


def test_rows_keep_their_order_over_many_groups(lake: Lake) -> None:
    with begin(lake) as task:
        for number in range(40):
            task.write(leads(7, start=7 * number))
        task.commit(280, {})
    assert [row["id"] for row in read(lake)] == [str(number) for number in range(280)]


def test_what_goes_wrong_while_a_group_is_encoded_stops_the_commit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(part: writer.Part, table: object) -> None:
        raise OSError(28, "No space left on device")

    with begin(lake) as task, monkeypatch.context() as patch:
        patch.setattr(writer.Part, "add", refuse)
        task.write(leads(10))
        with pytest.raises(LakeError, match="too full"):
            task.commit(10, {})
    assert lake.manifests() == []
    assert not list(lake.incoming.glob("*"))


def test_leaving_while_a_group_is_encoded_leaves_nothing(lake: Lake) -> None:
    with begin(lake) as task:
        task.write(leads(10))
    assert not list(lake.incoming.glob("*"))


def test_only_columns_whose_values_repeat_get_a_dictionary(lake: Lake) -> None:
    rows = [{"id": str(number), "city": "Berlin" if number % 2 else None} for number in range(1_000)]
    with begin(lake) as task:
        task.write(rows)
        task.commit(1_000, {})
    group = pq.ParquetFile(_file(lake)).metadata.row_group(0)
    found = {
        group.column(n).path_in_schema: group.column(n).has_dictionary_page for n in range(group.num_columns)
    }
    assert (found["id"], found["city"], found["_run_id"]) == (False, True, True)


def _file(lake: Lake) -> Path:
    (path,) = lake.raw_files("marketo", "leads")
    return path
