"""A file comes whole or not at all (F1)."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted_http import CutStream, Script

from muster.errors import IntegrityError, SourceError, TransientSourceError
from muster.http import Patience, Session, Wanted, download
from muster.http.download import Downloaded

BODY = random.Random(1).randbytes(50_000)
SHA = hashlib.sha256(BODY).hexdigest()


def judge(response: httpx.Response) -> None:
    if response.status_code not in (200, 206):
        raise SourceError("refused", where="x")


def fetch(script: Script, target: Path, wanted: Wanted, **patience: Any) -> Downloaded:
    pauses: list[float] = []
    session = Session(
        "https://api.example", where="x", transport=script, sleep=pauses.append, patience=Patience(**patience)
    )
    return download(session, "/file", target, wanted, judge=judge)


def body_of(status: int, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """An answer whose body is still to be read, as over a socket."""
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)


def ranged(request: httpx.Request) -> httpx.Response:
    """The rest of the body from where the request asks for it."""
    start, end = request.headers["range"].removeprefix("bytes=").split("-")
    part = BODY[int(start) : int(end) + 1]
    return body_of(206, part, {"Content-Range": f"bytes {start}-{end}/{len(BODY)}"})


def cut_at(count: int) -> httpx.Response:
    return httpx.Response(200, stream=CutStream([BODY[:count]]))


@pytest.mark.parametrize("seed", range(50))
def test_a_body_cut_anywhere_is_resumed_and_whole(tmp_path: Path, seed: int) -> None:
    at = random.Random(seed).randrange(1, len(BODY))
    script = Script(cut_at(at), ranged)
    found = fetch(script, tmp_path / "f", Wanted(len(BODY), SHA))
    assert (tmp_path / "f").read_bytes() == BODY
    assert (found.size, found.sha256) == (len(BODY), SHA)
    assert script.requests[1].headers["range"] == f"bytes={at}-{len(BODY) - 1}"


def test_a_body_that_merely_ends_early_is_resumed(tmp_path: Path) -> None:
    script = Script(body_of(200, BODY[:10]), ranged)
    fetch(script, tmp_path / "f", Wanted(len(BODY), SHA))
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_server_that_ignores_ranges_starts_over(tmp_path: Path) -> None:
    script = Script(cut_at(1_000), body_of(200, BODY))
    assert fetch(script, tmp_path / "f", Wanted(len(BODY), SHA)).sha256 == SHA
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_range_from_somewhere_else_is_not_pasted_on(tmp_path: Path) -> None:
    astray = body_of(206, BODY[5:], {"Content-Range": f"bytes 5-{len(BODY) - 1}/{len(BODY)}"})
    script = Script(cut_at(1_000), astray, body_of(200, BODY))
    assert fetch(script, tmp_path / "f", Wanted(len(BODY), SHA)).sha256 == SHA


def test_a_body_that_is_cut_for_ever_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TransientSourceError):
        fetch(Script(lambda _: cut_at(0)), tmp_path / "f", Wanted(len(BODY), SHA), attempts=3)


def test_cuts_that_still_bring_a_megabyte_each_do_not_wear_out_patience(tmp_path: Path) -> None:
    body = bytes(30 << 20)

    def some(request: httpx.Request) -> httpx.Response:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        part, headers = (
            body[start : start + (2 << 20)],
            {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"},
        )
        return httpx.Response(206 if start else 200, stream=CutStream([part]), headers=headers)

    found = fetch(Script(some), tmp_path / "f", Wanted(len(body)), attempts=2)
    assert found.size == len(body)
    assert found.has_nul


def test_a_wrong_checksum_is_fetched_anew_once(tmp_path: Path) -> None:
    wrong = body_of(200, b"x" * len(BODY))
    assert fetch(Script(wrong, body_of(200, BODY)), tmp_path / "f", Wanted(len(BODY), SHA)).sha256 == SHA
    again = Script(lambda _: body_of(200, b"x" * len(BODY)))
    with pytest.raises(IntegrityError, match="SHA-256"):
        fetch(again, tmp_path / "g", Wanted(len(BODY), SHA))
    assert len(again.requests) == 2


def test_more_bytes_than_announced_are_refused_before_the_disk_is_full(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="more bytes"):
        fetch(Script(body_of(200, BODY)), tmp_path / "f", Wanted(100))
    with pytest.raises(IntegrityError, match="more bytes"):
        fetch(Script(body_of(200, BODY)), tmp_path / "f", Wanted(largest=100))


def test_without_a_size_a_cut_body_is_fetched_from_the_start(tmp_path: Path) -> None:
    script = Script(cut_at(1_000), body_of(200, BODY))
    assert fetch(script, tmp_path / "f", Wanted()).sha256 == SHA
    assert "range" not in script.requests[1].headers
