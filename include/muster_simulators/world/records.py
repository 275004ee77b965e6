"""How one person or company looks in one system: whole records in the vendor's field names."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster_simulators.world.cast import Company, Person
from muster_simulators.world.ids import salesforce_id
from muster_simulators.world.model import EMEA

USERS = tuple((salesforce_id("users", number), f"Owner {number}") for number in range(1, 9))


def created_before(random: Random, at: datetime) -> datetime:
    """Many records are older than the history: created years ago, changed in it."""
    return (
        at
        if random.random() < 0.6
        else at - timedelta(days=random.randrange(1, 900), seconds=random.randrange(86400))
    )


def marketo_lead(
    random: Random, person: Person, source: str, lead_id: int, at: datetime, **fields: Any
) -> dict[str, Any]:
    """A lead of either Marketo. A field that is absent is empty."""
    company = person.company
    values: dict[str, Any] = {
        "id": lead_id,
        "email": person.email,
        "firstName": person.first,
        "lastName": person.last,
        "title": person.title,
        "department": person.department,
        "phone": person.phone if random.random() < 0.6 else None,
        "city": person.place[0],
        "country": person.place[1],
        "leadSource": random.choice(("Web", "Trade Show", "Partner", "Webinar")),
        "leadStatus": "Open",
        "leadScore": person.score,
        "unsubscribed": False,
        "emailInvalid": False,
        "doNotCall": random.random() < 0.02,
        "company": company.name if company else None,
        "industry": company.industry if company else None,
        "website": company.website if company else None,
        "annualRevenue": company.revenue if company else None,
        "numberOfEmployees": company.employees if company else None,
        "ecid": person.ecid,
        "createdAt": created_before(random, at),
    }
    if source == EMEA:
        values.update(sfdcAccountId=None, sfdcContactId=None, sfdcLeadId=None, sfdcType=None)
    else:
        values["externalCompanyId"] = company.external if company and company.is_amer else None
    values.update(fields)
    return values


def contact(random: Random, person: Person, record_id: str, at: datetime, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        **_salesforce(random, record_id, at),
        "AccountId": person.account,
        "FirstName": person.first,
        "LastName": person.last,
        "Name": person.name,
        "Email": person.email,
        "Phone": person.phone,
        "MobilePhone": None,
        "Title": person.title,
        "Department": person.department,
        "ReportsToId": None,
        "LeadSource": random.choice(("Web", "Partner", "Referral", None)),
        "MailingStreet": _street(random),
        "MailingCity": person.place[0],
        "MailingState": None,
        "MailingPostalCode": f"{random.randrange(10000, 99999)}",
        "MailingCountry": person.place[1],
        "HasOptedOutOfEmail": False,
        "DoNotCall": False,
        "EmailBouncedDate": None,
        "EmailBouncedReason": None,
        "IsEmailBounced": False,
        "MasterRecordId": None,
    }
    values.update(fields)
    return values


def sf_lead(random: Random, person: Person, record_id: str, at: datetime, **fields: Any) -> dict[str, Any]:
    company = person.company
    values: dict[str, Any] = {
        **_salesforce(random, record_id, at),
        "FirstName": person.first,
        "LastName": person.last,
        "Name": person.name,
        "Company": company.name if company else "-",
        "Email": person.email,
        "Phone": person.phone,
        "Title": person.title,
        "Website": company.website if company else None,
        "Status": "Open - Not Contacted",
        "LeadSource": random.choice(("Web", "Purchased List", "Partner")),
        "Industry": company.industry if company else None,
        "Rating": random.choice(("Hot", "Warm", "Cold", None)),
        "AnnualRevenue": None,
        "NumberOfEmployees": None,
        "Street": None,
        "City": person.place[0],
        "State": None,
        "PostalCode": None,
        "Country": person.place[1],
        "IsConverted": False,
        "ConvertedDate": None,
        "ConvertedAccountId": None,
        "ConvertedContactId": None,
        "ConvertedOpportunityId": None,
        "HasOptedOutOfEmail": False,
        "DoNotCall": False,
        "MasterRecordId": None,
    }
    values.update(fields)
    return values


def account(random: Random, company: Company, record_id: str, at: datetime, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        **_salesforce(random, record_id, at),
        "Name": company.name,
        "Type": random.choice(("Customer - Direct", "Prospect", "Channel Partner / Reseller", None)),
        "ParentId": company.parent.account if company.parent else None,
        "MasterRecordId": None,
        "Industry": company.industry,
        "AnnualRevenue": company.revenue,
        "NumberOfEmployees": company.employees,
        "Website": company.website,
        "Phone": f"+49 69 {random.randrange(10**5, 10**6)}",
        "BillingStreet": _street(random),
        "BillingCity": company.place[0],
        "BillingState": None,
        "BillingPostalCode": f"{random.randrange(10000, 99999)}",
        "BillingCountry": company.place[1],
        "AccountSource": None,
        "Description": _description(random, company),
    }
    values.update(fields)
    return values


def amer_company(random: Random, company: Company, at: datetime, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": company.amer_id,
        "externalCompanyId": company.external,
        "company": company.name.upper() if random.random() < 0.2 else company.name,
        "website": company.website,
        "mainPhone": None,
        "industry": company.industry,
        "annualRevenue": company.revenue,
        "numberOfEmployees": company.employees,
        "billingStreet": _street(random),
        "billingCity": company.place[0],
        "billingState": None,
        "billingPostalCode": None,
        "billingCountry": company.place[1],
        "createdAt": created_before(random, at),
    }
    values.update(fields)
    return values


def _salesforce(random: Random, record_id: str, at: datetime) -> dict[str, Any]:
    owner = random.choice(USERS)[0]
    return {
        "Id": record_id,
        "IsDeleted": False,
        "OwnerId": owner,
        "CreatedById": owner,
        "LastModifiedById": owner,
        "CreatedDate": created_before(random, at),
    }


def _street(random: Random) -> str:
    number = random.randrange(1, 200)
    if random.random() < 0.05:
        return f'{number} Main St, "Tower B"\nFloor {number % 30}\r\nattn: mail room'
    return f"{number} Main St"


def _description(random: Random, company: Company) -> str | None:
    roll = random.random()
    if roll < 0.02:
        return f"{company.name}: " + 'a long story, with commas and "quotes"; ünïcödé 統一 🚀\n' * 90
    if roll < 0.05:
        return random.choice(('=HYPERLINK("http://x.example","y")', "@cmd", "+1-2", "-", "NA", "None", "  "))
    return None if roll < 0.7 else f"{company.industry} company in {company.place[0]}"
