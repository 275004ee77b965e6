with source as (
    select * from {{ source('salesforce', 'salesforce__account_contact_relations') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as account_contact_relation_id,
        {{ text_of('AccountId') }} as account_id,
        {{ text_of('ContactId') }} as contact_id,
        {{ cast_to('IsDirect', 'boolean') }} as is_direct,
        {{ cast_to('IsActive', 'boolean') }} as is_active,
        {{ text_of('Roles') }} as roles,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
