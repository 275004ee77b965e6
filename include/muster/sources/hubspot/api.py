"""HubSpot's protocol: a private app's token, calls within the account's limits, answers and errors.

The token is the connection's password; it has no end and can't be renewed. Every answer but a search's tells what is
left of ten seconds and of the day: Muster waits and stops before HubSpot says no, and by its 429 where it is too late.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from muster.errors import IntegrityError, QuotaExhausted, SourceError, TransientSourceError
from muster.http import Patience, Session, redact
from muster.http.jsontext import loads
from muster.http.session import retry_after
from muster.sources.hubspot.errors import HINTS, PAUSES, SHOWN, decide, key_of

if TYPE_CHECKING:
    from muster.config import Connection
    from muster.config.hubspot import HubSpotLimits

log = logging.getLogger(__name__)

PATIENCE = Patience(attempts=8, seconds=300.0)
ACCOUNT = "/account-info/v3/details"
SCOPE = re.compile(r"[a-z0-9_.\-]{1,80}")
TEN_SECONDS = 10.0
Body = Mapping[str, Any]
Check = Callable[[Body], None]


class HubSpotApi:
    """`call` gives the decoded answer, `pages` all pages of a list. See the module."""

    def __init__(
        self,
        connection: Connection,
        limits: HubSpotLimits,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        patience: Patience = PATIENCE,
    ) -> None:
        self.where, self.limits = connection.id, limits
        self._token, self._sleep, self._clock = connection.password, sleep, clock
        self._wait = 0.0
        self._day_left: int | None = None
        self._searched_at: float | None = None
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

    # ---- signing -------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}

    def base_url(self) -> str | None:
        return None

    def renew(self) -> None:
        """A private app's token can't be renewed; nothing here asks for it."""

    # ---- calls ---------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        check: Check | None = None,
    ) -> Body:
        """One call. Raises SourceError, TransientSourceError or QuotaExhausted by the table.

        `check` may refuse an answer with TransientSourceError: then it is asked for again.
        """

        def read(response: httpx.Response) -> Body:
            body = self._read(response)
            if check is not None:
                check(body)
            return body

        self._pace()
        return self.session.send(method, path, read=read, params=params, json=json)

    def search(self, path: str, body: Mapping[str, Any], check: Check) -> Body:
        """A search: these have a limit by the second, which no header tells."""
        if self._searched_at is not None:
            wait = self._searched_at + 1 / self.limits.searches_per_second - self._clock()
            if wait > 0:
                self._sleep(wait)
        self._searched_at = self._clock()
        return self.call("POST", path, json=body, check=check)

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[list[Body]]:
        """The results of every page; `paging.next.after` leads on, and its absence is the end."""
        asked, seen = dict(params), set[str]()
        while True:
            body = self.call("GET", path, params=asked)
            yield results_of(body, path, self.where)
            after = after_of(body)
            if after is None:
                return
            if after in seen:
                raise SourceError(f"GET {path}: the same page twice", where=self.where)
            seen.add(after)
            asked["after"] = after

    def account(self) -> Body:
        return self.call("GET", ACCOUNT)

    def now(self) -> datetime:
        """HubSpot's clock as its last answer showed it; asks when there was none."""
        if self.session.last_date is None:
            self.account()
        return self.session.server_time()

    def _pace(self) -> None:
        """Wait where the ten seconds are nearly used up. Raises QuotaExhausted where the day is."""
        if self._day_left is not None and self._day_left < self.limits.spare_calls_of_day:
            raise QuotaExhausted(
                f"{self._day_left:,} calls of the day are left, and {self.limits.spare_calls_of_day:,} are kept for others",
                where=self.where,
                hint=HINTS["DAILY"],
            )
        if self._wait:
            wait, self._wait = self._wait, 0.0
            self._sleep(wait)

    def _note_limits(self, response: httpx.Response) -> None:
        left = _number(response, "x-hubspot-ratelimit-remaining")
        most = _number(response, "x-hubspot-ratelimit-max")
        if left is not None and most is not None and left < min(self.limits.spare_calls, most / 2):
            interval = _number(response, "x-hubspot-ratelimit-interval-milliseconds")
            self._wait = TEN_SECONDS if interval is None else interval / 1000
        day = _number(response, "x-hubspot-ratelimit-daily-remaining")
        if day is not None:
            self._day_left = int(day)

    def _read(self, response: httpx.Response) -> Body:
        self._note_limits(response)
        if response.status_code not in (200, 201, 207):
            raise self.error(response)
        try:
            body = loads(response.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            path = f"{response.request.method} {response.request.url.path}"
            raise TransientSourceError(f"{path}: the answer is not a JSON object", where=self.where)
        return body

    def error(self, response: httpx.Response) -> SourceError:
        """The error of an answer that says no."""
        body = _error_body(response)
        status, category, policy = response.status_code, body["category"], body["policyName"]
        key = key_of(status, category, policy)
        text = f"{response.request.method} {response.request.url.path}: HTTP {status}"
        if category in SHOWN and body["message"]:
            text += f": {redact(body['message'])}"
        if scopes := _scopes(response):
            text += f" ({', '.join(scopes)})"
        hint = HINTS.get(policy) or HINTS.get(str(status), "")
        more = {
            "where": self.where,
            "code": policy or category,
            "request_id": body["correlationId"],
            "hint": hint,
        }
        decision = decide(key)
        if decision == "R":
            named = retry_after(response)
            return TransientSourceError(text, retry_after=PAUSES.get(key) if named is None else named, **more)
        return QuotaExhausted(text, **more) if decision == "Q" else SourceError(text, **more)


def results_of(body: Body, path: str, where: str) -> list[Body]:
    """`results`, or an error: an answer without it says nothing about what there is."""
    results = body.get("results")
    if not isinstance(results, list):
        raise IntegrityError(f"{path}: the answer has no results", where=where)
    return results


def after_of(body: Body) -> str | None:
    """Where the next page begins; None on the last one."""
    following = (body.get("paging") or {}).get("next") or {}
    return str(following["after"]) if following.get("after") else None


def _number(response: httpx.Response, name: str) -> float | None:
    try:
        return float(response.headers[name])
    except (KeyError, ValueError):
        return None


def _decoded(response: httpx.Response) -> dict[str, Any]:
    try:
        body = loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error_body(response: httpx.Response) -> dict[str, str]:
    """Every field of an error is optional: absent ones are empty. Codes are kept only where they look like codes."""
    body = _decoded(response)
    found = {
        name: str(body.get(name) or "") for name in ("category", "policyName", "correlationId", "message")
    }
    for name in ("category", "policyName", "correlationId"):
        if not re.fullmatch(r"[A-Za-z0-9_\-]{0,64}", found[name]):
            found[name] = ""
    return found


def _scopes(response: httpx.Response) -> list[str]:
    """The scopes that a 403 asks for."""
    if response.status_code != 403:
        return []
    errors = _decoded(response).get("errors")
    found: list[str] = []
    for one in errors if isinstance(errors, list) else []:
        context = one.get("context") if isinstance(one, dict) else None
        names = context.get("requiredGranularScopes") if isinstance(context, dict) else None
        found += [str(name) for name in names or [] if SCOPE.fullmatch(str(name))]
    return found
