"""One vendor's HTTP session: address, time limits, retries, token, pace; errors that name the call and no value.

    session = Session("https://123-abc-456.mktorest.com", where="marketo__emea", authoriser=...)
    reply = session.send("GET", "/rest/v1/lists.json", read=read_envelope, params={"batchSize": 300})

`read` turns a response into a value, or raises: TransientSourceError is tried again, TokenRejected renews the
token and is tried once more, everything else goes to the caller. So each vendor's idea of an error (Marketo's are
HTTP 200) stays with the vendor's module. Transport, sleep and clock are arguments: tests wait for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from muster.errors import SourceError, TransientSourceError
from muster.http.pacing import Pacer, Slot
from muster.http.redact import protect_logs
from muster.http.retry import Patience

T = TypeVar("T")
Reader = Callable[[httpx.Response], T]
Params = Mapping[str, Any] | Sequence[tuple[str, str]]

USER_AGENT = f"muster/{version('muster')}"
CONNECT_SECONDS = 10.0
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_NAMED_PAUSE = 120.0
SLOT = "muster_slot"  # where an answer keeps its place with the pacer


class TokenRejected(SourceError):
    """The token is no longer taken: renew it and try once more."""


class Authoriser(Protocol):
    """Signs calls. `renew` is told that the present token was refused."""

    def headers(self) -> Mapping[str, str]: ...

    def base_url(self) -> str | None:
        """Where the vendor wants the calls to go; None: the session's own address."""

    def renew(self) -> None: ...


class Session:
    """See the module. Close it, or use it as a context manager."""

    def __init__(
        self,
        base_url: str,
        *,
        where: str,
        timeout: float = 60.0,
        authoriser: Authoriser | None = None,
        patience: Patience | None = None,
        pacer: Pacer | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("https://", "http://")):
            raise SourceError("the connection has no address", where=where, hint="set its host: https://...")
        protect_logs()
        self.base_url, self.where = base_url.rstrip("/"), where
        self.authoriser, self.patience, self.pacer, self.sleep = (
            authoriser,
            patience or Patience(),
            pacer,
            sleep,
        )
        self.last_date: datetime | None = None
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            transport=transport,
            follow_redirects=False,
            trust_env=transport is None and not _is_loopback(self.base_url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        read: Reader[T],
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
        is_signed: bool = True,
    ) -> T:
        """Make the call until `read` gives a value or patience ends. `attempts=1`: no repeats of our own.

        Raises what `read` raised last, and TransientSourceError for a connection that failed.
        """

        def once() -> T:
            with self.open(
                method, path, params=params, json=json, form=form, headers=headers, is_signed=is_signed
            ) as response:
                response.read()
                return read(response)

        retrying = self.patience.but(attempts).retrying(self.sleep)
        return retrying(self.with_fresh_token, once) if is_signed else retrying(once)

    def with_fresh_token(self, once: Callable[[], T]) -> T:
        """Do it; where the token is rejected, renew it and do it once more. A second rejection is an error."""
        try:
            return once()
        except TokenRejected:
            if self.authoriser is None:
                raise
            self.authoriser.renew()
        try:
            return once()
        except TokenRejected as error:
            raise SourceError(
                "a fresh token was rejected", where=self.where, code=error.code, request_id=error.request_id
            ) from error

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Mapping[str, str] | None = None,
        is_signed: bool = True,
    ) -> Iterator[httpx.Response]:
        """One call, its body not read yet. A connection that fails, now or while reading, is TransientSourceError.

        It keeps its place with the pacer until the context ends.
        """
        signed = dict(self.authoriser.headers()) if is_signed and self.authoriser else {}
        base = (self.authoriser.base_url() if is_signed and self.authoriser else None) or self.base_url
        with self._paced(is_signed) as slot:
            try:
                request = self._client.build_request(
                    method,
                    base + path,
                    params=params,  # type: ignore[arg-type]
                    json=json,
                    data=_form(form),
                    headers={**signed, **(headers or {})},
                )
                with self._answer(request, slot) as response:
                    yield response
            except httpx.HTTPError as error:
                # `from None`: the request that hangs on the cause carries the token and the query
                raise TransientSourceError(
                    f"{method} {path} did not get through: {type(error).__name__}", where=self.where
                ) from None
            except httpx.InvalidURL:
                raise SourceError(f"{method} {path}: the address is malformed", where=self.where) from None

    @contextmanager
    def _answer(self, request: httpx.Request, slot: Slot | None) -> Iterator[httpx.Response]:
        try:
            response = self._client.send(request, stream=True)
            response.extensions[SLOT] = slot
            try:
                self._note_date(response)
                if slot is not None:
                    slot.answered(self.last_date)
                yield response
            finally:
                response.close()
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            if slot is not None:
                slot.leave()
            raise

    def _paced(self, is_counted: bool) -> AbstractContextManager[Slot | None]:
        return nullcontext() if self.pacer is None else self.pacer.call(is_counted=is_counted)

    def keep(self, response: httpx.Response) -> None:
        """The call behind this answer goes on: told by whoever reads a long body."""
        slot: Slot | None = response.extensions.get(SLOT)
        if slot is not None:
            slot.keep()

    def server_time(self) -> datetime:
        """The source's own clock, from the `Date` of its last answer. Raises SourceError where it sends none."""
        if self.last_date is None:
            raise SourceError("the source sends no Date, so its clock is unknown", where=self.where)
        return self.last_date

    def _note_date(self, response: httpx.Response) -> None:
        try:
            given = response.headers.get_list("date")
            self.last_date = parsedate_to_datetime(given[0]).astimezone(UTC) if given else None
        except ValueError:
            self.last_date = None


def failure(response: httpx.Response, where: str, *, code: str = "", request_id: str = "") -> SourceError:
    """The error for an HTTP status that says no: worth another try, or not. Says the path, never the query."""
    text = f"{response.request.method} {response.request.url.path}: HTTP {response.status_code}"
    if response.status_code in TRANSIENT_STATUS:
        return TransientSourceError(
            text, where=where, code=code, request_id=request_id, retry_after=retry_after(response)
        )
    return SourceError(text, where=where, code=code, request_id=request_id)


def retry_after(response: httpx.Response) -> float | None:
    """The pause a `Retry-After` in seconds asks for, at most two minutes."""
    try:
        return min(float(response.headers["retry-after"]), LONGEST_NAMED_PAUSE)
    except (KeyError, ValueError):
        return None


def _form(form: Params | None) -> dict[str, Any] | None:
    """httpx takes forms as a mapping only; a repeated name becomes a list."""
    if form is None or isinstance(form, Mapping):
        return None if form is None else dict(form)
    grouped: dict[str, Any] = {}
    for name, value in form:
        grouped.setdefault(name, []).append(value)
    return grouped


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    return host in ("localhost", "::1") or host.startswith("127.")
