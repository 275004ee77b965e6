with records as (
    select * from {{ ref('int_person__records') }}
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

mapped as (
    select
        r.record_key,
        c.person_key,
        r.source_instance,
        r.source_object as object,
        r.record_id,
        r.is_live,
        r.is_merged_loser,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
)

select * from mapped
