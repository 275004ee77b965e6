"""What only Salesforce has: described SOQL, result pages with locators, sessions without an end time, two sign-ins."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from source_benches import NIGHT, START, Bench, SalesforceBench

from muster.errors import IntegrityError, QuotaExhausted, SourceError, TransientSourceError
from muster.http import TokenRejected
from muster.sources import JobLost, open_source
from muster.sources.salesforce.api import SalesforceApi, TooMuch
from muster.sources.salesforce.errors import DECISIONS, SIGN_IN, decide

Start = Callable[[Bench], Bench]
Make = Callable[..., SalesforceBench]
NOON = START + timedelta(hours=12)


def test_every_described_field_but_compound_ones_is_asked_for(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.person(1, NOON, MailingCity="Köln", HasOptedOutOfEmail=True)
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings)
    assert (row["MailingCity"], row["HasOptedOutOfEmail"], row["IsDeleted"]) == ("Köln", "true", "false")
    assert row["SystemModstamp"] == "2026-03-01T12:00:00.000Z"
    assert "MailingAddress" not in row
    evidence = bench.committed(settings)[0].evidence
    assert evidence["api_version"] == "66.0"
    assert (evidence["from"], evidence["until"]) == ("2026-02-28T23:00:00Z", "2026-03-02T00:00:00Z")
    assert bench.calls("v66.0") == bench.calls("/services/data/v")


def test_a_field_that_security_hides_is_left_out_and_a_required_one_is_named(
    salesforce: Make, start: Start
) -> None:
    bench = salesforce(hidden_fields=frozenset({"Contact.DoNotCall"}))
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    assert "DoNotCall" not in bench.committed(settings)[0].columns


def test_a_required_field_that_security_hides_is_named(salesforce: Make, start: Start) -> None:
    bench = salesforce(hidden_fields=frozenset({"Contact.SystemModstamp"}))
    with pytest.raises(SourceError, match="Contact is described without SystemModstamp"):
        bench.extract(start(bench).settings())


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_every_page_is_followed_to_the_locator_null(salesforce: Make, start: Start, count: int) -> None:
    bench = salesforce(bulk_page_size=10)
    for number in range(1, count + 1):
        bench.person(number, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    (manifest,) = bench.committed(settings)
    assert manifest.rows == count
    assert manifest.evidence["pages"] == max(1, -(-count // 10))


def test_a_lost_locator_is_no_early_end(salesforce: Make, start: Start) -> None:
    bench = salesforce(bulk_page_size=10)
    for number in range(1, 26):
        bench.person(number, NOON)
    bench.fault("lost_locator", "results Contact", times=None)
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="processed 25 records, its 1 pages hold 10"):
        bench.extract(settings)
    assert bench.committed(settings) == []
    bench.faults.clear()
    bench.fault("lost_locator", "results Contact")
    bench.extract(settings)
    assert len(bench.rows(settings)) == 25


@pytest.mark.parametrize("by", [-1, 1])
def test_a_count_that_differs_is_never_committed(salesforce: Make, start: Start, by: int) -> None:
    bench = salesforce()
    bench.person(1, NOON)
    bench.person(2, NOON)
    bench.fault("wrong_count", "GET .*Contact", by, times=None)
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="F24"):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_a_locator_that_is_refused_begins_a_new_job(salesforce: Make, start: Start) -> None:
    bench = salesforce(bulk_page_size=10)
    for number in range(1, 26):
        bench.person(number, NOON)
    body = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    bench.fault("status", "/results", {"status": 400, "body": body}, skip=1)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 25


@pytest.mark.parametrize("call", ["describe", "POST .*/jobs/query", "GET .*/jobs/query/[^/]*$", "results"])
def test_a_session_that_ends_anywhere_is_renewed(salesforce: Make, start: Start, call: str) -> None:
    bench = salesforce()
    bench.person(1, NOON)
    fault = bench.fault("session", call)
    settings = start(bench).settings()
    bench.extract(settings)
    assert fault.hits == 1
    assert bench.calls("oauth2/token") == 2
    assert len(bench.rows(settings)) == 1


def test_a_session_that_is_refused_again_and_again_is_an_error(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.fault("session", "describe", times=None)
    with pytest.raises(SourceError, match="fresh token"):
        bench.extract(start(bench).settings())
    assert bench.calls("describe") == 2


def test_a_days_quota_that_is_used_up_stops_and_a_passing_limit_is_waited_out(
    salesforce: Make, start: Start
) -> None:
    bench = salesforce()
    bench.person(1, NOON)
    said = {
        "daily": "TotalRequests Limit exceeded.",
        "passing": "ConcurrentRequests (Concurrent API Requests) Limit",
    }
    bodies = {name: [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": text}] for name, text in said.items()}
    settings = start(bench).settings()
    bench.fault("status", "describe", {"status": 403, "body": bodies["daily"]})
    with pytest.raises(QuotaExhausted, match="TotalRequests"):
        bench.extract(settings)
    assert bench.pauses == []
    calls = bench.calls()
    with pytest.raises(QuotaExhausted, match="100,000 of the 100,000 API calls of 24 hours are used"):
        bench.extract(settings)
    assert bench.calls() - calls <= 1  # the sign-in: nobody asks a day that is used up
    bench.clock.advance(900)
    bench.fault("status", "describe", {"status": 403, "body": bodies["passing"]})
    bench.extract(settings)
    assert 60 in bench.pauses


def test_a_merge_loser_and_a_deleted_record_come_with_their_marks(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.person(1, NOON)
    bench.person(2, NOON, IsDeleted=True, MasterRecordId=bench.key_of(1))
    settings = start(bench).settings()
    bench.extract(settings)
    rows = {row["Id"]: (row["IsDeleted"], row["MasterRecordId"]) for row in bench.rows(settings)}
    assert rows == {bench.key_of(1): ("false", ""), bench.key_of(2): ("true", bench.key_of(1))}


def test_a_token_is_never_sent_outside_salesforce(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    body = {
        "access_token": "00Dxx!tok",
        "instance_url": "https://salesforce.com.evil.example",
        "token_type": "Bearer",
    }
    bench.fault("status", "oauth2/token", {"status": 200, "body": body})
    with pytest.raises(SourceError, match="outside Salesforce"):
        bench.extract(start(bench).settings())
    assert bench.calls() == bench.calls("oauth2/token")


# ---- JWT bearer --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """(private, public) in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def _with_key(
    bench: SalesforceBench, private: str, user: str = "integration@acme.example", password: str = ""
) -> Any:
    from muster.sources.salesforce.source import SalesforceReader

    connection = replace(bench.connection(password), extra={"private_key": private, "username": user})
    settings = bench.settings()
    config = settings.platform.source(bench.id)
    source = open_source(config, connection, gates=bench.gates(settings), sleep=bench.sleep)
    assert isinstance(source, SalesforceReader)
    source.api._clock = lambda: bench.clock.now().timestamp()
    return source


