from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from muster_simulators.web import running

LEADS, ACTIVITIES = "/bulk/v1/leads/export", "/bulk/v1/activities/export"
WINDOW = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T00:00:00Z"}
LEAD_REQUEST = {"fields": ["id", "email"], "filter": {"updatedAt": WINDOW}}
ACTIVITY_REQUEST = {"filter": {"createdAt": WINDOW}}


def create(site: Any, base: str = LEADS, request: Any = None) -> str:
    (job,) = site.post(f"{base}/create.json", json=request or LEAD_REQUEST)["result"]
    return str(job["exportId"])


def enqueue(site: Any, export_id: str, base: str = LEADS) -> dict[str, Any]:
    return dict(site.post(f"{base}/{export_id}/enqueue.json"))


def status(site: Any, export_id: str, base: str = LEADS) -> dict[str, Any]:
    (job,) = site.get(f"{base}/{export_id}/status.json")["result"]
    return dict(job)


def finished(site: Any, base: str = LEADS, request: Any = None) -> dict[str, Any]:
    """A job that went its whole way."""
    export_id = create(site, base, request)
    assert enqueue(site, export_id, base)["success"] is True
    for _ in range(20):
        job = status(site, export_id, base)
        if job["status"] in ("Completed", "Failed"):
            return job
    raise AssertionError(job)


def content(site: Any, job: dict[str, Any], base: str = LEADS, **headers: str) -> Any:
    return site.client.get(f"{base}/{job['exportId']}/file.json", headers=headers)


def test_a_job_lives_from_created_to_completed(site: Any) -> None:
    export_id = create(site)
    created = status(site, export_id)
    assert set(created) == {"exportId", "format", "status", "createdAt"}
    (queued,) = enqueue(site, export_id)["result"]
    assert (queued["status"], queued["queuedAt"]) == ("Queued", "2026-03-03T00:30:00Z")
    running_job = status(site, export_id)
    assert (running_job["status"], "startedAt" in running_job) == ("Processing", True)
    done = status(site, export_id)
    assert done["status"] == "Completed"
    data = content(site, done).content
    assert (done["numberOfRecords"], done["fileSize"]) == (5, len(data))
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_job_moves_by_time_too(site: Any) -> None:
    export_id = create(site)
    enqueue(site, export_id)
    other = create(site)
    site.seconds[0] += 5
    site.get(f"{LEADS}.json")
    site.clock.advance(60)
    assert status(site, other)["status"] == "Created"
    assert status(site, export_id)["status"] == "Completed"


def test_lead_files_hold_what_changed_in_any_way(site: Any) -> None:
    job = finished(site, request={"fields": ["id", "email"], "filter": {"updatedAt": WINDOW}})
    assert content(site, job).text.splitlines() == [
        "id,email",
        "1,person1@acme.example",
        "2,person2@acme.example",
        "3,person3@acme.example",
        "4,twin@acme.example",
        "5,Twin@acme.example",
    ]


def test_windows_are_half_open_on_the_internal_stamp(new_site: Any, make: Any) -> None:
    moments = [make.now - make.day, make.now, make.now - 2 * make.day]
    site = new_site([make.lead(n, at) for n, at in enumerate(moments, start=1)])
    window = {"startAt": "2026-03-02T00:30:00Z", "endAt": "2026-03-03T00:30:00Z"}
    job = finished(site, request={"fields": ["id"], "filter": {"updatedAt": window}})
    assert content(site, job).text == "id\n1\n"


def test_created_at_and_static_lists_are_filters_too(site: Any) -> None:
    january = {"startAt": "2026-01-22T00:00:00Z", "endAt": "2026-01-23T00:00:00Z"}
    assert (
        finished(site, request={"fields": ["id"], "filter": {"createdAt": january}})["numberOfRecords"] == 5
    )
    by_name = finished(site, request={"fields": ["id"], "filter": {"staticListName": "Seed"}})
    by_id = finished(site, request={"fields": ["id"], "filter": {"staticListId": 1021}})
    assert content(site, by_name).text == content(site, by_id).text == "id\n1\n2\n"


