from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

TYPES = "/rest/v1/activities/types.json"
USAGE = "/rest/v1/stats/usage.json"


def test_the_101st_call_in_20_seconds_is_606_and_time_heals(site: Any) -> None:
    assert all(site.get(TYPES)["success"] for _ in range(100))
    site.seconds[0] = 19.9
    assert site.code(site.get(TYPES)) == "606"
    site.seconds[0] = 20.1
    assert site.get(TYPES)["success"] is True
    assert site.violations() == {"calls_per_window": 1}


def test_limits_can_be_counted_only(new_site: Any) -> None:
    site = new_site(enforce_rate=False, calls_per_window=2)
    assert all(site.get(TYPES)["success"] for _ in range(4))
    assert site.violations() == {"calls_per_window": 2}


def test_the_eleventh_call_in_flight_is_615(site: Any) -> None:
    site.app.in_flight["rest"] = 9
    assert site.get(TYPES)["success"] is True
    site.app.in_flight["bulk"] = 1
    assert site.code(site.get(TYPES)) == "615"
    assert site.violations() == {"calls_in_flight": 1}


def test_the_daily_quota_is_607_until_midnight_in_chicago(new_site: Any) -> None:
    site = new_site(calls_per_day=3)
    assert all(site.get(TYPES)["success"] for _ in range(3))
    assert site.code(site.get(TYPES)) == "607"
    site.clock.set("2026-03-03T05:59:00Z")
    site.login()
    assert site.code(site.get(TYPES)) == "607"
    site.clock.set("2026-03-03T06:01:00Z")
    assert site.get(TYPES)["success"] is True


def test_starred_codes_do_not_count(new_site: Any) -> None:
    site = new_site(calls_per_day=2, calls_per_window=2)
    site.fault("code", value="608", times=5)
    assert [site.code(site.get(TYPES)) for _ in range(5)] == ["608"] * 5
    assert site.get(TYPES)["success"] is True


def test_usage_counts_calls_by_user_and_errors_by_code(site: Any) -> None:
    site.get(TYPES)
    site.get("/rest/v1/lead/999.json")
    site.login("other")
    (today,) = site.get(USAGE)["result"]
    assert today["date"] == "2026-03-02"
    assert today["total"] == 3
    assert {user["userId"].split("@")[0]: user["count"] for user in today["users"]} == {
        "reader": 2,
        "other": 1,
    }
    (errors,) = site.get("/rest/v1/stats/errors.json")["result"]
    assert errors == {"date": "2026-03-02", "total": 1, "errors": [{"errorCode": "1004", "count": 1}]}


def test_the_last_seven_days_come_newest_first(site: Any) -> None:
    site.get(TYPES)
    site.clock.advance(timedelta(days=2).total_seconds())
    site.login()
    week = site.get("/rest/v1/stats/usage/last7days.json")["result"]
    days = [datetime.fromisoformat(day["date"]) for day in week]
    assert len(week) == 7
    assert days == sorted(days, reverse=True)
    assert [day["total"] for day in week][:3] == [1, 0, 1]
    assert len(site.get("/rest/v1/stats/errors/last7days.json")["result"]) == 7
