with records as (
    select * from {{ ref('int_account__records') }}
),

clustered as (
    select * from {{ ref('int_account__clustered') }}
),

crm_links as (
    select * from {{ ref('int_lake__crm_links') }}
),

placed as (
    select
        r.source_instance,
        r.account_id,
        c.account_key,
        bool_or(r.is_live) over (partition by c.account_key) as is_live_account,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
),

own as (
    select source_instance, account_id, min(account_key) as account_key
    from placed
    where is_live_account and account_id is not null
    group by source_instance, account_id
),

through_crm as (
    select c.source_instance, o.account_id, o.account_key
    from own as o
    inner join crm_links as c on c.crm_source_instance = o.source_instance
    anti join own as mine on mine.source_instance = c.source_instance and mine.account_id = o.account_id
),

lookup as (
    select * from own
    union all
    select * from through_crm
)

select * from lookup
