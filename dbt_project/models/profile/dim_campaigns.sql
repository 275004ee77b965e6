with programs as (
    select * from {{ ref('stg_marketo__programs') }}
),

mapped as (
    select * from {{ ref('int_mapped__campaigns') }} where not is_deleted
),

joined as (
    select campaign_key from {{ ref('stg_marketo__program_members') }}
    union all
    select {{ record_key('campaign_id') }} from {{ ref('int_mapped__campaign_members') }} where not is_deleted
),

members as (
    select campaign_key, count(*) as member_count
    from joined
    group by campaign_key
),

united as (
    select
        campaign_key,
        source_instance,
        program_id::varchar as campaign_id,
        program_name as name,
        program_type as campaign_type,
        channel,
        program_status as campaign_status,
        workspace_name,
        created_at,
        updated_at,
    from programs
    union all by name
    select
        {{ record_key('campaign_id') }} as campaign_key,
        source_instance,
        campaign_id,
        campaign_name as name,
        campaign_type,
        status as campaign_status,
        created_at,
        updated_at,
    from mapped
),

campaigns as (
    select
        u.campaign_key,
        u.source_instance,
        u.campaign_id,
        u.name,
        u.campaign_type,
        u.channel,
        u.campaign_status,
        u.workspace_name,
        coalesce(m.member_count, 0) as member_count,
        u.created_at,
        u.updated_at,
    from united as u
    left join members as m on m.campaign_key = u.campaign_key
)

select * from campaigns
