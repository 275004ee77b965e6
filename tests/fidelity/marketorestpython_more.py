"""Further checks with marketorestpython: marketing, custom objects and activities, every kind of write."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import chain
from typing import Any

from marketorestpython.client import MarketoClient
from witness import WINDOW, check, exported, refused, some_leads

CONTRACT = "contract_c"
PROGRAM = 1107


def folder(mc: MarketoClient) -> int:
    return int(mc.get_folder_by_name("Muster")[0]["folderId"]["id"])


@check
def program_members_by_bulk_and_by_program(mc: MarketoClient) -> None:
    known = {field["name"] for field in mc.describe_program_member()[0]["fields"]}
    assert {"leadId", "statusName", "reachedSuccess"} <= known
    fields = ["leadId", "statusName", "email", "updatedAt"]
    rows = exported("program_members", mc, fields=fields, filters={"programIds": [PROGRAM, 1108]})
    leads = {int(row["leadId"]) for row in rows if row["programId"] == str(PROGRAM)}
    assert {lead["id"] for lead in mc.get_multiple_leads_by_program_id(PROGRAM, fields=["email"])} == leads
    pages = mc.get_multiple_leads_by_program_id_yield(PROGRAM, fields=["email"], batchSize=2)
    assert {lead["id"] for lead in chain.from_iterable(pages)} == leads
    listed = {job["exportId"] for job in mc.get_program_members_export_jobs_list()}
    (made,) = mc.create_program_members_export_job(fields=["leadId"], filters={"programId": PROGRAM})
    assert made["exportId"] not in listed
    assert mc.cancel_program_members_export_job(made["exportId"])[0]["status"] == "Cancelled"


@check
def a_members_status_and_data_are_written(mc: MarketoClient) -> None:
    (lead, *_) = mc.get_multiple_leads_by_program_id(PROGRAM, fields=["id"])
    (told,) = mc.sync_program_member_data(PROGRAM, [{"leadId": lead["id"], "statusReason": "witness"}])
    assert told["status"] == "updated"
    statuses = [step["name"] for step in mc.get_channel_by_name("Webinar")[0]["progressionStatuses"]]
    (told,) = mc.change_lead_program_status(PROGRAM, [lead["id"]], statuses[-1])
    assert told["status"] in ("updated", "skipped")


@check
def programs_live_from_create_to_delete(mc: MarketoClient) -> None:
    where = folder(mc)
    (made,) = mc.create_program(where, "Folder", "Witness", "Email", "Email Send", tags={"Region": "EMEA"})
    assert made["tags"] == [{"tagType": "Region", "tagValue": "EMEA"}]
    assert mc.update_program(made["id"], description="seen")[0]["description"] == "seen"
    assert mc.approve_program(made["id"])[0]["id"] == mc.unapprove_program(made["id"])[0]["id"] == made["id"]
    (twin,) = mc.clone_program(made["id"], "Witness 2", where, "Folder")
    assert mc.get_smart_list_by_program_id(twin["id"])[0]["rules"]["filterMatchType"] == "All"
    assert mc.get_program_by_name("Witness 2")[0]["id"] == twin["id"]
    tagged = {program["id"] for program in mc.get_program_by_tag_type("Region", "EMEA", maxReturn=1)}
    assert {made["id"], 1109} <= tagged
    for program in (made, twin):
        assert mc.delete_program(program["id"])[0]["id"] == program["id"]
    every = list(chain.from_iterable(mc.get_programs_yield(maxReturn=3)))
    assert len(every) == len(mc.browse_programs(maxReturn=200)) >= 9
    assert mc.get_program_by_id(1109)[0]["costs"][0]["cost"] == 25_000


@check
def channels_and_tags_are_browsed(mc: MarketoClient) -> None:
    assert {"Webinar", "Nurture"} <= {channel["name"] for channel in mc.get_channels()}
    assert mc.get_tags()[0]["tagType"] == "Region"
    assert "EMEA" in mc.get_tag_by_name("Region")[0]["allowableValues"]


@check
def smart_campaigns_live_from_create_to_delete(mc: MarketoClient) -> None:
    known = list(chain.from_iterable(mc.get_smart_campaigns(maxReturn=2)))
    assert {8021, 8022} <= {campaign["id"] for campaign in known}
    where = folder(mc)
    (made,) = mc.create_smart_campaign("Witness", where, "Folder")
    assert mc.update_smart_campaign(made["id"], "Witness 2")[0]["name"] == "Witness 2"
    (twin,) = mc.clone_smart_campaign(8022, where, "Folder", "Twin")
    assert mc.activate_smart_campaign(twin["id"])[0]["id"] == twin["id"]
    assert mc.deactivate_smart_campaign(twin["id"])[0]["id"] == twin["id"]
    assert mc.get_smart_campaign_by_name("Twin")[0]["id"] == twin["id"]
    assert mc.get_smart_campaign_by_id(8022)[0]["isActive"] is True
    assert mc.get_smart_list_by_smart_campaign_id(8022)[0]["id"] > 0
    assert mc.schedule_campaign(made["id"], runAt="2026-04-01T00:00:00Z") is True
    for campaign in (made, twin):
        assert mc.delete_smart_campaign(campaign["id"])[0]["id"] == campaign["id"]


@check
def campaigns_of_the_lead_database_are_read_and_requested(mc: MarketoClient) -> None:
    assert mc.get_campaign_by_id(8022)[0]["type"] == "trigger"
    assert {campaign["id"] for campaign in mc.get_multiple_campaigns(id=[8021, 8022])} == {8021, 8022}
    assert mc.request_campaign(8022, some_leads(mc, 2), tokens={"my.x": "1"}) is True


@check
def custom_objects_by_bulk_and_by_key(mc: MarketoClient) -> None:
    assert CONTRACT in {found["name"] for found in mc.get_list_of_custom_objects()}
    assert mc.describe_custom_object(CONTRACT)[0]["dedupeFields"] == ["contractNumber"]
    assert mc.describe_custom_object_type(CONTRACT)[0]["state"] == "approved"
    request: dict[str, Any] = {"fields": ["contractNumber", "leadId"], "filters": {"updatedAt": WINDOW}}
    (made,) = mc.create_custom_objects_export_job(**request, object_name=CONTRACT)
    job = made["exportId"]
    mc.enqueue_custom_objects_export_job(job, object_name=CONTRACT)
    while mc.get_custom_objects_export_job_status(job, object_name=CONTRACT)[0]["status"] != "Completed":
        pass
    lines = mc.get_custom_objects_export_job_file(job, object_name=CONTRACT).decode().splitlines()
    keys = [{"contractNumber": line.split(",")[0]} for line in lines[1:11]]
    found = mc.get_custom_objects(CONTRACT, keys, "dedupeFields", fields=["leadId"], batchSize=3)
    assert len(found) == len(keys) > 3
    (other,) = mc.create_custom_objects_export_job(**request, object_name=CONTRACT)
    assert (
        mc.cancel_custom_objects_export_job(other["exportId"], object_name=CONTRACT)[0]["status"]
        == "Cancelled"
    )
    listed = {found["exportId"] for found in mc.get_custom_objects_export_jobs_list(CONTRACT)}
    assert {job, other["exportId"]} <= listed


@check
def custom_objects_are_designed_written_and_deleted(mc: MarketoClient) -> None:
    mc.create_update_custom_object_type("witness_c", "Witness")
    mc.add_field_custom_object_type(
        "witness_c", [{"name": "key", "dataType": "string", "isDedupeField": True}]
    )
    mc.approve_custom_object_type("witness_c")
    mc.add_field_custom_object_type("witness_c", [{"name": "more", "dataType": "string"}])
    mc.discard_custom_object_type("witness_c")
    assert "witness_c" in {found["name"] for found in mc.get_list_of_custom_object_types()}
    assert mc.create_update_custom_objects("witness_c", [{"key": "1"}])[0]["status"] == "created"
    assert mc.delete_custom_objects("witness_c", [{"key": "1"}])[0]["status"] == "deleted"
    mc.delete_custom_object_type("witness_c")
    assert refused(lambda: mc.describe_custom_object("witness_c")) == "1013"


@check
def custom_activities_are_designed_and_added(mc: MarketoClient) -> None:
    (made,) = mc.create_custom_activity_type("witness", "Witness", "Witnesses", "Witnessed", "place", "Place")
    attribute = {"apiName": "room", "name": "Room", "dataType": "string"}
    mc.create_custom_activity_type_attribute("witness", [attribute])
    mc.approve_custom_activity_type("witness")
    mc.update_custom_activity_type("witness", description="seen")
    mc.update_custom_activity_type_attribute("witness", [{"apiName": "room", "name": "Hall"}])
    mc.delete_custom_activity_type_attribute("witness", [{"apiName": "room"}])
    assert mc.describe_custom_activity_type("witness", draft=True)[0]["attributes"] == []
    mc.discard_custom_activity_type_draft("witness")
    assert mc.get_custom_activity_types()[0]["status"] == "approved"
    (lead,) = some_leads(mc, 1)
    activity = {"leadId": lead, "activityDate": "2026-03-02T10:00:00Z", "activityTypeId": made["id"]}
    (added,) = mc.add_custom_activities([{**activity, "primaryAttributeValue": "Hall", "attributes": []}])
    assert added["status"] == "added"
    mc.create_custom_activity_type("second", "Second", "Seconds", "Seconded", "place", "Place")
    assert mc.delete_custom_activity_type("second")[0]["status"] == "deleted"


@check
def leads_are_pushed_submitted_associated_and_merged(mc: MarketoClient) -> None:
    (first,) = mc.push_lead([{"email": "first@muster.example"}], "Spring Webinar", lookupField="email")
    (second,) = mc.submit_form(12, {"leadFormFields": {"email": "second@muster.example"}})
    assert (first["status"], second["status"]) == ("created", "created")
    assert mc.associate_lead(first["id"], "id:1&token:_mch-acme.example-1") is True
    assert (
        mc.update_leads_partition([{"id": first["id"], "partitionName": "Default"}])[0]["status"] == "updated"
    )
    assert mc.get_lead_partitions()[0]["name"] == "Default"
    assert mc.merge_lead(first["id"], [second["id"]]) is True
    assert refused(lambda: mc.get_lead_by_id(second["id"])) == "1004"
    assert mc.delete_lead([first["id"]])[0]["status"] == "deleted"


@check
def a_lead_knows_its_campaigns(mc: MarketoClient) -> None:
    token = mc.get_paging_token("2026-01-01T00:00:00Z")
    pages = mc.get_lead_activities_yield(["22"], nextPageToken=token, batchSize=50)
    found = list(chain.from_iterable(pages))
    assert 8022 in {row["smartCampaignId"] for row in mc.get_smart_campaigns_by_lead_id(found[0]["leadId"])}
    changes = mc.get_lead_changes_yield(["email"], sinceDatetime="2026-02-25T00:00:00Z", batchSize=100)
    assert list(chain.from_iterable(changes))


@check
def companies_deals_and_people_who_sell_are_written(mc: MarketoClient) -> None:
    (lead,) = some_leads(mc, 1)
    company, deal = (
        {"externalCompanyId": "W-1", "company": "Witness"},
        {"externalOpportunityId": "W-1", "name": "W"},
    )
    role = {"externalOpportunityId": "W-1", "leadId": lead, "role": "Influencer"}
    seller = {"externalSalesPersonId": "W-1", "email": "w@muster.example"}
    writes = (
        (mc.create_update_companies, mc.delete_companies, company, ("externalCompanyId",)),
        (mc.create_update_opportunities, mc.delete_opportunities, deal, ("externalOpportunityId",)),
        (mc.create_update_opportunities_roles, mc.delete_opportunity_roles, role, tuple(role)),
        (mc.create_update_sales_persons, mc.delete_sales_persons, seller, ("externalSalesPersonId",)),
    )
    for create, _, values, _ in writes:
        assert create([values])[0]["status"] == "created", values
    assert (
        mc.get_sales_persons("externalSalesPersonId", ["W-1"], fields=["email"])[0]["email"]
        == seller["email"]
    )
    for _, delete, values, key in reversed(writes):
        assert delete([{name: values[name] for name in key}])[0]["status"] == "deleted", values
    for describe in (mc.describe_opportunity, mc.describe_opportunity_role, mc.describe_sales_person):
        assert describe()[0]["fields"]


@check
def named_accounts_are_read(mc: MarketoClient) -> None:
    assert mc.describe_named_accounts()[0]["dedupeFields"] == ["name"]
    rows = exported("leads", mc, fields=["id", "company"], filters={"updatedAt": WINDOW})
    names = sorted({row["company"] for row in rows if "," not in row["company"]} - {"null"})
    found = list(chain.from_iterable(mc.get_named_accounts("name", names[:300], fields="name,industry")))
    assert 0 < len(found) <= len(names)
    assert {account["name"] for account in found} <= set(names)


@check
def lists_and_folders_are_read_in_every_way(mc: MarketoClient) -> None:
    pages = mc.browse_lists_yield(maxReturn=1)
    lists = list(chain.from_iterable(pages))
    assert mc.get_list_by_id(lists[0]["id"])[0]["name"] == lists[0]["name"]
    members = mc.get_multiple_leads_by_list_id_yield(lists[0]["id"], fields=["id"], batchSize=5)
    assert list(chain.from_iterable(members))
    (made,) = mc.create_folder("Witness", folder(mc), "Folder")
    assert mc.get_folder_by_id(made["id"], "Folder")[0]["name"] == "Witness"
    assert list(chain.from_iterable(mc.browse_folders_yield(root=None, maxReturn=2)))


@check
def what_is_empty_here_answers(mc: MarketoClient) -> None:
    assert mc.get_segmentations() == mc.get_emails() == []
    assert list(mc.get_emails_yield()) == list(mc.get_smart_lists()) == []
    for call in (lambda: mc.get_segments(1), lambda: mc.get_tokens(folder(mc), "Folder")):
        with suppress(KeyError):
            assert not call()


@check
def usage_and_errors_of_today_and_the_week(mc: MarketoClient) -> None:
    assert len(mc.get_last_7_days_usage()) == len(mc.get_last_7_days_errors()) == 7
    errors = {found["errorCode"] for found in mc.get_daily_errors()[0]["errors"]}
    assert "1004" in errors, json.dumps(sorted(errors))


@check
def activity_jobs_are_listed_and_cancelled(mc: MarketoClient) -> None:
    (made,) = mc.create_activities_export_job(filters={"createdAt": WINDOW})
    assert mc.cancel_activities_export_job(made["exportId"])[0]["status"] == "Cancelled"
    assert made["exportId"] in {job["exportId"] for job in mc.get_activities_export_jobs_list()}
