"""What a destination should hold: one published sync table, checked and fingerprinted.

The table `sync_<destination>__<slug>` has one row per member and only the columns that may leave. Here every
member gets two salted hashes: of its payload (a change of it is an update) and of its e-mail (for receipts).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from muster.activation.relational import quoted, relate
from muster.config import Settings
from muster.destinations.base import Declaration
from muster.errors import GuardrailHeld, MusterError
from muster.naming import Home, sync_model

KEY = "member_key"


@dataclass(frozen=True)
class Published:
    """The rows of one sync table in one snapshot."""

    snapshot_id: str
    as_of: datetime
    rows: pa.Table


Reader = Callable[[Settings, str, str], Published]


@dataclass(frozen=True)
class Desired:
    """`rows`: member_key and the columns that may leave, sorted; `marks`: member_key, payload_hash, identifier_hash."""

    snapshot_id: str
    as_of: datetime
    rows: pa.Table
    marks: pa.Table


def read_published(settings: Settings, destination: str, audience: str) -> Published:
    """The sync table of the published snapshot. Raises MusterError when nothing is published."""
    from muster.warehouse import current_snapshot, query

    snapshot = current_snapshot(settings)
    where = f"{destination} / {audience}"
    if snapshot is None:
        raise MusterError(
            "nothing is published yet", where=where, hint="run `muster build` and `muster publish`"
        )
    name = sync_model(destination, audience)
    if name not in {table.rsplit(".", 1)[-1] for table in snapshot.tables}:
        raise MusterError(
            f"the published snapshot {snapshot.id} has no table {name}",
            where=where,
            hint="run `muster compile`, then build and publish again",
        )
    rows = query(settings, f"select * from {quoted(name)}", [])  # noqa: S608 - the name is a checked slug
    again = current_snapshot(settings)
    if again is None or again.id != snapshot.id:
        return read_published(settings, destination, audience)
    return Published(snapshot.id, _utc(snapshot.as_of), rows)


def prepare(published: Published, declaration: Declaration, salt: bytes, *, where: str) -> Desired:
    """Check the rows against what the destination takes, and hash them.

    Raises GuardrailHeld for null or duplicate member keys (F83), MusterError where a column it needs is missing.
    """
    rows = published.rows
    missing = [name for name in (KEY, *declaration.required) if name not in rows.column_names]
    if missing:
        raise MusterError(
            f"the sync table lacks {', '.join(missing)}, which {declaration.system} needs",
            where=where,
            hint=f"{declaration.system} takes {_words(declaration)}; send this audience somewhere else",
        )
    _refuse_bad_keys(rows, where)
    may_leave = [
        n
        for n in rows.column_names
        if n != KEY and (not declaration.identifiers or n in declaration.identifiers)
    ]
    kept = rows.select([KEY, *may_leave]).sort_by(KEY)
    return Desired(published.snapshot_id, published.as_of, kept, _marks(kept, may_leave, salt))


def content_hash(desired: Desired, fingerprint: str) -> str:
    """Identifies a whole content: the columns, every member's payload in order, and how it is written."""
    digest = hashlib.sha256(repr((fingerprint, desired.rows.column_names)).encode())
    for batch in desired.marks.sort_by(KEY).to_batches(max_chunksize=50_000):
        for key, payload in zip(batch[KEY].to_pylist(), batch["payload_hash"].to_pylist(), strict=True):
            digest.update(f"\n{key}:{payload}".encode())
    return digest.hexdigest()


def sandbox_salt(home: Home, *, create: bool = True) -> bytes:
    """The secret that the hashes of this sandbox are salted with; made once, readable by its owner only.

    Without `create` a sandbox that has none yet gets one for this call only.
    """
    path = home.state / "salt"
    if not path.exists():
        if not create:
            return secrets.token_hex(32).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".salt.{uuid.uuid4().hex}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        _link_once(fresh, path)
    return path.read_bytes()


def _link_once(fresh: Path, path: Path) -> None:
    """The first of several processes wins; the others use what it made."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _refuse_bad_keys(rows: pa.Table, where: str) -> None:
    keys = relate(
        "select count(*) - count(member_key) as nulls, count(member_key) - count(distinct member_key) as doubles, "
        "count(*) filter (trim(member_key) = '') as blanks from desired",
        {"desired": rows.select([KEY])},
    ).to_pylist()[0]
    bad = [f"{count:,} {name}" for name, count in keys.items() if count]
    if bad:
        raise GuardrailHeld(
            f"member keys must be unique and not null, but there are {', '.join(bad)}; nothing was sent (F83)",
            where=where,
            hint="look at the audience's model: a join doubles its rows; fix it, build and publish again",
        )


def _marks(rows: pa.Table, columns: list[str], salt: bytes) -> pa.Table:
    fields = ", ".join(f"{quoted(name)} := {quoted(name)}" for name in columns)
    payload = f"to_json(struct_pack({fields}))::varchar" if columns else "''"
    identifier = "lower(trim(email))" if "email" in columns else "null"
    return relate(
        f"select member_key, sha256($salt || {payload}) as payload_hash, "  # noqa: S608 - quoted column names
        f"sha256($salt || {identifier}) as identifier_hash from desired order by member_key",
        {"desired": rows},
        parameters={"salt": salt.decode()},
    )


def _words(declaration: Declaration) -> str:
    who = " and ".join(
        sorted("people" if entity == "person" else "accounts" for entity in declaration.entities)
    )
    return f"{who} by {', '.join(declaration.identifiers)}" if declaration.identifiers else who


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
