"""Marketo's REST protocol, for whoever reads from it or writes to it: token, envelope, errors, quotas, paging.

    api = MarketoApi(connection, gate=gates.source(config))
    reply = api.get("/rest/v1/lists.json", {"batchSize": 300})
    for page in api.pages("/rest/v1/lists/1021/leads.json", {"fields": "id"}): ...

Marketo answers errors with HTTP 200: only `success: true` is one (F16). Numbers in results are text, as written.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from muster.config.connections import Connection
from muster.errors import QuotaExhausted, SourceError, TransientSourceError
from muster.http.jsontext import loads
from muster.http.marketo_errors import Action, Rule, rule_for, rule_key
from muster.http.pacing import Pacer
from muster.http.redact import redact
from muster.http.retry import Patience
from muster.http.session import Session, TokenRejected, failure
from muster.http.tokens import Issued, Token, TokenCache
from muster.state.central import next_reset

if TYPE_CHECKING:
    from muster.state import QuotaGate

log = logging.getLogger(__name__)

TOKEN_PATH = "/identity/oauth/token"  # noqa: S105  a path
USAGE_PATH = "/rest/v1/stats/usage.json"
USAGE_SECONDS = 600.0  # the source's own count is asked for at most so often, over all processes
LONGEST_ADDRESS = 7_000  # of 8 KB, with room for the host and other headers
PATIENCE = Patience(attempts=10, seconds=240.0)
WITHOUT_RESULT = re.compile(r"/rest/asset/|/pagingtoken\.json$")  # assets leave an empty result out
SAME_TOKEN_LIMIT = 100  # empty pages in a row under one paging token before we call it a loop


class MarketoError(SourceError):
    """Marketo said no. `key` is the code as marketo_errors.RULES has it (`1029 full`), `rule` what is known of it."""

    def __init__(self, message: str, *, key: str, rule: Rule, **context: str) -> None:
        self.key, self.rule = key, rule
        super().__init__(message, **context)


@dataclass(frozen=True)
class Reply:
    """One successful answer. `more` is `moreResult`, None where the answer has no such flag."""

    result: list[dict[str, Any]] = field(repr=False)
    request_id: str = ""
    next_token: str | None = None
    more: bool | None = None
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


class MarketoApi:
    """See the module. Every call goes through the subscription's `gate`, by way of `pacer` where one is given."""

    def __init__(
        self,
        connection: Connection,
        *,
        gate: QuotaGate,
        pacer: Pacer | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience = PATIENCE,
        tokens: TokenCache | None = None,
    ) -> None:
        root = connection.host.removesuffix("/rest").removesuffix("/identity")
        self.where, self.gate = connection.id, gate
        self._knows_usage = False
        self._connection, self._tokens = connection, tokens or TokenCache()
        self._token: Token | None = None
        self.session = Session(
            root,
            where=connection.id,
            timeout=timeout,
            authoriser=self,
            patience=patience,
            pacer=pacer or gate,
            transport=transport,
            sleep=sleep,
        )

    def close(self) -> None:
        self.session.close()
        self.gate.close()

    # ---- token ---------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        self._token = self._tokens.get(self._connection.login, self._issue)
        return {"Authorization": f"Bearer {self._token.value}"}

    def base_url(self) -> str | None:
        return None

    def renew(self) -> None:
        if self._token is not None:
            self._tokens.forget(self._connection.login, self._token)

    def server_time(self) -> datetime:
        """The instance's own clock. Asks the identity service: that call counts against no quota."""
        self._issue()
        return self.session.server_time()

    def now(self) -> datetime:
        """The instance's clock as its last answer showed it; asks when there was none."""
        return self.session.last_date or self.server_time()

    def _issue(self) -> Issued:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._connection.login,
            "client_secret": self._connection.password,
        }
        return self.session.send(
            "POST", TOKEN_PATH, read=self._read_token, form=form, is_signed=False, attempts=3
        )

    def _read_token(self, response: httpx.Response) -> Issued:
        if response.status_code in (400, 401):
            raise self._error("http 401", "", "")
        if response.status_code != 200:
            raise failure(response, self.where)
        body = self._json(response)
        token, left = body.get("access_token"), body.get("expires_in")
        if not isinstance(token, str) or left is None:
            raise SourceError(f"POST {TOKEN_PATH}: no access_token in the answer", where=self.where)
        return Issued(token, float(left))

    # ---- calls ---------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        attempts: int | None = None,
    ) -> Reply:
        """One call, tried again where the table says so. Raises MarketoError, QuotaExhausted, TransientSourceError."""
        self.learn_usage()
        return self.session.send(
            method, path, read=self._read, params=params, json=json, form=form, attempts=attempts
        )

    def learn_usage(self) -> None:
        """Before the first call: how much of the day was used, by others too. Where that is not told, only ours counts."""
        if self._knows_usage:
            return
        self._knows_usage = True
        mark = self.gate.usage_due(USAGE_SECONDS)
        if mark is None:
            return
        try:
            rows = self.session.send("GET", USAGE_PATH, read=self._read, attempts=2).result
            self.gate.learn(mark, {str(row["date"])[:10]: int(row["total"]) for row in rows})
        except QuotaExhausted:
            raise
        except (SourceError, KeyError, ValueError) as error:
            told = error.message if isinstance(error, SourceError) else "it can't be read"
            log.warning("%s: what others used today is not known: %s", self.where, told)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        """A GET; where its address would be too long, the same as POST with _method=GET."""
        given = dict(params or {})
        if len(path) + len(urlencode(given, doseq=True)) <= LONGEST_ADDRESS:
            return self.call("GET", path, params=given)
        return self.call("POST", path, params={"_method": "GET"}, form=given)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Reply]:
        """Every page: while `moreResult` says so, or, where the answer has no such flag, while it has a token (F15)."""
        given, repeats = dict(params or {}), 0
        while True:
            reply = self.get(path, given)
            yield reply
            if reply.more is False or (reply.more is None and reply.next_token is None):
                return
            if reply.next_token is None:
                raise SourceError(
                    f"GET {path}: more pages announced, but no token for them (F25)", where=self.where
                )
            repeats = repeats + 1 if reply.next_token == given.get("nextPageToken") else 0
            if repeats > SAME_TOKEN_LIMIT:
                raise SourceError(f"GET {path}: the paging token does not move on", where=self.where)
            given["nextPageToken"] = reply.next_token

    def judge_file(self, response: httpx.Response) -> None:
        """Raise for an answer that isn't a file: an HTTP error, or an envelope with one in the place of the file."""
        is_envelope = "json" in response.headers.get("content-type", "")
        if response.status_code in (200, 206) and not is_envelope:
            return
        response.read()
        if response.status_code == 200:
            self._read(response)
            raise SourceError(
                f"GET {response.request.url.path}: an answer in the place of a file", where=self.where
            )
        raise self.refused(response)

    # ---- answers -------------------------------------------------------------------------------------------

    def _read(self, response: httpx.Response) -> Reply:
        if response.status_code != 200:
            raise self.refused(response)
        body = self._json(response)
        request_id = str(body.get("requestId") or "")
        if body.get("success") is not True:
            return self._unsuccessful(body, request_id)
        more = body.get("moreResult")
        may_lack = more is not None or WITHOUT_RESULT.search(response.request.url.path)
        result = body.get("result", [] if may_lack else None)
        if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
            path = f"{response.request.method} {response.request.url.path}"
            raise SourceError(
                f"{path}: success without a result (F16)", where=self.where, request_id=request_id
            )
        return Reply(result, request_id, body.get("nextPageToken") or None, more, body)

    def refused(self, response: httpx.Response) -> SourceError:
        """An HTTP status other than 200."""
        if response.status_code in (413, 414):
            key = f"http {response.status_code}"
            rule = rule_for(key)
            return MarketoError(rule.meaning, key=key, rule=rule, where=self.where, hint=rule.hint)
        return failure(response, self.where)

    def _unsuccessful(self, body: Mapping[str, Any], request_id: str) -> Reply:
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        code, message = str(first.get("code", "")), str(first.get("message", ""))
        if rule_for(code, message).action is Action.EMPTY:
            return Reply([], request_id, None, False, body)
        raise self._error(code, message, request_id)

    def _error(self, code: str, message: str, request_id: str) -> SourceError:
        key, rule = rule_key(code, message), rule_for(code, message)
        text = rule.meaning
        if rule.shows_text and message:
            text += f": {redact(message)}"
        known = {"where": self.where, "code": code, "request_id": request_id}
        if rule.action is Action.RENEW:
            return TokenRejected(text, **known)
        if rule.action is Action.RETRY:
            pause = random.uniform(*rule.pause) if rule.pause else None  # noqa: S311  jitter, not a secret
            return TransientSourceError(text, retry_after=pause, **known)
        if key in ("607", "1029 quota"):
            at = self.session.last_date
            self.gate.exhausted("calls" if key == "607" else "export_bytes", at)
            reset = next_reset(at or datetime.now(UTC))
            return QuotaExhausted(
                f"{text}; it is renewed at {reset.isoformat()}, midnight US Central",
                hint="run again after that; what is committed stays and is not read again",
                **known,
            )
        return MarketoError(text, key=key, rule=rule, hint=rule.hint, **known)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            body = loads(response.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            # a proxy's page in the place of an answer; it comes right again by itself
            path = f"{response.request.method} {response.request.url.path}"
            raise TransientSourceError(f"{path}: the answer is not a JSON object", where=self.where)
        return body
