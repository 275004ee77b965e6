with deletions as (
    select * from {{ ref('stg_marketo__deleted_leads') }} where lead_id is not null
),

newest as (
    select
        source_instance,
        {{ record_key('lead_id') }} as record_key,
        max(deleted_at) as deleted_at,
    from deletions
    group by all
)

select * from newest
