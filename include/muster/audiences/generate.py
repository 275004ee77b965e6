"""The files that definitions and activations become: models, their yml, and the exposures of destinations.

Of what a user writes only slugs (checked words) and the name and description of an audience come here, and the
latter two only into descriptions, with the characters encoded that dbt or a browser would act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muster.audiences.catalogue import ENTITIES
from muster.audiences.compile import compile_audience
from muster.audiences.model import Audience
from muster.audiences.render import dbt_model, ref
from muster.compiled import MARK, quoted
from muster.config import FilesDestination, MarketoDestination
from muster.naming import audience_model, sync_model

SIZES = "rpt_audience_sizes"


@dataclass(frozen=True)
class Column:
    """A column that may leave: where it comes from, and what dbt docs say of it."""

    name: str
    source: str
    data_type: str
    doc: str
    is_personal: bool = False


PERSON_FILE = (
    Column("email", "people.email", "varchar", "Primary e-mail address.", True),
    Column("first_name", "people.first_name", "varchar", "Given name.", True),
    Column("last_name", "people.last_name", "varchar", "Family name.", True),
    Column("title", "people.title", "varchar", "Job title.", True),
    Column("country", "people.country", "varchar", "Country."),
    Column("account_name", "accounts.name", "varchar", "Name of the primary account."),
)
ACCOUNT_FILE = (
    Column("name", "accounts.name", "varchar", "Company name."),
    Column("domain", "accounts.domain", "varchar", "Web domain."),
    Column("industry", "accounts.industry", "varchar", "Industry."),
    Column(
        "annual_revenue",
        "accounts.annual_revenue",
        "decimal(18, 2)",
        "Revenue of a year, major currency units.",
    ),
    Column("employee_count", "accounts.employee_count", "bigint", "Employees."),
    Column("country", "accounts.country", "varchar", "Country."),
)
MARKETO = (
    Column("email", "people.email", "varchar", "E-mail address, to match the lead.", True),
    Column("ecid", "people.ecid", "varchar", "Experience Cloud id, to match the lead.", True),
)


def audience_files(audience: Audience) -> dict[str, str]:
    """The model of an audience and its yml, by file name."""
    model, slug = audience_model(audience.slug), audience.slug
    header = [f"-- {MARK} from include/config/audiences/{slug}.yml: edit that file, not this one."]
    header.append(f"-- One row per {audience.entity}; evaluation: {audience.method}.")
    header += [f"--   not streaming: {reason.at}: {reason.text}" for reason in audience.reasons]
    kind = ENTITIES[audience.entity]
    table = f"dim_{kind.table}"
    grain = f"One row per {audience.entity} who is a member now. {audience.name}: {audience.description}"
    key_tests: list[str | tuple[str, str, str]] = ["not_null", "unique", ("relationships", table, kind.key)]
    columns = [
        _column("member_key", "varchar", f"Key of the {audience.entity} in {table}.", key_tests),
        _column(
            "evaluated_at",
            "timestamptz",
            "The time that `within` and other ages count back from.",
            ["not_null"],
        ),
    ]
    meta = {"audience": slug, "entity": audience.entity, "evaluation": audience.method}
    sql = dbt_model(compile_audience(audience), "\n".join(header))
    return {f"{model}.sql": sql, f"{model}.yml": _model_yml(model, grain, meta, columns)}


def sizes_files(audiences: Sequence[Audience]) -> dict[str, str]:
    """How many members each audience has."""
    imports = [_import(audience_model(a.slug), audience_model(a.slug)) for a in audiences]
    counted = [
        f"select\n    '{a.slug}' as audience,\n    '{a.entity}' as entity,\n    '{a.method}' as evaluation,\n"
        f"    count(*) as member_count\nfrom {audience_model(a.slug)}"
        for a in audiences
    ]
    nothing = "select\n    cast(null as varchar) as audience,\n    cast(null as varchar) as entity,\n"
    nothing += (
        "    cast(null as varchar) as evaluation,\n    cast(null as bigint) as member_count\nwhere false"
    )
    sizes = _cte("sizes", "\n\nunion all\n\n".join(counted) or nothing)
    body = ",\n\n".join([*imports, sizes])
    sql = f"-- {MARK} from include/config/audiences.\n-- One row per audience.\n\nwith\n\n{body}\n\nselect * from sizes\n"
    columns = [
        _column("audience", "varchar", "Slug of the audience.", ["not_null", "unique"]),
        _column("entity", "varchar", "person or account.", ["not_null"]),
        _column("evaluation", "varchar", "batch or streaming-eligible (rule B7).", ["not_null"]),
        _column(
            "member_count", "bigint", "Members now; 0 for an audience that nobody belongs to.", ["not_null"]
        ),
    ]
    yml = _model_yml(SIZES, "One row per audience: how many members it has now.", {}, columns)
    return {f"{SIZES}.sql": sql, f"{SIZES}.yml": yml}


def sync_files(audience: Audience, destination: MarketoDestination | FilesDestination) -> dict[str, str]:
    """What may leave to one destination for one audience."""
    model = sync_model(destination.name, audience.slug)
    columns = sync_columns(audience, destination)
    sql = _sync_sql(audience, destination, columns)
    grain = f"One row per member of {audience_model(audience.slug)} that may leave to {destination.name}; only these columns do."
    if audience.entity == "person":
        grain += " Suppressed people are not among them."
    key = _column(
        "member_key",
        "varchar",
        f"Key of the {audience.entity}; it stays with Muster.",
        ["not_null", "unique"],
    )
    listed = [_column(c.name, c.data_type, c.doc, [], is_personal=c.is_personal) for c in columns]
    meta = {"audience": audience.slug, "destination": destination.name}
    return {f"{model}.sql": sql, f"{model}.yml": _model_yml(model, grain, meta, [key, *listed])}


def sync_columns(
    audience: Audience, destination: MarketoDestination | FilesDestination
) -> tuple[Column, ...]:
    """Marketo gets e-mail address and ECID only (B11)."""
    if isinstance(destination, MarketoDestination):
        return MARKETO
    return PERSON_FILE if audience.entity == "person" else ACCOUNT_FILE


def exposure_file(destination: MarketoDestination | FilesDestination, slugs: Sequence[str]) -> dict[str, str]:
    """The destination in dbt docs, so that lineage goes from source to destination."""
    kind = "static lists in Marketo" if isinstance(destination, MarketoDestination) else "files"
    lines = [
        f"# {MARK} from include/config/platform.yml.",
        "version: 2",
        "",
        "exposures:",
        f"  - name: {destination.name}",
        f"    label: {quoted(destination.name.replace('__', ' '))}",
        "    type: application",
        "    maturity: high",
        "    owner:",
        "      name: Muster",
        f"    description: {quoted(f'Audiences kept as {kind} by the DAG activate_{destination.name}.')}",
        "    depends_on:",
        *(f"      - ref('{sync_model(destination.name, slug)}')" for slug in slugs),
    ]
    return {f"exposure__{destination.name}.yml": "\n".join(lines) + "\n"}


def _sync_sql(
    audience: Audience, destination: MarketoDestination | FilesDestination, columns: Sequence[Column]
) -> str:
    is_person, is_marketo = audience.entity == "person", isinstance(destination, MarketoDestination)
    own = "people" if is_person else "accounts"
    needs_accounts = not is_person or any(column.source.startswith("accounts.") for column in columns)
    ctes = [_import("members", audience_model(audience.slug))]
    ctes += [_import("people", "dim_people")] if is_person else []
    ctes += [_import("accounts", "dim_accounts")] if needs_accounts else []
    ctes += [_import("suppressed", "int_person__suppressed")] if is_person else []
    listed = ["members.member_key", *(f"cast({c.source} as {c.data_type}) as {c.name}" for c in columns)]
    chosen = "select\n" + ",\n".join(f"    {item}" for item in listed) + "\nfrom members"
    key = ENTITIES[audience.entity].key
    chosen += f"\ninner join {own}\n    on {own}.{key} = members.member_key"
    if is_person and needs_accounts:
        chosen += "\nleft join accounts\n    on accounts.account_key = people.account_key"
    if is_marketo:
        chosen += "\nwhere\n    people.email is not null\n    or people.ecid is not null"
    note = "-- The only columns that may leave" + (", of people who can be matched" if is_marketo else "")
    ctes.append(f"{note}\n{_cte('chosen', chosen)}")
    if is_person:
        allowed = "select chosen.*\nfrom chosen\nleft join suppressed\n    on suppressed.person_key = chosen.member_key"
        allowed += "\nwhere\n    suppressed.person_key is null"
        ctes.append(f"-- The last join: nobody suppressed gets past it\n{_cte('allowed', allowed)}")
    header = f"-- {MARK} from include/config/platform.yml: {audience.slug} in {destination.name}."
    body = ",\n\n".join(ctes)
    return f"{header}\n-- One row per member that may leave.\n\nwith\n\n{body}\n\nselect * from {'allowed' if is_person else 'chosen'}\n"


def _import(name: str, model: str) -> str:
    return _cte(name, f"select * from {ref(model)}")  # noqa: S608 - checked slugs and our own names only


def _cte(name: str, select: str) -> str:
    body = "\n".join(f"    {line}" if line else "" for line in select.splitlines())
    return f"{name} as (\n\n{body}\n\n)"


def _model_yml(model: str, grain: str, meta: dict[str, str], columns: Iterable[list[str]]) -> str:
    lines = [
        f"# {MARK}: edit the definition, not this file.",
        "version: 2",
        "",
        "models:",
        f"  - name: {model}",
    ]
    lines += [
        f"    description: {quoted(grain)}",
        "    config:",
        "      contract:",
        "        enforced: true",
    ]
    if meta:
        lines += ["      meta:", *(f"        {key}: {value}" for key, value in meta.items())]
    lines.append("    columns:")
    for column in columns:
        lines += [f"      {line}" for line in column]
    return "\n".join(lines) + "\n"


def _column(
    name: str,
    data_type: str,
    doc: str,
    tests: Sequence[str | tuple[str, str, str]],
    *,
    is_personal: bool = False,
) -> list[str]:
    lines = [f"- name: {name}", f"  data_type: {data_type}", f"  description: {quoted(doc)}"]
    if is_personal:
        lines.append("  config: {tags: [pii], meta: {pii: true}}")
    if tests:
        lines.append("  data_tests:")
    for test in tests:
        if isinstance(test, str):
            lines.append(f"    - {test}")
        else:
            name, model, field = test
            lines += [
                f"    - {name}:",
                "        arguments:",
                f"          to: ref('{model}')",
                f"          field: {field}",
            ]
    return lines
