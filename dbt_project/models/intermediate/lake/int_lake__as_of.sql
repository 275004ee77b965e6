with manifests as (
    select * from {{ ref('stg_lake__manifests') }}
),

newest as (
    select
        coalesce(
            max(window_end_at) filter (where run_kind = 'nightly'),
            max(window_end_at)
        ) as as_of,
    from manifests
)

select * from newest
