"""Associations of records (v4): who belongs to whom, read for the records that changed in a window.

What an association was before is told by nobody. So each reading gives all pairs of the records it was asked for, as
they are now, and a row marked deleted for each pair that the lake knows of them and HubSpot no longer gives.
An association that moves no stamp of its record (a label alone) is seen with the record's next change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muster.errors import IntegrityError, SourceError
from muster.http.jsontext import dumps
from muster.sources.hubspot.api import Body, HubSpotApi, after_of, results_of
from muster.sources.hubspot.records import Row
from muster.sources.keys import batches

if TYPE_CHECKING:
    from muster.config import HubSpotSource
    from muster.lake import Lake

#: object of the lake -> (from, to, column of the one, column of the other)
LINKS: Mapping[str, tuple[str, str, str, str]] = {
    "contact_companies": ("contacts", "companies", "contact_id", "company_id"),
    "deal_contacts": ("deals", "contacts", "deal_id", "contact_id"),
    "deal_companies": ("deals", "companies", "deal_id", "company_id"),
}
MORE = ("labels", "is_primary", "association_types", "is_deleted", "read_at")
INPUTS = 1_000
NONE_FOUND = "NO_ASSOCIATIONS_FOUND"
PRIMARY = "Primary"


def columns_of(object_name: str) -> list[str]:
    return [*LINKS[object_name][2:], *MORE]


def pairs(
    api: HubSpotApi, start: str, end: str, ids: Sequence[str]
) -> Iterator[tuple[list[str], dict[tuple[str, str], list[Any]]]]:
    """For up to 1,000 ids at a time: these ids, and the association types of each of their pairs."""
    path = f"/crm/v4/associations/{start}/{end}/batch/read"
    for some in batches(ids, INPUTS):
        found: dict[tuple[str, str], list[Any]] = {}
        inputs: list[dict[str, str]] = [{"id": one} for one in some]
        while inputs:
            body = api.call("POST", path, json={"inputs": inputs})
            results = results_of(body, path, api.where)
            _accounted_for(api, path, inputs, results, body)
            inputs = list(_take(results, found, api, path))
        yield some, found


def _take(
    results: Sequence[Body], found: dict[tuple[str, str], list[Any]], api: HubSpotApi, path: str
) -> Iterator[dict[str, str]]:
    """Keep the pairs; what has more of them is asked for again, from where it broke off."""
    for one in results:
        key = str(one["from"]["id"])
        before = len(found)
        for other in one.get("to") or []:
            found[key, str(other["toObjectId"])] = list(other.get("associationTypes") or [])
        after = after_of(one)
        if after is not None and len(found) == before:
            raise SourceError(f"POST {path}: the same page twice", where=api.where)
        if after is not None:
            yield {"id": key, "after": after}


def _accounted_for(
    api: HubSpotApi, path: str, inputs: Sequence[Mapping[str, str]], results: Sequence[Body], body: Body
) -> None:
    """Every record is given with its pairs, or named as one without any. Any other error of a 207 is one."""
    none = set[str]()
    for error in body.get("errors") or []:
        code = str(error.get("subCategory") or error.get("category") or "")
        if NONE_FOUND not in code and error.get("category") != "OBJECT_NOT_FOUND":
            raise SourceError(f"POST {path}: a part of the batch failed", where=api.where, code=code)
        context = error.get("context") or {}
        none.update(map(str, context.get("fromObjectId") or context.get("ids") or []))
    given = {str(one["from"]["id"]) for one in results}
    if lost := {one["id"] for one in inputs} - given - none:
        raise IntegrityError(
            f"POST {path}: {len(lost):,} of {len(inputs):,} records were neither given nor named as having none",
            where=api.where,
        )


def row_of(object_name: str, pair: tuple[str, str], types: Sequence[Body], read_at: str) -> Row:
    first, second = LINKS[object_name][2:]
    labels = [str(one["label"]) for one in types if one.get("label")]
    return {
        first: pair[0],
        second: pair[1],
        "labels": ";".join(label for label in labels if label != PRIMARY) or None,
        "is_primary": "true" if PRIMARY in labels else "false",
        "association_types": dumps(list(types)),
        "is_deleted": "false",
        "read_at": read_at,
    }


def gone(object_name: str, pair: tuple[str, str], read_at: str) -> Row:
    """A pair that the lake knows and HubSpot no longer gives."""
    first, second = LINKS[object_name][2:]
    return {first: pair[0], second: pair[1], "is_deleted": "true", "read_at": read_at}


def known_pairs(
    lake: Lake, config: HubSpotSource, object_name: str, ids: Sequence[str]
) -> set[tuple[str, str]]:
    """The pairs of these records that the newest reading in the lake has; those marked deleted left out."""
    first, second = LINKS[object_name][2:]
    wanted = pa.array(ids, pa.string())
    newest: dict[tuple[str, str], tuple[str, bool]] = {}
    for manifest in lake.committed(config.system, config.instance, object_name):
        for entry in manifest.files:
            with pq.ParquetFile(lake.root / entry.path) as file:
                names = [first, second, "is_deleted", "read_at"]
                for batch in file.iter_batches(batch_size=1 << 16, columns=names):
                    kept = batch.filter(pc.is_in(batch.column(first), value_set=wanted))
                    for one, other, deleted, at in zip(
                        *(kept.column(name).to_pylist() for name in names), strict=True
                    ):
                        if (one, other) not in newest or newest[one, other][0] <= at:
                            newest[one, other] = (at, deleted == "true")
    return {pair for pair, (_, is_deleted) in newest.items() if not is_deleted}
