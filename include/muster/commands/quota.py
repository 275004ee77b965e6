"""muster quota: what is left of each Marketo subscription's quotas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muster.commands.session import console, print_json, session

if TYPE_CHECKING:
    from rich.table import Table

    from muster.config import Settings
    from muster.state import QuotaReport


def quota(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Per Marketo subscription what is used of the day's quotas, who is in flight, and the last seven days.

    Counts the calls of every task, DAG, sandbox and process of this home; calls of other integrations as far as
    Marketo's own count showed them at the beginning of a run. Makes no call.
    """
    found = reports(session(context).settings())
    if as_json:
        print_json([plain(one) for one in found])
        return
    out = console()
    for table in _tables(found):
        out.print(table)
    if not found:
        out.print("no Marketo is configured", markup=False)


def reports(settings: Settings) -> list[QuotaReport]:
    """One for each subscription that this platform reads from or sends to."""
    from muster.state import Gates

    return [gate.report() for gate in Gates.of(settings).all(settings.platform)]


def plain(one: QuotaReport) -> dict[str, Any]:
    """A report as JSON-able values."""
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


def lines(one: QuotaReport) -> list[tuple[str, int, int, str]]:
    """(what, used, limit, a remark) of everything that is limited: for the table and for the page."""
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


def _tables(found: list[QuotaReport]) -> Iterator[Table]:
    from rich.table import Table

    for one in found:
        title = f"Marketo {one.subscription}: renewed in {in_words(one.resets_in)}, at {one.resets_at:%Y-%m-%d %H:%M} UTC"
        now = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
        _columns(now, "", "used", "limit", "")
        for what, used, limit, remark in lines(one):
            now.add_row(what, f"{used:,}", f"{limit:,}", remark)
        yield now
        past = Table(title="the days before", title_justify="left", header_style="dim")
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
