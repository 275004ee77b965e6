"""HubSpot's accounts, limits and errors, and the mapping that is shipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from bench_hubspot import OBJECTS, HubSpotBench, extracted
from ruamel.yaml import YAML
from source_benches import START, Bench

import muster.sources.hubspot
from muster.config.hubspot import HubSpotLimits
from muster.errors import QuotaExhausted, SourceError, TransientSourceError
from muster.sources.hubspot.api import HubSpotApi
from muster.sources.hubspot.errors import DECISIONS, PAUSES

Start = Callable[[Bench], Bench]
Make = Callable[..., HubSpotBench]
NOON = START + timedelta(hours=12)


# ---- account, limits, errors -------------------------------------------------------------------------------


def test_a_token_of_another_account_is_refused_before_anything_is_read(hubspot: Make, start: Start) -> None:
    bench = hubspot(portal_id=7)
    with pytest.raises(SourceError, match="opens the account 7, not 424242"):
        bench.extract(start(bench).settings())
    assert bench.calls() == 1


def test_the_limits_of_the_account_are_never_reached(hubspot: Make, start: Start) -> None:
    bench = hubspot(ten_seconds=30)
    for number in range(1, 1_501):
        bench.person(number, NOON)
    settings = extracted(bench, start)
    assert len(bench.rows(settings)) == 1_500
    assert bench.stats.to_dict()["violations"] == {}
    assert 10.0 in bench.pauses


@pytest.mark.parametrize(
    ("policy", "pause"), [("TEN_SECONDLY_ROLLING", 10.0), ("SECONDLY", 1.0), ("SOMETHING_NEW", 10.0)]
)
def test_a_limit_that_passes_is_waited_out(hubspot: Make, start: Start, policy: str, pause: float) -> None:
    bench = hubspot()
    bench.person(1, NOON)
    bench.fault("limit", "contacts/batch", policy)
    settings = extracted(bench, start)
    assert pause in bench.pauses
    assert len(bench.rows(settings)) == 1


def test_a_day_that_is_used_up_stops_at_once_and_the_next_run_goes_on(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    bench.person(1, NOON)
    bench.fault("limit", "contacts/batch", "DAILY")
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match="daily limit"):
        bench.extract(settings)
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1


def test_the_calls_that_are_kept_for_others_are_left_to_them(hubspot: Make, start: Start) -> None:
    bench = hubspot(daily_calls=10_020)
    bench.person(1, NOON)
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match=r"9,99\d calls of the day are left, and 10,000 are kept"):
        bench.extract(settings)
    assert bench.calls() <= 22


def test_a_scope_that_the_token_lacks_is_named(hubspot: Make, start: Start) -> None:
    bench = hubspot(missing_scopes=frozenset({"crm.objects.deals.read"}))
    with pytest.raises(SourceError, match=r"HTTP 403.*crm\.objects\.deals\.read(.|\n)*scopes"):
        bench.extract(start(bench).settings())


KINDS = {"R": TransientSourceError, "Q": QuotaExhausted, "F": SourceError}


@pytest.mark.parametrize("key", sorted(DECISIONS))
def test_every_code_of_the_table_gets_its_decision(hubspot: Make, key: str) -> None:
    bench = hubspot()
    bench.url = "https://api.hubapi.com"
    status, _, name = key.partition(" ")
    code = "SOMETHING_ELSE" if name == "*" else name
    body = {
        "status": "error",
        "message": "the record of Ann <ann@acme.example> said no",
        "correlationId": "0d0a7a5e-0000-4000-8000-000000000001",
        "category": "RATE_LIMITS" if status == "429" else code,
        "policyName": code if status == "429" else None,
    }
    request = httpx.Request("GET", f"{bench.url}/crm/v3/objects/contacts?email=ann@acme.example")
    answer = httpx.Response(int(status), json=body, request=request)
    error = HubSpotApi(bench.connection(), HubSpotLimits()).error(answer)
    assert type(error) is KINDS[DECISIONS[key]]
    assert f"HTTP {status}" in str(error)
    assert (error.code, error.request_id) == (code, body["correlationId"])
    assert "ann@" not in str(error)
    if isinstance(error, TransientSourceError):
        assert error.retry_after == PAUSES.get(key)


@pytest.mark.parametrize(
    ("status", "kind"), [(418, SourceError), (410, SourceError), (599, TransientSourceError)]
)
@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"category": ["x"], "errors": "none"}'])
def test_an_answer_that_nobody_documented_goes_by_its_status(
    hubspot: Make, status: int, kind: type, body: str
) -> None:
    bench = hubspot()
    bench.url = "https://api.hubapi.com"
    request = httpx.Request("GET", f"{bench.url}/crm/v3/owners")
    answer = httpx.Response(status, text=body, request=request)
    assert type(HubSpotApi(bench.connection(), HubSpotLimits()).error(answer)) is kind


def test_a_named_pause_of_a_migration_is_kept_to_two_minutes(hubspot: Make) -> None:
    bench = hubspot()
    bench.url = "https://api.hubapi.com"
    request = httpx.Request("GET", f"{bench.url}/crm/v3/owners")
    answer = httpx.Response(477, headers={"Retry-After": "86400"}, request=request)
    error = HubSpotApi(bench.connection(), HubSpotLimits()).error(answer)
    assert isinstance(error, TransientSourceError)
    assert error.retry_after == 120.0
    assert "moved between data centres" in str(error)


# ---- mapping -----------------------------------------------------------------------------------------------


def test_the_mapping_that_is_shipped_names_columns_that_are_read(hubspot: Make, start: Start) -> None:
    bench = hubspot()
    settings = extracted(bench, start)
    text = (Path(muster.sources.hubspot.__file__).with_name("mapping.yml")).read_text()
    mapping = YAML(typ="safe").load(text)["objects"]
    assert set(mapping) == set(OBJECTS) - {"owners", "deal_companies"}
    for name, one in mapping.items():
        columns = set(bench.committed(settings, name)[0].columns)
        wanted = [*one["key"], *([one["version"]] if "version" in one else [])]
        wanted += [one["deleted"]["field"]] if "deleted" in one else []
        for field in one["fields"].values():
            if isinstance(field, str):
                wanted.append(field)
            elif "field" in field:
                wanted += [field["field"], *([f"{field['labels']}__label"] if "labels" in field else [])]
        assert set(wanted) <= columns, name
