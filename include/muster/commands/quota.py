"""muster quota: what is left of the quotas of each Marketo subscription and Salesforce organisation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muster.commands.session import console, print_json, session

if TYPE_CHECKING:
    from rich.table import Table
    from typing_extensions import TypeIs

    from muster.config import Settings
    from muster.state import OrgReport, QuotaReport

    Report = QuotaReport | OrgReport


def quota(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Per Marketo subscription and Salesforce organisation what is used of the day's quotas, who is in flight, and
    the last seven days.

    Counts the calls of every task, DAG, sandbox and process of this home; calls of other integrations as far as
    the source's own count showed them. Makes no call.
    """
    found = reports(session(context).settings())
    if as_json:
        print_json([plain(one) for one in found])
        return
    out = console()
    for table in _tables(found):
        out.print(table)
    if not found:
        out.print("no source with a quota is configured", markup=False)


def reports(settings: Settings) -> list[Report]:
    """One for each subscription and organisation that this platform reads from or sends to."""
    from muster.state import Gates

    return [gate.report() for gate in Gates.of(settings).all(settings.platform)]


def plain(one: Report) -> dict[str, Any]:
    """A report as JSON-able values."""
    return _plain_org(one) if _is_org(one) else _plain_subscription(one)


def _is_org(one: Report) -> TypeIs[OrgReport]:
    from muster.state import OrgReport

    return isinstance(one, OrgReport)


def _plain_org(one: OrgReport) -> dict[str, Any]:
    return {
        "organisation": one.subscription,
        "calls": {
            "used": one.calls,
            "ours": one.calls_ours,
            "limit": one.calls_limit,
            "told_at": one.told_at,
        },
        "query_jobs": {"used": one.query_jobs, "ours": one.query_jobs_ours, "limit": one.query_jobs_limit},
        "calls_in_flight": {
            "used": one.calls_in_flight,
            "limit": one.limits.in_flight,
            "waiting": one.calls_waiting,
        },
        "history": [vars(day) for day in one.history],
    }


def _plain_subscription(one: QuotaReport) -> dict[str, Any]:
    limits = one.limits
    return {
        "subscription": one.subscription,
        "day": one.today.day,
        "resets_at": one.resets_at,
        "resets_in_seconds": round(one.resets_in.total_seconds()),
        "calls": {
            "used": one.calls,
            "by_others": one.today.calls_by_others,
            "limit": limits.calls_per_day,
            "usage_asked_at": one.usage_asked_at,
        },
        "calls_in_20_seconds": {"used": one.calls_in_20_seconds, "limit": limits.calls_per_20_seconds},
        "calls_in_flight": {
            "used": one.calls_in_flight,
            "limit": limits.in_flight,
            "waiting": one.calls_waiting,
        },
        "export_bytes": {
            "used": one.today.export_bytes,
            "reserved": one.reserved_bytes,
            "limit": limits.export_bytes_per_day,
        },
        "export_jobs": {
            "queued": one.jobs_queued,
            "waiting": one.jobs_waiting,
            "limit": limits.export_jobs_queued,
        },
        "history": [vars(day) for day in one.history],
    }


def lines(one: Report) -> list[tuple[str, int, int, str]]:
    """(what, used, limit, a remark) of everything that is limited: for the table and for the page."""
    return _org_lines(one) if _is_org(one) else _subscription_lines(one)


def _org_lines(one: OrgReport) -> list[tuple[str, int, int, str]]:
    told = f"{one.told_at:%Y-%m-%d %H:%M} UTC" if one.told_at else "never"
    jobs = f"{one.query_jobs_ours:,} of them ours"
    return [
        ("calls in 24 h", one.calls, one.calls_limit, f"{one.calls_ours:,} of them ours, told {told}"),
        ("bulk query jobs in 24 h", one.query_jobs, one.query_jobs_limit, jobs),
        ("calls in flight", one.calls_in_flight, one.limits.in_flight, f"{one.calls_waiting:,} waiting"),
    ]


def _subscription_lines(one: QuotaReport) -> list[tuple[str, int, int, str]]:
    limits, today = one.limits, one.today
    asked = f"{one.usage_asked_at:%Y-%m-%d %H:%M} UTC" if one.usage_asked_at else "never"
    return [
        (
            "calls today",
            one.calls,
            limits.calls_per_day,
            f"{today.calls_by_others:,} by others, asked {asked}",
        ),
        (
            "export bytes today",
            today.export_bytes,
            limits.export_bytes_per_day,
            f"{one.reserved_bytes:,} reserved",
        ),
        ("export jobs queued", one.jobs_queued, limits.export_jobs_queued, f"{one.jobs_waiting:,} waiting"),
        ("calls in 20 s", one.calls_in_20_seconds, limits.calls_per_20_seconds, ""),
        ("calls in flight", one.calls_in_flight, limits.in_flight, f"{one.calls_waiting:,} waiting"),
    ]


def title(one: Report) -> str:
    """`Marketo 123-ABC-456: renewed in 7 h 55 min, ...`."""
    if _is_org(one):
        return f"Salesforce {one.subscription}: counted over the last 24 hours"
    return (
        f"Marketo {one.subscription}: renewed in {in_words(one.resets_in)}, "
        f"at {one.resets_at:%Y-%m-%d %H:%M} UTC"
    )


def _tables(found: list[Report]) -> Iterator[Table]:
    from rich.table import Table

    for one in found:
        now = Table(title=title(one), title_justify="left", title_style="bold", header_style="dim")
        _columns(now, "", "used", "limit", "")
        for what, used, limit, remark in lines(one):
            now.add_row(what, f"{used:,}", f"{limit:,}", remark)
        yield now
        past = Table(title="the days before", title_justify="left", header_style="dim")
        if _is_org(one):
            _columns(past, "day (UTC)", "our calls", "our bulk query jobs")
            for each in one.history:
                past.add_row(each.day, f"{each.calls:,}", f"{each.query_jobs:,}")
        else:
            _columns(past, "day (US Central)", "calls", "by others", "export bytes")
            for day in one.history:
                past.add_row(day.day, f"{day.calls:,}", f"{day.calls_by_others:,}", f"{day.export_bytes:,}")
        yield past


def _columns(table: Table, *names: str) -> None:
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number in (0, 3) and name in ("", names[0]) else "right")


def in_words(span: timedelta) -> str:
    """`7 h 55 min`."""
    minutes = max(0, round(span.total_seconds() / 60))
    return f"{minutes // 60} h {minutes % 60} min"


def calls_by_day(one: Report) -> list[int]:
    """Calls of the last eight days, today last; of an organisation its last 24 hours come last."""
    if _is_org(one):
        return [*(day.calls for day in one.history[::-1]), one.calls]
    return [day.calls + day.calls_by_others for day in (*one.history[::-1], one.today)]
