"""muster lookup: one person or account, with everything it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from muster.commands.session import console, print_json, session
from muster.errors import MusterError

if TYPE_CHECKING:
    from muster.config import Settings

PERSON = """
select person_key as key from dim_people where person_key = $value or email = lower(trim($value))
union
select person_key from map_person_records where record_key = $value
"""
ACCOUNT = """
select account_key as key from dim_accounts where account_key = $value or domain = lower(trim($value))
union
select account_key from map_account_records where record_key = $value
"""
SECTIONS = {
    "person": {
        "golden record": "select * from dim_people where person_key = $key",
        "records": "select record_key, source_instance, object, is_live from map_person_records "
        "where person_key = $key order by record_key",
        "accounts": "select b.account_key, a.name, b.is_direct, b.is_active, b.roles from bridge_account_people as b "
        "left join dim_accounts as a on a.account_key = b.account_key where b.person_key = $key order by all",
        "opportunities": "select o.opportunity_key, o.name, o.stage_name, o.amount, b.role "
        "from bridge_opportunity_people as b "
        "inner join dim_opportunities as o on o.opportunity_key = b.opportunity_key "
        "where b.person_key = $key order by all",
        "last activities": "select activity_at, activity_type, asset_name, source_instance from fct_activities "
        "where person_key = $key order by activity_at desc, activity_key limit 10",
    },
    "account": {
        "golden record": "select * from dim_accounts where account_key = $key",
        "records": "select record_key, source_instance from map_account_records where account_key = $key order by all",
        "opportunities": "select opportunity_key, name, stage_name, amount, is_closed, is_won from dim_opportunities "
        "where account_key = $key order by all",
        "people": "select b.person_key, p.first_name, p.last_name, p.title, b.is_active from bridge_account_people as b "
        "left join dim_people as p on p.person_key = b.person_key where b.account_key = $key order by all limit 50",
    },
}


class NothingFoundError(MusterError):
    """No person and no account answers to what was asked for."""


def lookup(
    context: typer.Context,
    value: Annotated[
        str, typer.Argument(help="An e-mail address, domain, record key, person key or account key.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show the golden record, its source records, accounts, opportunities, audiences and last activities.

    Reads the published snapshot. What it prints is personal data: it goes to this terminal and nowhere else.
    """
    found = find(session(context).settings(), value)
    if as_json:
        print_json(found)
    else:
        _print(found)


def find(settings: Settings, value: str) -> list[dict[str, Any]]:
    """Every person and account that `value` names. Raises NothingFoundError."""
    from muster.warehouse import query

    hits = [
        (kind, row["key"])
        for kind, sql in (("person", PERSON), ("account", ACCOUNT))
        for row in query(settings, sql, {"value": value}).to_pylist()
    ]
    if not hits:
        raise NothingFoundError(
            "the published snapshot knows nothing by that name",
            hint="`muster status` shows what is published, and as of when",
        )
    return [_described(settings, kind, key) for kind, key in hits]


def _described(settings: Settings, kind: str, key: str) -> dict[str, Any]:
    from muster.activation.ledger import receipts_of
    from muster.lake import Lake
    from muster.warehouse import query

    shown: dict[str, Any] = {"kind": kind, "key": key}
    for title, sql in SECTIONS[kind].items():
        shown[title] = query(settings, sql, {"key": key}).to_pylist()
    shown["audiences"] = _audiences(settings, key)
    receipts = receipts_of(Lake(settings.home.lake), key)
    columns = ["destination", "audience", "operation", "verdict", "reason", "request_id", "recorded_at"]
    shown["receipts"] = receipts.select(columns).to_pylist()
    return shown


def _audiences(settings: Settings, key: str) -> list[str]:
    from muster.warehouse import current_snapshot, query

    snapshot = current_snapshot(settings)
    names = [name for name in sorted(snapshot.tables) if name.startswith("aud_")] if snapshot else []
    held = (query(settings, f"select 1 from {name} where member_key = $key", {"key": key}) for name in names)  # noqa: S608
    return [name.removeprefix("aud_") for name, rows in zip(names, held, strict=True) if len(rows)]


def _print(found: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    for one in found:
        out.print(
            f"[bold]{one['kind']} {one['key']}[/bold]   audiences: {', '.join(one['audiences']) or 'none'}"
        )
        for title, rows in one.items():
            if title in ("kind", "key", "audiences") or not rows:
                continue
            if title == "golden record":
                rows = [
                    {"field": name, "value": value} for name, value in rows[0].items() if value is not None
                ]
            table = Table(*rows[0], title=title, title_justify="left", header_style="dim")
            for row in rows:
                table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
            out.print(table)
