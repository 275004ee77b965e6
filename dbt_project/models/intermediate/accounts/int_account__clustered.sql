with recursive records as (
    select * from {{ ref('int_account__records') }}
),

nodes as (
    select record_key as node from records
),

edges as (
    select record_key as a, other_record_key as b from {{ ref('int_account__edges') }}
),

{{ connected_components('nodes', 'edges') }},

keyed as (
    select
        r.record_key,
        'a_' || md5(first_value(r.record_key) over (
            partition by l.label
            order by r.created_at nulls last, r.record_key
        )) as account_key,
    from records as r
    inner join labels as l on l.node = r.record_key
)

select * from keyed
