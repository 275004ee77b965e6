"""An independent client, simple-salesforce, unmodified, makes every call that it has and our Salesforce simulator serves.

What it is answered is what the simulator's store holds. The library insists on https: the session that it is given
sends what is meant for https to loopback by plain HTTP; nothing of the library is patched. Which of its functions ran
is seen by the interpreter's own profile hook.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import requests
import simple_salesforce
from simple_salesforce import bulk2
from tests.fidelity.salesforce_org import Served, served

CLASSES = (simple_salesforce.Salesforce, simple_salesforce.SFType, bulk2.SFBulk2Type, bulk2._Bulk2Client)
NO_CALLS = {
    "Salesforce": {"parse_api_usage", "parse_result_to_json"},
    "SFType": {"parse_result_to_json"},
    "_Bulk2Client": {"filter_null_bytes"},
}
"""Helpers that call nobody."""
UNSERVED = {
    "Salesforce": {
        *("set_password", "search", "quick_search", "toolingexecute", "apexecute", "deploy", "checkDeployStatus"),
    },
    "SFType": {
        *("create", "upsert", "update", "delete", "describe_layout", "upload_base64", "update_base64", "get_base64"),
    },
    "SFBulk2Type": {
        *("insert", "update", "upsert", "delete", "hard_delete", "get_failed_records", "get_successful_records"),
        *("get_unprocessed_records", "get_all_ingest_records"),
    },
    "_Bulk2Client": {"close_job", "upload_job_data", "get_ingest_results", "download_ingest_results"},
}  # fmt: skip
"""Writes, files, page layouts, search in full text, Apex and metadata: this simulator is read only, and of data."""


def calls_it_has() -> set[str]:
    """`SFType.describe` and so on: every function that calls out, and the ways to sign in."""
    found = {
        f"{kind.__name__}.{name}"
        for kind in CLASSES
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name not in NO_CALLS.get(kind.__name__, ())
    }
    return found | {"login.token_login", "login.soap_login"}


def calls_served() -> set[str]:
    unserved = {f"{kind}.{name}" for kind, names in UNSERVED.items() for name in names}
    assert unserved <= calls_it_has(), unserved - calls_it_has()
    return calls_it_has() - unserved - {"login.soap_login"}


@dataclass
class Witness:
    """Notes which functions of the library were entered."""

    ran: set[str] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call" or frame.f_globals.get("__package__") != "simple_salesforce":
            return
        name, module = frame.f_code.co_qualname, str(frame.f_globals["__name__"]).rpartition(".")[2]
        self.ran.add(name if "." in name else f"{module}.{name}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.getprofile()
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(before)


Check = Callable[[Served, Path], None]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


# ---- signing in ----------------------------------------------------------------------------------------------


@check
def it_signs_in_by_client_credentials(org: Served, folder: Path) -> None:
    assert org.client().query("SELECT COUNT() FROM Contact")["totalSize"] == len(org.living("contacts"))
    with pytest.raises(simple_salesforce.SalesforceAuthenticationFailed):
        org.client(consumer_secret="wrong")


@check
def it_signs_in_by_a_signed_assertion(org: Served, folder: Path) -> None:
    with org.at_real_time():
        signed = org.client(**org.by_key)
        assert signed.query("SELECT COUNT() FROM Account")["totalSize"] == len(org.living("accounts"))
        for wrong in ({"username": "nobody@acme.example"}, {"consumer_key": "main-client"}):
            with pytest.raises(simple_salesforce.SalesforceAuthenticationFailed):
                org.client(**{**org.by_key, **wrong})


@check
def it_renews_a_session_that_ended(org: Served, folder: Path) -> None:
    sf = org.client()
    org.fault("session", "/query/01g")
    assert len(sf.query_all("SELECT Id FROM Lead")["records"]) == len(org.living("leads"))


# ---- queries -------------------------------------------------------------------------------------------------


@check
def it_queries_page_by_page(org: Served, folder: Path) -> None:
    sf, wanted = org.client(), org.living("contacts")
    page = sf.query("SELECT Id, LastName, Account.Name FROM Contact")
    assert (page["totalSize"], len(page["records"])) == (len(wanted), org.page_size)
    rows = list(page["records"])
    while not page["done"]:
        by_url = len(rows) % 2 == 0
        locator = page["nextRecordsUrl"]
        page = sf.query_more(locator if by_url else locator.rpartition("/")[2], identifier_is_url=by_url)
        rows += page["records"]
    accounts = org.records("accounts")
    for row in rows:
        record = wanted[row["Id"]]
        parent = accounts.get(record["AccountId"])
        assert row["LastName"] == record["LastName"]
        assert (row["Account"] or {}).get("Name") == (parent["Name"] if parent else None)
    assert {row["Id"] for row in rows} == set(wanted)


@check
def it_reads_everything_with_and_without_deleted_rows(org: Served, folder: Path) -> None:
    sf = org.client()
    text = "SELECT Id, IsDeleted, Email, SystemModstamp FROM Contact"
    living = sf.query_all(text)["records"]
    every = list(sf.query_all_iter(text, include_deleted=True))
    assert org.same(living, org.living("contacts")) and org.same(every, org.records("contacts"))
    assert len(every) > len(living)
    assert len(list(sf.query_all_iter(text))) == len(living) == sf.query(text)["totalSize"]
    assert sf.query(text, include_deleted=True)["totalSize"] == len(every)


@check
def every_object_is_read_as_it_is_stored(org: Served, folder: Path) -> None:
    sf = org.client()
    for sobject, stored in org.objects.items():
        names = [one["name"] for one in getattr(sf, sobject).describe()["fields"] if one["type"] != "address"]
        rows = list(sf.query_all_iter(f"SELECT {','.join(names)} FROM {sobject}", include_deleted=True))
        assert rows and org.same(rows, org.records(stored)), sobject


@check
def it_raises_its_own_errors(org: Served, folder: Path) -> None:
    sf = org.client()
    with pytest.raises(simple_salesforce.SalesforceMalformedRequest) as refused:
        sf.query("SELECT Nope FROM Contact")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"
    org.fault("code", "/query", "REQUEST_LIMIT_EXCEEDED")
    with pytest.raises(simple_salesforce.SalesforceRefusedRequest):
        sf.query("SELECT Id FROM Contact")
    with pytest.raises(simple_salesforce.SalesforceResourceNotFound):
        sf.Contact.get("0035e00000ZZZZZAAA")


# ---- metadata, records and feeds -----------------------------------------------------------------------------


@check
def it_describes_the_org_and_its_objects(org: Served, folder: Path) -> None:
    sf = org.client()
    listed = {one["name"]: one for one in sf.describe()["sobjects"]}
    assert set(listed) >= set(org.objects) and listed["Contract__c"]["custom"]
    for sobject in org.objects:
        described = getattr(sf, sobject).describe()
        assert described["keyPrefix"] == listed[sobject]["keyPrefix"]
        assert getattr(sf, sobject).metadata()["objectDescribe"]["name"] == sobject
    fields = {one["name"]: one for one in sf.Contact.describe()["fields"]}
    assert fields["AccountId"]["referenceTo"] == ["Account"] and fields["LeadSource"]["picklistValues"]
    assert fields["MailingCity"]["compoundFieldName"] == "MailingAddress"


@check
def it_gets_records_by_their_ids_and_by_an_external_one(org: Served, folder: Path) -> None:
    sf = org.client()
    for sobject, stored in org.objects.items():
        key, record = next(iter(org.living(stored).items()))
        assert org.same([getattr(sf, sobject).get(key)], {key: record})
    key, record = next(iter(org.living("custom__contract_c").items()))
    found = sf.Contract__c.get_by_custom_id("Contract_Number__c", record["Contract_Number__c"])
    assert org.same([found], {key: record})


@check
def it_reads_the_feeds_of_updated_and_deleted_records(org: Served, folder: Path) -> None:
    sf, start, end = org.client(), org.now(-14), org.now()
    records = org.records("contacts")
    changed = {key: one for key, one in records.items() if start <= one["SystemModstamp"] < end}
    updated = sf.Contact.updated(start, end)["ids"]
    assert set(updated) == {key for key, one in changed.items() if not one["IsDeleted"]} and updated
    gone = next(key for key, one in records.items() if not one["IsDeleted"])
    org.desk.hard_delete("Contact", gone)
    org.clock.advance(60)
    deleted = {one["id"] for one in sf.Contact.deleted(start, org.now())["deletedRecords"]}
    assert deleted == {gone} | {key for key, one in changed.items() if one["IsDeleted"]} and len(deleted) > 1


@check
def it_reads_the_limits_and_what_is_used_of_them(org: Served, folder: Path) -> None:
    sf = org.client()
    before = sf.limits()["DailyApiRequests"]["Remaining"]
    sf.restful("limits")
    after = sf.restful("limits")["DailyApiRequests"]
    assert after["Remaining"] == before - 2
    assert sf.api_usage["api-usage"].used == after["Max"] - after["Remaining"]


@check
def it_asks_who_it_is_and_whether_this_is_a_sandbox(org: Served, folder: Path) -> None:
    sf = org.client()
    assert sf.is_sandbox() is False
    assert sf.oauth2("userinfo")["organization_id"] == org.org_id


# ---- bulk ----------------------------------------------------------------------------------------------------


@check
def it_runs_bulk_queries_over_several_pages(org: Served, folder: Path) -> None:
    bulk = org.client().bulk2.Contact
    text = "SELECT Id, LastName, IsDeleted, SystemModstamp FROM Contact"
    pages = [str(page) for page in bulk.query(text, max_records=100, wait=0)]
    assert len(pages) > 2 and org.same_csv(pages, org.living("contacts"))
    assert org.same_csv([str(page) for page in bulk.query_all(text, wait=0)], org.records("contacts"))


@check
def it_downloads_bulk_results_into_files(org: Served, folder: Path) -> None:
    found = org.client().bulk2.Account.download(
        "SELECT Id, Name, Industry, AnnualRevenue, Description FROM Account",
        str(folder),
        max_records=20,
        wait=0,
    )
    pages = [Path(one["file"]).read_bytes().decode() for one in found]
    assert len(pages) > 1 and org.same_csv(pages, org.living("accounts"))


@check
def it_makes_looks_at_aborts_and_deletes_jobs(org: Served, folder: Path) -> None:
    """A deletion is answered 204 without a body, where the library tries to read JSON; the job is gone all the same."""
    client = org.client().bulk2.Contact._client
    job = client.create_job(bulk2.Operation.query, "SELECT Id FROM Contact")["id"]
    assert client.get_job(job, True)["state"] == "InProgress"
    assert client.abort_job(job, True)["state"] == "Aborted"
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.delete_job(job, True)
    with pytest.raises(simple_salesforce.SalesforceResourceNotFound):
        client.get_job(job, True)
    done = client.create_job(bulk2.Operation.query_all, "SELECT Id FROM Contact")["id"]
    client.wait_for_job(done, True, wait=0)
    assert client.get_query_results(done)["number_of_records"] == len(org.records("contacts"))


@check
def a_job_that_fails_is_an_error(org: Served, folder: Path) -> None:
    org.fault("failed_job", "POST .*/jobs/query")
    with pytest.raises(simple_salesforce.exceptions.SalesforceOperationError, match="QUERY_TIMEOUT"):
        list(org.client().bulk2.Lead.query("SELECT Id FROM Lead", wait=0))


# ---- together ------------------------------------------------------------------------------------------------


def test_every_call_that_simple_salesforce_has_and_the_simulator_serves_is_understood(
    tmp_path: Path,
) -> None:
    witness = Witness()
    for one in CHECKS:
        with served() as org, witness.watching():
            one(org, tmp_path)
    served_calls = calls_served()
    missing = served_calls - witness.ran
    share = 100 * (len(served_calls) - len(missing)) / len(served_calls)
    told = f"{len(served_calls) - len(missing)} of {len(served_calls)} served calls ran ({share:.0f} %)"
    print(f"{told}; the library has {len(calls_it_has())} in all, {len(CHECKS)} checks")
    assert not missing, f"{told}; never made: {sorted(missing)}"
