"""Threads that run one at a time: whoever comes to a `pause` waits until the schedule picks it again.

So every way in which several runs can get in between each other is a list of choices, and a list that broke
something breaks it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Choose = Callable[[list[str]], str]
PATIENCE = 60.0


class Left(BaseException):
    """The schedule ended before this piece of work did."""


class Interleaving:
    """Runs pieces of work to their ends, one step of one of them at a time."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.turn = {"": threading.Event()}  # "" is the one who chooses
        self.failures: list[BaseException] = []
        self.running: dict[str, threading.Thread] = {}
        self.local = threading.local()
        self.is_over = False

    def add(self, name: str, work: Callable[[], None]) -> None:
        self.turn[name] = threading.Event()
        self.running[name] = threading.Thread(target=self._live, args=(name, work), daemon=True)
        self.running[name].start()

    def run(self) -> None:
        """Until nobody is left. Raises the first failure of any of them; the others are ended where they are."""
        try:
            while self.running and not self.failures:
                self._give(self.choose(sorted(self.running)), back="")
        finally:
            self.is_over = True
            while self.running:
                self._give(min(self.running), back="")
        if self.failures:
            raise self.failures[0]

    def pause(self) -> None:
        """Let the others have their turns."""
        self._give("", back=self.local.name)
        if self.is_over:
            raise Left

    def _live(self, name: str, work: Callable[[], None]) -> None:
        self.local.name = name
        self._take(name)
        try:
            if not self.is_over:
                work()
        except Left:
            pass
        except BaseException as failure:  # noqa: BLE001 - raised again by run()
            self.failures.append(failure)
        del self.running[name]
        self.turn[""].set()

    def _give(self, name: str, *, back: str) -> None:
        self.turn[name].set()
        self._take(back)

    def _take(self, name: str) -> None:
        assert self.turn[name].wait(PATIENCE), f"'{name}' never got its turn"
        self.turn[name].clear()