def test_headers_can_be_renamed_and_delimiters_chosen(site: Any) -> None:
    request = {**LEAD_REQUEST, "format": "TSV", "columnHeaderNames": {"email": "Email Address"}}
    assert content(site, finished(site, request=request)).text.splitlines()[:2] == [
        "id\tEmail Address",
        "1\tperson1@acme.example",
    ]


def test_activity_files_have_the_default_columns_and_no_deletes(site: Any) -> None:
    job = finished(site, ACTIVITIES, {"fields": [], **ACTIVITY_REQUEST})
    lines = content(site, job, ACTIVITIES).text.splitlines()
    assert lines[0] == (
        "marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,"
        "primaryAttributeValue,attributes"
    )
    assert lines[1] == (
        "101,1,2026-03-02T19:30:00Z,1,null,71,acme.example/pricing,"
        '"{""Client IP Address"":""10.0.0.1"",""Webpage URL"":""/pricing""}"'
    )
    assert [line.split(",")[0] for line in lines[1:]] == ["101", "102", "103", "104"]


def test_activities_are_narrowed_by_type_and_asset(site: Any) -> None:
    wanted = {"createdAt": WINDOW, "activityTypeIds": [13], "primaryAttributeValues": ["First Name"]}
    job = finished(site, ACTIVITIES, {"fields": ["marketoGUID", "actionResult"], "filter": wanted})
    assert content(site, job, ACTIVITIES).text == "marketoGUID,actionResult\n104,succeeded\n"


@pytest.mark.parametrize(
    ("base", "body", "code"),
    [
        (LEADS, {"filter": {"updatedAt": WINDOW}}, "1002"),
        (LEADS, {"fields": ["id"]}, "1002"),
        (LEADS, {"fields": ["colour"], "filter": {"updatedAt": WINDOW}}, "1006"),
        (LEADS, {"fields": ["id"], "filter": {"updatedAt": WINDOW, "createdAt": WINDOW}}, "1003"),
        (LEADS, {"fields": ["id"], "filter": {"colour": WINDOW}}, "1003"),
        (LEADS, {"fields": ["id"], "filter": {"smartListId": 5}}, "1035"),
        (LEADS, {"fields": ["id"], "filter": {"staticListId": 5}}, "1013"),
        (LEADS, {"fields": ["id"], "filter": {"updatedAt": {"startAt": "2026-03-01T00:00:00Z"}}}, "1003"),
        (
            LEADS,
            {"fields": ["id"], "filter": {"updatedAt": {**WINDOW, "endAt": "2026-02-01T00:00:00Z"}}},
            "1003",
        ),
        (
            LEADS,
            {"fields": ["id"], "filter": {"updatedAt": {**WINDOW, "endAt": "2026-04-01T00:00:01Z"}}},
            "1003",
        ),
        (
            LEADS,
            {"fields": ["id"], "filter": {"updatedAt": {**WINDOW, "endAt": "2026-03-03T00:00:00.000Z"}}},
            "1003",
        ),
        (LEADS, {**LEAD_REQUEST, "format": "XLS"}, "1001"),
        (ACTIVITIES, {"filter": {"activityTypeIds": [1]}}, "1003"),
        (ACTIVITIES, {"filter": {"createdAt": WINDOW, "activityTypeIds": [37]}}, "1003"),
        (ACTIVITIES, {"filter": {"createdAt": WINDOW, "primaryAttributeValueIds": [1]}}, "1003"),
        (ACTIVITIES, {"fields": ["email"], "filter": {"createdAt": WINDOW}}, "1006"),
    ],
)
def test_each_bad_request_has_its_code(site: Any, base: str, body: dict[str, Any], code: str) -> None:
    assert site.code(site.post(f"{base}/create.json", json=body)) == code


