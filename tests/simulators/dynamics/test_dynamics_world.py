"""The generated world as a Dynamics organisation: served only when it is asked for."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from muster_simulators.dynamics import DYNAMICS, from_salesforce
from muster_simulators.serve import build, parser, start_servers
from muster_simulators.world import build_world
from muster_simulators.world.model import MAIN

SETS = {"accounts": "accounts", "contacts": "contacts", "leads": "leads", "opportunities": "opportunities",
        "opportunity_contact_roles": "connections", "users": "systemusers"}  # fmt: skip


def test_every_change_of_the_crm_happens_at_the_same_moment_here() -> None:
    given = [one for one in build_world(people=300, seed=7).changes[MAIN] if one.object in SETS]
    found = [one for one in from_salesforce(given) if one.object != "connectionroles"]
    assert Counter((SETS[one.object], one.at, one.visible_at) for one in given) == Counter(
        (one.object, one.at, one.visible_at) for one in found
    )
    assert [one.visible_at for one in found] == sorted(one.visible_at for one in found)


def test_merges_stay_and_deletes_go() -> None:
    given = build_world(people=300, seed=7).changes[MAIN]
    found = from_salesforce(given)
    losers = {one.key for one in given if one.object == "contacts" and one.values.get("MasterRecordId")}
    merged = {one.key for one in found if one.object == "contacts" and one.values.get("merged")}
    deleted = [one.values for one in given if one.object in SETS and one.values.get("IsDeleted")]
    gone = [values for values in deleted if not values.get("MasterRecordId")]
    assert len(merged) == len(losers) > 0
    assert sum(one.op == "delete" for one in found) == len(gone) > 0


def test_it_is_served_when_it_is_asked_for() -> None:
    arguments = ["serve", "--people", "300", "--with", "dynamics"]
    simulators = build(parser().parse_args(arguments))
    servers = start_servers(simulators, "127.0.0.1", None)
    try:
        url, tenant = servers[DYNAMICS].url, "0f8fad5b-d9cb-469f-a165-70867728950e"
        form = {"grant_type": "client_credentials", "client_id": "dynamics-client", "client_secret": "dynamics-secret",
                "scope": f"{url}/.default"}  # fmt: skip
        token = httpx.post(f"{url}/{tenant}/oauth2/v2.0/token", data=form).json()["access_token"]
        asked = {"$filter": "statecode eq 0", "$select": "salesstage,_parentaccountid_value"}
        prefer = {"Authorization": f"Bearer {token}", "Prefer": 'odata.include-annotations="*"'}
        rows = httpx.get(f"{url}/api/data/v9.2/opportunities", params=asked, headers=prefer).json()["value"]
        assert rows
        assert all(row["salesstage@OData.Community.Display.V1.FormattedValue"] for row in rows)
        assert {row["_parentaccountid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] for row in rows} == {
            "account"
        }
    finally:
        for server in servers.values():
            server.stop()
        simulators.close()


def test_without_asking_nothing_is_different() -> None:
    simulators = build(parser().parse_args(["serve", "--people", "300"]))
    assert DYNAMICS not in simulators.apps
    simulators.close()


def test_an_unknown_system_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", "--with", "dynamix"])
    assert "'dynamix' is none of dynamics" in capsys.readouterr().err
