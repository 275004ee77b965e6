"""The DAGs of a configuration. DAG files call these and hold nothing else.

Every task has a pool, a time limit, retries with growing pauses and a policy that knows which errors another try
can't mend.
"""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent
from typing import Any

from airflow.sdk import (
    DAG,
    CronDataIntervalTimetable,
    DeltaTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TriggerRule,
)

from muster.config import DestinationConfig, MarketoSource, Settings, SourceConfig
from muster.naming import (
    BACKFILL_DAG,
    BACKFILL_POOL,
    BUILD_DAG,
    STREAM_POOL,
    WAREHOUSE_POOL,
    activate_dag,
    destination_pool,
    extract_dag,
    source_pool,
    stream_dag,
)
from muster_airflow import assets
from muster_airflow.operators.activate import ActivateAudience
from muster_airflow.operators.backfill import BackfillWindows, FinishBackfill, PlanBackfill
from muster_airflow.operators.build import AuditProfiles, BuildProfiles, PublishProfiles
from muster_airflow.operators.extract import ExtractWindows, FinishExtract, PlanExtract
from muster_airflow.operators.stream import ReadChanges
from muster_airflow.runtime import settings_once as configuration

__all__ = ["activate", "backfill", "build", "configuration", "extract", "stream", "streamed"]

OWNER = "muster"
JOBS_AT_A_TIME = 2  # of a backfill, those that wait without a worker included
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                "muster.errors.ConfigError",
                "muster.errors.GuardrailHeld",
                "muster.config.MissingConnectionError",
                "muster.sources.BackfillRequestError",
            ],
            action=RetryAction.FAIL,
            reason="another try can't mend this; a person can",
        ),
        RetryRule(
            exception="muster.errors.QuotaExhausted",
            retry_delay=timedelta(hours=2),
            reason="the source's daily quota is used up",
        ),
        RetryRule(
            exception="muster.errors.LeaseLost",
            retry_delay=timedelta(minutes=5),
            reason="another attempt holds the work",
        ),
    ]
)


def _defaults(pool: str) -> dict[str, Any]:
    return {
        "owner": OWNER,
        "pool": pool,
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "retry_policy": RETRIES,
        "execution_timeout": timedelta(minutes=30),
    }


def extract(settings: Settings, source: SourceConfig) -> DAG:
    """`extract_<connection>`: every day, one run for each data interval, one after the other."""
    schedule = settings.platform.schedule
    with DAG(
        extract_dag(source.connection),
        description=f"Read {source.connection} into the lake, window by window",
        schedule=CronDataIntervalTimetable(schedule.cron, timezone="UTC"),
        start_date=schedule.start,
        end_date=schedule.end,
        catchup=True,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=24),
        default_args=_defaults(source_pool(source.system, source.instance)),
        tags=["extract", source.system],
        doc_md=_extract_doc(source),
    ) as dag:
        plan = PlanExtract(task_id="plan", connection_id=source.connection)
        read = ExtractWindows.partial(
            task_id="extract",
            connection_id=source.connection,
            map_index_template="{{ task.label }}",
            execution_timeout=timedelta(hours=6),
        ).expand(windows=plan.output)
        finish = FinishExtract(
            task_id="finish",
            connection_id=source.connection,
            plan_task_id="plan",
            trigger_rule=TriggerRule.NONE_FAILED,
            outlets=[assets.raw(settings, source.connection)],
            execution_timeout=timedelta(hours=6),
        )
        plan >> read >> finish
    return dag


def streamed(settings: Settings) -> list[MarketoSource]:
    """The sources that are read between nights."""
    return [
        source
        for source in settings.platform.sources
        if isinstance(source, MarketoSource) and source.stream_minutes is not None
    ]


def stream(settings: Settings, source: MarketoSource) -> DAG:
    """`stream_<connection>`: every few minutes what changed since, never two at once; a run that is late is left out."""
    every = timedelta(minutes=source.stream_minutes or 5)
    with DAG(
        stream_dag(source.connection),
        description=f"Read what changed in {source.connection} every {every.seconds // 60} minutes",
        schedule=DeltaTriggerTimetable(every),
        start_date=settings.platform.schedule.start,
        end_date=None,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=max(every, timedelta(minutes=15)),
        default_args={**_defaults(STREAM_POOL), "retries": 1, "retry_delay": timedelta(seconds=10)},
        tags=["stream", "extract", source.system],
        doc_md=_stream_doc(source),
    ) as dag:
        ReadChanges(
            task_id="read_changes",
            connection_id=source.connection,
            execution_timeout=timedelta(minutes=10),
        )
    return dag


def backfill(settings: Settings) -> DAG:
    """`backfill_sources`: by hand, with a form; loads the past of one source beside its nightly runs."""
    with DAG(
        BACKFILL_DAG,
        description="Load the past of a source, when its price fits into seven days",
        schedule=None,
        start_date=settings.platform.schedule.start,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(days=10),
        default_args=_defaults(BACKFILL_POOL),
        params=backfill_form(settings),
        tags=["backfill", "extract"],
        doc_md=_BACKFILL_DOC,
    ) as dag:
        plan = PlanBackfill(task_id="plan", execution_timeout=timedelta(hours=2))
        read = BackfillWindows.partial(
            task_id="extract",
            map_index_template="{{ task.label }}",
            max_active_tis_per_dagrun=JOBS_AT_A_TIME,
            execution_timeout=timedelta(hours=6),
        ).expand(windows=plan.output)
        finish = FinishBackfill(
            task_id="finish",
            trigger_rule=TriggerRule.NONE_FAILED,
            outlets=[assets.backfilled()],
            execution_timeout=timedelta(hours=6),
        )
        plan >> read >> finish
    return dag


