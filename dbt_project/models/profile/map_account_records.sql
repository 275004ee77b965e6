with records as (
    select * from {{ ref('int_account__records') }}
),

clustered as (
    select * from {{ ref('int_account__clustered') }}
),

mapped as (
    select
        r.record_key,
        c.account_key,
        r.source_instance,
        split_part(r.record_key, '@', 1) as record_id,
        r.is_live,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
)

select * from mapped
