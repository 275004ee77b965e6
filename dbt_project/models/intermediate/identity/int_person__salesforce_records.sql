with contacts as (
    select * from {{ ref('stg_salesforce__contacts') }}
),

leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

contact_records as (
    select
        record_key,
        source_instance,
        'contacts' as source_object,
        * exclude (record_key, source_instance, contact_id, master_contact_id, is_deleted, modified_at, extracted_at),
        {{ record_key('master_contact_id') }} as master_record_key,
        coalesce(is_deleted, false) as is_deleted,
        master_contact_id is not null as is_merged_loser,
        false as is_converted,
        true as is_seen,
    from contacts
),

lead_records as (
    select
        record_key,
        source_instance,
        'leads' as source_object,
        * exclude (
            record_key, source_instance, lead_id, master_lead_id, converted_contact_id, is_deleted, is_converted,
            modified_at, extracted_at
        ),
        {{ record_key('master_lead_id') }} as master_record_key,
        {{ record_key('converted_contact_id') }} as converted_record_key,
        coalesce(is_deleted, false) as is_deleted,
        master_lead_id is not null as is_merged_loser,
        coalesce(is_converted, false) as is_converted,
        true as is_seen,
    from leads
),

records as (
    select * from contact_records
    union all by name
    select * from lead_records
)

select * from records
