with programs as (
    select * from {{ ref('stg_marketo__programs') }}
),

members as (
    select campaign_key, count(*) as member_count
    from {{ ref('stg_marketo__program_members') }}
    group by campaign_key
),

campaigns as (
    select
        p.campaign_key,
        p.source_instance,
        p.program_id as campaign_id,
        p.program_name as name,
        p.program_type as campaign_type,
        p.channel,
        p.program_status as campaign_status,
        p.workspace_name,
        coalesce(m.member_count, 0) as member_count,
        p.created_at,
        p.updated_at,
    from programs as p
    left join members as m on m.campaign_key = p.campaign_key
)

select * from campaigns
