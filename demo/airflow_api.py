"""The few calls on Airflow's public API that the demo makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from demo.stack import USER, Stack, StackError

FINISHED = ("success", "failed", "skipped", "upstream_failed", "removed")


@dataclass(frozen=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str
    state: str
    interval_start: datetime | None
    run_type: str


@dataclass(frozen=True)
class Task:
    """One task instance that has ended."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    label: str
    state: str
    seconds: float
    try_number: int

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        return (self.dag_id, self.run_id, self.task_id, self.map_index, self.try_number)


class Airflow:
    """Signed in as the demo's user. Raises StackError where the API refuses."""

    def __init__(self, stack: Stack) -> None:
        self._client = httpx.Client(base_url=stack.url, timeout=30)
        token = self._call("POST", "/auth/token", json={"username": USER, "password": stack.password})[
            "access_token"
        ]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self._call("GET", "/api/v2/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        found = self._call("GET", "/api/v2/importErrors", params={"limit": 20})["import_errors"]
        return [f"{error['filename']}\n{error['stack_trace'][-1500:]}" for error in found]

    def set_paused(self, dag_id: str, is_paused: bool) -> None:
        self._call(
            "PATCH",
            f"/api/v2/dags/{dag_id}",
            params={"update_mask": "is_paused"},
            json={"is_paused": is_paused},
        )

    def ensure_pools(self, pools: Iterable[Any]) -> None:
        """Make the pools that aren't there. `pools`: objects with name, slots, description."""
        present = {
            pool["name"] for pool in self._call("GET", "/api/v2/pools", params={"limit": 100})["pools"]
        }
        for pool in pools:
            if pool.name not in present:
                body = {
                    "name": pool.name,
                    "slots": pool.slots,
                    "description": pool.description,
                    "include_deferred": False,
                }
                self._call("POST", "/api/v2/pools", json=body)

    def trigger(self, dag_id: str) -> str:
        """Start a manual run; its id."""
        return str(
            self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None})["dag_run_id"]
        )

    def runs(self, dag_id: str = "~") -> list[Run]:
        """The latest runs, newest first."""
        found = self._call(
            "GET", f"/api/v2/dags/{dag_id}/dagRuns", params={"limit": 100, "order_by": "-run_after"}
        )
        return [
            Run(
                run["dag_id"],
                run["dag_run_id"],
                run["state"],
                _time(run["data_interval_start"]),
                run["run_type"],
            )
            for run in found["dag_runs"]
        ]

    def ended_tasks(self, since: datetime) -> list[Task]:
        """Task instances that ended after `since`, oldest first."""
        params = {"end_date_gte": since.isoformat(), "limit": 200, "order_by": "end_date"}
        found = self._call("GET", "/api/v2/dags/~/dagRuns/~/taskInstances", params=params)["task_instances"]
        return [_task(one) for one in found if one["state"] in FINISHED]

    def log(self, task: Task) -> str:
        """The end of a task's last log."""
        path = f"/api/v2/dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        answer = self._call("GET", path, params={"map_index": task.map_index, "full_content": "true"})
        lines = [_log_line(entry) for entry in answer.get("content", [])]
        return "\n".join([line for line in lines if line][-15:])

    def close(self) -> None:
        self._client.close()

    def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **kwargs)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise StackError(
                f"Airflow refused {method} {path}: {error.response.status_code} {error.response.text[:300]}"
            ) from None
        except httpx.HTTPError as error:
            raise StackError(f"Airflow does not answer to {method} {path}: {type(error).__name__}") from None
        return dict(answer.json()) if answer.content else {}


def _task(one: Mapping[str, Any]) -> Task:
    label = one.get("rendered_map_index") or ("" if one["map_index"] < 0 else str(one["map_index"]))
    return Task(
        one["dag_id"], one["dag_run_id"], one["task_id"], one["map_index"], label, one["state"],
        float(one["duration"] or 0.0), one["try_number"],
    )  # fmt: skip


def _log_line(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, Mapping):
        return ""
    details = entry.get("error_detail") or []
    causes = [
        f"{cause.get('exc_type')}: {cause.get('exc_value')}"
        for cause in details
        if isinstance(cause, Mapping)
    ]
    return " ".join([str(entry.get("event", "")), *causes]).strip()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC) if text else None


def just_now() -> datetime:
    """A moment that every task which ends from now on is after, clocks of one machine."""
    return datetime.now(UTC) - timedelta(seconds=1)
