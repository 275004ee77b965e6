"""What organisations differ in: custom objects, hidden and new fields, formulas, merges, conversions, person accounts, currencies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from source_benches import DAY, NEXT, NIGHT, START, Bench, SalesforceBench

from muster.errors import QuotaExhausted, SourceError
from muster.lake import Lake, drift
from muster_simulators.salesforce import schema, standard
from muster_simulators.salesforce.fields import Field, derived, flag, long_text, lookup, text

Start = Callable[[Bench], Bench]
Make = Callable[..., SalesforceBench]
NOON = START + timedelta(hours=12)


def events(settings: Any) -> list[tuple[str, str, str]]:
    rows = drift.events(Lake(settings.home.lake)).to_pylist()
    return sorted((row["object"], row["change"], row["field"]) for row in rows)


def night(bench: Bench, settings: Any, window: Any) -> Any:
    bench.clock.set(window.end + timedelta(minutes=30))
    return bench.extract(settings, window)


@pytest.fixture
def further(monkeypatch: pytest.MonkeyPatch) -> None:
    """An organisation with tasks, events and a custom object."""

    def activity() -> list[Field]:
        return [*standard.system_fields(), lookup("WhoId", "Contact"), text("Subject"), flag("IsArchived")]

    def contract() -> list[Field]:
        return [*standard.system_fields(), text("Name", 80), lookup("Account__c", "Account"), long_text("Terms__c")]  # fmt: skip

    more = (
        ("Task", "tasks", "00T", "Tasks", activity),
        ("Event", "events", "00U", "Events", activity),
        ("Contract__c", "contract__c", "a01", "Contracts", contract),
    )
    monkeypatch.setattr(schema, "_OBJECTS", (*schema._OBJECTS, *more))


@pytest.mark.usefixtures("further")
def test_tasks_events_and_custom_objects_are_read_like_the_others(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.objects = ("tasks", "events", "deleted_records")
    bench.source_settings["custom_objects"] = ["Contract__c"]
    stored = {"tasks": "tasks", "events": "events", "custom_contract_c": "contract__c"}
    for number, name in enumerate(stored.values()):
        key = f"00T5e000000000{number}AAA"
        values = {"Id": key, "IsDeleted": False, "SystemModstamp": NOON, "IsArchived": True, "Name": "A-1"}
        bench.put(name, key, NOON, values)
    settings = start(bench).settings()
    bench.extract(settings)
    for name in stored:
        (row,) = bench.rows(settings, name)
        assert row["SystemModstamp"] == "2026-03-01T12:00:00.000Z"
    assert bench.rows(settings, "custom_contract_c")[0]["Name"] == "A-1"
    assert bench.rows(settings, "tasks")[0]["IsArchived"] == "true"
    told = bench.committed(settings, "deleted_records")[0].evidence["objects"]
    assert sorted(told) == ["custom_contract_c", "events", "tasks"]
    assert all("missing" in one for one in told.values())


def test_an_object_that_is_not_there_is_named(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.source_settings["custom_objects"] = ["Nothing__c"]
    with pytest.raises(SourceError, match=r"sobjects/Nothing__c/describe: HTTP 404.*\n.*may not see it"):
        bench.extract(start(bench).settings())


# ---- fields that come and go ---------------------------------------------------------------------------------


def test_a_field_that_security_takes_away_is_a_drift_event_and_never_silent(
    salesforce: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = salesforce()
    bench.objects = ("contacts",)
    bench.person(1, NOON, Title="CMO")
    bench.person(2, NOON + DAY, Title="CIO")
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    assert events(settings) == []
    bench.more = {"hidden_fields": frozenset({"Contact.Title"})}
    night(start(bench), settings, NEXT)
    assert events(settings) == [("contacts", "dropped", "Title")]
    assert "1 fields of Contact are no longer described (F33): Title" in caplog.text
    rows = {row["Id"]: row.get("Title") for row in bench.rows(settings)}
    assert rows == {bench.key_of(1): "CMO", bench.key_of(2): None}
    first, second = bench.committed(settings)
    assert first.evidence["describe"] != second.evidence["describe"]


def test_a_new_field_is_read_from_then_on_and_told(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.objects = ("contacts",)
    bench.person(1, NOON)
    bench.person(2, NOON + DAY, Tier__c="Gold")
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    bench.more = {"custom_fields": {"Contact": (text("Tier__c"),)}}
    night(start(bench), settings, NEXT)
    assert events(settings) == [("contacts", "added", "Tier__c")]
    assert [row.get("Tier__c") for row in bench.rows(settings)] == [None, "Gold"]


@pytest.mark.parametrize("is_rest", [False, True])
def test_a_required_field_that_vanishes_stops_the_object(
    salesforce: Make, start: Start, is_rest: bool
) -> None:
    bench = salesforce(hidden_fields=frozenset({"Contact.IsDeleted"}))
    bench.source_settings["rest_objects"] = ["contacts"] if is_rest else []
    with pytest.raises(SourceError, match="Contact is described without IsDeleted"):
        bench.extract(start(bench).settings())


# ---- formulas ------------------------------------------------------------------------------------------------


def with_formula(salesforce: Make, rank: list[str]) -> SalesforceBench:
    formula = derived("Rank__c", "string", lambda record: rank[0], length=20)
    bench = salesforce(custom_fields={"Contact": (replace(formula, calculated=True),)})
    bench.objects = ("contacts",)
    bench.person(1, NOON)
    return bench


def ranks(bench: Bench, settings: Any) -> list[str]:
    return [row["Rank__c"] for row in sorted(bench.rows(settings), key=lambda row: row["_window_start"])]


def test_a_formula_is_told_and_may_be_stale(
    salesforce: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    rank = ["silver"]
    bench = with_formula(salesforce, rank)
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    rank[0] = "gold"
    night(bench, settings, NEXT)
    assert ranks(bench, settings) == ["silver"]
    assert "1 formula fields of Contact may be stale (F28)" in caplog.text
    assert bench.committed(settings)[0].evidence["calculated"] == ["Rank__c"]


@pytest.mark.parametrize("rest", [[], ["contacts"]])
def test_an_object_with_formulas_is_read_whole_on_its_night_of_the_week(
    salesforce: Make, start: Start, caplog: pytest.LogCaptureFixture, rest: list[str]
) -> None:
    rank = ["silver"]
    bench = with_formula(salesforce, rank)
    bench.source_settings |= {"formula_objects": ["contacts"], "weekly_on": "monday", "rest_objects": rest}
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    rank[0] = "gold"
    night(bench, settings, NEXT)
    assert ranks(bench, settings) == ["silver", "gold"]
    assert [one.evidence["from"] for one in bench.committed(settings)] == ["2026-02-28T23:00:00Z", None]
    assert "may be stale" not in caplog.text


# ---- merges, conversions, person accounts, currencies ----------------------------------------------------------


def test_a_lead_that_was_converted_names_what_became_of_it(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.objects = ("leads",)
    lead = {"Id": "00Q5e00000000001AA", "IsDeleted": False, "SystemModstamp": NOON, "LastName": "Lee"}
    became = {"IsConverted": True, "ConvertedContactId": bench.key_of(1), "ConvertedAccountId": "0015e0000000001AAA"}  # fmt: skip
    bench.put("leads", lead["Id"], NOON, lead)  # type: ignore[arg-type]
    bench.put("leads", lead["Id"], NOON + DAY, {**lead, **became, "SystemModstamp": NOON + DAY})  # type: ignore[arg-type]
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    before, after = sorted(bench.rows(settings, "leads"), key=lambda row: row["SystemModstamp"])
    assert (before["IsConverted"], before["ConvertedContactId"]) == ("false", "")
    assert (after["IsConverted"], after["ConvertedContactId"]) == ("true", bench.key_of(1))


def test_a_merge_moves_the_losers_stamp_and_names_the_winner(salesforce: Make, start: Start) -> None:
    bench = salesforce()
    bench.objects = ("contacts",)
    bench.person(1, NOON)
    bench.person(2, NOON)
    bench.person(2, NOON + DAY, IsDeleted=True, MasterRecordId=bench.key_of(1))
    settings = start(bench).settings()
    night(bench, settings, NIGHT)
    night(bench, settings, NEXT)
    newest = {row["Id"]: (row["IsDeleted"], row["MasterRecordId"]) for row in bench.rows(settings)}
    assert newest[bench.key_of(2)] == ("true", bench.key_of(1))


def test_person_accounts_and_currencies_come_as_fields_of_their_own(salesforce: Make, start: Start) -> None:
    person = (flag("IsPersonAccount"), lookup("PersonContactId", "Contact"), text("PersonEmail", 80))
    currency = (text("CurrencyIsoCode", 3),)
    bench = salesforce(custom_fields={"Account": (*person, *currency), "Opportunity": currency})
    bench.objects = ("accounts", "opportunities")
    account = {"Id": "0015e0000000001AAA", "IsDeleted": False, "SystemModstamp": NOON, "Name": "Ann Lee"}
    own = {"IsPersonAccount": True, "PersonContactId": bench.key_of(1), "CurrencyIsoCode": "EUR"}
    bench.put("accounts", account["Id"], NOON, {**account, **own})  # type: ignore[arg-type]
    deal = {"Id": "0065e0000000001AAA", "IsDeleted": False, "SystemModstamp": NOON, "Amount": 12.5}
    bench.put("opportunities", deal["Id"], NOON, {**deal, "CurrencyIsoCode": "JPY"})  # type: ignore[arg-type]
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings, "accounts")
    assert [row[name] for name in own] == ["true", bench.key_of(1), "EUR"]
    (row,) = bench.rows(settings, "opportunities")
    assert (row["Amount"], row["CurrencyIsoCode"]) == ("12.5", "JPY")


# ---- quotas --------------------------------------------------------------------------------------------------


def test_a_run_stops_before_the_organisations_last_calls_and_what_is_committed_stays(
    salesforce: Make, start: Start
) -> None:
    bench = salesforce(daily_requests=300)
    bench.source_settings["limits"] = {"bulk_share": 0.1}
    bench.person(1, NOON)
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match="of the 300 API calls of 24 hours are used"):
        bench.extract(settings)
    assert bench.stats.to_dict()["violations"] == {}
    used = bench.gates(settings).source(settings.platform.source(bench.id)).report().calls  # type: ignore[arg-type]
    assert 30 <= used <= 31
    bench.clock.advance(25 * 3600)
    bench.source_settings["limits"] = {}
    done = len(Lake(settings.home.lake).manifests())
    bench.extract(replace(bench.settings(), home=settings.home))
    assert len(Lake(settings.home.lake).manifests()) == len(settings.platform.source(bench.id).all_objects)
    assert done < len(Lake(settings.home.lake).manifests())


def test_jobs_of_others_count_too(salesforce: Make, start: Start) -> None:
    bench = salesforce(daily_query_jobs=3)
    settings = start(bench).settings()
    with pytest.raises(QuotaExhausted, match="of the 3 bulk query jobs of 24 hours are used"):
        bench.extract(settings)
    assert bench.stats.to_dict()["violations"] == {}
    assert bench.calls("limits") == 1


def test_limits_that_the_user_may_not_see_stop_nothing(
    salesforce: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    bench = salesforce()
    body = [{"errorCode": "FORBIDDEN", "message": "no"}]
    bench.fault("status", "GET .*/limits", {"status": 403, "body": body}, times=None)
    bench.person(1, NOON)
    settings = start(bench).settings()
    bench.extract(settings)
    assert len(bench.rows(settings)) == 1
    assert "what others used today is not known" in caplog.text
