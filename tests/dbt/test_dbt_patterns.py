"""One generated world read by the patterns of B2: (a) a synced Marketo alone, (b) the CRM alone, (c) both.

What must be equal, and why no more can be:

- People. A pattern names a person by the CRM contacts it knows them by: (b) by the contacts that are their records,
  (a) and (c) by those that their leads carry as well. (b) sees every contact; the others see those that were synced.
  Of the contacts that all see, each pattern must put the same ones together: two contacts are one person in (a) only
  if they are in (c), and the other way round; (b) has no ECIDs and no second Marketo lead that could tie two contacts
  together, so what it ties must be tied in (a) and (c).
- Accounts. (a) sees those that a live lead names: each must be an account of (b) and (c) with the same CRM id.
- Opportunities and who is on them. (a) has none: a synced Marketo refuses to give them (1018). (c) has those of (b),
  on the same accounts, also where of the CRM only further tables are read: then roles find their people by CRM id.
"""

from __future__ import annotations

import pytest
from mapped_project import compiled
from raw_warehouse import EMEA, EXPECTED, MAIN, Built, Raw, build
from world_rows import rows_of

from muster_simulators.world.build import build_world

pytestmark = pytest.mark.slow

FURTHER = ("accounts", "opportunities", "opportunity_contact_roles", "account_contact_relations")
PATTERNS = {
    "a": {EMEA: EXPECTED[EMEA]},
    "b": {MAIN: EXPECTED[MAIN]},
    "c": {EMEA: EXPECTED[EMEA], MAIN: EXPECTED[MAIN]},
    "c_further": {EMEA: EXPECTED[EMEA], MAIN: FURTHER},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """The same night of the same world, by every pattern."""
    everything = rows_of(build_world(people=350), 3)
    found = {}
    for name, listed in PATTERNS.items():
        folder = tmp_path_factory.mktemp(name)
        raw = Raw(as_of=everything.as_of, expected=listed)
        raw.rows = {
            place: rows for place, rows in everything.rows.items() if place[1] in listed.get(place[0], ())
        }
        found[name] = build(raw, folder, unit_tests=False, project=compiled(folder, listed))
    return found


def people(built: Built) -> dict[str, str]:
    """CRM contact id -> the live person who has it, as a record or on a lead."""
    rows = built.rows(
        "select distinct coalesce(r.crm_contact_id, if(r.source_object = 'contacts', r.record_id, null)) as contact, c.person_key"
        " from int_person__records as r inner join int_person__clustered as c using (record_key)"
        " semi join dim_people as p using (person_key)"
        " where r.is_live and contact is not null"
    )
    found = {row["contact"]: row["person_key"] for row in rows}
    assert len(found) == len(rows), "a CRM id is one person's"
    return found


def pairs(found: dict[str, str], seen: set[str]) -> set[frozenset[str]]:
    """Which of these contacts are one person."""
    by_person: dict[str, set[str]] = {}
    for contact in seen:
        by_person.setdefault(found[contact], set()).add(contact)
    return {frozenset(group) for group in by_person.values()}


def accounts(built: Built) -> dict[str, str]:
    """CRM account id -> the live account that has it."""
    rows = built.rows(
        "select r.account_id, c.account_key from int_account__records as r"
        " inner join int_account__clustered as c using (record_key) where r.is_live"
    )
    return {row["account_id"]: row["account_key"] for row in rows}


def test_the_same_contacts_are_the_same_people_by_every_pattern(built: dict[str, Built]) -> None:
    found = {name: people(one) for name, one in built.items()}
    seen = set.intersection(*(set(one) for one in found.values()))
    assert len(seen) > 60
    groups = {name: pairs(one, seen) for name, one in found.items()}
    assert groups["a"] == groups["c_further"]
    assert groups["a"] == groups["b"] == groups["c"]


def test_a_person_who_comes_by_marketo_and_by_the_crm_is_one(built: dict[str, Built]) -> None:
    rows = built["c"].rows(
        "select l.record_key, c.person_key, o.person_key as contact_person from int_person__records as l"
        " inner join int_person__clustered as c using (record_key)"
        " inner join int_person__clustered as o on o.record_key = l.crm_contact_id || '@main.salesforce'"
        " where l.source_instance = 'marketo__emea'"
    )
    assert len(rows) > 60
    assert [row["record_key"] for row in rows if row["person_key"] != row["contact_person"]] == []


def test_the_accounts_that_leads_carry_are_those_of_the_crm(built: dict[str, Built]) -> None:
    carried, read, both = (accounts(built[name]) for name in ("a", "b", "c"))
    assert len(carried) > 20
    assert set(carried) <= set(read)
    assert pairs(carried, set(carried)) == pairs(read, set(carried)) == pairs(both, set(carried))
    assert pairs(read, set(read)) == pairs(both, set(read)) == pairs(accounts(built["c_further"]), set(read))


def test_people_belong_to_the_same_accounts(built: dict[str, Built]) -> None:
    def homes(one: Built) -> dict[str, set[str]]:
        of_account: dict[str, set[str]] = {}
        for account, key in accounts(one).items():
            of_account.setdefault(key, set()).add(account)
        rows = one.rows("select person_key, account_key from dim_people")
        account_of = {row["person_key"]: row["account_key"] for row in rows}
        return {c: of_account.get(account_of[p], set()) for c, p in people(one).items()}

    through, direct = homes(built["a"]), homes(built["b"])
    seen = {contact for contact in through if contact in direct and through[contact]}
    assert len(seen) > 60
    assert [c for c in seen if not through[c] <= direct[c]] == []


@pytest.mark.parametrize("pattern", ["c", "c_further"])
def test_opportunities_are_the_same_directly_and_beside_marketo(
    built: dict[str, Built], pattern: str
) -> None:
    def deals(one: Built) -> list[dict]:
        return one.rows(
            "select o.opportunity_id, o.name, o.stage_name, o.amount, o.is_won, a.primary_record_key as account"
            " from dim_opportunities as o left join dim_accounts as a using (account_key) order by all"
        )

    assert len(deals(built["b"])) > 20
    assert deals(built[pattern]) == deals(built["b"])


def test_a_synced_marketo_alone_has_no_opportunities(built: dict[str, Built]) -> None:
    assert built["a"].column("select count(*) from dim_opportunities") == [0]
    assert built["a"].column("select count(*) from dim_accounts")[0] > 20


def test_roles_on_deals_find_their_people_by_crm_id_where_contacts_are_not_read(
    built: dict[str, Built],
) -> None:
    def roles(one: Built, seen: set[str]) -> set[tuple[str, str, frozenset[str]]]:
        contacts: dict[str, set[str]] = {}
        for contact, person in people(one).items():
            if contact in seen:
                contacts.setdefault(person, set()).add(contact)
        rows = one.rows("select opportunity_key, person_key, role from bridge_opportunity_people")
        return {
            (r["opportunity_key"], r["role"], frozenset(contacts[r["person_key"]]))
            for r in rows
            if r["person_key"] in contacts
        }

    seen = set(people(built["c_further"])) & set(people(built["b"]))
    found = roles(built["c_further"], seen)
    assert len(found) > 10
    assert found == roles(built["b"], seen)
