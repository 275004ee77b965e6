"""The Dataverse Web API: sign in at Entra ID, sign calls, follow pages, read answers and errors.

Client credentials: login is the application's id, password its secret; the connection's extra names `tenant_id`, and
`authority` where it isn't Microsoft's public one. The application must be an application user of the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from muster.config.connections import Connection
from muster.errors import IntegrityError, SourceError, TransientSourceError
from muster.http import Issued, Patience, Session, Token, TokenCache, TokenRejected, failure, redact
from muster.http.jsontext import loads
from muster.sources.dynamics.errors import HINTS, OAUTH, SHOWN, decide

VERSION = "9.2"  # pinned and written into every manifest (F34)
ROOT = f"/api/data/v{VERSION}"
AUTHORITY = "https://login.microsoftonline.com"
AUTHORITIES = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
PAGE_ROWS = 5000
LONGEST_NAMED_PAUSE = 600.0  # a limit is counted over five minutes; who goes on calling is held longer
PATIENCE = Patience(attempts=8, seconds=1800.0)
FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
LIMIT_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
NEXT, DELTA = "@odata.nextLink", "@odata.deltaLink"
PAGED = (
    f'odata.maxpagesize={PAGE_ROWS},odata.include-annotations="{FORMATTED},{LOOKUP_NAME},{LIMIT_EXCEEDED}"'
)
PLAIN = f"odata.maxpagesize={PAGE_ROWS}"
TRACKED = f"odata.maxpagesize={PAGE_ROWS},odata.track-changes"

Params = Mapping[str, str]


class TokenExpired(SourceError):
    """The service no longer knows what changed since this delta token."""


@dataclass(frozen=True)
class Page:
    """One answer with rows. `delta`: the link to ask by for what changes after this answer."""

    rows: list[Mapping[str, Any]]
    count: int | None
    is_count_cut: bool
    has_next: bool
    delta: Params | None


class DynamicsApi:
    """`get` gives one decoded answer, `pages` all of a query. See the module."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience = PATIENCE,
    ) -> None:
        self.where, self._connection = connection.id, connection
        self._tokens = TokenCache()
        self._token: Token | None = None
        common: dict[str, Any] = {
            "where": connection.id,
            "timeout": timeout,
            "patience": patience,
            "transport": transport,
            "sleep": sleep,
        }
        self.session = Session(connection.host, authoriser=self, **common)
        self._authority = Session(_authority(connection), **common)

    def close(self) -> None:
        self.session.close()
        self._authority.close()

    # ---- signing in ----------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        self._token = self._tokens.get(self._connection.login, self._issue)
        return {
            "Authorization": f"Bearer {self._token.value}",
            "Accept": "application/json",
            "OData-MaxVersion": "4.0",
            "OData-Version": "4.0",
        }

    def base_url(self) -> str | None:
        return None

    def renew(self) -> None:
        if self._token is not None:
            self._tokens.forget(self._connection.login, self._token)

    def _issue(self) -> Issued:
        tenant = str(self._connection.extra.get("tenant_id") or "")
        if not tenant or not tenant.replace("-", "").replace(".", "").isalnum():
            hint = 'set extra of the connection to {"tenant_id": "..."}: the directory (tenant) id'
            raise SourceError("the connection names no tenant", where=self.where, hint=hint)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._connection.login,
            "client_secret": self._connection.password,
            "scope": f"{self.session.base_url}/.default",
        }
        path = f"/{tenant}/oauth2/v2.0/token"
        return self._authority.send("POST", path, read=self._read_token, form=form, attempts=3)

    def _read_token(self, response: httpx.Response) -> Issued:
        if response.status_code in (400, 401, 403):
            kind = _oauth_error(response)
            if OAUTH.get(kind) == "R":
                raise TransientSourceError("the authority can't be reached now", where=self.where, code=kind)
            hint = "check login and password of the connection, and tenant_id in its extra"
            raise SourceError("the sign-in was refused", where=self.where, code=kind, hint=hint)
        if response.status_code != 200:
            raise failure(response, self.where)
        body = self._json(response)
        token, seconds = body.get("access_token"), body.get("expires_in")
        if not isinstance(token, str):
            raise SourceError("the sign-in gave no access_token", where=self.where)
        return Issued(token, float(seconds) if seconds else None)

    # ---- calls ---------------------------------------------------------------------------------------------

    def get(self, path: str, params: Params | None = None, *, prefer: str = "") -> Any:
        """One call; raises SourceError, TransientSourceError or TokenExpired by the table. `path` is below the root."""
        headers = {"Prefer": prefer} if prefer else None
        return self.session.send("GET", f"{ROOT}/{path}", read=self._read, params=params, headers=headers)

    def pages(self, path: str, params: Params, *, prefer: str) -> Iterator[Page]:
        """Every page of a query, to the one without a next link. A link that comes twice would never end (F25)."""
        seen: set[tuple[tuple[str, str], ...]] = set()
        asked: Params | None = params
        while asked is not None:
            body = self.get(path, asked, prefer=prefer)
            rows = body.get("value")
            if not isinstance(rows, list):
                raise SourceError(f"{path}: the answer holds no rows", where=self.where)
            asked = self._followed(path, body.get(NEXT))
            count = body.get("@odata.count")
            yield Page(
                rows,
                None if count is None else int(count),
                bool(body.get(f"@{LIMIT_EXCEEDED}")),
                asked is not None,
                self._followed(path, body.get(DELTA)),
            )
            mark = tuple(sorted((asked or {}).items()))
            if asked is not None and mark in seen:
                raise IntegrityError(f"{path}: the same next link twice", where=self.where)
            seen.add(mark)

    def _followed(self, path: str, link: Any) -> Params | None:
        """What a link asks for. One that leads anywhere but to the same table of ours is refused (F102)."""
        if link is None:
            return None
        url, ours = httpx.URL(str(link)), httpx.URL(self.session.base_url)
        is_ours = (url.scheme, url.host, url.port) == (ours.scheme, ours.host, ours.port)
        if not is_ours or url.path != f"{ROOT}/{path}":
            raise SourceError(f"{path}: a link leads outside of it", where=self.where)
        return dict(parse_qsl(url.query.decode(), keep_blank_values=True))

    def who_am_i(self) -> str:
        """The organisation's id."""
        return str(self.get("WhoAmI").get("OrganizationId") or "").lower()

    def now(self) -> datetime:
        """The organisation's own clock as its last answer showed it."""
        if self.session.last_date is None:
            self.who_am_i()
        return self.session.server_time()

    def _read(self, response: httpx.Response) -> Any:
        if response.status_code != 200:
            raise self.error(response)
        return self._json(response)

    def error(self, response: httpx.Response) -> SourceError:
        """The error of an answer that says no."""
        code, message = _error_of(response)
        decision = decide(code, response.status_code)
        text = f"{response.request.method} {response.request.url.path}: HTTP {response.status_code}"
        if code in SHOWN and message:
            text += f": {redact(message)}"
        if decision == "T":
            return TokenRejected(text, where=self.where, code=code)
        if decision == "R":
            return TransientSourceError(text, where=self.where, code=code, retry_after=_retry_after(response))
        if decision == "X":
            return TokenExpired(text, where=self.where, code=code)
        return SourceError(text, where=self.where, code=code, hint=HINTS.get(code, ""))

    def _json(self, response: httpx.Response) -> Any:
        try:
            body = loads(response.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            path = f"{response.request.method} {response.request.url.path}"
            raise TransientSourceError(f"{path}: the answer is not a JSON object", where=self.where)
        return body


def _authority(connection: Connection) -> str:
    """Where to sign in. The secret goes to Microsoft, or to the organisation's own host, nowhere else (F102)."""
    given = str(connection.extra.get("authority") or AUTHORITY).rstrip("/")
    try:
        url, ours = httpx.URL(given), httpx.URL(connection.host)
    except httpx.InvalidURL:
        raise SourceError("extra.authority of the connection is no address", where=connection.id) from None
    is_ours = (url.scheme, url.host, url.port) == (ours.scheme, ours.host, ours.port)
    if not is_ours and not (url.scheme == "https" and url.host in AUTHORITIES and url.port is None):
        hint = f"one of {', '.join(sorted(AUTHORITIES))}"
        raise SourceError("extra.authority is not Microsoft's", where=connection.id, hint=hint)
    return given


def _retry_after(response: httpx.Response) -> float | None:
    """The pause that is asked for in seconds, at most ten minutes."""
    try:
        return min(float(response.headers["retry-after"]), LONGEST_NAMED_PAUSE)
    except (KeyError, ValueError):
        return None


def _oauth_error(response: httpx.Response) -> str:
    """`invalid_client` and the like; never the description, which may name a user or a tenant."""
    try:
        return redact(str(loads(response.content).get("error", "")))
    except (ValueError, AttributeError):
        return ""


def _error_of(response: httpx.Response) -> tuple[str, str]:
    """(code, message) of an error body; ("", "") for anything else."""
    try:
        error = loads(response.content)["error"]
        return str(error.get("code") or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def odata_time(value: datetime) -> str:
    """`2026-03-03T00:00:00Z` (F38)."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
