"""Bulk extract jobs: one queue for all families of a subscription, a daily quota, and the life of each job."""

from __future__ import annotations

import tempfile
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.export_files import ExportFile, write_file
from muster_simulators.marketo.export_request import ExportRequest
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import central_day

Status = Literal["Created", "Queued", "Processing", "Cancelled", "Completed", "Failed"]
STATUS_READABLE = timedelta(days=30)
LISTED = timedelta(days=7)
STATUS_PERIOD = timedelta(seconds=60)
WAIT_FOR_FILE = 0.5
"""Real seconds a status call waits for a file that is nearly written."""


@dataclass
class Job:
    """One export. Times are simulated ones; `moved_real` and `polls` pace its next move."""

    export_id: str
    family: str
    client_id: str
    request: ExportRequest
    created_at: datetime
    status: Status = "Created"
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    file: ExportFile | None = None
    error: str | None = None
    writer: threading.Thread | None = None
    will_fail: bool = False
    wrong_checksum: bool = False
    polls: int = 0
    moved_real: float = 0.0

    def shown(self) -> dict[str, Any]:
        """The job object of every answer."""
        row: dict[str, Any] = {
            "exportId": self.export_id,
            "format": self.request.form,
            "status": self.status,
            "createdAt": self.created_at,
            "queuedAt": self.queued_at,
            "startedAt": self.started_at,
            "finishedAt": self.finished_at,
        }
        if self.status == "Completed" and self.file is not None:
            checksum = "0" * 64 if self.wrong_checksum else self.file.checksum
            row |= {"numberOfRecords": self.file.records, "fileSize": self.file.size}
            row |= {"fileChecksum": f"sha256:{checksum}"}
        if self.status == "Failed":
            row |= {"errorMsg": self.error}
        return {name: value for name, value in row.items() if value is not None}


class Jobs:
    """All jobs of one subscription. Files lie in a folder that goes with the process. Safe from any thread."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="muster-simulator-")

    def create(self, family: str, client_id: str, request: ExportRequest) -> Job:
        self._check_quota()
        job = Job(str(uuid.uuid4()), family, client_id, request, self._now())
        with self._lock:
            self._jobs[job.export_id] = job
        return job

    def find(self, family: str, client_id: str, export_id: str) -> Job:
        """A job of this client; 1013 for unknown, foreign and forgotten ones."""
        self._advance()
        with self._lock:
            job = self._jobs.get(export_id)
        known = job is not None and job.family == family and job.client_id == client_id
        if job is None or not known or self._now() - job.created_at > STATUS_READABLE:
            raise MarketoError("1013", f"Export job '{export_id}' not found")
        return job

    def mine(self, family: str, client_id: str) -> list[Job]:
        """This client's jobs of the last 7 days, oldest first."""
        self._advance()
        with self._lock:
            jobs = [job for job in self._jobs.values() if (job.family, job.client_id) == (family, client_id)]
        return [job for job in jobs if self._now() - job.created_at <= LISTED]

    def enqueue(self, job: Job) -> Job:
        """To the end of the queue; 1029 in its three kinds."""
        self._check_quota()
        with self._lock:
            if job.status != "Created":
                raise MarketoError("1029", "Job already queued")
            if sum(other.status in ("Queued", "Processing") for other in self._jobs.values()) >= self._queue:
                self._instance.stats.violated(self._instance.source, "export_queue")
                raise MarketoError("1029", "Too many jobs in queue")
            job.queued_at = self._now()
            self._move(job, "Queued")
        return job

    def cancel(self, job: Job) -> Job:
        with self._lock:
            if job.status in ("Created", "Queued", "Processing"):
                job.finished_at = self._now() if job.status != "Created" else None
                self._move(job, "Cancelled")
        return job

    def poll(self, job: Job) -> Job:
        """Asking for the status is what makes the simulated job hurry."""
        with self._lock:
            job.polls += 1
        self._advance(job)
        return job

    def content(self, job: Job) -> ExportFile | None:
        """The finished file while it is kept, else None."""
        if job.status != "Completed" or job.file is None or job.finished_at is None:
            return None
        kept = timedelta(days=self._instance.options.export_retention_days)
        if self._now() - job.finished_at > kept:
            job.file.path.unlink(missing_ok=True)
            return None
        return job.file

    def bytes_today(self) -> int:
        """Size of all files finished in the current Central day, all clients and families together, restarts included."""
        return self._instance.limits.ledger.exported[central_day(self._now())]

    # ---- inside ------------------------------------------------------------------------------------------------

    @property
    def _queue(self) -> int:
        return self._instance.options.export_queue

    def _now(self) -> datetime:
        return self._instance.clock.now()

    def _check_quota(self) -> None:
        if self.bytes_today() >= self._instance.options.export_bytes_per_day:
            self._instance.stats.violated(self._instance.source, "export_bytes_per_day")
            raise MarketoError("1029", "Export daily quota exceeded")

    def _move(self, job: Job, status: Status) -> None:
        job.status, job.polls, job.moved_real = status, 0, self._instance.options.rate_clock()

    def _due(self, job: Job, since: datetime | None) -> bool:
        options = self._instance.options
        waited = options.rate_clock() - job.moved_real >= options.job_seconds
        passed = since is not None and abs(self._now() - since) >= STATUS_PERIOD
        return job.polls >= options.job_polls or waited or passed

    def _advance(self, polled: Job | None = None) -> None:
        """Finish what is done, then start what may run."""
        with self._lock:
            running = [job for job in self._jobs.values() if job.status == "Processing"]
        for job in running:
            if self._due(job, job.started_at):
                if job is polled and job.writer is not None:
                    job.writer.join(WAIT_FOR_FILE)
                self._finish(job)
        with self._lock:
            room = self._instance.options.export_running
            room -= sum(job.status == "Processing" for job in self._jobs.values())
            for job in [job for job in self._jobs.values() if job.status == "Queued"]:
                if room > 0 and self._due(job, job.queued_at) and job not in running:
                    self._start(job)
                    room -= 1

    def _start(self, job: Job) -> None:
        job.started_at = self._now()
        self._move(job, "Processing")
        job.writer = threading.Thread(
            target=self._write, args=(job,), name=f"export-{job.export_id}", daemon=True
        )
        job.writer.start()

    def _write(self, job: Job) -> None:
        request = job.request
        path = Path(self._folder.name) / job.export_id
        job.file = write_file(path, request.form, request.header, request.rows())

    def _finish(self, job: Job) -> None:
        with self._lock:
            if job.status != "Processing" or (job.writer is not None and job.writer.is_alive()):
                return
            job.finished_at = self._now()
            if job.will_fail or job.file is None:
                job.file, job.error = None, "The job failed; create it again"
                self._move(job, "Failed")
            else:
                self._move(job, "Completed")
                self._instance.limits.ledger.exported_bytes(central_day(job.finished_at), job.file.size)
