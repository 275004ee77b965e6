"""One process that calls a simulated Marketo through the gate until the day is used up.

python quota_hammer.py <url> <database> <speed> <limits as JSON> <threads>
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from quota_kit import KEY, NOON

from muster.config import Connection
from muster.errors import QuotaExhausted
from muster.http.marketo import MarketoApi
from muster.state import Limits, QuotaGate


def gate_of(path: Path, speed: float, limits: Limits) -> QuotaGate:
    """A gate whose seconds go by `speed` times as fast as real ones, in every process alike."""

    def clock() -> datetime:
        return NOON + timedelta(seconds=time.monotonic() * speed)

    return QuotaGate(path, KEY, limits, clock=clock, sleep=lambda seconds: time.sleep(seconds / speed))


def hammer(url: str, path: Path, speed: float, limits: Limits) -> None:
    api = MarketoApi(Connection("marketo__emea", url, "client", "secret"), gate=gate_of(path, speed, limits))
    while True:
        try:
            api.get("/rest/v1/lists.json")
        except QuotaExhausted:
            return


def main() -> None:
    url, path, speed, limits, threads = sys.argv[1:]
    given = (url, Path(path), float(speed), Limits(**json.loads(limits)))
    running = [threading.Thread(target=hammer, args=given) for _ in range(int(threads))]
    for one in running:
        one.start()
    for one in running:
        one.join()


if __name__ == "__main__":
    main()
