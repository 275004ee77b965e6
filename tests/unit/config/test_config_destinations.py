"""Where files go, as platform.yml says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from muster.config import load

Change = Callable[..., tuple[list[str], int]]
FILES = "    name: files__exports\n"


@pytest.mark.parametrize("path", ["/mnt/exports", "exports", "s3://bucket", "s3://bucket/a/prefix/"])
def test_a_folder_and_an_s3_prefix_are_places_for_files(change: Change, path: str) -> None:
    assert change((FILES, f"{FILES}    path: {path}\n"))[0] == []


def test_an_s3_place_may_name_its_connection_and_its_csv_may_stay_raw(change: Change, folder: Path) -> None:
    more = "    path: s3://bucket/x\n    connection: files__bucket\n    neutralise_formulas: false\n"
    assert change((FILES, FILES + more))[0] == []
    (found,) = [d for d in load(folder).platform.destinations if d.type == "files"]
    assert (found.connection, found.neutralise_formulas) == ("files__bucket", False)


def test_formulas_are_neutralised_unless_said_otherwise(folder: Path) -> None:
    (found,) = [d for d in load(folder).platform.destinations if d.type == "files"]
    assert found.neutralise_formulas is True


@pytest.mark.parametrize("path", ["gs://bucket/x", "https://host/x", "s3://", "s3:///"])
def test_another_scheme_or_a_missing_bucket_is_refused_at_its_line(change: Change, path: str) -> None:
    found, line = change((FILES, f"{FILES}    path: {path}\n"))
    assert len(found) == 1
    assert found[0].startswith(f"{line + 1}: ") and "neither a folder nor s3://<bucket>/<prefix>" in found[0]


@pytest.mark.parametrize("path", ["s3://bucket/../x", "../x", "~/x"])
def test_a_way_out_of_the_place_is_refused(change: Change, path: str) -> None:
    assert "must not contain '..'" in change((FILES, f"{FILES}    path: {path}\n"))[0][0]


@pytest.mark.parametrize("path", ["", "    path: /mnt/exports\n"])
def test_a_connection_is_for_s3_only(change: Change, path: str) -> None:
    found, _ = change((FILES, f"{FILES}{path}    connection: files__bucket\n"))
    assert len(found) == 1 and "a connection is for s3:// paths only" in found[0]


def test_a_connection_of_another_system_is_refused(change: Change) -> None:
    found, _ = change((FILES, f"{FILES}    path: s3://bucket\n    connection: marketo__emea\n"))
    assert len(found) == 1 and "does not belong to type 'files'" in found[0]
