"""What only Dynamics has: described columns and their labels, pages with links, and the default mapping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from bench_dynamics import DynamicsBench
from source_benches import NEXT, START, Bench

from muster.errors import IntegrityError, SourceError
from muster.lake import Lake, drift
from muster.sources import dynamics as package
from muster_simulators.dynamics import Attribute

Start = Callable[[Bench], Bench]
Make = Callable[..., DynamicsBench]
NOON = START + timedelta(hours=12)
CONTACTS = "GET /api/data/v9.2/contacts"


# ---- columns -----------------------------------------------------------------------------------------------


def test_choices_come_with_their_labels_and_lookups_with_name_and_table(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    account = bench.record("accounts", "accountid", 7, NOON, name="Acme")
    bench.person(1, NOON, gendercode=2, donotemail=True, _parentcustomerid_value=account)
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings)
    found = {
        name: row[name]
        for name in row
        if name.startswith(("gender", "donotemail", "_parentcustomer", "statecode"))
    }
    assert found == {
        "gendercode": "2",
        "gendercode__label": "Female",
        "donotemail": "true",
        "donotemail__label": "Yes",
        "statecode": "0",
        "statecode__label": "Active",
        "_parentcustomerid_value": account,
        "_parentcustomerid_value__label": "Acme",
        "_parentcustomerid_value__lookuplogicalname": "account",
    }
    assert row["modifiedon"] == "2026-03-01T12:00:00Z"
    assert row["deletedentity__reason"] is None
    assert not {"entityimage", "parentcustomeridname", "parentcustomeridtype"} & set(row)


def test_a_multi_select_keeps_its_numbers_and_all_their_labels(dynamics: Make, start: Start) -> None:
    products = Attribute("new_products", "Virtual", {1: "Pens", 2: "Ink"}, is_multi=True)
    bench = dynamics(custom_attributes={"contact": (products,)})
    bench.person(1, NOON, new_products="1,2")
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings)
    assert (row["new_products"], row["new_products__label"]) == ("1,2", "Pens; Ink")


def test_names_and_numbers_arrive_as_sent(dynamics: Make, start: Start) -> None:
    names = [
        "NA",
        "null",
        "None",
        "00123",
        "1e5",
        "🎉",
        "שלום עולם",
        "two\nlines",
        "\u200f\u0645\u0631\u062d\u0628\u0627",
    ]
    bench = dynamics()
    for number, name in enumerate(names, start=1):
        bench.person(number, NOON, name, jobtitle=name)
    bench.record(
        "opportunities", "opportunityid", 1, NOON, name="Deal", estimatedvalue=1234.5, closeprobability=0
    )
    settings = start(bench).settings()
    bench.extract(settings)
    rows = {row["contactid"]: (row["lastname"], row["jobtitle"]) for row in bench.rows(settings)}
    assert rows == {bench.key_of(number): (name, name) for number, name in enumerate(names, start=1)}
    (deal,) = bench.rows(settings, "opportunities")
    assert (deal["estimatedvalue"], deal["closeprobability"]) == ("1234.5", "0")


def test_half_a_character_and_a_row_without_its_key_are_put_aside(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    bench.person(1, NOON, "fine")
    bench.person(2, NOON, "half \ud83d of one")
    bench.put("contacts", "lost", NOON, {"contactid": None, "lastname": "lost", "modifiedon": NOON})
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.names(settings) == {bench.key_of(1): "fine"}
    aside = {row["reason"]: row["raw"] for row in bench.aside(settings)}
    assert set(aside) == {"bytes that are not UTF-8", "no contactid"}
    assert "half \\ud83d of one" in aside["bytes that are not UTF-8"]


def test_connections_tell_both_ends_and_their_roles(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    role = bench.record("connectionroles", "connectionroleid", 9, NOON, name="Decision Maker")
    deal = bench.record("opportunities", "opportunityid", 3, NOON, name="Deal")
    bench.person(1, NOON)
    ends = {"_record1id_value": deal, "_record2id_value": bench.key_of(1), "_record2roleid_value": role}
    bench.record(
        "connections", "connectionid", 5, NOON, record1objecttypecode=3, record2objecttypecode=2, **ends
    )
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings, "connections")
    assert row["_record1id_value__lookuplogicalname"] == "opportunity"
    assert row["_record2id_value__lookuplogicalname"] == "contact"
    assert row["_record2roleid_value__label"] == "Decision Maker"
    assert row["record1objecttypecode__label"] == "Opportunity"


def test_a_merge_loser_names_its_master(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    bench.person(1, NOON)
    bench.person(2, NOON, merged=True, statecode=1, _masterid_value=bench.key_of(1))
    settings = start(bench).settings()
    bench.extract(settings)
    rows = {row["contactid"]: (row["merged"], row["_masterid_value"]) for row in bench.rows(settings)}
    assert rows == {bench.key_of(1): (None, None), bench.key_of(2): ("true", bench.key_of(1))}
    assert bench.removed(settings) == set()


def test_custom_tables_are_read_by_their_logical_names(dynamics: Make, start: Start) -> None:
    bench = dynamics(custom_tables={"new_contract": ("new_contracts", (Attribute("new_title", "String"),))})
    bench.source_settings["custom_tables"] = ["new_contract"]
    bench.record("new_contracts", "new_contractid", 1, NOON, new_title="Three years")
    settings = start(bench).settings()
    bench.extract(settings)
    (row,) = bench.rows(settings, "custom_new_contract")
    assert (row["new_contractid"], row["new_title"]) == (bench.key_of(1), "Three years")


def test_a_column_that_goes_is_recorded_as_drift_and_the_rest_is_read(dynamics: Make, start: Start) -> None:
    bench = dynamics(custom_attributes={"contact": (Attribute("new_tier", "String"),)})
    bench.person(1, NOON, new_tier="gold")
    bench.person(2, NOON + timedelta(days=1), new_tier="gold")
    settings = start(bench).settings()
    bench.extract(settings)
    without = DynamicsBench(bench.tmp, hidden=frozenset({"contact.new_tier"}))
    without.changes, without.homes = bench.changes, bench.homes
    start(without)
    without.clock.set(NEXT.end + timedelta(minutes=30))
    without.extract(settings, NEXT)
    events = drift.events(Lake(settings.home.lake)).to_pylist()
    assert [(one["field"], one["change"]) for one in events] == [("new_tier", "dropped")]
    assert len(bench.rows(settings)) == 2


def test_the_manifest_names_columns_that_may_be_stale_or_blanked(
    dynamics: Make, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    score = Attribute("new_score", "Integer", source_type=1)
    bench = dynamics(custom_attributes={"contact": (score,)}, secured=frozenset({"contact.mobilephone"}))
    bench.person(1, NOON, mobilephone="+1", new_score=5)
    settings = start(bench).settings()
    bench.extract(settings)
    evidence = bench.committed(settings)[0].evidence
    assert (evidence["calculated"], evidence["secured"]) == (["new_score"], ["mobilephone"])
    assert evidence["api_version"] == "9.2"
    assert (evidence["from"], evidence["until"]) == ("2026-02-28T23:00:00Z", "2026-03-02T00:00:00Z")
    assert "1 calculated columns of contact may be stale (F28)" in caplog.text
    assert bench.rows(settings)[0]["mobilephone"] is None


def test_a_table_without_stamp_or_key_is_refused_by_name(dynamics: Make, start: Start) -> None:
    bench = dynamics(hidden=frozenset({"contact.modifiedon"}))
    with pytest.raises(SourceError, match="contact is described without modifiedon"):
        bench.extract(start(bench).settings())


def test_columns_that_would_make_the_address_too_long_are_not_listed_in_it(
    dynamics: Make, start: Start
) -> None:
    many = tuple(
        Attribute(f"new_a_rather_long_column_name_{number:04d}", "String") for number in range(1_100)
    )
    bench = dynamics(custom_attributes={"contact": many})
    bench.person(1, NOON, new_a_rather_long_column_name_1099="here")
    settings = start(bench).settings()
    bench.extract(settings)
    assert bench.rows(settings)[0]["new_a_rather_long_column_name_1099"] == "here"


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 10, 11, 20, 25])
def test_every_page_is_followed_to_the_one_without_a_link(dynamics: Make, start: Start, count: int) -> None:
    bench = dynamics(page_size=10)
    for number in range(1, count + 1):
        bench.person(number, NOON + timedelta(seconds=number % 2))
    settings = start(bench).settings()
    bench.extract(settings)
    (manifest,) = bench.committed(settings)
    assert manifest.rows == len(bench.names(settings)) == count
    assert manifest.evidence["pages"] == max(1, -(-count // 10))


@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("limit", [5000, 12])
def test_a_lost_link_is_no_early_end(dynamics: Make, start: Start, skip: int, limit: int) -> None:
    """Whether the service can count that far or not, and on the first page or a later one."""
    bench = dynamics(page_size=10, count_limit=limit)
    for number in range(1, 36):
        bench.person(number, NOON + timedelta(seconds=number))
    fault = bench.fault(
        "lost_link", CONTACTS, skip=3 + skip
    )  # the keys, which are read first, have three links
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="were announced"):
        bench.extract(settings)
    assert fault.hits == 1
    assert bench.committed(settings) == []
    bench.extract(settings)
    assert len(bench.names(settings)) == 35


def test_a_wrong_count_is_never_committed(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    bench.person(1, NOON)
    bench.fault("count", CONTACTS, 1, times=None)
    settings = start(bench).settings()
    with pytest.raises(IntegrityError, match="2 rows were announced and 1 came"):
        bench.extract(settings)
    assert bench.committed(settings) == []


def test_a_link_that_comes_again_ends_in_an_error(dynamics: Make, start: Start) -> None:
    bench = dynamics(page_size=10)
    for number in range(1, 36):
        bench.person(number, NOON)
    bench.fault("same_link", CONTACTS, times=None)
    with pytest.raises(IntegrityError, match="the same next link twice"):
        bench.extract(start(bench).settings())


def test_a_link_that_leads_elsewhere_is_never_followed_with_the_token(dynamics: Make, start: Start) -> None:
    bench = dynamics(page_size=10)
    for number in range(1, 12):
        bench.person(number, NOON)
    bench.fault("foreign_link", CONTACTS, times=None)
    settings = start(bench).settings()
    with pytest.raises(SourceError, match="a link leads outside of it"):
        bench.extract(settings)
    assert bench.committed(settings) == []


# ---- the default mapping -----------------------------------------------------------------------------------


def test_the_default_mapping_names_only_columns_that_the_tables_have(dynamics: Make, start: Start) -> None:
    bench = dynamics()
    settings = start(bench).settings()
    bench.extract(settings)
    mapping = yaml.safe_load((Path(package.__file__).parent / "mapping.yml").read_text())["objects"]
    assert set(mapping) <= set(bench.objects)
    for name, one in mapping.items():
        columns = set(bench.committed(settings, name)[0].columns)
        named = {*one["key"], one["version"], one["deleted"]["field"]}
        for field in one["fields"].values():
            named.add(field if isinstance(field, str) else field["field"])
            named |= {f"{field['labels']}__label"} if isinstance(field, dict) and "labels" in field else set()
        assert named <= columns, name
