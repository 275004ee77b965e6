"""Custom fields in the contracts of the profile: a block of its own in yml files that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from muster.errors import MusterError
from muster.mapping.describe import column

PROFILE = Path("models/profile")
TABLES = {"people": "dim_people", "accounts": "dim_accounts", "opportunities": "dim_opportunities"}
BEGIN = "      # Custom fields of the sources' mappings, written by `muster compile`"
END = "      # End of the custom fields"


def write(dbt_project: Path, columns: Mapping[str, Sequence[str]], *, check: bool = False) -> list[Path]:
    """The files whose block was not what it should be; written unless `check`."""
    changed = []
    for entity, table in TABLES.items():
        path = dbt_project / PROFILE / f"{table}.yml"
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        wanted = with_custom(text, columns.get(entity, ()), path)
        if wanted != text:
            changed.append(path)
            if not check:
                path.write_text(wanted, encoding="utf-8", newline="\n")
    return changed


def with_custom(text: str, names: Sequence[str], path: Path) -> str:
    """The block stands right under the first `columns:`; it is there only when there are custom fields."""
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN + "\n")
        _, end, after = rest.partition(END + "\n")
        if not end:
            raise MusterError(
                "the block of custom fields has no end", where=str(path), hint=f"add `{END.strip()}`"
            )
        text = before + after
    if not names:
        return text
    lines = [BEGIN]
    for name in names:
        listed = column(name, "Custom field.", True)
        lines += [*listed[:2], "        data_type: varchar", *listed[2:]]
    head, found, tail = text.partition("\n    columns:\n")
    if not found:
        raise MusterError("the model's columns are not listed", where=str(path))
    return head + found + "\n".join([*lines, END]) + "\n" + tail
