"""Every error Muster raises on purpose.

    MusterError                      exit 1   something failed; the message says what, where, what to do
    ├── ConfigError                  exit 2   what a person wrote is wrong; carries every problem at once
    ├── SourceError                  exit 3   a source answered with something we can't use
    │   ├── TransientSourceError              worth another try (429, 5xx, 606, 611, 713, a cut body, ...)
    │   ├── QuotaExhausted                    wait for the reset named in the message
    │   └── IntegrityError                    bytes, checksum or row count differ from what the source said
    ├── LakeError                    exit 4   a commit could not be made or read
    │   └── WindowOverlap                     others have committed a part of this window; only the gaps are left to read
    ├── WarehouseError               exit 5   the engine or a dbt model failed
    ├── GuardrailHeld                exit 6   a gate or the breaker said no; yesterday's snapshot stays in force
    │   └── PlanRefused                       a backfill needs more than its days; nothing beyond the probe was read
    ├── LeaseLost                    exit 7   another attempt holds the work; this one stops before its next call
    └── DestinationError             exit 8   a destination refused

No message holds a personal value or a secret: counts, record keys and hashes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class MusterError(Exception):
    """Base of all. `where` names the instance, object or window; `hint` says what to do."""

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        self.message, self.where, self.hint = message, where, hint
        super().__init__(message)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  what to do: {self.hint}" if self.hint else text


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: `path:line: message`, with a suggestion where one is near."""

    path: Path
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}: {self.message}{tail}"


class ConfigError(MusterError):
    """All the problems found in the configuration, in file and line order."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        noun = "problem" if len(problems) == 1 else "problems"
        lines = "\n".join(f"  {p}" for p in self.problems)
        super().__init__(f"{len(problems)} {noun} in the configuration\n{lines}")


class SourceError(MusterError):
    """A source refused or answered outside its protocol. `code` is the vendor's own code."""

    exit_code = 3

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", code: str = "", request_id: str = ""
    ) -> None:
        self.code, self.request_id = code, request_id
        tail = "".join(
            f" [{name} {value}]" for name, value in (("code", code), ("request", request_id)) if value
        )
        super().__init__(f"{message}{tail}", where=where, hint=hint)


class TransientSourceError(SourceError):
    """Worth another try after a pause. `retry_after` in seconds where the source names one."""

    def __init__(self, message: str, *, retry_after: float | None = None, **context: str) -> None:
        self.retry_after = retry_after
        super().__init__(message, **context)


class QuotaExhausted(SourceError):
    """A daily quota is used up; only its reset helps."""


class IntegrityError(SourceError):
    """Size, checksum or row count differ from what the source announced."""


class LakeError(MusterError):
    exit_code = 4


class WindowOverlap(LakeError):
    """Committed windows of one object never overlap: this one shares time with another one that was first (F62)."""


class WarehouseError(MusterError):
    exit_code = 5


class GuardrailHeld(MusterError):
    """A gate or the circuit breaker stopped the run before any effect."""

    exit_code = 6


class PlanRefused(GuardrailHeld):
    """A backfill that can't be done in the days allowed; the message holds the numbers and the choices (B8)."""


class LeaseLost(MusterError):
    """Someone else holds a newer epoch of this lease."""

    exit_code = 7


class DestinationError(MusterError):
    exit_code = 8
