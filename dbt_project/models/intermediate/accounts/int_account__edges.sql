with records as (
    select * from {{ ref('int_account__records') }}
),

shared_domains as (
    select * from {{ ref('int_account__shared_domains') }}
),

crm_links as (
    select * from {{ ref('int_lake__crm_links') }}
),

carried as (
    select * from {{ ref('int_account__carried') }}
),

named as (
    select
        r.record_key,
        {{ record_key('r.account_id', 'c.crm_source_instance') }} as other_record_key,
        'external_company_id' as evidence,
    from records as r
    inner join crm_links as c on c.source_instance = r.source_instance
    union all
    select record_key, master_record_key, 'merge' from records
),

referring as (
    select n.record_key, n.other_record_key, n.evidence
    from named as n
    inner join records as o on o.record_key = n.other_record_key
),

sharing as (
    select
        r.record_key,
        min(r.record_key) over (partition by r.domain) as other_record_key,
        'domain' as evidence,
    from records as r
    anti join shared_domains as s on s.domain = r.domain
    where r.domain is not null
),

-- One account of a CRM that isn't read, carried by several Marketos that are synced with it.
carrying as (
    select
        r.record_key,
        min(r.record_key) over (partition by c.crm_source_instance, r.account_id) as other_record_key,
        'crm_account_id' as evidence,
    from carried as r
    inner join crm_links as c on c.source_instance = r.source_instance
),

edges as (
    select record_key, other_record_key, evidence from carrying where record_key <> other_record_key
    union
    select record_key, other_record_key, evidence from referring where record_key <> other_record_key
    union
    select record_key, other_record_key, evidence from sharing where record_key <> other_record_key
)

select * from edges
