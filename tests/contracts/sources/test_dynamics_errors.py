"""What Dynamics refuses and how Muster takes it: limits, tokens, wrong connections, one decision per documented code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from bench_dynamics import ORG, TENANT, DynamicsBench
from source_benches import NIGHT, SECRET, START, Bench

from muster.errors import SourceError, TransientSourceError
from muster.http import TokenRejected
from muster.sources import open_source
from muster.sources.dynamics.api import DynamicsApi, TokenExpired
from muster.sources.dynamics.errors import DECISIONS, OAUTH

Start = Callable[[Bench], Bench]
Make = Callable[..., DynamicsBench]
NOON = START + timedelta(hours=12)
CONTACTS = "GET /api/data/v9.2/contacts"


# ---- limits and tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["requests", "time", "concurrent"])
def test_a_service_protection_limit_is_waited_out_for_as_long_as_it_says(
    dynamics: Make, start: Start, kind: str
) -> None:
    bench = dynamics()
    bench.person(1, NOON)
    fault = bench.fault("throttle", CONTACTS, {"kind": kind, "seconds": 271}, times=2)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 2
    assert bench.pauses.count(271) == 2
    assert len(bench.rows(settings)) == 1


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"requests": 20}, "0x80072322"),
        ({"execution_seconds": 1.0, "execution_seconds_per_row": 0.5}, "0x80072321"),
    ],
)
def test_a_whole_night_passes_under_limits_that_it_meets(
    dynamics: Make, start: Start, limits: dict[str, Any], code: str
) -> None:
    bench = dynamics(**limits)
    for number in range(1, 6):
        bench.person(number, NOON)
    settings = start(bench).settings()
    assert len(bench.extract(settings)) == 13
    assert bench.stats.to_dict()["violations"][bench.id][code] > 0
    assert max(bench.pauses) <= 300


def test_a_limit_that_never_passes_ends_in_an_error_that_names_it(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    bench.fault("throttle", CONTACTS, {"kind": "requests", "seconds": 3_000}, times=None)
    with pytest.raises(TransientSourceError, match="0x80072322"):
        bench.extract(start(bench).settings())
    assert set(bench.pauses) == {600}


@pytest.mark.parametrize("call", ["WhoAmI", "EntityDefinitions", "v9.2/contacts"])
def test_a_token_that_ends_anywhere_is_renewed_once(dynamics: Make, start: Start, call: str) -> None:
    bench = dynamics()
    bench.person(1, NOON)
    fault = bench.fault("token", call)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 1
    assert bench.calls("oauth2") == 2
    assert len(bench.rows(settings)) == 1


def test_a_token_that_is_refused_again_and_again_is_an_error(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    bench.fault("token", "EntityDefinitions", times=None)
    with pytest.raises(SourceError, match="fresh token"):
        bench.extract(start(bench).settings())
    assert bench.calls("EntityDefinitions") == 2


def test_an_application_that_is_no_user_of_the_environment_is_told_what_to_do(
    dynamics: Make, start: Start
) -> None:
    bench = dynamics(is_application_user=False)
    with pytest.raises(SourceError, match="application user") as caught:
        bench.extract(start(bench).settings())
    assert caught.value.code == "0x80072560"


def test_another_organisation_is_refused_before_a_row_is_read(dynamics: Make, start: Start) -> None:
    bench = dynamics(org_id="00000000-0000-0000-0000-000000000001")
    settings = start(bench).settings()
    with pytest.raises(SourceError, match="another organisation"):
        bench.extract(settings)
    assert bench.calls("contacts") == 0
    with bench.open(settings) as source, pytest.raises(SourceError, match="another organisation"):
        source.collect(bench.task(settings), None, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, "names no tenant"),
        ({"tenant_id": "../evil"}, "names no tenant"),
        (
            {"tenant_id": TENANT, "authority": "https://login.microsoftonline.com.evil.example"},
            "not Microsoft's",
        ),
        ({"tenant_id": TENANT, "authority": "http://login.microsoftonline.com"}, "not Microsoft's"),
        ({"tenant_id": TENANT, "authority": "https://login.microsoftonline.com:444"}, "not Microsoft's"),
    ],
)
def test_the_secret_goes_to_the_authority_and_nowhere_else(
    dynamics: Make, start: Start, extra: dict[str, str], said: str
) -> None:
    bench = dynamics()
    settings = start(bench).settings()
    connection = replace(bench.connection(), extra={"authority": bench.url, **extra})
    config = settings.platform.source(bench.id)
    with pytest.raises(SourceError, match=said) as caught:
        open_source(config, connection, gates=bench.gates(settings), sleep=bench.sleep).server_time()
    assert SECRET not in str(caught.value)
    assert bench.calls() == 0


def test_microsofts_own_authority_is_the_default(dynamics: Make) -> None:
    bench = dynamics()
    bench.url = "https://acme.crm4.dynamics.com"
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "login.microsoftonline.com":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3599, "token_type": "Bearer"})
        return httpx.Response(
            200, json={"OrganizationId": ORG}, headers={"Date": "Mon, 02 Mar 2026 00:30:00 GMT"}
        )

    connection = replace(bench.connection(), extra={"tenant_id": TENANT})
    api = DynamicsApi(connection, transport=httpx.MockTransport(answer), sleep=bench.sleep)
    assert api.who_am_i() == ORG
    assert str(asked[0].url) == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert b"scope=https%3A%2F%2Facme.crm4.dynamics.com%2F.default" in asked[0].content
    assert asked[1].headers["odata-version"] == "4.0"


# ---- one decision per code ---------------------------------------------------------------------------------

KINDS = {"R": TransientSourceError, "T": TokenRejected, "X": TokenExpired, "F": SourceError}
STATUS = {"R": 429, "X": 400, "F": 403}


def _answer(status: int, body: Any) -> httpx.Response:
    request = httpx.Request(
        "GET", "https://acme.crm.dynamics.com/api/data/v9.2/contacts?$filter=ann@acme.example"
    )
    return httpx.Response(status, json=body, request=request, headers={"Retry-After": "33"})


def _api(bench: DynamicsBench) -> DynamicsApi:
    bench.url = "https://acme.crm.dynamics.com"
    return DynamicsApi(replace(bench.connection(), extra={"tenant_id": TENANT}))


@pytest.mark.parametrize("code", sorted(DECISIONS))
def test_every_code_of_the_table_gets_its_decision(dynamics: Make, code: str) -> None:
    decision = DECISIONS[code]
    body = {"error": {"code": code, "message": "limit of Ann <ann@acme.example>"}}
    error = _api(dynamics()).error(_answer(STATUS[decision], body))
    assert type(error) is KINDS[decision]
    assert error.code == code
    assert "ann@" not in str(error)
    if isinstance(error, TransientSourceError):
        assert error.retry_after == 33


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, TokenRejected), (403, SourceError), (404, SourceError), (400, SourceError), (408, TransientSourceError),
     (429, TransientSourceError), (500, TransientSourceError), (502, TransientSourceError),
     (503, TransientSourceError), (504, TransientSourceError)],
)  # fmt: skip
@pytest.mark.parametrize(
    "body", [{"error": {"code": "0x8000ffff", "message": "new"}}, {"Message": "x"}, [], "x"]
)
def test_a_code_that_is_not_in_the_table_is_judged_by_its_status(
    dynamics: Make, status: int, kind: type, body: Any
) -> None:
    assert type(_api(dynamics()).error(_answer(status, body))) is kind


@pytest.mark.parametrize("word", sorted(OAUTH))
def test_every_word_of_the_authority_gets_its_decision(dynamics: Make, start: Start, word: str) -> None:
    bench = dynamics()
    body = {"error": word, "error_description": "AADSTS: user ann@acme.example"}
    bench.fault("status", "oauth2", {"status": 400, "body": body})
    with start(bench).open(bench.settings()) as source:
        if OAUTH[word] == "R":
            assert source.server_time() >= NIGHT.end
            assert len(bench.pauses) == 1
            return
        with pytest.raises(SourceError, match="sign-in was refused") as caught:
            source.server_time()
    assert caught.value.code == word
    assert "ann@" not in str(caught.value)
