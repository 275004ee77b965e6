with salesforce as (
    select * from {{ ref('stg_salesforce__accounts') }}
),

marketo as (
    select * from {{ ref('stg_marketo__companies') }}
),

carried as (
    select * from {{ ref('int_account__carried') }}
),

mapped as (
    select * from {{ ref('int_mapped__accounts') }}
),

priorities as (
    select * from {{ ref('source_priorities') }}
),

united as (
    select
        1 as object_rank,
        * exclude (master_account_id, is_deleted),
        {{ record_key('master_account_id') }} as master_record_key,
        coalesce(is_deleted, false) as is_deleted,
        master_account_id is not null as is_merged_loser,
    from salesforce
    union all by name
    select
        2 as object_rank,
        * exclude (company_id),
        false as is_deleted,
        false as is_merged_loser,
    from marketo
    union all by name
    select
        3 as object_rank,
        *,
        false as is_deleted,
        false as is_merged_loser,
    from carried
    union all by name
    select
        *,
        {{ record_key('master_record_id') }} as master_record_key,
        master_record_id is not null as is_merged_loser,
    from mapped
),

records as (
    select
        u.record_key,
        u.source_instance,
        {{ filled('u.account_id') }} as account_id,
        {{ filled('u.account_name') }} as account_name,
        {{ website_domain('u.website') }} as domain,
        {{ filled('u.industry') }} as industry,
        u.annual_revenue,
        u.employee_count,
        {{ filled('u.country') }} as country,
        {{ filled('u.city') }} as city,
        {{ filled('u.parent_account_id') }} as parent_account_id,
        {%- for name in custom_columns('accounts') %}
        {{ filled('u.' ~ name) }} as {{ name }},
        {%- endfor %}
        u.master_record_key,
        u.created_at,
        u.updated_at,
        u.is_deleted,
        u.is_merged_loser,
        not (u.is_deleted or u.is_merged_loser) as is_live,
        u.object_rank,
        coalesce(p.priority, 100) as source_priority,
    from united as u
    left join priorities as p on p.source_instance = u.source_instance
)

select * from records
