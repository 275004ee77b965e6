"""Are all sources in the lake up to the same moment?

Airflow starts a build when every source's asset was updated since the last build. After a failed night or a
backfill that can be too early: one source's update may be yesterday's. So the build looks at the manifests.
"""

from __future__ import annotations

from datetime import datetime

from muster.config import Settings


def committed_until(settings: Settings) -> dict[str, datetime | None]:
    """For each source the moment up to which all of its objects are committed; None while one has nothing."""
    from muster.lake import Lake

    lake = Lake(settings.home.lake)
    ends: dict[str, datetime | None] = {}
    for source in settings.platform.sources:
        last = [
            max(
                (manifest.window.end for manifest in lake.committed(source.system, source.instance, name)),
                default=None,
            )
            for name in source.all_objects
        ]
        known = [end for end in last if end is not None]
        ends[source.connection] = min(known) if len(known) == len(last) else None
    return ends


def behind(settings: Settings) -> dict[str, datetime | None]:
    """The sources that are not as far as the farthest one, and where they are. Empty when a build may begin."""
    ends = committed_until(settings)
    farthest = max((end for end in ends.values() if end is not None), default=None)
    return {name: end for name, end in ends.items() if end is None or end != farthest}
