"""The standard tables of a Sales organisation that a B2B platform reads, with the columns that matter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from muster_simulators.dynamics.attributes import (
    Attribute,
    choice,
    day,
    flag,
    lookup,
    memo,
    moment,
    money,
    status,
    text,
    whole,
)
from muster_simulators.dynamics.errors import NO_PROPERTY, ApiError
from muster_simulators.dynamics.options import DynamicsOptions

ACTIVE = ({0: "Active", 1: "Inactive"}, {1: "Active", 2: "Inactive"})
ACTIVITY_STATES = ({0: "Open", 1: "Completed", 2: "Canceled"}, {1: "Open", 2: "Completed", 3: "Canceled"})
OWN_INDUSTRIES = (
    "Finance", "Technology", "Healthcare", "Manufacturing", "Retail", "Energy", "Education", "Media"
)  # fmt: skip
OWN_STAGES = (
    "Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Proposal/Price Quote",
    "Negotiation/Review", "Closed Won", "Closed Lost",
)  # fmt: skip
INDUSTRIES = {label: number for number, label in enumerate(OWN_INDUSTRIES, start=100_000_000)}
"""Values that the organisation added, as customisers do; the service's own come before them."""
STAGES = {label: number for number, label in enumerate(OWN_STAGES, start=100_000_000)}
PARTIES = {1: "Account", 2: "Contact", 3: "Opportunity", 4: "Lead", 8: "User", 4400: "Campaign"}


@dataclass(frozen=True)
class Table:
    """`name` is the logical name, `set_name` the name in addresses and in the store."""

    name: str
    set_name: str
    key: str
    title: str
    attributes: tuple[Attribute, ...]
    is_tracked: bool = True

    @cached_property
    def by_property(self) -> dict[str, Attribute]:
        return {one.property_name: one for one in self.attributes if one.is_selectable}

    def property(self, name: str) -> Attribute:
        """Raises ApiError 400."""
        found = self.by_property.get(name)
        if found is None:
            message = (
                f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{self.name}'."
            )
            raise ApiError(400, NO_PROPERTY, message)
        return found


def _key(name: str) -> Attribute:
    return Attribute(name, "Uniqueidentifier", is_key=True)


def _system(*, owned: bool = True) -> list[Attribute]:
    owner = [Attribute("ownerid", "Owner", targets=("systemuser", "team"))] if owned else []
    return [
        *moment("createdon", "modifiedon"),
        *lookup("createdby", "systemuser"),
        *lookup("modifiedby", "systemuser"),
        Attribute("versionnumber", "BigInt"),
        *owner,
    ]


def _address() -> list[Attribute]:
    names = ("line1", "line2", "city", "stateorprovince", "postalcode", "country")
    return text(*(f"address1_{name}" for name in names))


def _consent() -> list[Attribute]:
    return flag("donotemail", "donotbulkemail", "donotphone", "donotpostalmail")


def _merge(target: str) -> list[Attribute]:
    return [*flag("merged"), *lookup("masterid", target)]


def _account() -> list[Attribute]:
    return [
        *text("name", "accountnumber", "websiteurl", "telephone1", "fax", "emailaddress1", "tickersymbol", "sic"),
        *memo("description"),
        *whole("numberofemployees"),
        *money("revenue"),
        choice(
            "industrycode", "Accounting", "Agriculture", "Broadcasting", "Brokers", "Building Supply", own=INDUSTRIES
        ),
        choice("accountratingcode", "Default Value"),
        *lookup("parentaccountid", "account"),
        *lookup("primarycontactid", "contact"),
        *_address(), *_consent(), *_merge("account"), *status(*ACTIVE),
    ]  # fmt: skip


def _contact() -> list[Attribute]:
    return [
        *text("firstname", "middlename", "lastname", "fullname", "salutation", "suffix", "jobtitle", "department"),
        *text("emailaddress1", "emailaddress2", "telephone1", "mobilephone", "assistantname"),
        *memo("description"),
        *day("birthdate"),
        choice("gendercode", "Male", "Female"),
        choice("accountrolecode", "Decision Maker", "Employee", "Influencer"),
        Attribute("parentcustomerid", "Customer", targets=("account", "contact")),
        Attribute("parentcustomeridname", "String", attribute_of="parentcustomerid"),
        Attribute("parentcustomeridtype", "EntityName", attribute_of="parentcustomerid"),
        *lookup("originatingleadid", "lead"),
        Attribute("entityimage", "Virtual"),
        *_address(), *_consent(), *_merge("contact"), *status(*ACTIVE),
    ]  # fmt: skip


def _lead() -> list[Attribute]:
    return [
        *text("firstname", "lastname", "fullname", "companyname", "subject", "jobtitle", "emailaddress1"),
        *text("telephone1", "mobilephone", "websiteurl"),
        *memo("description"),
        *money("revenue"),
        *whole("numberofemployees"),
        choice("leadsourcecode", "Advertisement", "Employee Referral", "External Referral", "Partner"),
        choice("leadqualitycode", "Hot", "Warm", "Cold"),
        *lookup("parentaccountid", "account"),
        *lookup("parentcontactid", "contact"),
        *lookup("qualifyingopportunityid", "opportunity"),
        *_address(), *_consent(), *_merge("lead"),
        *status(
            {0: "Open", 1: "Qualified", 2: "Disqualified"},
            {1: "New", 2: "Contacted", 3: "Qualified", 4: "Lost", 5: "Cannot Contact"},
        ),
    ]  # fmt: skip


