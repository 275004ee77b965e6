with source as (
    select * from {{ source('marketo', 'marketo__opportunities') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        marketoGUID as opportunity_id,
        {{ text_of('externalOpportunityId') }} as external_opportunity_id,
        {{ text_of('externalCompanyId') }} as external_company_id,
        {{ text_of('name') }} as opportunity_name,
        {{ text_of('type') }} as opportunity_type,
        {{ text_of('stage') }} as stage_name,
        {{ cast_to('amount', 'decimal(18, 2)') }} as amount,
        {{ cast_to('probability', 'double') }} as probability,
        {{ cast_to('isClosed', 'boolean') }} as is_closed,
        {{ cast_to('isWon', 'boolean') }} as is_won,
        {{ cast_to('closeDate', 'date') }} as close_on,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
