from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "unit" / "activation"))

from destination_harness import Harness, LocalHarness, MarketoHarness, S3Harness, s3_server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3-compatible server on a loopback port."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def marketo(tmp_path: Path) -> Iterator[MarketoHarness]:
    """A static list in the Marketo simulator, over HTTP."""
    with MarketoHarness.started(tmp_path) as harness:
        yield harness


@pytest.fixture
def local(tmp_path: Path) -> LocalHarness:
    """CSV and Parquet in a folder."""
    return LocalHarness(tmp_path)


@pytest.fixture
def s3(tmp_path: Path, s3_endpoint: str) -> S3Harness:
    """CSV and Parquet in a bucket."""
    return S3Harness(tmp_path, s3_endpoint)


@pytest.fixture(params=["marketo", "local", "s3"])
def harness(request: pytest.FixtureRequest) -> Harness:
    """Every destination in turn."""
    found: Harness = request.getfixturevalue(request.param)
    return found
