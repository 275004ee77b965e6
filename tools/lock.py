"""`make lock`: give pip both spellings of every pinned requirement that has extras.

pip 23.2, the one Python 3.11 ships, refuses a hash-pinned `celery==5.6.3` where a package asks for
`celery[redis]`, and the other way round. So each such requirement stands in the lock twice.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

EXTRAS = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\[[^\]]+\](?P<pin>==.*)$", re.DOTALL)


def with_both_spellings(lock: str) -> str:
    """The lock's text, each `name[extra]==version` block followed by the same block without the extra."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return "".join(block + _bare(block) for block in blocks)


def _bare(block: str) -> str:
    match = EXTRAS.match(block)
    if match is None:
        return ""
    pinned = match["name"] + match["pin"]
    lines = [line for line in pinned.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).rstrip(" \\") + "\n"


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(with_both_spellings(path.read_text()))


if __name__ == "__main__":
    main()
