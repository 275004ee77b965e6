"""Usage and error counters per US Central day."""

from __future__ import annotations

from datetime import date
from typing import Any

from muster_simulators.marketo.call import Call
from muster_simulators.marketo.dispatch import Answer, Route
from muster_simulators.marketo.instance import Instance


def _usage(instance: Instance, days: list[date]) -> list[dict[str, Any]]:
    rows = []
    for day in days:
        counts = dict(instance.limits.calls.get(day, {}))
        users = [{"userId": user, "count": count} for user, count in sorted(counts.items())]
        rows.append({"date": day, "total": sum(counts.values()), "users": users})
    return rows


def _errors(instance: Instance, days: list[date]) -> list[dict[str, Any]]:
    rows = []
    for day in days:
        counts = dict(instance.limits.errors.get(day, {}))
        errors = [{"errorCode": code, "count": count} for code, count in sorted(counts.items())]
        rows.append({"date": day, "total": sum(counts.values()), "errors": errors})
    return rows


def usage(instance: Instance, call: Call) -> Answer:
    return {"result": _usage(instance, instance.limits.days(instance.clock.now(), 1))}


def usage_week(instance: Instance, call: Call) -> Answer:
    return {"result": _usage(instance, instance.limits.days(instance.clock.now(), 7))}


def errors(instance: Instance, call: Call) -> Answer:
    return {"result": _errors(instance, instance.limits.days(instance.clock.now(), 1))}


def errors_week(instance: Instance, call: Call) -> Answer:
    return {"result": _errors(instance, instance.limits.days(instance.clock.now(), 7))}


ROUTES: list[Route] = [
    ("GET", "/rest/v1/stats/usage.json", usage),
    ("GET", "/rest/v1/stats/usage/last7days.json", usage_week),
    ("GET", "/rest/v1/stats/errors.json", errors),
    ("GET", "/rest/v1/stats/errors/last7days.json", errors_week),
]
