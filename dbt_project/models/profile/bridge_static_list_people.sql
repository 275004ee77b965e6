with members as (
    select list_key, {{ record_key('lead_id') }} as record_key from {{ ref('stg_marketo__static_lists') }}
    union all
    select l.list_key, {{ record_key('m.person_id', 'm.source_instance') }}
    from {{ ref('int_mapped__list_members') }} as m
    inner join {{ ref('dim_static_lists') }} as l on l.list_key = {{ record_key('m.list_id', 'm.source_instance') }}
    where not m.is_deleted
),

clustered as (
    select * from {{ ref('int_person__lookup') }}
),

people as (
    select person_key from {{ ref('int_person__golden') }}
),

bridge as (
    select distinct m.list_key, c.person_key
    from members as m
    inner join clustered as c on c.record_key = m.record_key
    inner join people as p on p.person_key = c.person_key
)

select * from bridge
