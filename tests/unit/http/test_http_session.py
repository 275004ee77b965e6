"""A session tries again what may pass, renews a token once, and says nothing it shouldn't."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from scripted_http import Script

from muster.errors import SourceError, TransientSourceError
from muster.http import Patience, Session, TokenRejected, failure

HOST = "https://api.example"


def read(response: httpx.Response) -> str:
    if response.status_code == 401:
        raise TokenRejected("session over", where="x")
    if response.status_code != 200:
        raise failure(response, "marketo__emea")
    return response.text


class Signer:
    def __init__(self) -> None:
        self.renewed = 0

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer token-{self.renewed}"}

    def base_url(self) -> str | None:
        return None

    def renew(self) -> None:
        self.renewed += 1


def session(script: Script, pauses: list[float], **options: Any) -> Session:
    return Session(HOST, where="marketo__emea", transport=script, sleep=pauses.append, **options)


def test_a_passing_error_is_tried_again_after_a_pause(pauses: list[float]) -> None:
    script = Script(httpx.Response(502), httpx.ConnectTimeout("slow"), httpx.Response(200, text="done"))
    assert session(script, pauses).send("GET", "/a", read=read) == "done"
    assert len(script.requests) == 3
    assert len(pauses) == 2


def test_a_lasting_error_is_not_tried_again(pauses: list[float]) -> None:
    script = Script(httpx.Response(403))
    with pytest.raises(SourceError) as caught:
        session(script, pauses).send("GET", "/a", read=read)
    assert not isinstance(caught.value, TransientSourceError)
    assert len(script.requests) == 1


def test_attempts_end(pauses: list[float]) -> None:
    script = Script(httpx.Response(503))
    with pytest.raises(TransientSourceError):
        session(script, pauses, patience=Patience(attempts=4)).send("GET", "/a", read=read)
    assert len(script.requests) == 4


def test_the_sum_of_pauses_is_bounded(pauses: list[float]) -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "40"}))
    with pytest.raises(TransientSourceError):
        session(script, pauses, patience=Patience(attempts=1000, seconds=100)).send("GET", "/a", read=read)
    assert pauses == [40.0, 40.0]


def test_a_named_pause_of_hours_is_cut_to_two_minutes(pauses: list[float]) -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "86400"}), httpx.Response(200))
    session(script, pauses, patience=Patience(seconds=1000)).send("GET", "/a", read=read)
    assert pauses == [120.0]


def test_one_attempt_means_no_repeat_of_our_own(pauses: list[float]) -> None:
    script = Script(httpx.ReadTimeout("late"), httpx.Response(200))
    with pytest.raises(TransientSourceError):
        session(script, pauses).send("POST", "/a", read=read, attempts=1)
    assert len(script.requests) == 1


def test_a_rejected_token_is_renewed_once_and_without_a_pause(pauses: list[float]) -> None:
    signer, script = Signer(), Script(httpx.Response(401), httpx.Response(200, text="done"))
    assert session(script, pauses, authoriser=signer).send("GET", "/a", read=read) == "done"
    assert [request.headers["authorization"] for request in script.requests] == [
        "Bearer token-0",
        "Bearer token-1",
    ]
    assert pauses == []


def test_a_fresh_token_that_is_rejected_too_is_an_error(pauses: list[float]) -> None:
    signer, script = Signer(), Script(httpx.Response(401))
    with pytest.raises(SourceError, match="fresh token"):
        session(script, pauses, authoriser=signer).send("GET", "/a", read=read)
    assert (signer.renewed, len(script.requests)) == (1, 2)


def test_every_call_has_a_time_limit_and_names_the_client(pauses: list[float]) -> None:
    script = Script(httpx.Response(200))
    session(script, pauses, timeout=7).send("GET", "/a", read=read)
    request = script.requests[0]
    assert request.headers["user-agent"].startswith("muster/")
    assert request.extensions["timeout"] == {"connect": 7, "read": 7, "write": 7, "pool": 7}


def test_redirects_are_not_followed(pauses: list[float]) -> None:
    script = Script(httpx.Response(302, headers={"Location": "http://169.254.169.254/"}))
    with pytest.raises(SourceError, match="302"):
        session(script, pauses).send("GET", "/a", read=read)
    assert len(script.requests) == 1


def test_the_clock_is_the_servers(pauses: list[float]) -> None:
    script = Script(
        httpx.Response(200, headers={"Date": "Tue, 03 Mar 2026 00:30:00 GMT"}), httpx.Response(200)
    )
    one = session(script, pauses)
    one.send("GET", "/a", read=read)
    assert one.server_time() == datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    one.send("GET", "/a", read=read)
    with pytest.raises(SourceError, match="clock"):
        one.server_time()


def test_errors_and_logs_hold_no_query_no_body_and_no_token(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = (httpx.Response(200), httpx.ConnectError("no route to ann@acme.example"), httpx.Response(400))
    script, texts = Script(*answers), []
    one = session(script, pauses, authoriser=Signer(), patience=Patience(attempts=1))
    for _ in answers:
        try:
            one.send(
                "POST",
                "/a",
                read=read,
                params={"filterValues": "ann@acme.example"},
                json={"secret": "hunter2"},
            )
        except SourceError as error:
            texts.append("".join(traceback.format_exception(error)))
    assert len(texts) == 2
    said = "\n".join([*texts, caplog.text])
    assert "/a" in said
    for secret in ("ann@acme", "ann%40acme", "hunter2", "token-0"):
        assert secret not in said
    assert "ann%40acme.example" in str(script.requests[0].url)


def test_a_connection_without_an_address_is_refused() -> None:
    with pytest.raises(SourceError, match="no address"):
        Session("", where="marketo__emea")
