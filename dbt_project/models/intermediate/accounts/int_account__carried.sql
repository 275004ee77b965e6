-- What the leads of a synced Marketo carry of the CRM's accounts, where the CRM itself gives none: either it is not a
-- source (pattern a), or its accounts are not read. The lead that changed last is asked first.
with leads as (
    select * from {{ ref('stg_marketo__leads') }} where crm_account_id is not null
),

live as (
    select record_key from {{ ref('int_person__marketo_records') }} where is_seen and not (is_deleted or is_merged_loser)
),

crm_links as (
    select * from {{ ref('int_lake__crm_links') }}
),

expected as (
    select * from {{ ref('stg_lake__expected') }} where object_name = 'accounts'
),

covered as (
    select c.source_instance
    from crm_links as c
    inner join expected as e on e.source_instance = c.crm_source_instance
),

asked as (
    select l.*
    from leads as l
    inner join live as r on r.record_key = l.record_key
    anti join covered as c on c.source_instance = l.source_instance
),

carried as (
    select
        {{ record_key("crm_account_id || '.crm_account'") }} as record_key,
        source_instance,
        crm_account_id as account_id,
        {%- for name, column in [
            ('account_name', 'company_name'), ('website', 'company_website'), ('industry', 'company_industry'),
            ('annual_revenue', 'company_revenue'), ('employee_count', 'company_employee_count'),
        ] %}
        first({{ column }} order by updated_at desc nulls last, record_key)
            filter (where {{ column }} is not null) as {{ name }},
        {%- endfor %}
        min(created_at) as created_at,
        max(updated_at) as updated_at,
    from asked
    group by source_instance, crm_account_id
)

select * from carried
