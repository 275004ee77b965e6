"""Connections: where a system is and how we sign in. Configuration holds their ids, never their content.

Under Airflow the ids are Airflow Connections. The command line and the tests read the same
`AIRFLOW_CONN_<ID>` variables that Airflow reads, in both of its spellings: JSON and URI.
No error here holds a value: the name of the variable is all it tells (F104).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from muster.errors import MusterError

PREFIX = "AIRFLOW_CONN_"
FIELDS = frozenset({"conn_type", "description", "host", "schema", "login", "password", "port", "extra"})
LOOPBACK = ("127.", "localhost", "::1", "[::1]")


class MissingConnectionError(MusterError):
    """A connection id resolves to nothing, or to something that can't be read."""

    exit_code = 2


@dataclass(frozen=True)
class Address:
    """Where it is, as the fields of an Airflow Connection say it: for systems that are not behind a URL."""

    kind: str = ""
    host: str = ""
    port: int | None = None
    schema: str = ""


@dataclass(frozen=True)
class Connection:
    """One resolved connection. `host` is the full base URL (`https://host:port`), without a slash at the end.

    `password` and `extra` never show in a repr.
    """

    id: str
    host: str
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    address: Address = field(default=Address(), compare=False)


class ConnectionResolver(Protocol):
    """Turns a connection id into a Connection. Raises MusterError that names the id, never the secret."""

    def __call__(self, connection_id: str) -> Connection: ...


def base_url(host: str, schema: str = "", port: int | None = None) -> str:
    """The base URL of Airflow's host, schema and port fields.

    A scheme in the host wins, then the schema field; without either, https, but http on loopback.
    """
    if not host:
        return ""
    scheme, bare = host.split("://", 1) if "://" in host else (schema, host)
    if scheme not in ("http", "https"):
        scheme = "http" if bare.startswith(LOOPBACK) else "https"
    authority, slash, path = bare.rstrip("/").partition("/")
    if authority.count(":") > 1 and not authority.startswith("["):
        authority = f"[{authority}]"
    if port and ":" not in authority.rsplit("]", 1)[-1]:
        authority = f"{authority}:{port}"
    return f"{scheme}://{authority}{slash}{path}"


def connection_from_parts(
    connection_id: str,
    *,
    host: str | None,
    schema: str | None = None,
    login: str | None = None,
    password: str | None = None,
    port: int | None = None,
    extra: Mapping[str, Any] | None = None,
    kind: str | None = None,
) -> Connection:
    """A Connection from the fields of an Airflow Connection (`extra` already decoded)."""
    url = base_url(host or "", schema or "", port)
    address = Address(kind or "", host or "", port, schema or "")
    return Connection(connection_id, url, login or "", password or "", dict(extra or {}), address)


def connection_from_environment(connection_id: str) -> Connection:
    """Read `AIRFLOW_CONN_<ID>` as Airflow does. Raises MissingConnectionError naming the variable, never its value."""
    variable = PREFIX + connection_id.upper()
    value = os.environ.get(variable, "").strip()
    if not value:
        raise MissingConnectionError(
            f"there is no connection '{connection_id}'",
            hint=f"set {variable} (JSON or URI), or add the connection in Airflow",
        )
    try:
        parts = _from_json(value) if value.startswith("{") else _from_uri(value)
        return connection_from_parts(connection_id, **parts)
    except (ValueError, TypeError, AttributeError):
        # `from None`: the cause of a JSON error carries the text, and with it the secret
        raise MissingConnectionError(
            f"{variable} can't be read as an Airflow connection",
            where=connection_id,
            hint='JSON like {"host": "https://...", "login": "...", "password": "..."}, or a percent-encoded URI',
        ) from None


def _from_json(value: str) -> dict[str, Any]:
    given = json.loads(value)
    if not set(given) <= FIELDS:
        raise ValueError("unknown field")
    port = given.get("port")
    return {
        "host": _text(given.get("host")),
        "schema": _text(given.get("schema")),
        "login": _text(given.get("login")),
        "password": _text(given.get("password")),
        "port": int(port) if port else None,
        "extra": _extra(given.get("extra")),
        "kind": _text(given.get("conn_type")),
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _extra(value: object) -> dict[str, Any]:
    """Airflow keeps `extra` as a JSON text or as an object."""
    decoded = json.loads(value) if isinstance(value, str) and value else value
    if decoded is None or decoded == "":
        return {}
    if not isinstance(decoded, dict):
        raise ValueError("extra is not an object")
    return decoded


def _from_uri(uri: str) -> dict[str, Any]:
    """`type://login:password@host:port/schema?extra`, or `type://https://host` with the host's own scheme."""
    if uri.count("://") not in (1, 2):
        raise ValueError("not a connection URI")
    own_scheme = uri.count("://") == 2
    prefix, rest = uri.split("://", 1)
    if own_scheme and any(mark in rest.split("://", 1)[0] for mark in "@:"):
        raise ValueError("login before the inner scheme")
    split = urlsplit(rest if own_scheme else f"//{rest}")
    host = _hostname(split)
    return {
        "host": f"{split.scheme}://{host}" if own_scheme and host else host,
        "schema": unquote(split.path[1:]) or _scheme_of(prefix),
        "login": unquote(split.username or ""),
        "password": unquote(split.password or ""),
        "port": split.port,
        "extra": _query(split.query),
        "kind": prefix,
    }


def _scheme_of(conn_type: str) -> str:
    """`http://host` and `https://host` name both the connection type and the scheme."""
    return conn_type if conn_type in ("http", "https") else ""


def _hostname(split: SplitResult) -> str:
    """The decoded host. A host that is itself a path (percent-encoded slashes) keeps its case."""
    host = unquote(split.hostname or "")
    if "/" in host:
        host = unquote(split.netloc.rsplit("@", 1)[-1].split(":", 1)[0])
    return host


def _query(query: str) -> dict[str, Any]:
    """Extra fields of a URI: all in `__extra__` as JSON, or one by one as texts; Airflow decodes no more either."""
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    return _extra(pairs["__extra__"]) if "__extra__" in pairs else dict(pairs)
