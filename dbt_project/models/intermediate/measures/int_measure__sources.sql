with reconciliation as (
    select * from {{ ref('rpt_reconciliation') }}
),

expected as (
    select * from {{ ref('stg_lake__expected') }}
),

manifests as (
    select * from {{ ref('stg_lake__manifests') }}
),

evaluation as (
    select * from {{ ref('int_lake__as_of') }}
),

objects as (
    select
        e.source_instance || '.' || e.object_name as scope,
        r.*,
    from expected as e
    inner join reconciliation as r on r.source_instance = e.source_instance and r.object = e.object_name
),

newest as (
    select e.source_instance, e.object_name, max(m.window_end_at) as window_end_at
    from expected as e
    left join manifests as m on m.source_instance = e.source_instance and m.object_name = e.object_name
    group by e.source_instance, e.object_name
),

-- A source with an object that was never read has no measure, and a missing measure holds the build.
oldest as (
    select source_instance, min(window_end_at) as window_end_at
    from newest
    group by source_instance
    having count(*) = count(window_end_at)
),

measures as (
    select 'rows_received' as guardrail_id, scope, raw_rows::double as measured_value
    from objects
    union all
    select
        'reconciliation',
        scope,
        (abs(source_rows - lake_rows - quarantined_rows) + abs(lake_rows - raw_rows))::double,
    from objects
    union all
    select 'quarantined_share', scope, quarantined_rows / greatest(source_rows, 1000)::double
    from objects
    union all
    select 'freshness_hours', o.source_instance, date_diff('second', o.window_end_at, e.as_of) / 3600.0
    from oldest as o
    cross join evaluation as e
)

select * from measures
