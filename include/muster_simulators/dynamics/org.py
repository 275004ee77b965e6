"""One simulated organisation: its store, schema, tokens, service protection limits, tracking and open pages."""

from __future__ import annotations

import hmac
import itertools
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from muster_simulators.clock import SimClock
from muster_simulators.dynamics.errors import ApiError, AuthError, bad_query, throttled
from muster_simulators.dynamics.options import DynamicsOptions
from muster_simulators.dynamics.tables import Schema
from muster_simulators.dynamics.tracking import Tracker
from muster_simulators.faults import FaultPlan
from muster_simulators.store import Store
from muster_simulators.web import Stats


class Tokens:
    """The tenant's authority: client credentials in, tokens that live an hour out."""

    def __init__(self, clock: SimClock, clients: Mapping[str, str], options: DynamicsOptions) -> None:
        self._clock, self._clients, self._options = clock, clients, options
        self._lock = threading.Lock()
        self._ends: dict[str, datetime] = {}

    def issue(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        """The reply of the token endpoint. Raises AuthError."""
        if tenant.lower() != self._options.tenant.lower():
            raise AuthError(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            raise AuthError(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
        known = self._clients.get(form.get("client_id", ""))
        if known is None:
            raise AuthError(
                400, "unauthorized_client", 700016, "The application was not found in the directory."
            )
        if not hmac.compare_digest(known.encode(), form.get("client_secret", "").encode()):
            raise AuthError(401, "invalid_client", 7000215, "Invalid client secret provided.")
        scope = form.get("scope", "")
        if not scope.startswith(("https://", "http://")) or not scope.endswith("/.default"):
            raise AuthError(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
        token = f"eyJ0eXAi.{secrets.token_urlsafe(48)}"
        with self._lock:
            self._ends[token] = self._clock.now() + timedelta(seconds=self._options.token_seconds)
        life = self._options.token_seconds
        return {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}

    def is_alive(self, token: str) -> bool:
        with self._lock:
            end = self._ends.get(token)
        return end is not None and self._clock.now() < end

    def end(self, token: str) -> None:
        with self._lock:
            self._ends.pop(token, None)


class Protection:
    """The service protection limits of one user: requests and execution time of the last five minutes."""

    def __init__(self, clock: SimClock, options: DynamicsOptions) -> None:
        self._clock, self._options = clock, options
        self._lock = threading.Lock()
        self._calls, self._work = deque[datetime](), deque[tuple[datetime, float]]()

    def enter(self, in_flight: int) -> None:
        """Count a call. Raises ApiError 429 with the time until the window frees."""
        options = self._options
        if in_flight > options.concurrent:
            raise throttled("concurrent", options.concurrent, 5)
        now, window = self._clock.now(), timedelta(seconds=options.window_seconds)
        with self._lock:
            while self._calls and now - self._calls[0] >= window:
                self._calls.popleft()
            while self._work and now - self._work[0][0] >= window:
                self._work.popleft()
            if len(self._calls) >= options.requests:
                raise throttled("requests", options.requests, (self._calls[0] + window - now).total_seconds())
            if sum(seconds for _, seconds in self._work) > options.execution_seconds:
                left = (self._work[0][0] + window - now).total_seconds()
                raise throttled("time", int(options.execution_seconds * 1000), left)
            self._calls.append(now)

    def worked(self, seconds: float) -> None:
        """Add execution time to the window."""
        if seconds:
            with self._lock:
                self._work.append((self._clock.now(), seconds))


@dataclass(frozen=True)
class Page:
    """What is left of an answer: the whole address it belongs to, its records, and how it ends."""

    query: Mapping[str, str]
    rows: list[dict[str, Any]]
    number: int
    total: int | None
    delta: str | None


class Pages:
    """Open pages by cookie, fixed when the query ran."""

    def __init__(self) -> None:
        self._open: dict[str, Page] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def keep(self, page: Page) -> str:
        with self._lock:
            cookie = f'<cookie pagenumber="{page.number}" pagingcookie="{next(self._numbers)}" istracking="False" />'
            self._open[cookie] = page
        return cookie

    def get(self, cookie: str) -> Page:
        """Raises ApiError 400 for a cookie that never was."""
        with self._lock:
            page = self._open.get(cookie)
        if page is None:
            raise bad_query("Malformed XML in the Paging Cookie")
        return page


class Org:
    """Everything behind the routes."""

    def __init__(
        self,
        store: Store,
        *,
        clock: SimClock,
        faults: FaultPlan,
        clients: Mapping[str, str],
        options: DynamicsOptions,
        stats: Stats,
    ) -> None:
        self.store, self.clock, self.faults, self.stats, self.options = store, clock, faults, stats, options
        self.schema = Schema(options)
        self.tokens = Tokens(clock, clients, options)
        self.protection = Protection(clock, options)
        self.tracker = Tracker(store, clock, options.tracking_days)
        self.pages = Pages()

    @property
    def source(self) -> str:
        return self.store.source

    def admit(self, method: str, path: str, token: str, in_flight: int) -> None:
        """Raises ApiError for a call that may not be made."""
        if self.faults.take(self.source, method, path, "token") is not None:
            self.tokens.end(token)
        if not self.tokens.is_alive(token):
            raise ApiError(401, "", "Unauthorized", {"WWW-Authenticate": "Bearer"})
        if not self.options.is_application_user:
            raise ApiError(403, "0x80072560", "The user is not a member of the organization.")
        fault = self.faults.take(self.source, method, path, "throttle")
        if fault is not None:
            given = fault.value if isinstance(fault.value, dict) else {"kind": fault.value or "requests"}
            raise throttled(given["kind"], self.options.requests, float(given.get("seconds", 17)))
        try:
            self.protection.enter(in_flight)
        except ApiError as refusal:
            self.stats.violated(self.source, refusal.code)
            raise
