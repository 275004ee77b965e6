"""Marketo's envelope, token, paging and error table, over a scripted transport."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted_http import OpenGate, Script

from muster.config import Connection
from muster.errors import QuotaExhausted, SourceError, TransientSourceError
from muster.http import Wanted, download
from muster.http.marketo import MarketoApi, MarketoError, next_reset
from muster.http.marketo_errors import RULES, Action

CONNECTION = Connection("marketo__emea", "https://123-ema-001.mktorest.com", "client", "s3cret")
DOCUMENTED = [
    401, 413, 414, 500, 502, *range(601, 617), *range(701, 705), *range(709, 715), 718, 719, *range(1001, 1023),
    1025, 1026, 1027, 1028, 1029, 1035, 1036, 1037, 1042, 1048, 1049, *range(1076, 1081),
]  # fmt: skip


def token(left: int = 3599) -> httpx.Response:
    return httpx.Response(200, json={"access_token": f"t{left}", "expires_in": left, "token_type": "bearer"})


def ok(result: Any = (), **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"requestId": "a#b", "success": True, "result": list(result), **more})


def no(code: str, message: str = "") -> httpx.Response:
    body = {"requestId": "a#b", "success": False, "errors": [{"code": code, "message": message}]}
    return httpx.Response(200, json=body, headers={"Date": "Tue, 03 Mar 2026 00:30:00 GMT"})


def api(script: Script, pauses: list[float]) -> MarketoApi:
    return MarketoApi(CONNECTION, gate=OpenGate(), transport=script, sleep=pauses.append)  # type: ignore[arg-type]


def test_the_token_goes_in_the_header_and_the_secret_in_the_form(pauses: list[float]) -> None:
    script = Script(token(), ok())
    api(script, pauses).get("/rest/v1/lists.json")
    asked, called = script.requests
    assert (asked.method, asked.url.path, asked.url.query) == ("POST", "/identity/oauth/token", b"")
    assert b"client_secret=s3cret" in asked.content
    assert called.headers["authorization"] == "Bearer t3599"
    assert b"access_token" not in called.url.query


def test_a_token_that_is_about_to_end_is_asked_for_again(pauses: list[float]) -> None:
    script = Script(token(59), ok(), token(), ok())
    one = api(script, pauses)
    one.get("/a.json")
    one.get("/a.json")
    assert script.paths == ["/identity/oauth/token", "/a.json"] * 2


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_refused_token_is_renewed_and_the_call_made_again(pauses: list[float], code: str) -> None:
    script = Script(token(), no(code), token(3000), ok([{"id": 1}]))
    assert api(script, pauses).get("/a.json").result == [{"id": "1"}]
    assert script.requests[-1].headers["authorization"] == "Bearer t3000"
    assert pauses == []


def test_wrong_credentials_fail_at_once_and_say_where_to_look(pauses: list[float]) -> None:
    script = Script(
        httpx.Response(401, json={"error": "invalid_client", "error_description": "client s3cret"})
    )
    with pytest.raises(MarketoError, match="login and password") as caught:
        api(script, pauses).get("/a.json")
    assert "s3cret" not in str(caught.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize("key", sorted(RULES))
def test_every_code_of_the_table_gets_its_decision(pauses: list[float], key: str) -> None:
    rule = RULES[key]
    texts = {"1029 full": "Too many jobs in queue", "1029 quota": "Export daily quota exceeded"}
    if key.startswith("http "):
        refusal = httpx.Response(int(key.removeprefix("http ")))
    else:
        refusal = no(key.split()[0], texts.get(key, "Job already queued"))
    script = Script(token(), refusal, *([token()] if rule.action is Action.RENEW else []), ok([{"id": 1}]))
    one = api(script, pauses)
    if rule.action in (Action.RETRY, Action.RENEW):
        assert one.get("/a.json").result == [{"id": "1"}]
        assert len(pauses) == (rule.action is Action.RETRY)
        low, high = rule.pause or (0, 30)
        assert all(low <= pause <= high for pause in pauses)
    elif rule.action is Action.EMPTY:
        assert one.get("/a.json").result == []
    else:
        with pytest.raises(SourceError) as caught:
            one.get("/a.json")
        assert not isinstance(caught.value, TransientSourceError)
        assert isinstance(caught.value, QuotaExhausted) == (key in ("607", "1029 quota"))
        assert len(script.requests) == 2


def test_the_table_holds_every_documented_code() -> None:
    ours = {re.sub(r"\D", "", key) for key in RULES}
    assert ours == {str(code) for code in DOCUMENTED}


def test_an_exhausted_quota_names_its_reset_at_midnight_us_central(pauses: list[float]) -> None:
    with pytest.raises(QuotaExhausted, match="2026-03-03T06:00:00"):
        api(Script(token(), no("607")), pauses).get("/a.json")
    assert pauses == []


def test_the_reset_follows_daylight_saving() -> None:
    assert next_reset(datetime(2026, 7, 1, 12, tzinfo=UTC)) == datetime(2026, 7, 2, 5, tzinfo=UTC)
    assert next_reset(datetime(2026, 1, 1, 5, 59, tzinfo=UTC)) == datetime(2026, 1, 1, 6, tzinfo=UTC)


def test_an_error_shows_no_value_that_the_vendor_repeats(pauses: list[float]) -> None:
    said = "Invalid value 'Lee'. Required of type 'integer'"
    for code, message in (
        ("1001", said),
        ("1003", "Invalid value for ann@acme.example"),
        ("9999", "Ann Lee"),
    ):
        with pytest.raises(MarketoError) as caught:
            api(Script(token(), no(code, message)), pauses).get("/a.json")
        assert "Lee" not in str(caught.value)
        assert "ann@" not in str(caught.value)
        assert f"[code {code}] [request a#b]" in str(caught.value)


def test_crm_sync_names_the_rule(pauses: list[float]) -> None:
    with pytest.raises(MarketoError, match="rule B2"):
        api(Script(token(), no("1018", "CRM Enabled")), pauses).get("/rest/v1/companies.json")


@pytest.mark.parametrize(
    "body", [{"success": True}, {"success": True, "result": {}}, {"success": True, "result": [1]}]
)
def test_success_without_a_result_is_an_error(pauses: list[float], body: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="F16"):
        api(Script(token(), httpx.Response(200, json=body)), pauses).get("/rest/v1/lists.json")


def test_assets_may_leave_an_empty_result_out(pauses: list[float]) -> None:
    body = {"success": True, "warnings": ["No assets found"]}
    reply = api(Script(token(), httpx.Response(200, json=body)), pauses).get("/rest/asset/v1/folders.json")
    assert reply.result == []


def test_a_page_of_a_proxy_in_the_place_of_json_is_tried_again(pauses: list[float]) -> None:
    script = Script(token(), httpx.Response(200, text="<html>"), ok())
    api(script, pauses).get("/a.json")
    assert len(pauses) == 1


def test_an_empty_page_is_no_end_while_the_flag_says_more(pauses: list[float]) -> None:
    pages = [ok([], moreResult=True, nextPageToken="a=="), ok([], moreResult=True, nextPageToken="b==")]
    script = Script(token(), *pages, ok([{"id": 7}], moreResult=False, nextPageToken="c=="))
    found = [row for page in api(script, pauses).pages("/x.json", {"batchSize": 300}) for row in page.result]
    assert found == [{"id": "7"}]
    assert script.requests[-1].url.params["nextPageToken"] == "b=="
    assert script.requests[-1].url.params["batchSize"] == "300"


def test_more_pages_without_a_token_are_a_broken_promise(pauses: list[float]) -> None:
    with pytest.raises(SourceError, match="F25"):
        list(api(Script(token(), ok(moreResult=True)), pauses).pages("/x.json"))


def test_a_paging_token_that_stands_still_is_no_endless_loop(pauses: list[float]) -> None:
    script = Script(token(), ok(moreResult=True, nextPageToken="a"))
    with pytest.raises(SourceError, match="does not move on"):
        list(api(script, pauses).pages("/x.json"))


def test_an_address_over_the_limit_becomes_a_post_that_means_get(pauses: list[float]) -> None:
    script = Script(token(), ok(), ok())
    one = api(script, pauses)
    one.get("/rest/v1/companies.json", {"filterValues": "a,b"})
    one.get(
        "/rest/v1/companies.json",
        {"filterType": "externalCompanyId", "filterValues": ",".join(["x" * 30] * 300)},
    )
    short, long = script.requests[1:]
    assert short.method == "GET"
    assert (long.method, long.url.query) == ("POST", b"_method=GET")
    assert long.content.startswith(b"filterType=externalCompanyId&filterValues=xxx")


def test_the_rest_and_identity_addresses_of_the_admin_page_are_understood(pauses: list[float]) -> None:
    for suffix in ("", "/rest", "/identity"):
        script = Script(token(), ok())
        connection = Connection("marketo__emea", CONNECTION.host + suffix, "c", "s")
        MarketoApi(connection, gate=OpenGate(), transport=script, sleep=pauses.append).get(
            "/bulk/v1/leads/export.json"
        )  # type: ignore[arg-type]
        assert script.paths == ["/identity/oauth/token", "/bulk/v1/leads/export.json"]


# ---- the gate -----------------------------------------------------------------------------------------------


def gated(script: Script, pauses: list[float]) -> tuple[MarketoApi, OpenGate]:
    gate = OpenGate()
    return MarketoApi(CONNECTION, gate=gate, transport=script, sleep=pauses.append), gate  # type: ignore[arg-type]


def test_every_call_goes_through_the_gate_and_a_token_is_not_counted(pauses: list[float]) -> None:
    one, gate = gated(Script(token(), ok(), no("611"), ok()), pauses)
    one.get("/a.json")
    one.get("/b.json")
    assert gate.calls == [False, True, True, True]
    assert gate.ended == 4
    assert gate.dates[2] == datetime(2026, 3, 3, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "is_left"),
    [
        (httpx.ReadTimeout("slow"), True),
        (httpx.WriteTimeout("slow"), True),
        (httpx.ConnectTimeout("nobody there"), False),
        (httpx.RemoteProtocolError("cut"), False),
    ],
)
def test_a_call_that_timed_out_keeps_its_place_because_the_source_may_be_at_work(
    pauses: list[float], error: Exception, is_left: bool
) -> None:
    one, gate = gated(Script(token(), error, ok()), pauses)
    one.get("/a.json")
    assert gate.told == (["leave"] if is_left else [])
    assert gate.ended == 3


def test_what_others_used_is_asked_for_before_the_first_call(pauses: list[float]) -> None:
    script = Script(token(), ok([{"date": "2026-03-03", "total": 1120, "users": []}]), ok())
    one, gate = gated(script, pauses)
    gate.mark = object()
    one.get("/a.json")
    one.get("/b.json")
    assert script.paths[1:] == ["/rest/v1/stats/usage.json", "/a.json", "/b.json"]
    assert gate.told == [{"2026-03-03": 1120}]


@pytest.mark.parametrize(
    "answer", [no("603"), no("610"), ok([{"date": "2026-03-03"}]), ok([{"date": "x", "total": "y"}])]
)
def test_a_run_goes_on_where_the_usage_is_not_told(pauses: list[float], answer: httpx.Response) -> None:
    script = Script(token(), answer, ok([{"id": 1}]))
    one, gate = gated(script, pauses)
    gate.mark = object()
    assert one.get("/a.json").result == [{"id": "1"}]
    assert gate.told == []


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [("607", "", "calls"), ("1029", "Export daily quota exceeded", "export_bytes")],
)
def test_a_quota_that_the_source_calls_used_up_is_known_to_all(
    pauses: list[float], code: str, message: str, kind: str
) -> None:
    one, gate = gated(Script(token(), no(code, message)), pauses)
    with pytest.raises(QuotaExhausted, match="2026-03-03T06:00:00"):
        one.get("/a.json")
    assert gate.told == [(kind, datetime(2026, 3, 3, 0, 30, tzinfo=UTC))]


def test_a_long_download_says_that_it_goes_on(pauses: list[float], tmp_path: Path) -> None:
    one, gate = gated(Script(token(), httpx.Response(200, stream=httpx.ByteStream(b"abc"))), pauses)
    download(one.session, "/file.json", tmp_path / "f", Wanted(3), judge=one.judge_file)
    assert "keep" in gate.told
