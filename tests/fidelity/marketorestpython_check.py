"""A client that others wrote and use against real Marketo, marketorestpython, against our simulator.

    python tests/fidelity/marketorestpython_check.py <path of muster-simulators>

The simulators run as a process on free loopback ports. Prints one line a check and ends with 1 when any failed.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import marketorestpython_more  # noqa: F401  (its checks)
from marketorestpython.client import MarketoClient
from marketorestpython.helper.exceptions import MarketoException
from witness import (
    CHECKS,
    RAN,
    WINDOW,
    calls_of_the_client,
    check,
    client,
    exported,
    refused,
    simulators,
    some_leads,
)


@check
def describe_and_describe2(mc: MarketoClient) -> None:
    assert any(found["rest"]["name"] == "email" for found in mc.describe() if "rest" in found)
    assert ["email"] in mc.describe2()[0]["searchableFields"]


@check
def bulk_leads_then_leads_by_filter(mc: MarketoClient) -> None:
    rows = exported("leads", mc, fields=["id", "email", "updatedAt"], filters={"updatedAt": WINDOW})
    wanted = [row["id"] for row in rows][:310]
    found = mc.get_multiple_leads_by_filter_type("id", wanted[:300], fields=["id", "email"])
    assert {str(lead["id"]) for lead in found} == set(wanted[:300])
    (lead,) = mc.get_lead_by_id(wanted[0], fields=["email"])
    assert str(lead["id"]) == wanted[0]


@check
def bulk_activities(mc: MarketoClient) -> None:
    rows = exported("activities", mc, filters={"createdAt": WINDOW})
    assert all(isinstance(json.loads(row["attributes"]), dict) for row in rows)


@check
def bulk_jobs_are_listed_and_cancelled(mc: MarketoClient) -> None:
    (made,) = mc.create_leads_export_job(fields=["id"], filters={"updatedAt": WINDOW})
    assert mc.cancel_leads_export_job(made["exportId"])[0]["status"] == "Cancelled"
    assert made["exportId"] in {job["exportId"] for job in mc.get_leads_export_jobs_list()}


@check
def a_list_lives_from_create_to_delete(mc: MarketoClient) -> None:
    (folder,) = mc.get_folder_by_name("Muster")
    (made,) = mc.create_list("Witness", folder["folderId"]["id"], folder["folderId"]["type"])
    assert mc.get_list_by_name("Witness")[0]["id"] == made["id"]
    lead_ids = some_leads(mc, 3)
    added = mc.add_leads_to_list(made["id"], lead_ids)
    assert [row["status"] for row in added] == ["added"] * 3
    assert [row["status"] for row in mc.member_of_list(made["id"], lead_ids)] == ["memberof"] * 3
    removed = mc.remove_leads_from_list(made["id"], [*lead_ids[:1], 999_999_999])
    assert [row["status"] for row in removed] == ["removed", "skipped"]
    members = mc.get_multiple_leads_by_list_id(made["id"], fields=["id"])
    assert sorted(row["id"] for row in members) == sorted(lead_ids[1:])
    assert mc.get_multiple_lists(name=["Witness"])[0]["id"] == made["id"]
    assert mc.update_list(made["id"], name="Witness 2")[0]["name"] == "Witness 2"
    assert mc.delete_list(made["id"])[0]["id"] == made["id"]
    # An empty asset answer: this client turns the missing `result` into a KeyError.
    with suppress(KeyError):
        assert not mc.get_list_by_name("Witness 2")


@check
def lists_folders_and_programs_are_browsed(mc: MarketoClient) -> None:
    assert mc.browse_lists(maxReturn=200)
    assert mc.browse_folders(maxReturn=200)
    assert mc.browse_programs(maxReturn=200)


@check
def leads_are_synced_and_deleted(mc: MarketoClient) -> None:
    new = {"email": "witness@muster.example", "firstName": "Wit"}
    (created,) = mc.create_update_leads([new], action="createOnly", lookupField="email")
    assert created["status"] == "created"
    (updated,) = mc.create_update_leads([new], action="updateOnly", lookupField="email")
    assert (updated["status"], updated["id"]) == ("updated", created["id"])
    assert mc.delete_lead([created["id"]])[0]["status"] == "deleted"
    gone = [row["leadId"] for row in mc.get_deleted_leads(sinceDatetime="2026-03-03T00:00:00Z")]
    assert created["id"] in gone


@check
def activities_and_lead_changes_are_paged(mc: MarketoClient) -> None:
    types = {found["id"]: found["name"] for found in mc.get_activity_types()}
    assert types[1] == "Visit Webpage"
    found = mc.get_lead_activities(["1", "10"], sinceDatetime="2026-02-20T00:00:00Z", batchSize=20)
    assert len(found) > 20, f"{len(found)} activities"
    assert len({activity["marketoGUID"] for activity in found}) == len(found)
    assert mc.get_lead_changes(["email", "title"], sinceDatetime="2026-01-01T00:00:00Z") is not None


@check
def objects_are_read_by_key(mc: MarketoClient) -> None:
    rows = exported("leads", mc, fields=["id", "externalCompanyId"], filters={"updatedAt": WINDOW})
    keys = sorted({row["externalCompanyId"] for row in rows} - {"null"})[:20]
    companies = mc.get_companies("externalCompanyId", keys, fields=["company"])
    assert len(companies) == len(keys)
    assert mc.describe_company()[0]["idField"] == "id"
    roles = mc.get_opportunity_roles("leadId", [row["id"] for row in rows][:300])
    deals = sorted({role["externalOpportunityId"] for role in roles})
    assert {
        deal["externalOpportunityId"] for deal in mc.get_opportunities("externalOpportunityId", deals)
    } == set(deals)


@check
def usage_is_counted(mc: MarketoClient) -> None:
    assert mc.get_daily_usage()[0]["total"] > 10


@check
def refusals_carry_their_codes(mc: MarketoClient) -> None:
    assert refused(lambda: mc.get_lead_by_id(999_999_999)) == "1004"
    assert refused(lambda: mc.get_multiple_leads_by_filter_type("colour", ["red"])) == "1011"
    assert refused(lambda: mc.add_leads_to_list(999_999, [1])) == "1013"


def main(program: str) -> int:
    failed = 0
    with simulators(program) as ports:
        mc = client(ports["marketo__amer"], "amer")
        for function in CHECKS:
            name = function.__name__.replace("_", " ")
            try:
                function(mc)
            except (AssertionError, MarketoException, KeyError, ValueError) as problem:
                failed += 1
                print(f"FAILED  {name}: {type(problem).__name__}: {problem}")
            else:
                print(f"ok      {name}")
        emea = client(ports["marketo__emea"], "emea")
        if refused(emea.describe_company) != "1018":
            failed += 1
            print("FAILED  a CRM sync refuses companies")
    print(f"marketorestpython: {len(CHECKS) + 1 - failed} of {len(CHECKS) + 1} checks held")
    served, others = calls_of_the_client()
    missing = sorted(served - RAN)
    print(
        f"marketorestpython: {len(served & RAN)} of its {len(served)} calls that the simulator implements were run; "
        f"{len(others)} others belong to families that it doesn't serve"
    )
    if missing:
        print("FAILED  not run: " + ", ".join(missing))
    return 1 if failed or missing else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1]))
