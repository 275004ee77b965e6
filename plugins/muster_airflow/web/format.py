"""How numbers, times and spans of time look on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from muster.windows import Window


def moment(value: datetime | None) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if value else "never"


def number(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{int(value):,}" if value == int(value) else f"{value:,.3f}"


def day(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%b %d").replace(" 0", " ")


def bars(windows: list[Window], start: datetime, end: datetime, width: float) -> list[tuple[float, float]]:
    """x and width of each window on an axis from `start` to `end`; neighbours keep a hair between them."""
    whole = (end - start).total_seconds() or 1.0
    found = []
    for window in windows:
        left, right = max(window.start, start), min(window.end, end)
        if left < right:
            x = (left - start).total_seconds() / whole * width
            found.append(
                (round(x, 2), round(max((right - left).total_seconds() / whole * width - 0.6, 0.8), 2))
            )
    return found


def sparkline(values: list[int], width: float = 120.0, height: float = 26.0) -> str:
    """Points of an SVG polyline between the smallest and the largest value; a level line where they are equal."""
    if not values:
        return ""
    low, span = min(values), max(values) - min(values)
    step = width / max(len(values) - 1, 1)
    shares = [(value - low) / span if span else 0.5 for value in values]
    points = [(index * step, height - 3 - share * (height - 6)) for index, share in enumerate(shares)]
    if len(points) == 1:
        points.append((width, points[0][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def megabytes(value: float) -> str:
    return f"{value / 1_000_000:,.1f} MB"


FILTERS: dict[str, Callable[..., Any]] = {
    "moment": moment,
    "number": number,
    "megabytes": megabytes,
    "day": day,
    "sparkline": sparkline,
}
