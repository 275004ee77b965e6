"""Real answers against Marketo's own API descriptions (Swagger 2.0), for every endpoint served."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft4Validator
from marketo_calls import BEFORE, BULK, BULK_CALLS, CALLS, EMPTY
from marketo_openapi import UNDESCRIBED, check, descriptions, families, plain


@pytest.fixture
def site(whole: Any) -> Iterator[Any]:
    yield whole


def ask(site: Any, method: str, template: str, given: dict[str, Any]) -> Any:
    given = copy.deepcopy(given)
    if given.get("params", {}).get("nextPageToken") == "TOKEN":
        since = site.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-03-01T00:00:00Z")
        given["params"]["nextPageToken"] = since["nextPageToken"]
    path = template.replace("{", "").replace("}", "")
    answer = site.client.request(method, path, **given).json()
    assert answer["success"] is True, answer
    return answer


@pytest.mark.parametrize(("method", "path", "given"), CALLS, ids=[f"{m} {p}" for m, p, _ in CALLS])
def test_an_answer_is_what_the_description_says(
    site: Any, method: str, path: str, given: dict[str, Any]
) -> None:
    for before in BEFORE.get((method, path), ()):
        ask(site, *before)
    described, answer = re.sub(r"\{[^}]*\}", "{x}", path), ask(site, method, path, given)
    check(method, described, answer)
    is_ours = (method, plain(described)) in families()
    if is_ours and method == "GET" and described not in EMPTY:
        assert answer.get("result") or "nextPageToken" in answer, "an empty answer shows nothing"


@pytest.mark.parametrize("family", BULK)
def test_every_state_of_a_bulk_job_is_what_the_description_says(site: Any, family: str) -> None:
    fields, criteria = BULK[family]
    base, described = f"/bulk/v1/{family}/export", f"/bulk/v1/{_described(family)}/export"
    for ends in ("Completed", "Failed"):
        if ends == "Failed":
            site.fault("failed_job")
        request = {"json": {"fields": fields, "filter": criteria}}
        made = ask(site, "POST", f"{base}/create.json", request)
        check("POST", f"{described}/create.json", made)
        export_id = made["result"][0]["exportId"]
        job = f"{described}/{{x}}"
        check("POST", f"{job}/enqueue.json", ask(site, "POST", f"{base}/{export_id}/enqueue.json", {}))
        for _ in range(20):
            told = ask(site, "GET", f"{base}/{export_id}/status.json", {})
            check("GET", f"{job}/status.json", told)
            if told["result"][0]["status"] == ends:
                break
        assert told["result"][0]["status"] == ends
        if ends == "Completed":
            file = site.client.get(f"{base}/{export_id}/file.json")
            assert (file.status_code, len(file.content)) == (200, told["result"][0]["fileSize"])
        site.login("reader")
    check("POST", f"{job}/cancel.json", ask(site, "POST", f"{base}/{export_id}/cancel.json", {}))
    check("GET", f"{described}.json", ask(site, "GET", f"{base}.json", {"params": {"batchSize": 1}}))


def _described(family: str) -> str:
    """The description has one path for all custom objects."""
    return family.replace("contract_c", "{x}")


def test_a_token_is_what_the_description_says(site: Any) -> None:
    given = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "pw"}
    check("GET", "/identity/oauth/token", site.get("/identity/oauth/token", **given))
    check("POST", "/identity/oauth/token", site.post("/identity/oauth/token", data=given))


def test_a_refusal_is_what_the_description_says(site: Any) -> None:
    schema, definitions = descriptions()["GET", "/rest/v1/leads.json"]
    refusal = site.get("/rest/v1/leads.json")
    name = schema["$ref"].rsplit("/", 1)[1]
    shape = copy.deepcopy(definitions[name])
    shape["required"] = ["errors", "requestId", "success"]
    problems = list(Draft4Validator({**shape, "definitions": definitions}).iter_errors(refusal))
    assert problems == []


def _covered() -> set[tuple[str, str]]:
    """What the tests above asked and checked."""
    calls = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path, _ in CALLS}
    jobs = {
        (method, f"/bulk/v1/{_described(family).replace('{x}', '{}')}/export{path}")
        for family in BULK
        for method, path in BULK_CALLS
    }
    return calls | jobs | {("GET", "/identity/oauth/token"), ("POST", "/identity/oauth/token")}


def test_every_endpoint_served_is_described_and_was_checked(site: Any) -> None:
    served = {(method, plain(path)) for method, path in site.app.state.routes}
    assert served - _covered() - UNDESCRIBED == set()
    assert served - set(descriptions()) - UNDESCRIBED == set()


def test_every_described_endpoint_of_our_objects_is_served_and_was_checked(
    site: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    described = families()
    served = {(method, plain(path)) for method, path in site.app.state.routes} & _covered()
    served |= {call for call in _covered() if call[1].startswith("/identity/")}
    wanted, found = Counter(described.values()), Counter(described[call] for call in served & set(described))
    with capsys.disabled():
        print("\nendpoints of the official description served and checked:")
        for family in sorted(wanted):
            print(f"  {family:<36} {found[family]:>3} of {wanted[family]:>3}")
        print(f"  {'all':<36} {found.total():>3} of {wanted.total():>3}")
    assert set(described) - served == set()
