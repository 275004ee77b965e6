with clustered as (
    select distinct person_key from {{ ref('int_person__clustered') }}
),

golden as (
    select * from {{ ref('int_person__golden') }}
),

judged as (
    select
        c.person_key,
        case
            when g.person_key is null then 'no_live_record'
            when g.is_unsubscribed then 'unsubscribed'
        end as reason,
    from clustered as c
    left join golden as g on g.person_key = c.person_key
),

suppressed as (
    select * from judged where reason is not null
)

select * from suppressed
