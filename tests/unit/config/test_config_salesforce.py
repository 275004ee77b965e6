"""What a Salesforce source may be told, and what it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from muster.config import SalesforceSource


def source(**more: Any) -> SalesforceSource:
    return SalesforceSource.model_validate(
        {
            "type": "salesforce",
            "connection": "salesforce__main",
            "feeds": ["acme/prod"],
            "org_id": "00D5e000000MAIN",
            "objects": ["contacts"],
            **more,
        }
    )


def test_a_custom_object_has_a_name_in_the_lake_and_its_own_at_the_source() -> None:
    found = source(objects=["deleted_records", "contacts"], custom_objects=["Contract__c", "acme__Seat__c"])
    assert found.all_objects == ("contacts", "custom_contract_c", "custom_acme_seat_c", "deleted_records")
    assert found.api_name("custom_contract_c") == "Contract__c"
    assert found.api_name("opportunity_contact_roles") == "OpportunityContactRole"
    assert found.api_name("deleted_records") is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"custom_objects": ["Contract c"]}, "not the API name"),
        ({"custom_objects": ["contact"]}, "name it among the objects, as contacts"),
        ({"formula_objects": ["leads"]}, "'leads' is not among the objects that are read"),
        ({"formula_objects": ["deleted_records"], "objects": ["deleted_records"]}, "not among the objects"),
        ({"rest_objects": ["user"]}, "there is no object 'user'"),
        ({"weekly_on": "Sunday"}, "sunday"),
        ({"max_missing_share": 1.5}, "less than or equal to 1"),
        ({"limits": {"calls_per_day": 0}}, "greater than or equal to 1"),
        ({"objects": ["cases"]}, "opportunity_contact_roles"),
        ({"org_id": "00D"}, "not a Salesforce organisation id"),
    ],
)
def test_what_makes_no_sense_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        source(**more)


def test_custom_objects_may_be_read_by_rest_and_read_whole() -> None:
    found = source(
        custom_objects=["Contract__c"],
        rest_objects=["custom_contract_c"],
        formula_objects=["custom_contract_c"],
    )
    assert found.rest_objects == ["custom_contract_c"]
