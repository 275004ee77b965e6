with members as (
    select * from {{ ref('stg_marketo__static_lists') }}
),

lists as (
    select
        list_key,
        source_instance,
        list_id,
        any_value(list_name) as name,
        any_value(program_name) as program_name,
        any_value(workspace_name) as workspace_name,
        count(lead_id) as member_count,
        min(created_at) as created_at,
        max(updated_at) as updated_at,
    from members
    group by list_key, source_instance, list_id
)

select * from lists
