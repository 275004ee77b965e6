with marketo as (
    select * from {{ ref('int_person__marketo_records') }}
),

salesforce as (
    select * from {{ ref('int_person__salesforce_records') }}
),

mapped as (
    select * from {{ ref('int_mapped__people') }}
),

priorities as (
    select * from {{ ref('source_priorities') }}
),

united as (
    select 3 as object_rank, * from marketo
    union all by name
    select case when source_object = 'contacts' then 1 else 2 end as object_rank, * from salesforce
    union all by name
    select
        * exclude (is_converted),
        {{ record_key('master_record_id') }} as master_record_key,
        master_record_id is not null as is_merged_loser,
        coalesce(is_converted, false) as is_converted,
        true as is_seen,
    from mapped
),

records as (
    select
        u.record_key,
        u.source_instance,
        u.source_object,
        split_part(u.record_key, '@', 1) as record_id,
        {{ filled('u.first_name') }} as first_name,
        {{ filled('u.last_name') }} as last_name,
        {{ match_text('u.last_name') }} as match_last_name,
        {{ match_text('u.email') }} as email,
        {{ filled('u.ecid') }} as ecid,
        {{ filled('u.phone') }} as phone,
        {{ filled('u.title') }} as title,
        {{ filled('u.department') }} as department,
        {{ filled('u.city') }} as city,
        {{ filled('u.country') }} as country,
        {{ filled('u.account_id') }} as account_id,
        {{ filled('u.crm_contact_id') }} as crm_contact_id,
        {{ filled('u.crm_lead_id') }} as crm_lead_id,
        u.master_record_key,
        u.converted_record_key,
        u.lead_score,
        {%- for name in custom_columns('people') %}
        {{ filled('u.' ~ name) }} as {{ name }},
        {%- endfor %}
        u.is_unsubscribed,
        u.do_not_call,
        u.is_email_invalid,
        u.created_at,
        u.updated_at,
        u.is_deleted,
        u.is_merged_loser,
        u.is_converted,
        u.is_seen and not (u.is_deleted or u.is_merged_loser or u.is_converted) as is_live,
        u.object_rank,
        coalesce(p.priority, 100) as source_priority,
    from united as u
    left join priorities as p on p.source_instance = u.source_instance
)

select * from records
