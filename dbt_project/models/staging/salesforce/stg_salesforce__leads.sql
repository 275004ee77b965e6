with source as (
    select * from {{ source('salesforce', 'salesforce__leads') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as lead_id,
        {{ text_of('MasterRecordId') }} as master_lead_id,
        {{ text_of('ConvertedContactId') }} as converted_contact_id,
        {{ text_of('Email') }} as email,
        {{ text_of('FirstName') }} as first_name,
        {{ text_of('LastName') }} as last_name,
        {{ text_of('Title') }} as title,
        {{ text_of('Phone') }} as phone,
        {{ text_of('City') }} as city,
        {{ text_of('Country') }} as country,
        {{ text_of('Company') }} as company_name,
        {{ cast_to('HasOptedOutOfEmail', 'boolean') }} as is_unsubscribed,
        {{ cast_to('DoNotCall', 'boolean') }} as do_not_call,
        {{ cast_to('IsConverted', 'boolean') }} as is_converted,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
