"""The generated world as a Dynamics organisation sees it: the same people, companies and deals that Salesforce has.

Ids are GUIDs made from Salesforce's; a soft delete is a delete here, the loser of a merge stays as an inactive record.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from muster_simulators.dynamics.tables import INDUSTRIES, PARTIES, STAGES
from muster_simulators.world.model import HISTORY_START, Change

DYNAMICS = "dynamics__main"
NAMESPACE = uuid.UUID("3d813cbb-47fb-32ba-91df-831e1593ac29")
PARTY = {label: number for number, label in PARTIES.items()}
Values = Mapping[str, Any]


def key_of(text: str | None) -> str | None:
    """The GUID of a Salesforce id, or of a role's name."""
    return None if not text else str(uuid.uuid5(NAMESPACE, text))


def from_salesforce(changes: Iterable[Change]) -> list[Change]:
    """Every change of the organisation, sorted by visible_at."""
    found = [_changed(one, *TABLES[one.object]) for one in changes if one.object in TABLES]
    roles = {one.values["_record2roleid_value"]: one.values["role"] for one in found if "role" in one.values}
    for one in found:
        one.values.pop("role", None)
    named = [
        Change(HISTORY_START, HISTORY_START, DYNAMICS, "connectionroles", key, "upsert",
               {"connectionroleid": key, "name": name, "createdon": HISTORY_START, "modifiedon": HISTORY_START})
        for key, name in roles.items() if key
    ]  # fmt: skip
    return sorted([*named, *found], key=lambda one: one.visible_at)


def _changed(
    change: Change, set_name: str, key_name: str, translate: Callable[[Values], dict[str, Any]]
) -> Change:
    given, key = change.values, key_of(change.key) or ""
    master = key_of(given.get("MasterRecordId"))
    if given.get("IsDeleted") and not master:
        return Change(change.at, change.visible_at, DYNAMICS, set_name, key, "delete", {})
    values = {
        key_name: key,
        "createdon": given.get("CreatedDate"),
        "modifiedon": change.at,
        "_ownerid_value": key_of(given.get("OwnerId")),
        "statecode": 0,
        "statuscode": 1,
        **translate(given),
    }
    if master:
        values |= {"merged": True, "_masterid_value": master, "statecode": 1, "statuscode": 2}
    return Change(change.at, change.visible_at, DYNAMICS, set_name, key, "upsert", values)


def _account(given: Values) -> dict[str, Any]:
    return {
        "name": given.get("Name"),
        "websiteurl": given.get("Website"),
        "telephone1": given.get("Phone"),
        "revenue": given.get("AnnualRevenue"),
        "numberofemployees": given.get("NumberOfEmployees"),
        "industrycode": INDUSTRIES.get(str(given.get("Industry"))),
        "_parentaccountid_value": key_of(given.get("ParentId")),
        "address1_line1": given.get("BillingStreet"),
        "address1_city": given.get("BillingCity"),
        "address1_postalcode": given.get("BillingPostalCode"),
        "address1_country": given.get("BillingCountry"),
    }


def _person(given: Values, address: str) -> dict[str, Any]:
    return {
        "firstname": given.get("FirstName"),
        "lastname": given.get("LastName"),
        "fullname": given.get("Name"),
        "emailaddress1": given.get("Email"),
        "telephone1": given.get("Phone"),
        "jobtitle": given.get("Title"),
        "address1_city": given.get(f"{address}City"),
        "address1_country": given.get(f"{address}Country"),
        "donotbulkemail": given.get("HasOptedOutOfEmail"),
        "donotphone": given.get("DoNotCall"),
    }


def _contact(given: Values) -> dict[str, Any]:
    account = key_of(given.get("AccountId"))
    return {
        **_person(given, "Mailing"),
        "department": given.get("Department"),
        "_parentcustomerid_value": account,
    }


def _lead(given: Values) -> dict[str, Any]:
    converted = {
        "statecode": 1,
        "statuscode": 3,
        "_parentaccountid_value": key_of(given.get("ConvertedAccountId")),
        "_parentcontactid_value": key_of(given.get("ConvertedContactId")),
    }
    return {
        **_person(given, ""),
        "companyname": given.get("Company"),
        "websiteurl": given.get("Website"),
        **(converted if given.get("IsConverted") else {}),
    }


def _opportunity(given: Values) -> dict[str, Any]:
    state = (1, 3) if given.get("IsWon") else (2, 5) if given.get("IsClosed") else (0, 1)
    probability = given.get("Probability")
    return {
        "name": given.get("Name"),
        "_parentaccountid_value": key_of(given.get("AccountId")),
        "salesstage": STAGES.get(str(given.get("StageName"))),
        "stepname": given.get("NextStep"),
        "estimatedvalue": given.get("Amount"),
        "closeprobability": None if probability is None else int(probability),
        "estimatedclosedate": given.get("CloseDate"),
        "statecode": state[0],
        "statuscode": state[1],
    }


def _connection(given: Values) -> dict[str, Any]:
    return {
        "_record1id_value": key_of(given.get("OpportunityId")),
        "record1objecttypecode": PARTY["Opportunity"],
        "_record2id_value": key_of(given.get("ContactId")),
        "record2objecttypecode": PARTY["Contact"],
        "_record2roleid_value": key_of(given.get("Role")),
        "role": given.get("Role"),
    }


def _user(given: Values) -> dict[str, Any]:
    return {
        "fullname": given.get("Name"),
        "domainname": given.get("Username"),
        "isdisabled": not given.get("IsActive"),
    }


TABLES: Mapping[str, tuple[str, str, Callable[[Values], dict[str, Any]]]] = {
    "accounts": ("accounts", "accountid", _account),
    "contacts": ("contacts", "contactid", _contact),
    "leads": ("leads", "leadid", _lead),
    "opportunities": ("opportunities", "opportunityid", _opportunity),
    "opportunity_contact_roles": ("connections", "connectionid", _connection),
    "users": ("systemusers", "systemuserid", _user),
}
"""Salesforce object -> (entity set, key, translation)."""
