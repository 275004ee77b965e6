with source as (
    select * from {{ source('salesforce', 'salesforce__contacts') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as contact_id,
        {{ text_of('MasterRecordId') }} as master_contact_id,
        {{ text_of('AccountId') }} as account_id,
        {{ text_of('Email') }} as email,
        {{ text_of('FirstName') }} as first_name,
        {{ text_of('LastName') }} as last_name,
        {{ text_of('Title') }} as title,
        {{ text_of('Department') }} as department,
        {{ text_of('Phone') }} as phone,
        {{ text_of('MailingCity') }} as city,
        {{ text_of('MailingCountry') }} as country,
        {{ cast_to('HasOptedOutOfEmail', 'boolean') }} as is_unsubscribed,
        {{ cast_to('IsEmailBounced', 'boolean') }} as is_email_invalid,
        {{ cast_to('DoNotCall', 'boolean') }} as do_not_call,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
