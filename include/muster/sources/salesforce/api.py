"""Salesforce's REST protocol: sign in, sign calls, read answers and errors.

Two ways in: client credentials (login = consumer key, password = consumer secret), or a JWT bearer where the
connection's extra holds `private_key` and `username`. Both need no person and no password (the SOAP login is gone).
There is no expires_in: a session lives until a call is told INVALID_SESSION_ID, and is then renewed once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt

from muster.config.connections import Connection
from muster.errors import QuotaExhausted, SourceError, TransientSourceError
from muster.http import Issued, Patience, Session, Token, TokenCache, TokenRejected, failure, redact
from muster.http.jsontext import loads
from muster.sources.base import JobLost
from muster.sources.salesforce.errors import CONCURRENT_PAUSE, HINTS, SHOWN, decide

VERSION = "66.0"  # pinned and written into every manifest: another version has other fields (F34)
DATA = f"/services/data/v{VERSION}"
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  a path
AUDIENCE = "https://login.salesforce.com"
JWT_SECONDS = 180
PATIENCE = Patience(attempts=8, seconds=300.0)
OWN_HOSTS = (".salesforce.com", ".force.com", ".salesforce-setup.com", ".cloudforce.com")


class SalesforceApi:
    """`call` gives the decoded answer. See the module."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        patience: Patience = PATIENCE,
    ) -> None:
        self.where = connection.id
        self._connection, self._clock = connection, clock
        self._tokens = TokenCache()
        self._token: Token | None = None
        self.session = Session(
            connection.host,
            where=connection.id,
            timeout=timeout,
            authoriser=self,
            patience=patience,
            transport=transport,
            sleep=sleep,
        )

    def close(self) -> None:
        self.session.close()

    # ---- signing in ----------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._present().value}", "Accept": "application/json"}

    def base_url(self) -> str | None:
        return self._present().address

    def renew(self) -> None:
        if self._token is not None:
            self._tokens.forget(self._connection.login, self._token)

    def _present(self) -> Token:
        self._token = token = self._tokens.get(self._connection.login, self._issue)
        return token

    def _issue(self) -> Issued:
        return self.session.send(
            "POST", TOKEN_PATH, read=self._read_token, form=self._grant(), is_signed=False, attempts=3
        )

    def _grant(self) -> dict[str, str]:
        extra = self._connection.extra
        if not extra.get("private_key"):
            return {
                "grant_type": "client_credentials",
                "client_id": self._connection.login,
                "client_secret": self._connection.password,
            }
        claims = {
            "iss": self._connection.login,
            "sub": str(extra.get("username", "")),
            "aud": str(extra.get("audience") or AUDIENCE),
            "exp": int(self._clock()) + JWT_SECONDS,
        }
        try:
            assertion = jwt.encode(claims, str(extra["private_key"]), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            hint = "extra.private_key of the connection must be an RSA key in PEM"
            raise SourceError("the private key can't be used", where=self.where, hint=hint) from None
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    def _read_token(self, response: httpx.Response) -> Issued:
        if response.status_code in (400, 401, 403):
            kind = _oauth_error(response)
            if kind == "rate_limit_exceeded":
                raise TransientSourceError("too many sign-ins", where=self.where, code=kind)
            hint = "check login and password (or extra.private_key and extra.username) of the connection"
            raise SourceError("the sign-in was refused", where=self.where, code=kind, hint=hint)
        if response.status_code != 200:
            raise failure(response, self.where)
        body = self._json(response)
        token, address = body.get("access_token"), body.get("instance_url")
        if not isinstance(token, str) or not isinstance(address, str):
            raise SourceError("the sign-in gave no access_token or no instance_url", where=self.where)
        return Issued(token, None, self._own(address))

    def _own(self, address: str) -> str:
        """The instance's address. A token is sent to the connection's own host or to Salesforce, nowhere else (F102)."""
        given, ours = httpx.URL(address), httpx.URL(self.session.base_url)
        is_ours = (given.scheme, given.host, given.port) == (ours.scheme, ours.host, ours.port)
        if not is_ours and not (given.scheme == "https" and given.host.endswith(OWN_HOSTS)):
            raise SourceError("the sign-in names an instance_url outside Salesforce", where=self.where)
        return f"{given.scheme}://{given.netloc.decode('ascii')}"

    # ---- calls ---------------------------------------------------------------------------------------------

    def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None
    ) -> Any:
        """One call; raises SourceError, TransientSourceError, QuotaExhausted or JobLost by the table."""
        return self.session.send(method, path, read=self._read, params=params, json=json)

    def server_time(self) -> datetime:
        """The organisation's own clock; signs in where that wasn't done yet, so it proves the credentials too."""
        self.session.send("GET", "/services/data/", read=self._read_date)
        return self.session.server_time()

    def now(self) -> datetime:
        return self.session.last_date or self.server_time()

    def judge_file(self, response: httpx.Response) -> None:
        """Raise for an answer that isn't a page of results."""
        if response.status_code != 200:
            response.read()
            raise self.error(response)

    def _read(self, response: httpx.Response) -> Any:
        if response.status_code not in (200, 201, 204):
            raise self.error(response)
        return self._json(response) if response.content else {}

    def _read_date(self, response: httpx.Response) -> None:
        if response.status_code == 401 or response.status_code >= 500:
            raise self.error(response)

    def error(self, response: httpx.Response) -> SourceError:
        """The error of an answer that says no."""
        code, message = _first_error(response)
        decision = decide(code, message, response.status_code)
        if not code and response.status_code == 401:
            decision = "T"
        text = f"{response.request.method} {response.request.url.path}: HTTP {response.status_code}"
        if code in SHOWN and message:
            text += f": {redact(message)}"
        if decision == "T":
            return TokenRejected(text, where=self.where, code=code)
        if decision == "R":
            pause = CONCURRENT_PAUSE if code == "REQUEST_LIMIT_EXCEEDED" else None
            return TransientSourceError(text, where=self.where, code=code, retry_after=pause)
        if decision == "Q":
            hint = "it is counted over the last 24 hours and frees itself; run again later, what is committed stays"
            return QuotaExhausted(
                f"{text}; the day's API calls are used up", where=self.where, code=code, hint=hint
            )
        if decision == "L":
            return JobLost(text, where=self.where, code=code)
        return SourceError(text, where=self.where, code=code, hint=HINTS.get(code, ""))

    def _json(self, response: httpx.Response) -> Any:
        try:
            return loads(response.content)
        except ValueError:
            path = f"{response.request.method} {response.request.url.path}"
            raise TransientSourceError(f"{path}: the answer is not JSON", where=self.where) from None


def _oauth_error(response: httpx.Response) -> str:
    """`invalid_client` and the like; never the description, which may name the user."""
    try:
        kind = loads(response.content).get("error", "")
    except (ValueError, AttributeError):
        return ""
    return redact(str(kind))


def _first_error(response: httpx.Response) -> tuple[str, str]:
    """(errorCode, message) of an error body: a list of objects. ("", "") for anything else."""
    try:
        body = loads(response.content)
    except ValueError:
        return "", ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("errorCode", "")), str(first.get("message", ""))


def soql_time(value: datetime) -> str:
    """An unquoted UTC literal: `2026-03-03T00:00:00Z` (F38)."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
