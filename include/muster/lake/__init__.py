"""The lake: immutable Parquet files, each commit listed by a manifest. What no manifest lists was never received.

    lake = Lake(settings.home.lake)
    with lake.begin(system="marketo", instance="emea", object="leads", kind="window", window=window,
                    read_from=read_from, run_id=run_id, run_kind="nightly", extracted_at=now) as writer:
        writer.write(rows)                                   # any number of times
        manifest = writer.commit(source_rows=len(rows), evidence={"job_id": job})

A process killed at any moment leaves a whole commit or nothing that a reader lists (V3, F40, F46, F47).
"""

from muster.lake.manifest import FileEntry, Kind, Manifest, RunKind
from muster.lake.store import Lake
from muster.lake.writer import WindowWriter

__all__ = ["FileEntry", "Kind", "Lake", "Manifest", "RunKind", "WindowWriter"]
