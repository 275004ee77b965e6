"""Sources that are staged from a mapping alone: their records become people, accounts and all the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from mapped_project import MAPPINGS, compiled
from raw_warehouse import EXPECTED, MAIN, Built, Raw, build

ORG, EXPORT, SECOND = "dynamics__org", "files__export", "files__second"
OBJECTS = {
    **EXPECTED,
    ORG: ("accounts", "contacts", "leads", "opportunities", "owners"),
    EXPORT: (
        "customers",
        "visitors",
        "companies",
        "roles",
        "newsletters",
        "subscribers",
        "fairs",
        "guests",
        "calls",
    ),
    SECOND: ("customers",),
}
OWN = {
    EXPORT: (MAPPINGS / "files__export.yml").read_text(),
    SECOND: """\
objects:
  customers:
    entity: people
    key: [mail]
    fields: {last_name: surname, email: mail}
    where: {kind: customer}
""",
    MAIN: """\
objects:
  contacts:
    fields: {title: Job_Title__c}
    custom: [New_Region]
  opportunities:
    custom: [Plan__c]
    fields: {probability: {field: Chance__c, factor: 100}}
""",
}
STAMPS = {"createdon": "2026-01-01T00:00:00Z", "modifiedon": "2026-01-02T00:00:00Z"}


def rows() -> Raw:
    raw = Raw(expected=OBJECTS)
    raw.add(
        ORG,
        "accounts",
        {"accountid": "a1", "name": "Acme", "revenue": "1000.50", "new_segment": "gold", **STAMPS},
        {"accountid": "a2", "name": "Acme Labs", "_parentaccountid_value": "a1", **STAMPS},
        {"accountid": "a3", "name": "Closed", "statecode": "1", **STAMPS},
    )
    raw.add(
        ORG,
        "contacts",
        {
            "contactid": "c1",
            "lastname": "Old",
            "emailaddress1": "ann@acme.example",
            **STAMPS,
            "modifiedon": "2026-01-01T00:00:00Z",
        },
        {
            "contactid": "c1",
            "firstname": "Ann",
            "lastname": "Lee",
            "emailaddress1": "Ann@acme.example",
            "_parentcustomerid_value": "a2",
            "new_region": "North",
            "New tier's": "{{ 1 }}",
            **STAMPS,
        },
        {"contactid": "c2", "lastname": "Gone", "statecode": "1", **STAMPS},
        {"contactid": "c3", "lastname": "Merged", "_masterid_value": "c1", **STAMPS},
    )
    raw.add(ORG, "leads", {"leadid": "l1", "lastname": "Leigh", "_parentcontactid_value": "c1", **STAMPS})
    raw.add(
        ORG,
        "opportunities",
        {
            "opportunityid": "o1",
            "name": "Deal",
            "_parentaccountid_value": "a1",
            "statuscode": "3",
            "statuscode__label": "In Progress",
            "estimatedvalue": "12.50",
            "transactioncurrency": "EUR",
            "statecode": "0",
            "estimatedclosedate": "2026-05-01T00:00:00Z",
            **STAMPS,
        },
        {"opportunityid": "o2", "name": "Won", "statuscode": "9", "statecode": "1", **STAMPS},
    )
    raw.add(ORG, "owners", {"ownerid": "w1"})
    raw.add(
        EXPORT,
        "customers",
        {
            "Customer No.": "00123",
            "First name": "Bo",
            "Last name": "NA",
            "E-Mail": "bo@files.example",
            "Company": "Files Ltd",
            "Changed": "2026-01-03",
            "new_region": "South",
        },
        {"Customer No.": "1", "Last name": "None", "E-Mail": "NULL", "Changed": "2026-01-03"},
    )
    raw.add(EXPORT, "visitors", {"id": "1", "name": "Vi", "email": "vi@files.example"})
    raw.add(EXPORT, "companies", {"Company": "Files Ltd", "Site": "https://files.example"})
    raw.add(EXPORT, "roles", {"Company": "Files Ltd", "visitor": "1", "role": "Guest"})
    raw.add(EXPORT, "newsletters", {"list": "weekly"}, {"list": "never sent"})
    raw.add(
        EXPORT, "subscribers", {"list": "weekly", "customer": "00123"}, {"list": "weekly", "customer": "9"}
    )
    raw.add(EXPORT, "fairs", {"fair": "Hanover"})
    raw.add(
        EXPORT,
        "guests",
        {"fair": "Hanover", "customer": "1", "status": "came", "came": "2026-01-05T10:00:00Z"},
    )
    raw.add(
        EXPORT, "calls", {"no": "7", "customer": "00123", "at": "2026-01-06T10:00:00Z", "subject": "Offer"}
    )
    raw.add(
        SECOND,
        "customers",
        {"mail": "bo@files.example", "surname": "NA", "kind": "customer"},
        {"mail": "shop@files.example", "surname": "Supplier", "kind": "supplier"},
        {"mail": "who@files.example", "surname": "Nobody", "kind": None},
    )
    raw.add(
        MAIN,
        "contacts",
        {"Id": "003A", "LastName": "Fox", "Title": "x", "Job_Title__c": "CFO", "New_Region": "West"},
    )
    raw.add(MAIN, "opportunities", {"Id": "006A", "Name": "Sales", "Plan__c": "B", "Chance__c": "0.25"})
    for number, stamp in (("003D", "2026-01-02T00:00:00Z"), ("003U", "2026-01-09T00:00:00Z")):
        raw.add(MAIN, "contacts", {"Id": number, "LastName": number, "SystemModstamp": stamp})
        raw.add(
            MAIN,
            "deleted_records",
            {
                "object": "contacts",
                "id": number,
                "deletedDate": "2026-01-05T00:00:00Z",
                "foundBy": "getDeleted",
            },
            {
                "object": "accounts",
                "id": "003A",
                "deletedDate": "2026-01-05T00:00:00Z",
                "foundBy": "comparison",
            },
        )
    return raw


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("mapped")
    return build(rows(), folder, unit_tests=False, project=compiled(folder, OBJECTS, OWN))


def people(built: Built) -> dict[str, dict]:
    found = built.rows("select * from dim_people")
    return {row["last_name"]: row for row in found}


def test_a_contact_of_a_mapped_source_is_a_person_with_its_newest_values(built: Built) -> None:
    ann = people(built)["Lee"]
    assert (ann["first_name"], ann["email"], ann["record_count"]) == ("Ann", "ann@acme.example", 3)
    assert ann["primary_record_key"] == "c1@org.dynamics"
    assert built.column("select name from dim_accounts where account_key = ?", [ann["account_key"]]) == [
        "Acme Labs"
    ]


def test_a_lead_and_the_contact_it_became_are_one_person_and_the_contact_is_asked_first(built: Built) -> None:
    found = built.rows(
        "select record_key, person_key, is_live from map_person_records where source_instance = ?", [ORG]
    )
    ann = people(built)["Lee"]["person_key"]
    same = {row["record_key"]: row["is_live"] for row in found if row["person_key"] == ann}
    assert same == {"c1@org.dynamics": True, "l1@org.dynamics": True, "c3@org.dynamics": False}


def test_deleted_records_of_a_mapped_source_are_known_and_not_live(built: Built) -> None:
    assert "Gone" not in people(built)
    assert built.column("select is_live from map_person_records where record_key = 'c2@org.dynamics'") == [
        False
    ]
    assert "Closed" not in built.column("select name from dim_accounts")


def test_what_a_list_of_deletions_names_is_gone_until_it_is_seen_anew(built: Built) -> None:
    found = built.rows("select record_key, is_live from map_person_records where record_key like '003%'")
    assert {row["record_key"]: row["is_live"] for row in found} == {
        "003A@main.salesforce": True,  # its id is listed, but of another object
        "003D@main.salesforce": False,
        "003U@main.salesforce": True,
    }


def test_rows_of_another_kind_are_counted_and_go_no_further(built: Built) -> None:
    assert {"Supplier", "Nobody"} & set(people(built)) == set()


def test_a_factor_brings_a_number_to_the_models_unit(built: Built) -> None:
    assert built.column("select probability from dim_opportunities where name = 'Sales'") == [25]


def test_custom_fields_reach_the_profile_under_one_name_whatever_source_they_come_from(built: Built) -> None:
    regions = {name: row["custom__new_region"] for name, row in people(built).items()}
    assert (regions["Lee"], regions["NA"], regions["Fox"], regions["Vi"]) == ("North", "South", "West", None)
    assert people(built)["Lee"]["custom__new_tier_s"] == "{{ 1 }}"
    assert built.column("select custom__new_segment from dim_accounts where name = 'Acme'") == ["gold"]
    assert built.column("select custom__plan_c from dim_opportunities where name = 'Sales'") == ["B"]


def test_a_users_file_overrides_one_field_of_the_shipped_default(built: Built) -> None:
    assert people(built)["Fox"]["title"] == "CFO"


def test_opportunities_have_labels_states_and_a_currency(built: Built) -> None:
    found = built.rows("select * from dim_opportunities where source_instance = ? order by name", [ORG])
    deal, won = found
    assert (deal["stage_name"], won["stage_name"]) == ("In Progress", "9")
    assert (deal["is_closed"], deal["is_won"], won["is_closed"], won["is_won"]) == (False, False, True, True)
    assert (deal["amount"], deal["currency"], deal["close_on"]) == (Decimal("12.50"), "EUR", date(2026, 5, 1))


def test_accounts_keep_their_hierarchy(built: Built) -> None:
    parents = built.column(
        "select p.name from dim_accounts as a inner join dim_accounts as p on p.account_key = a.parent_account_key where a.name = 'Acme Labs'"
    )
    assert parents == ["Acme"]


def test_texts_that_look_like_nothing_stay_and_the_word_for_nothing_goes(built: Built) -> None:
    found = people(built)
    assert found["NA"]["primary_record_key"] == "00123@export.files"
    assert found["None"]["email"] is None


def test_two_connections_with_one_table_and_two_mappings_are_both_read(built: Built) -> None:
    assert people(built)["NA"]["source_count"] == 2


def test_ids_of_two_objects_that_count_from_one_do_not_meet(built: Built) -> None:
    keys = built.column(
        "select record_key from map_person_records where source_instance = ? order by 1", [EXPORT]
    )
    assert keys == ["00123@export.files", "1.visitors@export.files", "1@export.files"]
    roles = built.rows(
        "select a.name, p.last_name, b.roles from bridge_account_people as b inner join dim_accounts as a using (account_key) inner join dim_people as p using (person_key) where b.roles is not null"
    )
    assert roles == [{"name": "Files Ltd", "last_name": "Vi", "roles": "Guest"}]


def test_lists_campaigns_and_activities_of_mapped_sources_are_those_of_the_profile(built: Built) -> None:
    lists = built.rows("select name, member_count from dim_static_lists order by name")
    assert lists == [{"name": "never sent", "member_count": 0}, {"name": "weekly", "member_count": 2}]
    assert built.column("select count(*) from bridge_static_list_people") == [1]
    campaigns = built.rows("select name, campaign_type, member_count from dim_campaigns")
    assert campaigns == [{"name": "Hanover", "campaign_type": "fair", "member_count": 1}]
    assert built.column("select has_responded from bridge_campaign_people") == [True]
    calls = built.rows("select activity_type, asset_name, person_key from fct_activities")
    assert calls == [
        {
            "activity_type": "phone_call",
            "asset_name": "Offer",
            "person_key": people(built)["NA"]["person_key"],
        }
    ]


def test_every_object_reconciles_those_without_a_mapping_too(built: Built) -> None:
    found = built.rows("select source_instance, object, raw_rows, is_reconciled from rpt_reconciliation")
    assert [row for row in found if not row["is_reconciled"]] == []
    counts = {(row["source_instance"], row["object"]): row["raw_rows"] for row in found}
    assert counts[ORG, "owners"] == 1
    assert (counts[EXPORT, "customers"], counts[SECOND, "customers"]) == (2, 3)


def test_compiling_back_to_the_defaults_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    import filecmp

    from raw_warehouse import PROJECT

    from muster.config.mapping_files import Listed, load_mappings
    from muster.mapping import write_mappings

    project = compiled(tmp_path, OBJECTS, OWN)
    assert "custom__new_region" in (project / "models/profile/dim_people.yml").read_text()
    mappings = load_mappings([Listed(name, found) for name, found in EXPECTED.items()], tmp_path / "none")
    assert write_mappings(mappings, project)
    assert write_mappings(mappings, project, check=True) == []
    for path in (p for p in PROJECT.rglob("*") if p.is_file()):
        assert filecmp.cmp(path, project / path.relative_to(PROJECT), shallow=False), path
    left = {p.relative_to(project) for p in project.rglob("*") if p.is_file()}
    assert left == {p.relative_to(PROJECT) for p in PROJECT.rglob("*") if p.is_file()}
