with source as (
    select * from {{ source('marketo', 'marketo__leads') }}
),

latest as (
    {{ latest_version('source', ['id'], bulk_cast('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        {{ bulk_cast('id', 'bigint') }} as lead_id,
        {{ bulk_text('email') }} as email,
        {{ bulk_text('firstName') }} as first_name,
        {{ bulk_text('lastName') }} as last_name,
        {{ bulk_text('title') }} as title,
        {{ bulk_text('department') }} as department,
        {{ bulk_text('phone') }} as phone,
        {{ bulk_text('city') }} as city,
        {{ bulk_text('country') }} as country,
        {{ bulk_cast('leadScore', 'integer') }} as lead_score,
        {{ bulk_cast('unsubscribed', 'boolean') }} as is_unsubscribed,
        {{ bulk_cast('emailInvalid', 'boolean') }} as is_email_invalid,
        {{ bulk_cast('doNotCall', 'boolean') }} as do_not_call,
        {{ bulk_text('company') }} as company_name,
        {{ bulk_text('externalCompanyId') }} as external_company_id,
        {{ bulk_text('sfdcAccountId') }} as crm_account_id,
        {{ bulk_text('sfdcContactId') }} as crm_contact_id,
        {{ bulk_text('sfdcLeadId') }} as crm_lead_id,
        {{ bulk_text('ecid') }} as ecid,
        {{ bulk_cast('createdAt', 'timestamptz') }} as created_at,
        {{ bulk_cast('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