def test_exactly_31_days_are_allowed(site: Any) -> None:
    window = {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-04T00:00:00Z"}
    assert site.post(f"{LEADS}/create.json", json={"fields": ["id"], "filter": {"updatedAt": window}})[
        "success"
    ]


def test_the_updated_at_filter_can_be_missing(new_site: Any) -> None:
    site = new_site(updated_at_filter=False)
    assert site.code(site.post(f"{LEADS}/create.json", json=LEAD_REQUEST)) == "1035"


def test_ten_jobs_fill_the_queue_and_two_run(site: Any) -> None:
    jobs = [create(site) for _ in range(11)]
    for export_id in jobs[:10]:
        assert enqueue(site, export_id)["success"] is True
    refused = enqueue(site, jobs[10])
    assert refused["errors"] == [{"code": "1029", "message": "Too many jobs in queue"}]
    site.seconds[0] += 5
    found = site.get(f"{LEADS}.json", status="Queued,Processing")["result"]
    assert sorted(job["status"] for job in found) == ["Processing"] * 2 + ["Queued"] * 8
    assert site.violations() == {"export_queue": 1}


def test_both_families_share_the_queue(new_site: Any) -> None:
    site = new_site(export_queue=1)
    enqueue(site, create(site))
    assert site.code(enqueue(site, create(site, ACTIVITIES, ACTIVITY_REQUEST), ACTIVITIES)) == "1029"


def test_enqueueing_twice_is_1029_job_already_queued(site: Any) -> None:
    export_id = create(site)
    enqueue(site, export_id)
    assert enqueue(site, export_id)["errors"] == [{"code": "1029", "message": "Job already queued"}]


def test_the_daily_quota_counts_finished_bytes_until_midnight_in_chicago(new_site: Any) -> None:
    site = new_site(export_bytes_per_day=50)
    waiting = create(site)
    finished(site)
    told = [{"code": "1029", "message": "Export daily quota exceeded"}]
    assert site.post(f"{LEADS}/create.json", json=LEAD_REQUEST)["errors"] == told
    assert enqueue(site, waiting)["errors"] == told
    site.clock.set("2026-03-03T06:01:00Z")
    site.login()
    assert enqueue(site, waiting)["success"] is True


def test_only_the_creating_client_sees_a_job(site: Any) -> None:
    job = finished(site)
    site.login("other")
    assert site.code(site.get(f"{LEADS}/{job['exportId']}/status.json")) == "1013"
    assert site.code(enqueue(site, job["exportId"])) == "1013"
    assert site.get(f"{LEADS}.json")["result"] == []
    answer = content(site, job)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")


def test_unfinished_and_unknown_files_are_404(site: Any) -> None:
    assert content(site, {"exportId": create(site)}).status_code == 404
    assert content(site, {"exportId": "nothing"}).status_code == 404


def test_files_are_kept_seven_days(site: Any) -> None:
    job = finished(site)
    site.clock.advance(6.9 * 86400)
    site.login()
    assert content(site, job).status_code == 200
    site.clock.advance(0.2 * 86400)
    site.login()
    assert content(site, job).status_code == 404
    assert status(site, job["exportId"])["status"] == "Completed"


def test_cancelled_jobs_free_the_queue_and_both_spellings_find_them(new_site: Any) -> None:
    site = new_site(export_queue=1)
    first, second = create(site), create(site)
    enqueue(site, first)
    assert site.post(f"{LEADS}/{first}/cancel.json")["result"][0]["status"] == "Cancelled"
    assert enqueue(site, second)["success"] is True
    for spelling in ("Cancelled", "Canceled"):
        assert [job["exportId"] for job in site.get(f"{LEADS}.json", status=spelling)["result"]] == [first]


def test_the_list_of_jobs_is_paged(site: Any) -> None:
    made = [create(site) for _ in range(3)]
    first = site.get(f"{LEADS}.json", batchSize=2)
    second = site.get(f"{LEADS}.json", batchSize=2, nextPageToken=first["nextPageToken"])
    assert [job["exportId"] for job in first["result"] + second["result"]] == made


@pytest.mark.parametrize(
    ("asked", "status_code", "span"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=5-99999", 206, slice(5, None)),
        ("bytes=99999-", 416, None),
    ],
)
def test_ranges(site: Any, asked: str, status_code: int, span: slice | None) -> None:
    job = finished(site)
    whole, part = content(site, job), content(site, job, range=asked)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    assert part.status_code == status_code
    if span is None:
        assert part.headers["content-range"] == f"bytes */{job['fileSize']}"
    else:
        expected = whole.content[span]
        assert (part.content, part.headers["content-length"]) == (expected, str(len(expected)))
        first = int(part.headers["content-range"].split()[1].split("-")[0])
        assert whole.content[first : first + len(expected)] == expected


def test_bulk_files_are_never_compressed(new_site: Any, make: Any) -> None:
    site = new_site([make.lead(number) for number in range(1, 201)])
    answer = content(site, finished(site), **{"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert len(answer.content) > 1024


# ---- faults --------------------------------------------------------------------------------------------------


@dataclass
class Wire:
    """The site over a real connection."""

    site: Any
    http: httpx.Client


@pytest.fixture
def wire(site: Any) -> Iterator[Wire]:
    headers = {"Authorization": site.client.headers["Authorization"]}
    with running(site.app) as server, httpx.Client(base_url=server.url, headers=headers) as http:
        yield Wire(site, http)


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_cut_file_breaks_off_and_a_range_fetches_the_rest(wire: Wire, cut: int) -> None:
    job = finished(wire.site)
    path = f"{LEADS}/{job['exportId']}/file.json"
    wire.site.fault("cut", "file.json", cut)
    got = b""
    with pytest.raises(httpx.RemoteProtocolError), wire.http.stream("GET", path) as answer:
        assert answer.headers["content-length"] == str(job["fileSize"])
        for piece in answer.iter_raw():
            got += piece
    assert len(got) == cut
    rest = wire.http.get(path, headers={"Range": f"bytes={cut}-"})
    assert hashlib.sha256(got + rest.content).hexdigest() == job["fileChecksum"].removeprefix("sha256:")


@pytest.mark.parametrize("where", ["enqueue.json", "status.json"])
def test_a_wrong_checksum_stays_with_its_job(site: Any, where: str) -> None:
    site.fault("checksum", where)
    bad, good = finished(site), finished(site)
    digest = hashlib.sha256(content(site, bad).content).hexdigest()
    assert status(site, bad["exportId"])["fileChecksum"] != f"sha256:{digest}"
    assert good["fileChecksum"] == f"sha256:{digest}"


def test_a_failed_job_says_so_and_has_no_file(site: Any) -> None:
    site.fault("failed_job")
    job = finished(site)
    assert (job["status"], "errorMsg" in job, "fileSize" in job) == ("Failed", True, False)
    assert content(site, job).status_code == 404
    assert finished(site)["status"] == "Completed"


def test_a_completed_job_can_miss_its_file_for_a_while(site: Any) -> None:
    site.fault("missing_file", "file.json", times=2)
    job = finished(site)
    assert [content(site, job).status_code for _ in range(3)] == [404, 404, 200]


def test_a_full_queue_can_be_planned(site: Any) -> None:
    site.fault("queue_full", "POST /bulk/v1/leads")
    export_id = create(site)
    assert site.code(enqueue(site, export_id)) == "1029"
    assert enqueue(site, export_id)["success"] is True


def test_a_dropped_answer_leaves_the_job_queued(wire: Wire) -> None:
    export_id = create(wire.site)
    wire.site.fault("drop", "enqueue.json")
    with pytest.raises(httpx.RemoteProtocolError):
        wire.http.post(f"{LEADS}/{export_id}/enqueue.json")
    assert status(wire.site, export_id)["status"] in ("Queued", "Processing")
