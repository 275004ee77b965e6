"""A process that forks a piece of work per line of standard input. See kill_kit.Nursery.

    python nursery_main.py MODULE FOLDER...

MODULE (found in one of the folders) has `work(*arguments)`, which may return an exit code. What the work prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback


def fork(work, arguments: list) -> int:  # type: ignore[no-untyped-def,type-arg]
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.dup2(2, 1)
        code = int(work(*arguments) or 0)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it was, it is told and the child ends here
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    sys.path[:0] = sys.argv[2:]
    work = importlib.import_module(sys.argv[1]).work
    tell = os.fdopen(os.dup(1), "w", buffering=1)
    tell.write("ready\n")
    for line in sys.stdin:
        child = fork(work, json.loads(line))
        tell.write(f"{child}\n")
        tell.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")


if __name__ == "__main__":
    main()
