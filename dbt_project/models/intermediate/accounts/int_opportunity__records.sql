with salesforce as (
    select * from {{ ref('stg_salesforce__opportunities') }}
),

marketo as (
    select * from {{ ref('stg_marketo__opportunities') }}
),

mapped as (
    select * from {{ ref('int_mapped__opportunities') }}
),

accounts as (
    select * from {{ ref('int_account__lookup') }}
),

united as (
    select
        * exclude (is_deleted, modified_at),
        opportunity_id as reference_id,
    from salesforce
    where not coalesce(is_deleted, false)
    union all by name
    select
        * exclude (external_opportunity_id),
        external_opportunity_id as reference_id,
    from marketo
    union all by name
    select
        * exclude (is_deleted),
        opportunity_id as reference_id,
    from mapped
    where not is_deleted
),

records as (
    select
        u.record_key as opportunity_key,
        a.account_key,
        u.source_instance,
        u.opportunity_id,
        u.reference_id,
        u.opportunity_name,
        u.stage_name,
        u.opportunity_type,
        u.amount,
        u.currency,
        u.probability,
        coalesce(u.is_closed, false) as is_closed,
        coalesce(u.is_won, false) as is_won,
        u.close_on,
        {%- for name in custom_columns('opportunities') %}
        {{ filled('u.' ~ name) }} as {{ name }},
        {%- endfor %}
        u.created_at,
        u.updated_at,
    from united as u
    left join accounts as a on a.source_instance = u.source_instance and a.account_id = u.account_id
)

select * from records
