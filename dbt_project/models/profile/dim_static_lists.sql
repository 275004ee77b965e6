with members as (
    select * from {{ ref('stg_marketo__static_lists') }}
),

mapped as (
    select * from {{ ref('int_mapped__lists') }} where not is_deleted
),

mapped_members as (
    select source_instance, list_id, count(*) as member_count
    from {{ ref('int_mapped__list_members') }}
    where not is_deleted
    group by source_instance, list_id
),

united as (
    select
        list_key,
        source_instance,
        list_id::varchar as list_id,
        list_name,
        program_name,
        workspace_name,
        if(lead_id is null, 0, 1) as member_count,
        created_at,
        updated_at,
    from members
    union all by name
    select
        {{ record_key('l.list_id', 'l.source_instance') }} as list_key,
        l.source_instance,
        l.list_id,
        l.list_name,
        coalesce(m.member_count, 0) as member_count,
        l.created_at,
        l.updated_at,
    from mapped as l
    left join mapped_members as m on m.source_instance = l.source_instance and m.list_id = l.list_id
),

lists as (
    select
        list_key,
        source_instance,
        list_id,
        any_value(list_name) as name,
        any_value(program_name) as program_name,
        any_value(workspace_name) as workspace_name,
        sum(member_count)::bigint as member_count,
        min(created_at) as created_at,
        max(updated_at) as updated_at,
    from united
    group by list_key, source_instance, list_id
)

select * from lists
