"""An independent client, simple-salesforce, against the simulator over real loopback HTTP.

The library builds every address with `https://`. The session it is given here mounts a transport that rewrites the
scheme, and for sign-in the host `*.salesforce.com`, to the loopback server; nothing of the library is patched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import simple_salesforce
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import HTTPAdapter
from salesforce_kit import NOW, Kit, change, contacts, key_of, rows_of
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from muster_simulators.web import running

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
QUICK = {"queued_polls": 0, "running_polls": 0}


class ToLoopback(HTTPAdapter):
    """Sends whatever was meant for https://anywhere to one local server by plain HTTP."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._target = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        meant = urlsplit(str(request.url))
        request.url = urlunsplit(meant._replace(scheme="http", netloc=self._target.netloc))
        return super().send(request, *args, **kwargs)


@pytest.fixture
def served() -> Iterator[tuple[Kit, requests.Session]]:
    account = change("accounts", 1, NOW - timedelta(days=9), Name="Acme")
    gone = change("contacts", 9, NOW - timedelta(days=2), LastName="Gone", IsDeleted=True)
    people = contacts(4, AccountId=key_of("accounts", 1))
    options: Any = {"page_size": 3, "smallest_page_size": 1, "jwt_keys": {"jwt-client": PUBLIC}, **QUICK}
    kit = Kit([account, gone, *people], **options)
    with running(kit.app) as server, requests.Session() as session:
        session.mount("https://", ToLoopback(server.url))
        yield kit, session


def client(session: requests.Session, **more: Any) -> simple_salesforce.Salesforce:
    who = {"consumer_key": "main-client", "consumer_secret": "main-secret", "domain": "acme.my"}
    return simple_salesforce.Salesforce(**{**who, **more}, session=session, version="66.0")


def test_it_signs_in_by_client_credentials_and_by_assertion(served: tuple[Kit, requests.Session]) -> None:
    kit, session = served
    assert client(session).sf_instance.startswith("127.0.0.1:")
    kit.clock.set(datetime.now(UTC))
    by_key = {"username": "integration@acme.example", "consumer_key": "jwt-client", "privatekey": PRIVATE}
    signed = simple_salesforce.Salesforce(**by_key, session=session, version="66.0")
    assert signed.query("SELECT COUNT() FROM Contact")["totalSize"] == 4
    with pytest.raises(SalesforceAuthenticationFailed):
        client(session, consumer_secret="wrong")


def test_it_queries_page_by_page_and_reads_the_limit_header(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    sf = client(session)
    text = "SELECT LastName, Account.Name FROM Contact ORDER BY LastName"
    first = sf.query(text)
    assert (first["totalSize"], first["done"], len(first["records"])) == (4, False, 3)
    rest = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert [row["LastName"] for row in rest["records"]] == ["L00004"]
    assert rest["records"][0]["Account"]["Name"] == "Acme"
    assert sf.api_usage["api-usage"].total == 100_000


def test_it_reads_all_pages_with_and_without_deleted_rows(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    sf = client(session)
    assert len(sf.query_all("SELECT Id FROM Contact")["records"]) == 4
    assert len(list(sf.query_all_iter("SELECT Id FROM Contact", include_deleted=True))) == 5


def test_it_renews_an_ended_session_by_itself(served: tuple[Kit, requests.Session]) -> None:
    kit, session = served
    sf = client(session)
    kit.fault("session", "/query/01g")
    assert len(sf.query_all("SELECT Id FROM Contact")["records"]) == 4


def test_it_describes_and_gets_a_record_and_the_limits(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    sf = client(session)
    assert {each["name"] for each in sf.describe()["sobjects"]} >= {"Account", "Contact"}
    assert "Email" in {field["name"] for field in sf.Contact.describe()["fields"]}
    assert sf.Contact.metadata()["objectDescribe"]["keyPrefix"] == "003"
    assert sf.Account.get(key_of("accounts", 1))["Name"] == "Acme"
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000


def test_it_reads_the_feeds_of_updated_and_deleted(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    sf = client(session)
    start = NOW - timedelta(days=5)
    assert len(sf.Contact.updated(start, NOW)["ids"]) == 4
    assert [row["id"] for row in sf.Contact.deleted(start, NOW)["deletedRecords"]] == [key_of("contacts", 9)]


def test_it_raises_its_own_error_for_a_wrong_query(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client(session).query("SELECT Nope FROM Contact")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"


def test_it_runs_bulk_queries_over_several_pages(served: tuple[Kit, requests.Session]) -> None:
    _, session = served
    bulk = client(session).bulk2.Contact
    pages = list(bulk.query("SELECT LastName FROM Contact", max_records=3, wait=0))
    assert [len(rows_of(str(page))) - 1 for page in pages] == [3, 1]
    everything = list(bulk.query_all("SELECT LastName, IsDeleted FROM Contact", wait=0))
    assert ["Gone", "true"] in rows_of(str(everything[0]))


def test_it_aborts_a_job_and_stumbles_over_the_empty_answer_of_a_deletion(
    served: tuple[Kit, requests.Session],
) -> None:
    """The service answers 204 without a body; the library tries to read JSON there. The job is gone all the same."""
    kit, session = served
    bulk = client(session).bulk2.Contact._client
    job = bulk.create_job("query", "SELECT Id FROM Contact")
    assert bulk.abort_job(job["id"], True)["state"] == "Aborted"
    with pytest.raises(requests.exceptions.JSONDecodeError):
        bulk.delete_job(job["id"], True)
    assert kit.get("/jobs/query").json()["records"] == []
