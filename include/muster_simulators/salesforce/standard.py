"""The standard objects that Muster reads, with the types, lengths and precisions of a plain Enterprise org."""

from __future__ import annotations

from muster_simulators.salesforce.fields import (
    Field,
    address,
    currency,
    day,
    double,
    email,
    flag,
    long_text,
    lookup,
    moment,
    multipicklist,
    percent,
    person_name,
    phone,
    picklist,
    read_only,
    required,
    short_textarea,
    text,
    url,
    whole,
)

INDUSTRIES = (
    "Finance",
    "Technology",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Energy",
    "Education",
    "Media",
)
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Event", "Other")
RATINGS = ("Hot", "Warm", "Cold")
ROLES = (
    "Business User",
    "Decision Maker",
    "Economic Buyer",
    "Economic Decision Maker",
    "Evaluator",
    "Executive Sponsor",
    "Influencer",
    "Technical Buyer",
    "Other",
)
STAGES = (
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Value Proposition",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)


def system_fields(*, deletable: bool = True) -> list[Field]:
    """What every object carries; User has no IsDeleted."""
    audit = [
        read_only(required(moment("CreatedDate"))),
        read_only(required(lookup("CreatedById", "User"))),
        read_only(required(moment("LastModifiedDate"))),
        read_only(required(lookup("LastModifiedById", "User"))),
        read_only(required(moment("SystemModstamp"))),
    ]
    key = read_only(Field("Id", "id", length=18, nillable=False, id_lookup=True))
    return [key, *([read_only(flag("IsDeleted"))] if deletable else []), *audit]


def _master(sobject: str) -> Field:
    return read_only(lookup("MasterRecordId", sobject, relationship="MasterRecord"))


def _owner() -> Field:
    return required(lookup("OwnerId", "User"))


def account() -> list[Field]:
    return [
        *system_fields(),
        _master("Account"),
        text("Name", 255, nillable=False, name_field=True),
        picklist(
            "Type", "Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Competitor", "Other"
        ),
        lookup("ParentId", "Account"),
        *address("Billing"),
        *address("Shipping"),
        phone("Phone"),
        phone("Fax"),
        text("AccountNumber", 40),
        url("Website"),
        text("Sic", 20),
        text("SicDesc", 80),
        picklist("Industry", *INDUSTRIES),
        currency("AnnualRevenue"),
        whole("NumberOfEmployees"),
        picklist("Ownership", "Public", "Private", "Subsidiary", "Other"),
        text("TickerSymbol", 20),
        long_text("Description"),
        picklist("Rating", *RATINGS),
        text("Site", 80),
        _owner(),
        picklist("AccountSource", *LEAD_SOURCES),
        text("DunsNumber", 9),
        text("NaicsCode", 8),
        read_only(day("LastActivityDate")),
    ]


def contact() -> list[Field]:
    return [
        *system_fields(),
        _master("Contact"),
        lookup("AccountId", "Account"),
        *person_name(),
        *address("Mailing"),
        *address("Other"),
        phone("Phone"),
        phone("Fax"),
        phone("MobilePhone"),
        phone("HomePhone"),
        lookup("ReportsToId", "Contact"),
        email("Email"),
        text("Title", 128),
        text("Department", 80),
        picklist("LeadSource", *LEAD_SOURCES),
        day("Birthdate"),
        long_text("Description"),
        _owner(),
        flag("HasOptedOutOfEmail"),
        flag("DoNotCall"),
        moment("EmailBouncedDate"),
        text("EmailBouncedReason", 255),
        read_only(flag("IsEmailBounced")),
        lookup("IndividualId", "Individual"),
        read_only(day("LastActivityDate")),
    ]


def lead() -> list[Field]:
    converted = [
        read_only(flag("IsConverted")),
        read_only(day("ConvertedDate")),
        read_only(lookup("ConvertedAccountId", "Account")),
        read_only(lookup("ConvertedContactId", "Contact")),
        read_only(lookup("ConvertedOpportunityId", "Opportunity")),
    ]
    return [
        *system_fields(),
        _master("Lead"),
        *person_name(),
        text("Title", 128),
        text("Company", 255, nillable=False),
        *address(""),
        phone("Phone"),
        phone("MobilePhone"),
        phone("Fax"),
        email("Email"),
        url("Website"),
        long_text("Description"),
        picklist("LeadSource", *LEAD_SOURCES),
        picklist(
            "Status",
            "Open - Not Contacted",
            "Working - Contacted",
            "Closed - Converted",
            "Closed - Not Converted",
            nillable=False,
        ),
        picklist("Industry", *INDUSTRIES),
        picklist("Rating", *RATINGS),
        currency("AnnualRevenue"),
        whole("NumberOfEmployees"),
        required(lookup("OwnerId", "User", "Group")),
        *converted,
        flag("IsUnreadByOwner"),
        flag("HasOptedOutOfEmail"),
        flag("DoNotCall"),
        moment("EmailBouncedDate"),
        text("EmailBouncedReason", 255),
        lookup("IndividualId", "Individual"),
        read_only(day("LastActivityDate")),
    ]


def opportunity() -> list[Field]:
    return [
        *system_fields(),
        lookup("AccountId", "Account"),
        text("Name", 120, nillable=False, name_field=True),
        long_text("Description"),
        picklist("StageName", *STAGES, nillable=False),
        currency("Amount", scale=2),
        percent("Probability"),
        read_only(currency("ExpectedRevenue", scale=2)),
        double("TotalOpportunityQuantity", 18, 2),
        required(day("CloseDate")),
        picklist("Type", "New Customer", "Existing Customer - Upgrade", "Existing Customer - Replacement"),
        text("NextStep", 255),
        picklist("LeadSource", *LEAD_SOURCES),
        read_only(flag("IsClosed")),
        read_only(flag("IsWon")),
        read_only(
            picklist(
                "ForecastCategory",
                "Omitted",
                "Pipeline",
                "BestCase",
                "MostLikely",
                "Forecast",
                "Closed",
                length=40,
                nillable=False,
            )
        ),
        picklist("ForecastCategoryName", "Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
        lookup("CampaignId", "Campaign"),
        read_only(flag("HasOpportunityLineItem")),
        lookup("Pricebook2Id", "Pricebook2", relationship="Pricebook2"),
        _owner(),
        read_only(whole("FiscalQuarter", 9)),
        read_only(whole("FiscalYear", 9)),
        read_only(text("Fiscal", 6)),
        read_only(lookup("ContactId", "Contact", relationship="")),
        read_only(moment("LastStageChangeDate")),
        read_only(day("LastActivityDate")),
    ]


def opportunity_contact_role() -> list[Field]:
    return [
        *system_fields(),
        required(lookup("OpportunityId", "Opportunity")),
        required(lookup("ContactId", "Contact")),
        picklist("Role", *ROLES),
        flag("IsPrimary"),
    ]


def account_contact_relation() -> list[Field]:
    return [
        *system_fields(),
        required(lookup("AccountId", "Account")),
        required(lookup("ContactId", "Contact")),
        multipicklist("Roles", *ROLES),
        read_only(flag("IsDirect")),
        flag("IsActive"),
        day("StartDate"),
        day("EndDate"),
    ]


def campaign() -> list[Field]:
    counters = ("Leads", "ConvertedLeads", "Contacts", "Responses", "Opportunities", "WonOpportunities")
    return [
        *system_fields(),
        text("Name", 80, nillable=False, name_field=True),
        lookup("ParentId", "Campaign"),
        picklist("Type", "Conference", "Webinar", "Email", "Advertisement", "Partners", "Other"),
        picklist("Status", "Planned", "In Progress", "Completed", "Aborted"),
        day("StartDate"),
        day("EndDate"),
        currency("ExpectedRevenue"),
        currency("BudgetedCost"),
        currency("ActualCost"),
        percent("ExpectedResponse", 10, 2),
        double("NumberSent"),
        flag("IsActive"),
        long_text("Description"),
        *(read_only(required(whole(f"NumberOf{name}", 9))) for name in counters),
        read_only(required(currency("AmountAllOpportunities"))),
        read_only(required(currency("AmountWonOpportunities"))),
        _owner(),
        read_only(day("LastActivityDate")),
    ]


def campaign_member() -> list[Field]:
    return [
        *system_fields(),
        required(lookup("CampaignId", "Campaign")),
        lookup("LeadId", "Lead"),
        lookup("ContactId", "Contact"),
        lookup("AccountId", "Account"),
        picklist("Status", "Sent", "Responded", length=40),
        read_only(flag("HasResponded")),
        read_only(day("FirstRespondedDate")),
        read_only(picklist("Type", "Lead", "Contact", length=40)),
        read_only(text("Name", 80)),
        read_only(text("FirstName", 40)),
        read_only(text("LastName", 80)),
        read_only(text("Title", 128)),
        read_only(Field("Email", "email", length=80)),
        read_only(text("CompanyOrAccount", 255)),
        read_only(lookup("LeadOrContactId", "Contact", "Lead", relationship="")),
        read_only(lookup("LeadOrContactOwnerId", "Group", "User", relationship="LeadOrContactOwner")),
    ]


def user() -> list[Field]:
    return [
        *system_fields(deletable=False),
        text("Username", 80, nillable=False, unique=True, id_lookup=True),
        *person_name(),
        text("CompanyName", 80),
        text("Division", 80),
        text("Department", 80),
        text("Title", 80),
        required(Field("Email", "email", length=128)),
        phone("Phone"),
        text("Alias", 8, nillable=False),
        flag("IsActive"),
        lookup("UserRoleId", "UserRole"),
        required(lookup("ProfileId", "Profile")),
        picklist("UserType", "Standard", "PowerPartner", "Guest", length=40),
        lookup("ManagerId", "User"),
        short_textarea("Street"),
        text("City", 40),
        text("Country", 80),
    ]
