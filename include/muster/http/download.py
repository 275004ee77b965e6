"""Bring a file to disk, whole or not at all: resumed by Range, bounded, its size and SHA-256 checked.

A parser accepts a file that was cut (F1), so the bytes are proved before anybody parses them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from muster.errors import IntegrityError, SourceError, TransientSourceError
from muster.http.session import Params, Session

LARGEST = 64 << 30
LONGEST_SECONDS = 4 * 3600.0
WORTH_GOING_ON = 1 << 20  # bytes; a call that brought more does not count against the patience
Judge = Callable[[httpx.Response], None]


@dataclass(frozen=True)
class Wanted:
    """What the source announced of a file. `sha256` in lower-case hexadecimal. None: it doesn't say."""

    size: int | None = None
    sha256: str | None = None
    largest: int = LARGEST

    @property
    def most(self) -> int:
        return self.largest if self.size is None else self.size


@dataclass(frozen=True)
class Downloaded:
    """`has_nul` is noted on the way, because a NUL decides which parser can take the file (F3)."""

    path: Path
    size: int
    sha256: str
    has_nul: bool
    headers: httpx.Headers


def download(
    session: Session,
    path: str,
    target: Path,
    wanted: Wanted,
    *,
    judge: Judge,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    attempts: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Downloaded:
    """Stream the file at `path` to `target`. `judge` raises for an answer that is not a file.

    After a cut the next try asks for the rest. A wrong checksum is fetched anew once; then IntegrityError.
    """
    retrying = session.patience.but(attempts).retrying
    for is_last in (False, True):
        target.unlink(missing_ok=True)
        part = _Part(session, path, target, wanted, judge, params, headers or {}, clock)
        retrying(session.sleep)(session.with_fresh_token, part.fetch)
        try:
            return part.checked()
        except IntegrityError:
            if is_last:
                raise
    raise AssertionError("unreachable")


class _Part:
    """What is on disk so far of one file, and the calls that complete it."""

    def __init__(
        self,
        session: Session,
        path: str,
        target: Path,
        wanted: Wanted,
        judge: Judge,
        params: Params | None,
        headers: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self.session, self.path, self.target, self.wanted = session, path, target, wanted
        self.judge, self.params, self.headers = judge, params, headers
        self.clock, self.deadline = clock, clock() + LONGEST_SECONDS
        self.answer_headers = httpx.Headers()
        self._restart()

    def _restart(self) -> None:
        self.have, self.has_nul, self.digest = 0, False, hashlib.sha256()

    def fetch(self) -> None:
        """Call until all is there; gives up on a call that brought next to nothing."""
        while True:
            before = self.have
            try:
                self._call()
                return
            except TransientSourceError:
                if self.have - before < WORTH_GOING_ON:
                    raise

    def _call(self) -> None:
        """One call: all of the file, or what is still missing of it."""
        headers = {"Accept-Encoding": "identity", **self.headers}
        is_rest = self.have > 0 and self.wanted.size is not None
        if is_rest and self.have == self.wanted.size:
            return
        if is_rest:
            headers["Range"] = f"bytes={self.have}-{self.wanted.most - 1}"
        with self.session.open("GET", self.path, params=self.params, headers=headers) as response:
            self.judge(response)
            if not (is_rest and response.status_code == 206 and self._continues(response)):
                self._restart()
            self.answer_headers = response.headers
            with self.target.open("ab" if self.have else "wb") as file:
                for chunk in response.iter_raw():
                    self.session.keep(response)
                    self._take(chunk)
                    file.write(chunk)
        if self.wanted.size is not None and self.have < self.wanted.size:
            raise TransientSourceError(f"GET {self.path}: the body ended early", where=self.session.where)

    def _continues(self, response: httpx.Response) -> bool:
        return response.headers.get("content-range", "").startswith(f"bytes {self.have}-")

    def _take(self, chunk: bytes) -> None:
        self.have += len(chunk)
        if self.have > self.wanted.most:
            text = f"GET {self.path}: more bytes than the {self.wanted.most} announced or allowed"
            raise IntegrityError(text, where=self.session.where)
        if self.clock() > self.deadline:
            raise SourceError(
                f"GET {self.path}: not done after {LONGEST_SECONDS:.0f} s", where=self.session.where
            )
        self.digest.update(chunk)
        self.has_nul = self.has_nul or b"\0" in chunk

    def checked(self) -> Downloaded:
        found = self.digest.hexdigest()
        if self.wanted.sha256 is not None and found != self.wanted.sha256.lower():
            text = f"GET {self.path}: SHA-256 of {self.have} bytes differs from the one announced"
            raise IntegrityError(text, where=self.session.where)
        return Downloaded(self.target, self.have, found, self.has_nul, self.answer_headers)
