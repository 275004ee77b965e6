"""One call as the routes see it: parameters of query and form merged, ids in every spelling, JSON body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from muster_simulators.marketo.errors import MarketoError, invalid, missing

IDS_PER_CALL = 300
Params = dict[str, list[str]]


@dataclass
class Call:
    """A call after `_method` was applied. `client_id` and `user` are set once the token was accepted."""

    method: str
    path: str
    params: Params
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    client_id: str = ""
    user: str = ""

    def one(self, name: str, default: str | None = None) -> str | None:
        """A parameter's first value, from query or form, else from a JSON body; blank counts as absent."""
        for value in self.params.get(name, ()):
            if value.strip():
                return value.strip()
        found = self.body.get(name) if isinstance(self.body, dict) else None
        return default if found is None or isinstance(found, list | dict) else str(found)

    def required(self, name: str) -> str:
        value = self.one(name)
        if value is None:
            raise missing(name)
        return value

    def many(self, name: str) -> list[str]:
        """All values of a parameter: repeated, comma-joined, or a list in the JSON body."""
        values = self.params.get(name)
        if values is None and isinstance(self.body, dict):
            found = self.body.get(name)
            values = [str(v) for v in found] if isinstance(found, list) else [str(found)] if found else []
        return [part.strip() for value in values or () for part in value.split(",") if part.strip()]

    def number(self, name: str, default: int, top: int) -> int:
        """A whole number of at least 0, at most `top`."""
        text = self.one(name)
        if text is None:
            return default
        if not text.isdigit():
            raise invalid(text, "Integer")
        return min(int(text), top)

    @property
    def batch_size(self) -> int:
        """Records a page: 300 unless fewer are asked for."""
        return self.number("batchSize", IDS_PER_CALL, IDS_PER_CALL) or IDS_PER_CALL

    def inputs(self) -> list[dict[str, Any]]:
        """The JSON body's `input`: 1 to 300 objects."""
        found = self.body.get("input") if isinstance(self.body, dict) else None
        if found is None:
            raise missing("input")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise invalid("input", "Array")
        if len(found) > IDS_PER_CALL:
            raise MarketoError("1003", f"Max number of records exceeded: {IDS_PER_CALL}")
        return found

    def ids(self, name: str = "id") -> list[int]:
        """1 to 300 ids, as repeated or comma-joined parameters or as JSON `input`."""
        texts: list[Any] = self.many(name) if name in self.params else []
        if not texts and isinstance(self.body, dict):
            texts = [item.get(name) for item in self.inputs()]
        if not texts:
            raise missing(name)
        if len(texts) > IDS_PER_CALL:
            raise MarketoError("1003", f"Max number of ids exceeded: {IDS_PER_CALL}")
        return [whole(text) for text in texts]


def whole(value: Any) -> int:
    """A whole number; 1001 for anything else."""
    try:
        return int(str(value))
    except ValueError:
        raise invalid(value, "Integer") from None


def read_call(method: str, path: str, query: str, headers: dict[str, str], content: bytes) -> Call:
    """Parse a call; refuses broken JSON (609) and other content types (612)."""
    params: Params = {}
    _merge(params, query)
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    body: Any = None
    if content.strip():
        if kind == "application/x-www-form-urlencoded":
            _merge(params, content.decode("utf-8", "replace"))
        elif kind == "application/json":
            body = _json(content)
        else:
            raise MarketoError("612")
    override = params.pop("_method", [])
    return Call(override[0].upper() if override else method, path, params, body, headers)


def _merge(params: Params, encoded: str) -> None:
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        params.setdefault(name, []).append(value)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise MarketoError("609") from None
