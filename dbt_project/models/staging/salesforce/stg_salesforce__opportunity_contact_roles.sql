with source as (
    select * from {{ source('salesforce', 'salesforce__opportunity_contact_roles') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as opportunity_contact_role_id,
        {{ text_of('OpportunityId') }} as opportunity_id,
        {{ text_of('ContactId') }} as contact_id,
        {{ text_of('Role') }} as role,
        {{ cast_to('IsPrimary', 'boolean') }} as is_primary,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
