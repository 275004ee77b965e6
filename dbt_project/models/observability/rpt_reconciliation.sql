with manifests as (
    select * from {{ ref('stg_lake__manifests') }}
),

expected as (
    select * from {{ ref('stg_lake__expected') }}
),

counts as (
    select * from {{ ref('int_lake__record_counts') }}
),

-- Of a snapshot only the newest is read; of windows all are.
in_force as (
    select *
    from manifests
    qualify
        manifest_kind = 'window'
        or row_number() over (
            partition by source_instance, object_name, manifest_kind
            order by window_end_at desc, committed_at desc
        ) = 1
),

announced as (
    select
        source_instance,
        object_name,
        sum(source_row_count) as source_rows,
        sum(lake_row_count) as lake_rows,
        sum(quarantined_row_count) as quarantined_rows,
    from in_force
    group by source_instance, object_name
),

objects as (
    select source_instance, object_name from expected
    union
    select source_instance, object_name from announced
    union
    select source_instance, object_name from counts
),

reconciled as (
    select
        o.source_instance,
        o.object_name as object,
        coalesce(a.source_rows, 0)::bigint as source_rows,
        coalesce(a.lake_rows, 0)::bigint as lake_rows,
        coalesce(a.quarantined_rows, 0)::bigint as quarantined_rows,
        coalesce(c.raw_row_count, 0) as raw_rows,
        coalesce(c.staged_row_count, 0) as staged_records,
        coalesce(a.source_rows, 0) = coalesce(a.lake_rows, 0) + coalesce(a.quarantined_rows, 0)
        and coalesce(a.lake_rows, 0) = coalesce(c.raw_row_count, 0)
        and coalesce(c.staged_row_count, 0) = coalesce(c.raw_key_count, 0) as is_reconciled,
    from objects as o
    left join announced as a on a.source_instance = o.source_instance and a.object_name = o.object_name
    left join counts as c on c.source_instance = o.source_instance and c.object_name = o.object_name
)

select * from reconciled
