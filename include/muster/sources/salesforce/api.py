"""Salesforce's REST protocol: sign in, sign calls, read answers and errors.

Two ways in, both without a person and without a person's password (the SOAP login is gone):

    client credentials    login = consumer key, password = consumer secret, host = the My Domain
    JWT bearer            login = consumer key; the RSA key in PEM as extra.private_key or as the password;
                          extra.username; extra.audience where it isn't https://login.salesforce.com

There is no expires_in: a session lives until a call is told INVALID_SESSION_ID, and is then renewed once. Every
answer says how much of the day's calls is used; the quota gate is told.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import httpx
import jwt

from muster.config.connections import Connection
from muster.errors import QuotaExhausted, SourceError, TransientSourceError
from muster.http import Issued, Patience, Session, Token, TokenCache, TokenRejected, failure, redact
from muster.http.jsontext import loads
from muster.http.session import SLOT
from muster.sources.base import JobLost
from muster.sources.salesforce.errors import (
    CONCURRENT_PAUSE,
    HINTS,
    SHOWN,
    SIGN_IN,
    SIGN_IN_HINTS,
    decide,
)

if TYPE_CHECKING:
    from muster.state import SalesforceGate

log = logging.getLogger(__name__)

VERSION = "66.0"  # pinned and written into every manifest: another version has other fields (F34)
DATA = f"/services/data/v{VERSION}"
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  a path
AUDIENCE = "https://login.salesforce.com"
JWT_SECONDS = 180
LIMITS: Mapping[Literal["calls", "query_jobs"], str] = {
    "calls": "DailyApiRequests",
    "query_jobs": "DailyBulkV2QueryJobs",
}
PATIENCE = Patience(attempts=8, seconds=300.0)
SKEW_SECONDS = 30.0  # our clock and theirs may differ by this much before a refused assertion is blamed on it
PEM = "-----BEGIN"
USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")
OWN_HOSTS = (".salesforce.com", ".force.com", ".salesforce-setup.com", ".cloudforce.com")


class TooMuch(SourceError):
    """More than one answer may hold: ask for a shorter time."""


class SalesforceApi:
    """`call` gives the decoded answer. See the module. Every call but the sign-in goes through the `gate`."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        patience: Patience = PATIENCE,
        gate: SalesforceGate | None = None,
    ) -> None:
        self.where, self.gate = connection.id, gate
        self._connection, self._clock, self._ahead = connection, clock, 0.0
        self._tokens = TokenCache()
        self._token: Token | None = None
        self.session = Session(
            connection.host,
            where=connection.id,
            timeout=timeout,
            authoriser=self,
            patience=patience,
            pacer=gate,
            transport=transport,
            sleep=sleep,
        )

    def close(self) -> None:
        self.session.close()
        if self.gate is not None:
            self.gate.close()

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
        """A new session. An assertion that our clock spoilt is signed once more, by theirs (F39)."""
        try:
            return self._sign_in()
        except SourceError as error:
            date = self.session.last_date
            if not self._key() or error.code not in ("invalid_assertion", "invalid_grant") or date is None:
                raise
            ahead = date.timestamp() - self._clock()
            if abs(ahead - self._ahead) < SKEW_SECONDS:
                raise
            log.warning("%s: its clock is %.0f s from ours; signing in by its clock", self.where, ahead)
            self._ahead = ahead
        return self._sign_in()

    def _sign_in(self) -> Issued:
        """Once: the call that needs it is tried again."""
        return self.session.send(
            "POST", TOKEN_PATH, read=self._read_token, form=self._grant(), is_signed=False, attempts=1
        )

    def _key(self) -> str:
        """The RSA key of a JWT bearer, in PEM; empty for client credentials."""
        given = str(self._connection.extra.get("private_key") or "")
        if not given and self._connection.password.lstrip().startswith(PEM):
            given = self._connection.password
        return given.replace("\\n", "\n")  # one line with \n in it: how environment variables carry it

    def _grant(self) -> dict[str, str]:
        extra, key = self._connection.extra, self._key()
        if not key:
            return {
                "grant_type": "client_credentials",
                "client_id": self._connection.login,
                "client_secret": self._connection.password,
            }
        if not extra.get("username"):
            raise SourceError(
                "a private key signs in a user", where=self.where, hint="set extra.username of the connection"
            )
        claims = {
            "iss": self._connection.login,
            "sub": str(extra["username"]),
            "aud": str(extra.get("audience") or AUDIENCE),
            "exp": int(self._clock() + self._ahead) + JWT_SECONDS,
        }
        try:
            assertion = jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            hint = "extra.private_key (or the password) of the connection must be an RSA key in PEM"
            raise SourceError("the private key can't be used", where=self.where, hint=hint) from None
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    def _read_token(self, response: httpx.Response) -> Issued:
        if response.status_code in (400, 401, 403):
            kind = _oauth_error(response)
            if SIGN_IN.get(kind) == "R":
                raise TransientSourceError("the sign-in can't be done now", where=self.where, code=kind)
            usual = "check login and password (or extra.private_key and extra.username) of the connection"
            hint = SIGN_IN_HINTS.get(kind, usual)
            raise SourceError("the sign-in was refused", where=self.where, code=kind, hint=hint)
        if response.status_code != 200:
            raise failure(response, self.where)
        body = self._json(response)
        token, address = (body.get(name) for name in ("access_token", "instance_url"))
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
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One call; raises SourceError, TransientSourceError, QuotaExhausted, JobLost or TooMuch by the table."""
        return self.session.send(method, path, read=self._read, params=params, json=json, headers=headers)

    def learn_limits(self) -> None:
        """How many bulk jobs of the day are used, by others too; asked rarely. Where it isn't told, only ours count."""
        if self.gate is None or not self.gate.limits_due():
            return
        try:
            told = self.call("GET", f"{DATA}/limits")
            for kind, name in LIMITS.items():
                most, left = int(told[name]["Max"]), int(told[name]["Remaining"])
                self.gate.learn(kind, most - left, most)
        except QuotaExhausted:
            raise
        except (SourceError, KeyError, TypeError, ValueError) as error:
            said = error.message if isinstance(error, SourceError) else "it can't be read"
            log.warning("%s: what others used today is not known: %s", self.where, said)

    def server_time(self) -> datetime:
        """The organisation's own clock; signs in where that wasn't done yet, so it proves the credentials too."""
        self.session.send("GET", "/services/data/", read=self._read_date)
        return self.session.server_time()

    def now(self) -> datetime:
        return self.session.last_date or self.server_time()

    def judge_file(self, response: httpx.Response) -> None:
        """Raise for an answer that isn't a page of results."""
        self._note_usage(response)
        if response.status_code != 200:
            response.read()
            raise self.error(response)

    def _note_usage(self, response: httpx.Response) -> None:
        """`Sforce-Limit-Info: api-usage=18/100000` goes to the gate when the call gives its place back."""
        told = USAGE.search(response.headers.get("sforce-limit-info", ""))
        slot = response.extensions.get(SLOT)
        if told is not None and slot is not None:
            slot.usage = (int(told[1]), int(told[2]))

    def _read(self, response: httpx.Response) -> Any:
        self._note_usage(response)
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
        text = f"{response.request.method} {response.request.url.path}: HTTP {response.status_code}"
        if code in SHOWN and message:
            text += f": {redact(message)}"
        if decision == "T":
            return TokenRejected(text, where=self.where, code=code)
        if decision == "R":
            pause = CONCURRENT_PAUSE if code == "REQUEST_LIMIT_EXCEEDED" else None
            return TransientSourceError(text, where=self.where, code=code, retry_after=pause)
        if decision == "Q":
            self._note_exhausted(response, code)
            hint = "it is counted over the last 24 hours and frees itself; run again later, what is committed stays"
            return QuotaExhausted(
                f"{text}; the day's allowance is used up", where=self.where, code=code, hint=hint
            )
        if decision == "L":
            return JobLost(text, where=self.where, code=code)
        if decision == "S":
            return TooMuch(text, where=self.where, code=code)
        return SourceError(text, where=self.where, code=code, hint=HINTS.get(code, ""))

    def _note_exhausted(self, response: httpx.Response, code: str) -> None:
        """Nobody else needs to be refused for a while, whatever this answer's header says."""
        if self.gate is not None and code == "REQUEST_LIMIT_EXCEEDED":
            self.gate.exhausted("calls")
            if (slot := response.extensions.get(SLOT)) is not None:
                slot.usage = None

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
