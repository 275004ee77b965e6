"""Hand-written records, one group per rule; names in them say what they are for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from raw_warehouse import AMER, AS_OF, EMEA, MAIN, START, Raw

CHAIN = 1000
ECID = "1" + "2" * 37
DAY = timedelta(days=1)


def day(number: int) -> datetime:
    """The number-th of January 2026."""
    return datetime(2026, 1, number, tzinfo=UTC)


def lead(lead_id: int, **fields: Any) -> dict[str, Any]:
    """A Marketo lead as the bulk file has it."""
    stamps = {"createdAt": day(1), "updatedAt": day(2)}
    values = {"id": lead_id, "email": None, "firstName": "Ann", "lastName": "Lee", **stamps, **fields}
    return {name: "null" if value is None else value for name, value in values.items()}


def record(record_id: str, **fields: Any) -> dict[str, Any]:
    """A Salesforce record."""
    stamps = {"CreatedDate": day(1), "LastModifiedDate": day(2), "SystemModstamp": day(2)}
    return {"Id": record_id, "IsDeleted": False, **stamps, **fields}


def activity(number: int, lead_id: int, type_id: int, at: datetime, **fields: Any) -> dict[str, Any]:
    values = {"marketoGUID": number, "leadId": lead_id, "activityTypeId": type_id, "activityDate": at}
    return {**values, "primaryAttributeValue": "null", "attributes": {}, **fields}


def deletion(number: int, lead_id: int, at: datetime) -> dict[str, Any]:
    return {"marketoGUID": number, "leadId": lead_id, "activityDate": at}


def chain() -> Iterator[dict[str, Any]]:
    """A thousand leads, each tied to the next only, by e-mail and by ECID in turn; ids in no order."""
    for place in range(CHAIN):
        fields = {
            "email": f"link{(place + 1) // 2}@chain.example",
            "ecid": f"9{place // 2:037d}",
            "lastName": "Chain",
            "createdAt": START + timedelta(minutes=place),
        }
        yield lead(100_000 + place * 7919 % 100_003, **fields)


def hand_written() -> Raw:
    raw = Raw()
    raw.add(EMEA, "leads", *chain())
    _one_person_everywhere(raw)
    _shared_mailboxes(raw)
    _deleted_and_merged(raw)
    _accounts(raw)
    _deals_and_activities(raw)
    _late_and_unreadable(raw)
    return raw


def _one_person_everywhere(raw: Raw) -> None:
    """Ann: a contact, a converted lead, an emea lead by CRM id, an amer lead by e-mail."""
    raw.add(
        MAIN,
        "contacts",
        record(
            "003Ann", FirstName="Ann", LastName="Lee", Email="Ann@acme.example", Title="", AccountId="001Acme"
        ),
    )
    raw.add(
        MAIN,
        "leads",
        record("00QAnn", LastName="Lee", IsConverted=True, ConvertedContactId="003Ann", Title="Old title"),
    )
    raw.add(
        EMEA,
        "leads",
        lead(1, email="lee.ann@private.example", sfdcContactId="003Ann", title="CFO", leadScore=7),
    )
    raw.add(
        AMER,
        "leads",
        lead(
            1,
            email=" ANN@acme.example",
            title="Chief Financial Officer",
            unsubscribed=True,
            updatedAt=day(20),
        ),
    )
    raw.add(MAIN, "contacts", record("003Bob", LastName="Roe", Email="bob@acme.example", DoNotCall=True))
    raw.add(
        EMEA,
        "leads",
        lead(2, lastName="Roe", ecid=ECID),
        lead(3, lastName=" ROE ", ecid=ECID),
        lead(4, lastName="Kim", ecid=ECID),
    )


def _shared_mailboxes(raw: Raw) -> None:
    """Four strangers behind one address, three of one name behind another, and a role mailbox."""
    for number, name in enumerate(("Adams", "Baker", "Clark", "Davis")):
        raw.add(EMEA, "leads", lead(20 + number, email="office5@many.example", lastName=name))
    for number, name in enumerate(("Adams", "Baker", "Clark")):
        raw.add(EMEA, "leads", lead(30 + number, email="family@few.example", lastName=name))
    raw.add(
        EMEA,
        "leads",
        lead(40, email="info@acme.example", lastName="Evans"),
        lead(41, email="INFO@acme.example", lastName="Evans"),
    )
    raw.add(EMEA, "leads", lead(42, email="noemail@noemail.com", lastName="Evans"))


def _deleted_and_merged(raw: Raw) -> None:
    """Lead 50 is gone; 51 came back; 52 won over 53 and over 54, which nobody ever read; 55 is gone unread."""
    raw.add(EMEA, "leads", lead(50, lastName="Gone"), lead(51, lastName="Back", updatedAt=day(9)))
    raw.add(
        EMEA,
        "deleted_leads",
        deletion(1, 50, day(5)),
        deletion(2, 51, day(5)),
        deletion(3, 53, day(6)),
        deletion(4, 55, day(6)),
    )
    raw.add(
        EMEA, "leads", lead(52, lastName="Winner"), lead(53, lastName="Winner", email="loser@merge.example")
    )
    raw.add(EMEA, "activities", activity(1, 52, 32, day(6), attributes={"Merge IDs": "[53, 54]"}))
    raw.add(
        EMEA,
        "activities",
        activity(2, 54, 10, day(3)),
        activity(3, 53, 10, day(3)),
        activity(4, 999, 10, day(3)),
    )
    raw.add(
        MAIN,
        "contacts",
        record("003Won", LastName="Fox"),
        record("003Lost", LastName="Fox", IsDeleted=True, MasterRecordId="003Won"),
    )


def _accounts(raw: Raw) -> None:
    """Acme stands four times; two companies share a web host; a parent, a child, and a ring of two."""
    raw.add(
        MAIN,
        "accounts",
        record("001Acme", Name="Acme", Website="https://www.acme.example/", Industry="", CreatedDate=day(3)),
    )
    raw.add(
        MAIN,
        "accounts",
        record("001Acme2", Name="Acme (old)", Industry="Retail", IsDeleted=True, MasterRecordId="001Acme"),
    )
    raw.add(
        AMER,
        "companies",
        {
            "id": 7,
            "externalCompanyId": "001Acme",
            "company": "ACME",
            "industry": "Finance",
            "updatedAt": day(9),
        },
    )
    raw.add(
        AMER,
        "companies",
        {"id": 8, "externalCompanyId": "EXT-8", "company": "Acme US", "website": "acme.example"},
    )
    raw.add(
        MAIN,
        "accounts",
        record("001H1", Name="Host 1", Website="facebook.com/h1"),
        record("001H2", Name="Host 2", Website="www.facebook.com/h2"),
    )
    raw.add(
        MAIN,
        "accounts",
        record("001Child", Name="Child", ParentId="001Mid"),
        record("001Mid", Name="Mid", ParentId="001Acme2"),
    )
    raw.add(
        MAIN,
        "accounts",
        record("001R1", Name="Ring 1", ParentId="001R2"),
        record("001R2", Name="Ring 2", ParentId="001R1"),
    )
    raw.add(MAIN, "contacts", record("003Cai", LastName="Cai", AccountId="001H1"))
    raw.add(
        MAIN,
        "account_contact_relations",
        record(
            "07k1",
            AccountId="001H2",
            ContactId="003Cai",
            IsDirect=False,
            IsActive=True,
            Roles="Evaluator;Other",
        ),
    )
    raw.add(
        MAIN,
        "account_contact_relations",
        record("07k2", AccountId="001H1", ContactId="003Cai", IsDirect=True, IsActive=False, Roles=""),
    )
    raw.add(EMEA, "leads", lead(60, lastName="Doe", sfdcAccountId="001H2"))
    raw.add(AMER, "leads", lead(61, lastName="Poe", externalCompanyId="EXT-8"))


def _deals_and_activities(raw: Raw) -> None:
    raw.add(
        MAIN,
        "opportunities",
        record(
            "006A", AccountId="001Acme2", Name="Deal", Amount="250000.50", IsClosed=False, StageName="Open"
        ),
    )
    raw.add(MAIN, "opportunities", record("006Gone", AccountId="001Acme", Name="Gone", IsDeleted=True))
    raw.add(
        MAIN,
        "opportunity_contact_roles",
        record("00K1", OpportunityId="006A", ContactId="003Ann", Role="Decision Maker", IsPrimary=True),
    )
    raw.add(
        AMER,
        "opportunities",
        {
            "marketoGUID": "g-1",
            "externalOpportunityId": "OPP-1",
            "externalCompanyId": "EXT-8",
            "name": "US",
            "amount": "9",
            "isClosed": True,
        },
    )
    raw.add(
        AMER,
        "opportunity_roles",
        {"marketoGUID": "r-1", "externalOpportunityId": "OPP-1", "leadId": 61, "role": "Influencer"},
    )
    visit = {"primaryAttributeValue": "acme.example/pricing", "attributes": {"Webpage URL": "/pricing"}}
    raw.add(EMEA, "activities", *(activity(100 + n, 1, 1, AS_OF - (n + 1) * DAY, **visit) for n in range(3)))
    raw.add(EMEA, "activities", activity(100, 1, 1, AS_OF - DAY, **visit), _window_end=AS_OF + DAY)
    raw.add(
        EMEA,
        "static_lists",
        {"id": 1, "name": "List", "leadId": 1},
        {"id": 1, "name": "List", "leadId": 50},
        {"id": 2, "name": "Empty"},
    )


def _late_and_unreadable(raw: Raw) -> None:
    """A late, older version of lead 70 comes in a later window; lead 71 has values that can't be cast."""
    raw.add(EMEA, "leads", lead(70, lastName="New", updatedAt=day(20)), _window_end=AS_OF - DAY)
    raw.add(EMEA, "leads", lead(70, lastName="Old", updatedAt=day(19)), _window_end=AS_OF)
    raw.add(
        EMEA, "leads", lead(71, lastName="Odd", leadScore="many", createdAt="soon", unsubscribed="perhaps")
    )
