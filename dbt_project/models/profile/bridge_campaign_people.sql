with marketo as (
    select * from {{ ref('stg_marketo__program_members') }}
),

mapped as (
    select * from {{ ref('int_mapped__campaign_members') }} where not is_deleted
),

members as (
    select
        campaign_key,
        {{ record_key('lead_id') }} as record_key,
        member_status,
        has_succeeded,
        member_since_at,
        succeeded_at,
        updated_at,
        lpad(lead_id::varchar, 20, '0') as place,
    from marketo
    union all
    select
        {{ record_key('campaign_id') }},
        {{ record_key('person_id') }},
        status,
        coalesce(has_responded, responded_at is not null),
        created_at,
        responded_at,
        updated_at,
        person_id,
    from mapped
),

campaigns as (
    select campaign_key from {{ ref('stg_marketo__programs') }}
    union all
    select {{ record_key('campaign_id') }} from {{ ref('int_mapped__campaigns') }} where not is_deleted
),

clustered as (
    select * from {{ ref('int_person__lookup') }}
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

-- The status of the record whose membership changed last, the smallest record where that is equal.
bridge as (
    select
        campaign_key,
        person_key,
        first(member_status order by coalesce(updated_at, 'epoch'::timestamptz) desc, place)
            filter (where member_status is not null) as member_status,
        bool_or(coalesce(has_succeeded, false)) as has_responded,
        min(member_since_at) as member_since_at,
        min(succeeded_at) as responded_at,
    from memberships
    group by campaign_key, person_key
)

select * from bridge