def backfill_form(settings: Settings) -> dict[str, Param]:
    """What a person fills in. Every value is one of a list, a date or a yes: nothing else reaches a task (F97)."""
    sources = [source.connection for source in settings.platform.sources]
    objects = list(dict.fromkeys(name for source in settings.platform.sources for name in source.all_objects))
    return {
        "connection": Param(type="string", enum=sources, title="Source"),
        "start": _day("First day", "of the range to load"),
        "end": _day("The day after the last one", "it is not part of the range"),
        "objects": Param(
            [],
            type="array",
            items={"type": "string", "enum": objects},
            uniqueItems=True,
            examples=objects,
            title="Objects",
            description="none: all that have a past; what is read whole each night has none",
        ),
        "dry_run": Param(
            False, type="boolean", title="Dry run", description="tell the price and read nothing"
        ),
    }


def _day(title: str, description: str) -> Param:
    return Param(
        type="string",
        format="date",
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        title=title,
        description=description,
    )


def build(settings: Settings) -> DAG:
    """`build_profiles`: when every source has new raw data."""
    with DAG(
        BUILD_DAG,
        description="Build, audit and publish the profile and the audiences",
        schedule=[assets.raw(settings, source.connection) for source in settings.platform.sources],
        start_date=settings.platform.schedule.start,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=24),
        default_args=_defaults(WAREHOUSE_POOL),
        tags=["build"],
        doc_md=_BUILD_DOC,
    ) as dag:
        written = BuildProfiles(task_id="build", execution_timeout=timedelta(hours=6))
        audited = AuditProfiles(task_id="audit", execution_timeout=timedelta(hours=1))
        shown = PublishProfiles(
            task_id="publish", outlets=[assets.published(settings)], execution_timeout=timedelta(hours=1)
        )
        written >> audited >> shown
    return dag


def activate(settings: Settings, destination: DestinationConfig) -> DAG:
    """`activate_<destination>`: when a new snapshot is published; one task for each audience."""
    with DAG(
        activate_dag(destination.name),
        description=f"Bring {destination.name} to what its audiences are now",
        schedule=[assets.published(settings)],
        start_date=settings.platform.schedule.start,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=24),
        default_args=_defaults(destination_pool(destination.name)),
        tags=["activate", destination.type],
        doc_md=_activate_doc(settings, destination),
    ) as dag:
        ActivateAudience.partial(
            task_id="export",
            destination=destination.name,
            map_index_template="{{ task.audience }}",
            execution_timeout=timedelta(hours=2),
        ).expand(audience=settings.platform.audiences_of(destination.name))
    return dag


def _extract_doc(source: SourceConfig) -> str:
    return dedent(f"""\
        ### {source.connection} into the lake

        **plan** finds the windows that no manifest lists yet and waits until the source's own clock is
        {source.hold_back_minutes} minutes past them. **extract** reads them: one task for each bulk job.
        **finish** reads lists, deletes and records by key, then announces the raw data.

        Objects: {", ".join(source.all_objects)}.

        - Clear any task at any time: a committed window is not read again.
        - Load the past: **Trigger > Backfill**, or `airflow backfill create --dag-id {extract_dag(source.connection)}
          --from-date ... --to-date ... --reprocess-behavior none --max-active-runs 1`.
        - Without Airflow: `muster extract {source.connection}`.
        """)


def _stream_doc(source: MarketoSource) -> str:
    return dedent(f"""\
        ### What changed in {source.connection}

        **read_changes** reads activities, lead changes and deletes by paging token since the last commit, the changed
        leads by id, and commits them into the same objects as the nightly windows. The next night finds them covered;
        what a run that failed has not read, the next run or the next night reads.

        - More than a day behind it fails and says so: a nightly run has to come first.
        - Without Airflow: `muster extract {source.connection} --deltas`.
        """)


_BACKFILL_DOC = dedent("""\
    ### The past of a source

    **Trigger** asks for a source, a range and objects. **plan** cuts what no manifest lists into windows of at most
    31 days, the most recent first, and tells what they cost: bytes, calls, hours, days of quota. Of an object that
    was never read it reads the newest day first, as a probe. More than seven days are refused here, with the numbers
    and the choices. **extract** reads the windows, two at a time; when a day's quota is used up it waits for the next
    one without a worker. **finish** reads what needs no bulk job, then announces the raw data.

    - Clear or trigger it again at any time: it goes on from the manifests.
    - Progress: the Muster page, the log of each task, `muster backfill status`.
    - Without Airflow: `muster backfill plan`, then `muster backfill run`.
    """)


_BUILD_DOC = dedent("""\
    ### Profile and audiences

    **build** runs dbt once, into a new warehouse file. **audit** holds its measures against `guardrails.yml`.
    **publish** writes the snapshot and moves the pointer: nothing reads a build that was not published.

    Without Airflow: `muster build && muster publish`.
    """)


def _activate_doc(settings: Settings, destination: DestinationConfig) -> str:
    audiences = "\n".join(f"- `{slug}`" for slug in settings.platform.audiences_of(destination.name))
    return (
        f"### {destination.name}\n\n"
        "Each **export** sends the difference between an audience and what this destination has acknowledged. "
        "Clear it at any time: only what was not acknowledged is sent.\n\n"
        f"{audiences}\n\nWithout Airflow: `muster activate {destination.name}`."
    )
