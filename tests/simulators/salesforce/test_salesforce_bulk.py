"""Bulk API 2.0 query jobs: states, results, pages and refusals."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from salesforce_kit import NOW, Kit, change, contacts, key_of, refusal, rows_of

from muster_simulators.salesforce.org import Call

ALL = "SELECT Id, LastName FROM Contact"


def test_a_created_job_answers_as_documented(kit: Kit) -> None:
    body = kit.create("SELECT Id FROM Contact", "queryAll", contentType="CSV").json()
    assert body == {
        "id": "7505e0000000001AAA",
        "operation": "queryAll",
        "object": "Contact",
        "createdById": kit.options.user_id,
        "createdDate": "2026-03-03T00:30:00.000+0000",
        "systemModstamp": "2026-03-03T00:30:00.000+0000",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 66.0,
        "jobType": "V2Query",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def states(kit: Kit, key: str, polls: int) -> list[str]:
    return [kit.get(f"/jobs/query/{key}").json()["state"] for _ in range(polls)]


@pytest.mark.parametrize(
    ("queued", "running", "expected"),
    [
        (1, 1, ["UploadComplete", "InProgress", "JobComplete"]),
        (0, 1, ["InProgress", "JobComplete", "JobComplete"]),
        (2, 3, ["UploadComplete", "UploadComplete", "InProgress", "InProgress", "InProgress", "JobComplete"]),
    ],
)
def test_a_job_moves_on_after_so_many_polls(queued: int, running: int, expected: list[str]) -> None:
    kit = Kit(contacts(1), queued_polls=queued, running_polls=running)
    key = kit.create(ALL).json()["id"]
    assert states(kit, key, len(expected)) == expected


def test_a_job_moves_on_after_so_many_simulated_seconds() -> None:
    kit = Kit(contacts(2), queued_polls=0, running_polls=0, queued_seconds=60, running_seconds=90)
    key = kit.create(ALL).json()["id"]
    assert states(kit, key, 3) == ["UploadComplete"] * 3
    kit.clock.advance(60)
    assert states(kit, key, 3) == ["InProgress"] * 3
    kit.clock.advance(90)
    body = kit.get(f"/jobs/query/{key}").json()
    assert (body["state"], body["numberRecordsProcessed"], body["retries"]) == ("JobComplete", 2, 0)
    assert (body["totalProcessingTime"], body["isPkChunkingSupported"]) == (150_000, True)
    assert "errorMessage" not in body


def test_the_rows_are_fixed_when_the_job_starts_not_when_it_is_created_nor_when_it_ends() -> None:
    kit = Kit(contacts(1))
    key = kit.create(ALL).json()["id"]

    def arrive(number: int) -> None:
        row = {"Id": key_of("contacts", number), "LastName": f"new{number}", "SystemModstamp": NOW}
        kit.store.put("contacts", row["Id"], row)

    arrive(2)
    assert states(kit, key, 2) == ["UploadComplete", "InProgress"]
    arrive(3)
    kit.store.put("contacts", key_of("contacts", 1), {"Id": key_of("contacts", 1), "LastName": "changed"})
    assert states(kit, key, 1) == ["JobComplete"]
    assert [row[1] for row in rows_of(kit.results(key).text)] == ["LastName", "L00001", "new2"]


def test_parent_fields_of_a_result_are_fixed_too() -> None:
    account = change("accounts", 1, NOW - timedelta(days=9), Name="Before")
    kit = Kit([account, *contacts(1, AccountId=key_of("accounts", 1))])
    key = kit.finished("SELECT Account.Name FROM Contact")
    kit.store.put("accounts", key_of("accounts", 1), {"Id": key_of("accounts", 1), "Name": "After"})
    assert rows_of(kit.results(key).text) == [["Account.Name"], ["Before"]]


# ---- what a page looks like --------------------------------------------------------------------------------


def test_every_field_is_quoted_empty_ones_too_and_values_have_their_csv_form() -> None:
    stamp = datetime(2026, 2, 1, 9, 12, 1, 500_000, tzinfo=UTC)
    deal = change(
        "opportunities", 1, stamp, Name='a "b", c\nd', Amount=139000000, CloseDate=date(2026, 5, 1), Probability=0,
        FiscalYear=2026, IsWon=True,
    )  # fmt: skip
    kit = Kit([deal])
    columns = "Name, Amount, CloseDate, Probability, FiscalYear, IsWon, IsClosed, NextStep, SystemModstamp"
    answer = kit.results(kit.finished(f"SELECT {columns} FROM Opportunity"))
    assert answer.text == (
        '"Name","Amount","CloseDate","Probability","FiscalYear","IsWon","IsClosed","NextStep","SystemModstamp"\n'
        '"a ""b"", c\nd","1.39E8","2026-05-01","0.0","2026","true","false","","2026-02-01T09:12:01.000Z"\n'
    )
    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("1", "null")


@pytest.mark.parametrize(
    ("amount", "written"),
    [(0, "0.0"), (75, "75.0"), (-1.25, "-1.25"), (9999999.99, "9999999.99"), (1e7, "1.0E7"), (-2.5e9, "-2.5E9"),
     (123456789.5, "1.234567895E8"), (0.0001, "1.0E-4")],
)  # fmt: skip
def test_numbers_are_written_as_the_service_does(amount: float, written: str) -> None:
    kit = Kit([change("opportunities", 1, Name="x", Amount=amount)])
    key = kit.finished("SELECT Amount FROM Opportunity")
    assert rows_of(kit.results(key).text)[1] == [written]
    assert float(written) == amount


def test_delimiter_and_line_ending_are_chosen_at_creation() -> None:
    kit = Kit(contacts(1, FirstName="a;b\tc"))
    marks = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
    for name, mark in marks.items():
        key = kit.finished("SELECT LastName, FirstName FROM Contact", columnDelimiter=name, lineEnding="CRLF")
        assert kit.results(key).text == f'"LastName"{mark}"FirstName"\r\n"L00001"{mark}"a;b\tc"\r\n'
        said = kit.get(f"/jobs/query/{key}").json()
        assert (said["columnDelimiter"], said["lineEnding"]) == (name, "CRLF")


def test_query_leaves_deleted_rows_out_and_query_all_brings_them() -> None:
    kit = Kit([*contacts(1), change("contacts", 2, LastName="gone", IsDeleted=True)])
    found = {
        name: len(rows_of(kit.results(kit.finished(ALL, name)).text)) - 1 for name in ("query", "queryAll")
    }
    assert found == {"query": 1, "queryAll": 2}


def test_an_empty_result_is_a_header_and_the_word_null(kit: Kit) -> None:
    answer = kit.results(kit.finished("SELECT Id FROM Contact WHERE LastName = 'nobody'"))
    assert answer.text == '"Id"\n'
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("0", "null")


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
def test_pages_by_locator_repeat_the_header_and_hold_every_row_once(kit: Kit, size: int) -> None:
    key = kit.finished("SELECT LastName FROM Contact")
    names, locator, pages = [], "", 0
    while locator != "null":
        answer = kit.results(key, maxRecords=size, **({"locator": locator} if locator else {}))
        rows = rows_of(answer.text)
        assert rows[0] == ["LastName"]
        assert int(answer.headers["Sforce-NumberOfRecords"]) == len(rows) - 1 <= size
        names += [row[0] for row in rows[1:]]
        locator, pages = answer.headers["Sforce-Locator"], pages + 1
        assert not locator.isdigit()
    assert names == [f"L{n:05d}" for n in range(1, 6)]
    assert pages == -(-5 // size)


def test_the_service_may_choose_smaller_pages_than_asked() -> None:
    kit = Kit(contacts(5), bulk_page_size=2)
    answer = kit.results(kit.finished(ALL), maxRecords=50_000)
    assert answer.headers["Sforce-NumberOfRecords"] == "2"
    assert answer.headers["Sforce-Locator"] != "null"


def test_a_locator_is_good_for_its_own_job_only(kit: Kit) -> None:
    first, second = kit.finished(ALL), kit.finished(ALL)
    locator = kit.results(first, maxRecords=2).headers["Sforce-Locator"]
    for wrong in (locator, "MTAw", "null", "?", "ü"):
        assert refusal(kit.results(second, locator=wrong))[:2] == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5"])
def test_max_records_is_a_positive_number(kit: Kit, wrong: str) -> None:
    assert refusal(kit.results(kit.finished(ALL), maxRecords=wrong))[0] == 400


def test_result_pages_give_up_to_five_addresses_at_once_that_together_hold_everything() -> None:
    kit = Kit(contacts(13), bulk_page_size=2)
    path, names, listed = f"/jobs/query/{kit.finished('SELECT LastName FROM Contact')}/resultPages", [], []
    while path:
        body = kit.get(path).json()
        listed.append(len(body["resultPages"]))
        for page in body["resultPages"]:
            names += [row[0] for row in rows_of(kit.get(page["resultUrl"]).text)[1:]]
        assert body["done"] == (body["nextRecordsUrl"] is None)
        path = body["nextRecordsUrl"]
    assert listed == [5, 2]
    assert names == [f"L{n:05d}" for n in range(1, 14)]


def test_an_empty_result_has_one_page(kit: Kit) -> None:
    body = kit.get(f"/jobs/query/{kit.finished('SELECT Id FROM Lead')}/resultPages").json()
    assert (len(body["resultPages"]), body["done"]) == (1, True)


# ---- life --------------------------------------------------------------------------------------------------


def test_results_before_the_end_are_refused(kit: Kit) -> None:
    key = kit.create(ALL).json()["id"]
    for state in ("UploadComplete", "InProgress"):
        states(kit, key, 1)
        for path in ("results", "resultPages"):
            answer = refusal(kit.get(f"/jobs/query/{key}/{path}"))
            assert answer == (400, "INVALIDJOBSTATE", f"Results are not available in state {state}")


def test_an_aborted_job_stays_aborted_and_has_no_results(kit: Kit) -> None:
    for polls in (0, 2):
        key = kit.create(ALL).json()["id"]
        states(kit, key, polls)
        answer = kit.http.patch(kit.url(f"/jobs/query/{key}"), json={"state": "Aborted"})
        assert (answer.status_code, answer.json()["state"]) == (200, "Aborted")
        assert states(kit, key, 4) == ["Aborted"] * 4
        assert kit.results(key).status_code == 400


def test_a_finished_job_cannot_be_aborted_and_no_other_change_is_known(kit: Kit) -> None:
    key = kit.finished(ALL)
    assert (
        refusal(kit.http.patch(kit.url(f"/jobs/query/{key}"), json={"state": "Aborted"}))[1]
        == "INVALIDJOBSTATE"
    )
    assert refusal(kit.http.patch(kit.url(f"/jobs/query/{key}"), json={"state": "Open"}))[1] == "INVALIDJOB"


def test_only_a_finished_job_can_be_deleted_and_then_it_is_gone(kit: Kit) -> None:
    running, done = kit.create(ALL).json()["id"], kit.finished(ALL)
    assert refusal(kit.http.delete(kit.url(f"/jobs/query/{running}")))[:2] == (400, "INVALIDJOBSTATE")
    answer = kit.http.delete(kit.url(f"/jobs/query/{done}"))
    assert (answer.status_code, answer.content) == (204, b"")
    for path in ("", "/results"):
        assert kit.get(f"/jobs/query/{done}{path}").status_code == 404
    assert [each["id"] for each in kit.get("/jobs/query").json()["records"]] == [running]


def test_jobs_are_kept_for_seven_days(kit: Kit) -> None:
    key = kit.finished(ALL)
    kit.clock.advance(7 * 86400 - 60)
    kit.login()
    assert kit.results(key).status_code == 200
    kit.clock.advance(120)
    assert kit.results(key).status_code == 404
    assert kit.get("/jobs/query").json()["records"] == []


def test_jobs_are_listed_by_type_in_pages_of_a_thousand(kit: Kit) -> None:
    call = Call("", "66.0", "POST", "/services/data/v66.0/jobs/query")
    for _ in range(1001):
        kit.app.state.jobs.create({"operation": "query", "query": ALL}, call)
    body = kit.get("/jobs/query", jobType="V2Query").json()
    assert (len(body["records"]), body["done"]) == (1000, False)
    rest = kit.get(body["nextRecordsUrl"]).json()
    assert (len(rest["records"]), rest["done"], rest["nextRecordsUrl"]) == (1, True, None)
    assert kit.get("/jobs/query", jobType="Classic").json()["records"] == []


def test_results_want_the_version_the_job_was_created_with(kit: Kit) -> None:
    key = kit.finished(ALL)
    assert kit.get(f"/services/data/v65.0/jobs/query/{key}").status_code == 200
    for path in ("results", "resultPages"):
        assert kit.get(f"/services/data/v65.0/jobs/query/{key}/{path}").status_code == 409
    assert kit.results(key).status_code == 200


def test_query_jobs_came_with_version_47_and_result_pages_with_58() -> None:
    assert Kit(version="46.0").create(ALL).status_code == 404
    kit = Kit(contacts(1), version="57.0")
    key = kit.finished(ALL)
    assert kit.results(key).status_code == 200
    assert kit.get(f"/jobs/query/{key}/resultPages").status_code == 404


# ---- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT COUNT() FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT COUNT(Id) FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT LastName FROM Contact GROUP BY LastName", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM Contact LIMIT 5 OFFSET 5", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Event", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT MailingAddress FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT FIELDS(ALL) FROM Contact LIMIT 1", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM User", "INVALIDENTITY"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact" + " " * 100_000, "MALFORMED_QUERY"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        (" ", "INVALIDJOB"),
    ],
)
def test_a_query_the_bulk_service_does_not_take_is_refused_at_creation(query: str, code: str) -> None:
    kit = Kit(contacts(1), not_bulk_queryable=frozenset({"User"}))
    assert refusal(kit.create(query))[:2] == (400, code)
    assert kit.get("/jobs/query").json()["records"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "insert", "query": ALL}, "INVALIDJOB"),
        ({"operation": "query"}, "INVALIDJOB"),
        ({"operation": "query", "query": 5}, "INVALIDJOB"),
        ({"operation": "query", "query": ALL, "contentType": "JSON"}, "INVALIDJOB"),
        ({"operation": "query", "query": ALL, "columnDelimiter": "SPACE"}, "INVALIDJOB"),
        ({"operation": "query", "query": ALL, "lineEnding": "CR"}, "INVALIDJOB"),
        ({"operation": "query", "query": ALL, "colour": "red"}, "JSON_PARSER_ERROR"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_wrong_body_is_refused(kit: Kit, body: object, code: str) -> None:
    assert refusal(kit.post("/jobs/query", body))[:2] == (400, code)


def test_a_body_that_is_not_json_is_refused(kit: Kit) -> None:
    answer = kit.http.post(kit.url("/jobs/query"), content=b"operation=query")
    assert refusal(answer)[:2] == (400, "JSON_PARSER_ERROR")


def test_an_unknown_job_is_not_found(kit: Kit) -> None:
    for path in ("", "/results", "/resultPages"):
        assert refusal(kit.get(f"/jobs/query/7505e0000000009AAA{path}"))[:2] == (404, "NOT_FOUND")


# ---- speed -------------------------------------------------------------------------------------------------


def test_sixty_thousand_contacts_take_less_than_two_seconds() -> None:
    kit = Kit(
        contacts(60_000, datetime(2026, 1, 1, tzinfo=UTC), FirstName="Ann", Email="a@x.example", Title="CMO")
    )
    fields = kit.get("/sobjects/Contact/describe").json()["fields"]
    columns = ", ".join(field["name"] for field in fields if field["type"] != "address")
    window = "SystemModstamp >= 2026-01-01T00:00:00Z AND SystemModstamp < 2026-03-03T00:00:00Z"
    kit.query("SELECT COUNT() FROM Contact")
    began = time.process_time()
    key = kit.finished(f"SELECT {columns} FROM Contact WHERE {window}", "queryAll")
    size = len(kit.results(key).content)
    assert time.process_time() - began < 2
    assert size > 10_000_000


def test_results_are_refused_when_the_day_has_had_its_megabytes() -> None:
    kit = Kit(contacts(3), daily_query_megabytes=0)
    key = kit.finished("SELECT Id FROM Contact")
    assert refusal(kit.results(key))[:2] == (400, "LIMIT_EXCEEDED")
    assert kit.get("/limits").json()["DailyBulkV2QueryFileStorageMB"] == {"Max": 0, "Remaining": 0}
    assert kit.stats.to_dict()["violations"]["salesforce__main"] == {"daily_query_megabytes": 1}