def test_a_private_key_signs_in_without_a_secret(
    salesforce: Make, start: Start, keys: tuple[str, str]
) -> None:
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    with _with_key(bench, keys[0]) as source:
        assert source.server_time() == NIGHT.end + timedelta(minutes=30)


def test_a_user_who_is_not_approved_or_a_broken_key_is_refused_without_showing_it(
    salesforce: Make, start: Start, keys: tuple[str, str]
) -> None:
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    with _with_key(bench, keys[0], "stranger@acme.example") as source:
        with pytest.raises(SourceError, match="sign-in was refused") as caught:
            source.server_time()
        assert "stranger" not in str(caught.value)
    with _with_key(bench, "-----BEGIN NOTHING") as source:
        with pytest.raises(SourceError, match="private key can't be used") as caught:
            source.server_time()
        assert "BEGIN NOTHING" not in str(caught.value)


def test_the_password_may_hold_the_private_key_on_one_line(
    salesforce: Make, start: Start, keys: tuple[str, str]
) -> None:
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    for key in (keys[0], keys[0].replace("\n", "\\n")):
        with _with_key(bench, "", password=key) as source:
            assert source.server_time() == NIGHT.end + timedelta(minutes=30)


def test_a_private_key_without_a_user_is_refused_without_a_call(
    salesforce: Make, start: Start, keys: tuple[str, str]
) -> None:
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    with _with_key(bench, keys[0], user="") as source, pytest.raises(SourceError, match=r"extra\.username"):
        source.server_time()
    assert bench.calls() == 0


