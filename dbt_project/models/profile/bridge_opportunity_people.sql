with salesforce_roles as (
    select * from {{ ref('stg_salesforce__opportunity_contact_roles') }} where not coalesce(is_deleted, false)
),

marketo_roles as (
    select * from {{ ref('stg_marketo__opportunity_roles') }}
),

mapped_roles as (
    select * from {{ ref('int_mapped__opportunity_people') }} where not is_deleted
),

opportunities as (
    select * from {{ ref('int_opportunity__records') }}
),

people as (
    select person_key from {{ ref('int_person__golden') }}
),

clustered as (
    select * from {{ ref('int_person__lookup') }}
),

roles as (
    select
        source_instance,
        opportunity_id as reference_id,
        {{ record_key('person_id') }} as record_key,
        role,
        is_primary,
    from salesforce_roles
    union all
    select
        source_instance,
        opportunity_id,
        {{ record_key('person_id') }},
        role,
        is_primary,
    from marketo_roles
    union all
    select
        source_instance,
        opportunity_id,
        {{ record_key('person_id') }},
        role,
        is_primary,
    from mapped_roles
),

bridge as (
    select
        o.opportunity_key,
        c.person_key,
        coalesce(r.role, '') as role,
        coalesce(bool_or(r.is_primary), false) as is_primary,
    from roles as r
    inner join opportunities as o on o.source_instance = r.source_instance and o.reference_id = r.reference_id
    inner join clustered as c on c.record_key = r.record_key
    inner join people as p on p.person_key = c.person_key
    group by all
)

select * from bridge
