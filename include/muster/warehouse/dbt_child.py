"""Run dbt once and tell what happens, one JSON line each. Runs by its path in a process of its own.

Imports nothing of Muster: it gets all it needs as one JSON argument. It ends when its parent does.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
BUILT = ("model", "test", "seed", "snapshot")
FAILED = ("error", "fail", "runtime error")


def main() -> int:
    request = json.loads(sys.argv[1])
    end_with_parent(request["parent"])
    with os.fdopen(request["events"], "w", buffering=1) as out:
        return run(request, Teller(out))


def end_with_parent(parent: int) -> None:
    """Be killed when the parent is: a build that nobody waits for must not write on (F56)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Teller:
    """Writes one line per finished model or test."""

    def __init__(self, out: IO[str]) -> None:
        self.out, self.done, self.total = out, 0, 0

    def tell(self, **facts: Any) -> None:
        self.out.write(json.dumps(facts) + "\n")

    def __call__(self, event: Any) -> None:
        name, data = event.info.name, event.data
        if name == "LogStartLine":
            self.total = max(self.total, data.total)
        elif name == "NodeFinished":
            self.done += 1
            result = data.run_result
            if data.node_info.resource_type not in BUILT:
                return
            self.tell(
                event="node",
                number=self.done,
                total=self.total,
                kind=data.node_info.resource_type,
                name=data.node_info.node_name,
                status=result.status,
                seconds=round(result.execution_time, 2),
                failures=result.num_failures,
            )


def run(request: dict[str, Any], teller: Teller) -> int:
    from dbt.cli.main import dbtRunner

    outcome = dbtRunner(callbacks=[teller]).invoke(request["build"])
    results = [described(result) for result in getattr(outcome.result, "results", ())]
    if not outcome.success:
        strip_messages(Path(request["target"]) / "run_results.json")
    elif request["docs"]:
        documented = dbtRunner().invoke(request["docs"])
        if not documented.success:
            outcome = documented
    teller.tell(
        event="done",
        success=bool(outcome.success),
        error=None
        if outcome.exception is None
        else f"{type(outcome.exception).__name__}: {outcome.exception}",
        results=[result for result in results if result["status"] in (*FAILED, "warn", "skipped")],
        models=sum(result["kind"] == "model" for result in results),
        tests=sum(result["kind"] in ("test", "unit_test") for result in results),
    )
    return 0


def described(result: Any) -> dict[str, Any]:
    node = result.node
    return {
        "kind": str(node.resource_type.value),
        "name": node.name,
        "file": node.original_file_path,
        "attached": (getattr(node, "attached_node", None) or "").rsplit(".", 1)[-1],
        "status": str(result.status),
        "message": result.message or "",
        "failures": result.failures,
    }


def strip_messages(path: Path) -> None:
    """Messages of engines quote values of records; the artefact that stays on disk goes without them."""
    if not path.is_file():
        return
    facts = json.loads(path.read_text())
    for result in facts.get("results", ()):
        if result.get("status") in FAILED:
            result["message"] = "see the task's log"
    fresh = path.with_name(f".{path.name}")
    fresh.write_text(json.dumps(facts))
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main())
