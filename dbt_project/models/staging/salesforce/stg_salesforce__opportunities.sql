with source as (
    select * from {{ source('salesforce', 'salesforce__opportunities') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as opportunity_id,
        {{ text_of('AccountId') }} as account_id,
        {{ text_of('Name') }} as opportunity_name,
        {{ text_of('Type') }} as opportunity_type,
        {{ text_of('StageName') }} as stage_name,
        {{ cast_to('Amount', 'decimal(18, 2)') }} as amount,
        {{ cast_to('Probability', 'double') }} as probability,
        {{ cast_to('IsClosed', 'boolean') }} as is_closed,
        {{ cast_to('IsWon', 'boolean') }} as is_won,
        {{ cast_to('CloseDate', 'date') }} as close_on,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
