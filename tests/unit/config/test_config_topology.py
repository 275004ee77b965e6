"""The topologies of the blueprint (B2-B6): supported ones load, unsupported ones are refused by name (F112)."""

from __future__ import annotations

from itertools import product

import pytest

SYNCED = "    crm_sync: salesforce__main\n    objects: [leads, activities]\n"


@pytest.mark.parametrize("name", ["companies", "opportunities", "opportunity_roles", "sales_persons"])
def test_b2_an_object_of_the_crm_is_not_ingested_a_second_time_through_a_synced_marketo(change, name):
    found, _ = change((SYNCED, SYNCED.replace("activities", name)))
    assert len(found) == 1
    assert found[0].startswith(f"14: B2: '{name}' of a Marketo synced with salesforce__main (line 13)")
    assert "1018" in found[0]


def test_b2_names_the_line_where_the_crm_already_brings_the_object(change):
    found, _ = change((SYNCED, SYNCED.replace("activities", "companies")))
    assert "accounts, which come from the CRM itself (line 25)" in found[0]


def test_b2_a_marketo_without_sync_keeps_its_own_companies(problems, valid):
    assert "[leads, companies]" in valid
    assert problems(valid) == []


@pytest.mark.parametrize(
    "name", ["programs", "program_members", "smart_campaigns", "named_accounts", "lead_changes"]
)
def test_b2_a_synced_marketo_keeps_what_is_its_own(change, name):
    found, _ = change((SYNCED, SYNCED.replace("activities", name)))
    assert found == []


def test_custom_objects_of_one_name_but_for_case_would_be_one_table(change):
    listed = SYNCED + "    custom_objects: [Contract_c, order_c, contract_C]\n"
    found, _ = change((SYNCED, listed))
    assert found == ["15: custom_objects: 'contract_C' and 'Contract_c' would be one table of the lake"]


def test_a_custom_object_that_is_listed_twice_is_told(change):
    found, _ = change((SYNCED, SYNCED + "    custom_objects: [order_c, order_c]\n"))
    assert found == ["15: custom_objects: 'order_c' is listed twice"]


@pytest.mark.parametrize("name", ["order-c", "1st", "über", "a b", "../etc", "x" * 70])
def test_a_custom_object_has_an_api_name(change, name):
    found, _ = change((SYNCED, SYNCED + f'    custom_objects: ["{name}"]\n'))
    assert len(found) == 1
    assert "is not the API name of a custom object" in found[0]


def test_b2_the_crm_of_a_synced_marketo_is_a_source(change):
    found, _ = change(("crm_sync: salesforce__main", "crm_sync: salesforce__mian"))
    assert found == [
        "13: crm_sync: there is no CRM source 'salesforce__mian' (did you mean 'salesforce__main'?)"
    ]


def test_b4_one_marketo_to_two_platforms_in_one_entry_names_both_lines(change):
    feeds = "feeds:\n      - acme/prod\n      - globex/prod"
    found, _ = change(("feeds: [acme/prod]\n    crm_sync", f"{feeds}\n    crm_sync"))
    assert found == [
        "14: B4: Marketo 123-EMA-001 feeds platform 'globex' here and 'acme' in line 13; one Marketo may feed one "
        "platform only (keep one of them; several sandboxes of one platform are fine (B5))"
    ]


def test_b4_one_marketo_to_two_platforms_over_two_entries_names_both_lines(change):
    found, _ = change(
        (
            "munchkin_id: 456-AMR-002\n    feeds: [acme/prod]",
            "munchkin_id: 123-EMA-001\n    feeds: [globex/prod]",
        )
    )
    b4 = [problem for problem in found if "B4" in problem]
    assert len(b4) == 1
    assert b4[0].startswith("18: B4: Marketo 123-EMA-001 feeds platform 'globex' here and 'acme' in line 12")


def test_b5_one_marketo_to_several_sandboxes_of_one_platform_is_fine(change):
    found, _ = change(("feeds: [acme/prod]\n    crm_sync", "feeds: [acme/prod, acme/dev]\n    crm_sync"))
    assert found == []


def test_b6_two_destinations_in_two_marketos_are_fine(change):
    second = (
        "  - type: marketo\n    name: marketo__amer\n    connection: marketo__amer\n    program: Muster\n"
    )
    found, _ = change(("destinations:\n", f"destinations:\n{second}"))
    assert found == []


def test_a_marketo_may_not_be_two_sources_of_one_sandbox(change):
    found, _ = change(("munchkin_id: 456-AMR-002", "munchkin_id: 123-EMA-001"))
    assert found == [
        "17: munchkin_id 123-EMA-001 is already the source of line 11; acme/prod would get every record twice"
    ]


def test_a_source_of_this_file_feeds_this_file(change):
    found, _ = change(("feeds: [acme/prod]\n    crm_sync", "feeds: [acme/dev]\n    crm_sync"))
    assert found == ["12: feeds: 'acme/prod', which this file describes, is not among them (add acme/prod)"]


SOURCE = """\
  - type: marketo
    connection: marketo__m{marketo}
    munchkin_id: {marketo}00-AAA-001
    feeds: [{feeds}]
    objects: [leads]
"""
HEAD = """\
platform: p0
sandbox: s0
schedule: {cron: "0 0 * * *", start: 2026-03-02}
history_start: 2026-01-01
sources:
"""


def _text(mapping: tuple[tuple[tuple[int, int], ...], ...]) -> str:
    rows = [
        SOURCE.format(marketo=i, feeds=", ".join(f"p{p}/s{s}" for p, s in sorted({(0, 0), *feeds})))
        for i, feeds in enumerate(mapping)
    ]
    return HEAD + "".join(rows)


PLACES = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


@pytest.mark.parametrize("marketos", [1, 2])
def test_every_small_topology_is_judged_by_b4_alone(problems, marketos):
    """B3, B5: any number of Marketos and sandboxes; refused exactly when one Marketo meets two platforms (F112)."""
    choices = [
        tuple(p for p, on in zip(PLACES, bits, strict=True) if on) for bits in product([0, 1], repeat=5)
    ]
    for mapping in product(choices[::2] if marketos > 1 else choices, repeat=marketos):
        found = problems(_text(mapping))
        unsupported = [i for i, feeds in enumerate(mapping) if {p for p, _ in feeds} - {0}]
        assert bool(found) == bool(unsupported), (mapping, found)
        assert all("B4" in problem for problem in found)
        assert {f"{i}00-AAA-001" for i in unsupported} == {
            p.split("Marketo ")[1].split(" ")[0] for p in found
        }


def test_a_marketo_may_be_synced_with_a_crm_that_is_not_read_itself(change) -> None:
    found, _ = change(("crm_sync: salesforce__main", "crm_sync: salesforce"))
    assert found == []


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("companies", "that CRM's accounts, whose ids and names come with the leads"),
        ("opportunities", "that CRM's opportunities, which leads don't carry"),
    ],
)
def test_what_a_synced_marketo_refuses_is_refused_though_the_crm_is_not_read(
    change, name: str, instead: str
) -> None:
    found, _ = change((SYNCED, f"    crm_sync: salesforce\n    objects: [leads, {name}]\n"))
    assert len(found) == 1
    assert f"B2: '{name}' of a Marketo synced with salesforce (line 13) are {instead}" in found[0]
    assert "1018" in found[0]
