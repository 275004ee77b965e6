"""What the public tables say of hand-written records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from raw_warehouse import AS_OF, Built


def test_relations_say_direct_and_active_and_the_listed_ones_win(cases: Built) -> None:
    rows = cases.rows(
        "select a.name, p.last_name, b.is_direct, b.is_active, b.roles from bridge_account_people as b "
        "inner join dim_accounts as a using (account_key) inner join dim_people as p using (person_key)"
    )
    found = {
        (row["name"], row["last_name"]): (row["is_direct"], row["is_active"], row["roles"]) for row in rows
    }
    assert found == {
        ("Acme", "Lee"): (True, True, None),
        ("Host 1", "Cai"): (True, False, None),
        ("Host 2", "Cai"): (False, True, "Evaluator;Other"),
        ("Host 2", "Doe"): (True, True, None),
        ("Acme", "Poe"): (True, True, None),
    }


def test_the_primary_account_is_the_one_the_first_record_names(cases: Built) -> None:
    rows = cases.rows(
        "select p.last_name, a.name from dim_people as p inner join dim_accounts as a using (account_key)"
    )
    assert {row["last_name"]: row["name"] for row in rows} == {
        "Lee": "Acme",
        "Cai": "Host 1",
        "Doe": "Host 2",
        "Poe": "Acme",
    }


def test_opportunities_lead_to_accounts_and_people(cases: Built) -> None:
    rows = cases.rows(
        "select o.opportunity_key, o.amount, o.is_closed, a.name, p.last_name, b.role, b.is_primary "
        "from dim_opportunities as o left join dim_accounts as a using (account_key) "
        "left join bridge_opportunity_people as b using (opportunity_key) "
        "left join dim_people as p on p.person_key = b.person_key order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("006A@main.salesforce", Decimal("250000.50"), False, "Acme", "Lee", "Decision Maker", True),
        ("g-1@amer.marketo", Decimal("9.00"), True, "Acme", "Poe", "Influencer", False),
    ]


def test_activities_of_merged_and_unread_leads_are_the_winner_s_and_none_is_lost(cases: Built) -> None:
    rows = cases.rows(
        "select f.activity_key, p.last_name, f.person_key is null as is_nobody from fct_activities as f "
        "left join dim_people as p using (person_key) where activity_type = 'open_email'"
    )
    found = {row["activity_key"]: (row["last_name"], row["is_nobody"]) for row in rows}
    assert found == {
        "2@emea.marketo": ("Winner", False),
        "3@emea.marketo": ("Winner", False),
        "4@emea.marketo": (None, True),
    }


def test_an_activity_read_twice_counts_once(cases: Built) -> None:
    visits = cases.rows(
        "select activity_key, page_url from fct_activities where activity_type = 'visit_webpage' order by all"
    )
    assert [(v["activity_key"], v["page_url"]) for v in visits] == [
        (f"{n}@emea.marketo", "/pricing") for n in (100, 101, 102)
    ]


def test_static_lists_have_members_who_live(cases: Built) -> None:
    lists = cases.rows("select name, member_count from dim_static_lists order by name")
    members = cases.rows(
        "select l.name, p.last_name from bridge_static_list_people as b inner join dim_static_lists as l using (list_key) inner join dim_people as p using (person_key)"
    )
    assert lists == [{"name": "Empty", "member_count": 0}, {"name": "List", "member_count": 2}]
    assert members == [{"name": "List", "last_name": "Lee"}]


def test_a_late_old_version_does_not_replace_the_newer_one(cases: Built) -> None:
    assert cases.column("select last_name from dim_people where primary_record_key = '70@emea.marketo'") == [
        "New"
    ]


def test_values_that_cannot_be_cast_are_null_and_counted(cases: Built) -> None:
    (odd,) = cases.rows(
        "select lead_score, is_unsubscribed, created_at from dim_people where last_name = 'Odd'"
    )
    failures = cases.rows(
        "select column_name, wanted_type, failure_count from int_lake__cast_failures order by all"
    )
    assert odd == {"lead_score": None, "is_unsubscribed": False, "created_at": None}
    assert [tuple(row.values()) for row in failures] == [
        ("createdAt", "timestamptz", 1), ("leadScore", "integer", 1), ("unsubscribed", "boolean", 1),
    ]  # fmt: skip


def test_every_object_reconciles(cases: Built) -> None:
    rows = cases.rows("select * from rpt_reconciliation")
    assert len(rows) == 18
    assert [row for row in rows if not row["is_reconciled"]] == []
    leads = next(row for row in rows if (row["source_instance"], row["object"]) == ("marketo__emea", "leads"))
    assert leads["raw_rows"] == leads["staged_records"] + 1, "one old version of lead 70"


def test_times_are_utc_and_the_evaluation_time_is_the_newest_night(cases: Built) -> None:
    (row,) = cases.rows("select as_of from int_lake__as_of")
    assert row["as_of"].astimezone(UTC) == AS_OF
    (created,) = cases.column("select created_at from dim_accounts where name = 'Acme'")
    assert created.astimezone(UTC) == datetime(2026, 1, 3, tzinfo=UTC)
