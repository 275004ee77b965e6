with leads as (
    select * from {{ ref('stg_marketo__leads') }}
),

merges as (
    select * from {{ ref('int_person__merges') }}
),

deletions as (
    select * from {{ ref('int_person__deletions') }}
),

losers as (
    select distinct source_instance, loser_record_key as record_key from merges
),

known as (
    select source_instance, record_key from leads
    union
    select source_instance, winner_record_key from merges
    union
    select source_instance, record_key from losers
    union
    select source_instance, record_key from deletions
),

records as (
    select
        k.record_key,
        k.source_instance,
        'leads' as source_object,
        l.* exclude (
            record_key, source_instance, lead_id, external_company_id, crm_account_id, company_website,
            company_industry, company_revenue, company_employee_count, extracted_at
        ),
        coalesce(l.crm_account_id, l.external_company_id) as account_id,
        coalesce(d.deleted_at >= l.updated_at, d.deleted_at is not null) as is_deleted,
        x.record_key is not null as is_merged_loser,
        false as is_converted,
        l.record_key is not null as is_seen,
    from known as k
    left join leads as l on l.source_instance = k.source_instance and l.record_key = k.record_key
    left join losers as x on x.source_instance = k.source_instance and x.record_key = k.record_key
    left join deletions as d on d.source_instance = k.source_instance and d.record_key = k.record_key
)

select * from records
