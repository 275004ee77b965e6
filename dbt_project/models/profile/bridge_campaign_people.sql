with members as (
    select *, {{ record_key('lead_id') }} as record_key from {{ ref('stg_marketo__program_members') }}
),

campaigns as (
    select campaign_key from {{ ref('stg_marketo__programs') }}
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

people as (
    select person_key from {{ ref('int_person__golden') }}
),

memberships as (
    select m.*, c.person_key
    from members as m
    inner join campaigns as k on k.campaign_key = m.campaign_key
    inner join clustered as c on c.record_key = m.record_key
    inner join people as p on p.person_key = c.person_key
),

-- The status of the lead whose membership changed last, the smallest lead id where that is equal.
bridge as (
    select
        campaign_key,
        person_key,
        max_by(member_status, (coalesce(updated_at, 'epoch'::timestamptz), -lead_id)) as member_status,
        bool_or(coalesce(has_succeeded, false)) as has_responded,
        min(member_since_at) as member_since_at,
        min(succeeded_at) as responded_at,
    from memberships
    group by campaign_key, person_key
)

select * from bridge
