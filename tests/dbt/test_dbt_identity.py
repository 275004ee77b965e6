"""Who is whom: hand-written cases and a long chain."""

from __future__ import annotations

from cases import CHAIN
from raw_warehouse import Built


def person_of(built: Built, *record_keys: str) -> list[str]:
    found = {row["record_key"]: row["person_key"] for row in built.rows("select * from map_person_records")}
    return [found[key] for key in record_keys]


def account_of(built: Built, *record_keys: str) -> list[str]:
    found = {row["record_key"]: row["account_key"] for row in built.rows("select * from map_account_records")}
    return [found[key] for key in record_keys]


def test_a_chain_of_a_thousand_records_is_one_person(cases: Built) -> None:
    sizes = cases.column("select count(*) from int_person__records where last_name = 'Chain'")
    people = cases.column(
        "select distinct person_key from int_person__clustered semi join int_person__records as r "
        "on r.record_key = int_person__clustered.record_key and r.last_name = 'Chain'"
    )
    earliest = cases.column(
        "select 'p_' || md5(arg_min(record_key, created_at)) from int_person__records where last_name = 'Chain'"
    )
    assert (sizes, people) == ([CHAIN], earliest)


def test_one_person_is_found_by_crm_id_conversion_and_email(cases: Built) -> None:
    keys = person_of(
        cases, "003Ann@main.salesforce", "00QAnn@main.salesforce", "1@emea.marketo", "1@amer.marketo"
    )
    assert len(set(keys)) == 1


def test_an_ecid_ties_only_people_of_the_same_last_name(cases: Built) -> None:
    first, second, other = person_of(cases, "2@emea.marketo", "3@emea.marketo", "4@emea.marketo")
    assert first == second != other


def test_nobody_is_joined_by_a_mailbox_of_many_names_or_of_a_role(cases: Built) -> None:
    many = person_of(cases, *(f"{number}@emea.marketo" for number in range(20, 24)))
    role = person_of(cases, "40@emea.marketo", "41@emea.marketo")
    few = person_of(cases, *(f"{number}@emea.marketo" for number in range(30, 33)))
    assert (len(set(many)), len(set(role)), len(set(few))) == (4, 2, 1)


def test_a_shared_mailbox_is_nobody_s_primary_email(cases: Built) -> None:
    shared = "'office5@many.example', 'info@acme.example', 'noemail@noemail.com'"
    assert cases.column(f"select count(*) from dim_people where email in ({shared})") == [0]
    assert cases.column(
        "select reason from int_person__shared_values where shared_value like 'office5@%'"
    ) == ["many_last_names"]


def test_survivorship_asks_contacts_first_and_a_withdrawal_anywhere_wins(cases: Built) -> None:
    (ann,) = cases.rows("select * from dim_people where primary_record_key = '003Ann@main.salesforce'")
    wanted = {
        "email": "ann@acme.example", "title": "CFO", "lead_score": 7, "is_unsubscribed": True, "record_count": 4,
        "source_count": 3, "seniority": "c_level", "job_function": "finance",
    }  # fmt: skip
    assert {name: ann[name] for name in wanted} == wanted


def test_the_merged_and_the_deleted_stay_known_and_are_not_live(cases: Built) -> None:
    keys = ("50", "51", "52", "53", "54", "55")
    rows = cases.rows("select * from map_person_records where source_instance = 'marketo__emea'")
    found = {row["record_id"]: (row["is_live"], row["is_merged_loser"]) for row in rows}
    assert [found[key] for key in keys] == [
        (False, False), (True, False), (True, False), (False, True), (False, True), (False, False),
    ]  # fmt: skip
    winner, loser, unread = person_of(cases, "52@emea.marketo", "53@emea.marketo", "54@emea.marketo")
    assert winner == loser == unread
    won, lost = person_of(cases, "003Won@main.salesforce", "003Lost@main.salesforce")
    assert won == lost


def test_a_person_without_a_live_record_is_suppressed_and_not_in_dim_people(cases: Built) -> None:
    gone, unread = person_of(cases, "50@emea.marketo", "55@emea.marketo")
    (ann,) = person_of(cases, "003Ann@main.salesforce")
    reasons = {row["person_key"]: row["reason"] for row in cases.rows("select * from int_person__suppressed")}
    assert (reasons[gone], reasons[unread], reasons[ann]) == (
        "no_live_record",
        "no_live_record",
        "unsubscribed",
    )
    people = set(cases.column("select person_key from dim_people"))
    assert ann in people and not {gone, unread} & people


def test_an_account_is_found_by_company_key_merge_and_domain(cases: Built) -> None:
    keys = account_of(
        cases,
        "001Acme@main.salesforce",
        "001Acme2@main.salesforce",
        "7.mkto_org@amer.marketo",
        "8.mkto_org@amer.marketo",
    )
    first, second = account_of(cases, "001H1@main.salesforce", "001H2@main.salesforce")
    assert len(set(keys)) == 1
    assert first != second, "a web host is nobody's own domain"


def test_account_values_come_from_salesforce_and_then_from_marketo(cases: Built) -> None:
    (acme,) = cases.rows("select * from dim_accounts where domain = 'acme.example'")
    assert (acme["name"], acme["industry"], acme["record_count"]) == ("Acme", "Finance", 4)


def test_the_hierarchy_has_roots_even_in_a_ring(cases: Built) -> None:
    rows = {row["name"]: row for row in cases.rows("select * from dim_accounts")}
    acme = rows["Acme"]["account_key"]
    assert rows["Mid"]["parent_account_key"] == acme, "the parent was merged into Acme"
    assert [rows[name]["root_account_key"] for name in ("Acme", "Mid", "Child")] == [acme] * 3
    ring = {rows["Ring 1"]["account_key"], rows["Ring 2"]["account_key"]}
    assert {rows[name]["root_account_key"] for name in ("Ring 1", "Ring 2")} == {min(ring)}