def _opportunity() -> list[Attribute]:
    return [
        *text("name", "stepname"),
        *memo("description"),
        *money("estimatedvalue", "actualvalue"),
        *whole("closeprobability"),
        *day("estimatedclosedate", "actualclosedate"),
        choice("salesstage", "Qualify", "Develop", "Propose", "Close", first=0, own=STAGES),
        choice("opportunityratingcode", "Hot", "Warm", "Cold"),
        *lookup("parentaccountid", "account"),
        *lookup("parentcontactid", "contact"),
        *lookup("originatingleadid", "lead"),
        *lookup("campaignid", "campaign"),
        *lookup("transactioncurrencyid", "transactioncurrency"),
        *status(
            {0: "Open", 1: "Won", 2: "Lost"},
            {1: "In Progress", 2: "On Hold", 3: "Won", 4: "Canceled", 5: "Out-Sold"},
        ),
    ]


def _connection() -> list[Attribute]:
    party = ("account", "contact", "opportunity", "lead", "systemuser", "campaign")
    return [
        *text("name"),
        *memo("description"),
        *lookup("record1id", *party),
        *lookup("record2id", *party),
        *lookup("record1roleid", "connectionrole"),
        *lookup("record2roleid", "connectionrole"),
        Attribute("record1objecttypecode", "Picklist", PARTIES),
        Attribute("record2objecttypecode", "Picklist", PARTIES),
        *moment("effectivestart", "effectiveend"),
        *flag("ismaster"),
        *status(*ACTIVE),
    ]


def _campaign() -> list[Attribute]:
    return [
        *text("name", "codename"),
        *memo("description"),
        *money("budgetedcost", "totalactualcost", "expectedrevenue"),
        *whole("expectedresponse"),
        *moment("actualstart", "actualend"),
        choice("typecode", "Advertisement", "Direct Marketing", "Event", "Co-branding", "Other"),
        *status(*(ACTIVE[0], {0: "Proposed", 1: "Ready To Launch", 2: "Launched", 3: "Completed"})),
    ]


def _list() -> list[Attribute]:
    return [
        *text("listname", "purpose", "source"),
        *memo("description"),
        *whole("membercount"),
        Attribute("createdfromcode", "Picklist", {1: "Account", 2: "Contact", 4: "Lead"}),
        Attribute("type", "Boolean", {0: "Static", 1: "Dynamic"}),
        *moment("lastusedon"),
        *status(*ACTIVE),
    ]


def _list_member() -> list[Attribute]:
    return [
        *lookup("entityid", "account", "contact", "lead"),
        Attribute("entitytype", "EntityName"),
        *lookup("listid", "list"),
    ]


def _activity(*more: Attribute) -> list[Attribute]:
    return [
        *text("subject"),
        *memo("description"),
        Attribute("activitytypecode", "EntityName"),
        *lookup("regardingobjectid", "account", "contact", "lead", "opportunity", "campaign"),
        *moment("scheduledstart", "scheduledend", "actualstart", "actualend"),
        *whole("actualdurationminutes"),
        *status(*ACTIVITY_STATES),
        *more,
    ]


def _user() -> list[Attribute]:
    return [
        *text("fullname", "domainname", "internalemailaddress", "title"),
        *flag("isdisabled"),
        *lookup("parentsystemuserid", "systemuser"),
    ]


def standard() -> list[Table]:
    """Every standard table; its key first."""

    def made(
        name: str, set_name: str, key: str, title: str, own: list[Attribute], *, owned: bool = True
    ) -> Table:
        return Table(name, set_name, key, title, (_key(key), *own, *_system(owned=owned)))

    return [
        made("account", "accounts", "accountid", "name", _account()),
        made("contact", "contacts", "contactid", "fullname", _contact()),
        made("lead", "leads", "leadid", "fullname", _lead()),
        made("opportunity", "opportunities", "opportunityid", "name", _opportunity()),
        made("connection", "connections", "connectionid", "name", _connection()),
        made("connectionrole", "connectionroles", "connectionroleid", "name", text("name"), owned=False),
        made("campaign", "campaigns", "campaignid", "name", _campaign()),
        made("list", "lists", "listid", "listname", _list()),
        made("listmember", "listmembers", "listmemberid", "listmemberid", _list_member(), owned=False),
        made("activitypointer", "activitypointers", "activityid", "subject", _activity()),
        made("email", "emails", "activityid", "subject", _activity(*text("sender", "torecipients"))),
        made("phonecall", "phonecalls", "activityid", "subject", _activity(*text("phonenumber"))),
        made("appointment", "appointments", "activityid", "subject", _activity(*text("location"))),
        made("systemuser", "systemusers", "systemuserid", "fullname", _user(), owned=False),
        made("transactioncurrency", "transactioncurrencies", "transactioncurrencyid", "isocurrencycode",
             text("isocurrencycode", "currencyname"), owned=False),
    ]  # fmt: skip


class Schema:
    """All tables after the options' changes."""

    def __init__(self, options: DynamicsOptions) -> None:
        customs = [
            Table(name, set_name, f"{name}id", f"{name}id", (_key(f"{name}id"), *own, *_system()))
            for name, (set_name, own) in options.custom_tables.items()
        ]
        tables = [_changed(table, options) for table in (*standard(), *customs)]
        self.by_name = {table.name: table for table in tables}
        self.by_set = {table.set_name: table for table in tables}


def _changed(table: Table, options: DynamicsOptions) -> Table:
    attributes = tuple(
        replace(one, is_secured=f"{table.name}.{one.name}" in options.secured)
        for one in (*table.attributes, *options.custom_attributes.get(table.name, ()))
        if f"{table.name}.{one.name}" not in options.hidden
    )
    is_tracked = options.tracked is None or table.name in options.tracked
    return replace(table, attributes=attributes, is_tracked=is_tracked)