@pytest.mark.parametrize("minutes", [-240, -10, 10, 240])
def test_a_clock_of_ours_that_is_wrong_spoils_no_assertion(
    salesforce: Make, start: Start, keys: tuple[str, str], minutes: int
) -> None:
    """Theirs refuses a JWT that is over, or lasts too long: the second one goes by its own clock (F39)."""
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    with _with_key(bench, keys[0]) as source:
        source.api._clock = lambda: bench.clock.now().timestamp() + 60 * minutes
        assert source.server_time() == NIGHT.end + timedelta(minutes=30)
    assert bench.calls("oauth2/token") == 2


def test_an_assertion_that_is_refused_for_another_reason_is_not_sent_twice(
    salesforce: Make, start: Start, keys: tuple[str, str]
) -> None:
    bench = salesforce(jwt_keys={"client": keys[1]})
    start(bench)
    with _with_key(bench, keys[0], "stranger@acme.example") as source, pytest.raises(SourceError):
        source.server_time()
    assert bench.calls("oauth2/token") == 1


def test_a_failed_job_is_lost_not_tried_for_ever(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.fault("failed_job", "POST .*/jobs/query Contact", times=None)
    with pytest.raises(JobLost, match=r"Contact .* is Failed"):
        bench.extract(start(bench).settings())


KINDS = {
    "R": TransientSourceError,
    "T": TokenRejected,
    "Q": QuotaExhausted,
    "L": JobLost,
    "S": TooMuch,
    "F": SourceError,
}
STATUS = {"R": 503, "T": 401, "Q": 403, "L": 400, "S": 400, "F": 400}


@pytest.mark.parametrize("key", sorted(DECISIONS))
def test_every_code_of_the_table_gets_its_decision(salesforce: Make, key: str) -> None:
    bench = salesforce()
    bench.url = "https://acme.my.salesforce.com"
    code, _, kind = key.partition(" ")
    request = httpx.Request("GET", f"{bench.url}/services/data/v66.0/limits?q=ann@acme.example")
    body = [{"errorCode": code, "message": f"{kind} limit of Ann Lee <ann@acme.example>"}]
    answer = httpx.Response(STATUS[DECISIONS[key]], json=body, request=request)
    error = SalesforceApi(bench.connection()).error(answer)
    assert type(error) is KINDS[DECISIONS[key]]
    assert code in str(error)
    assert "ann@" not in str(error)


@pytest.mark.parametrize("status", [406, 408, 420, 425, 429, 500, 502, 503, 504])
def test_a_status_that_passes_is_tried_again_whatever_the_code(status: int) -> None:
    assert decide("", "", status) == decide("UNKNOWN_EXCEPTION", "", status) == "R"
    assert decide("SOMETHING_NEW", "", status) == "R"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 414, 415, 428, 431])
def test_a_refusal_without_a_known_code_is_a_failure(status: int) -> None:
    assert decide("", "", status) == decide("SOMETHING_NEW", "", status) == "F"


def test_a_401_without_a_code_renews_the_session() -> None:
    assert decide("", "", 401) == "T"


@pytest.mark.parametrize("kind", sorted(SIGN_IN))
def test_every_refusal_of_a_sign_in_gets_its_decision(salesforce: Make, start: Start, kind: str) -> None:
    bench = salesforce()
    body = {"error": kind, "error_description": "user ann@acme.example is not welcome"}
    bench.fault("status", "oauth2/token", {"status": 400, "body": body}, times=None)
    start(bench)
    with bench.open(bench.settings()) as source, pytest.raises(SourceError) as caught:
        source.server_time()
    assert caught.value.code == kind
    assert isinstance(caught.value, TransientSourceError) == (SIGN_IN[kind] == "R")
    assert bench.calls("oauth2/token") == (8 if SIGN_IN[kind] == "R" else 1)
    assert "ann@" not in "".join(traceback.format_exception(caught.value))
