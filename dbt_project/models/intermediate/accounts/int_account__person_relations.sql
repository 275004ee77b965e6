with live as (
    select * from {{ ref('int_person__live_records') }}
),

lookup as (
    select * from {{ ref('int_person__lookup') }}
),

relations as (
    select * from {{ ref('stg_salesforce__account_contact_relations') }} where not coalesce(is_deleted, false)
),

mapped as (
    select * from {{ ref('int_mapped__account_people') }} where not is_deleted
),

accounts as (
    select * from {{ ref('int_account__lookup') }}
),

told as (
    select source_instance, {{ record_key('person_id') }} as record_key, account_id, is_direct, is_active, roles
    from relations
    union all
    select
        source_instance,
        {{ record_key('person_id') }},
        account_id,
        is_direct,
        coalesce(is_active, true),
        roles,
    from mapped
),

-- Who may be named: live records, and live people by a CRM id that their lead carries.
known as (
    select record_key, person_key from live
    union all
    select o.record_key, o.person_key
    from lookup as o
    semi join live as l on l.person_key = o.person_key
    where not o.is_record
),

listed as (
    select
        l.person_key,
        a.account_key,
        l.record_key,
        coalesce(r.is_direct, false) as is_direct,
        coalesce(r.is_active, false) as is_active,
        r.roles,
    from told as r
    inner join known as l on l.record_key = r.record_key
    inner join accounts as a on a.source_instance = r.source_instance and a.account_id = r.account_id
),

-- The account a record names itself. It is active unless the same record's listed relation says it has ended.
named as (
    select
        l.person_key,
        l.account_key,
        l.record_key,
        true as is_direct,
        true as is_active,
        null as roles,
    from live as l
    anti join listed as r on r.record_key = l.record_key and r.account_key = l.account_key
    where l.account_key is not null
),

relations_of_records as (
    select * from listed
    union all
    select * from named
)

select * from relations_of_records
