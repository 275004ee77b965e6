with source as (
    select * from {{ source('marketo', 'marketo__opportunity_roles') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        marketoGUID as opportunity_role_id,
        {{ text_of('externalOpportunityId') }} as external_opportunity_id,
        {{ cast_to('leadId', 'bigint') }} as lead_id,
        {{ text_of('role') }} as role,
        {{ cast_to('isPrimary', 'boolean') }} as is_primary,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
